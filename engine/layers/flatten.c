/* flatten.c - the same values as one row; in row-major order nothing moves. */
#include "engine/layer.h"

static bool flatten_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	ret->out = SHAPE1(shape_elements(r->in));
	ret->in_place = true;
	return true;
}

const struct layer_class layer_flatten = {
	.name = "Flatten",
	.doc = "all values of a sample as one row",
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = flatten_plan,
};
