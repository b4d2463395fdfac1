/* global_max_pooling1d.c - the largest value over all steps; see global_max_pooling2d.c. */
#include "engine/layers/global_pooling.h"

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return global_max_pooling_plan(r, "GlobalMaxPooling1D", 2, ret, err);
}

const struct layer_class layer_global_max_pooling1d = {
	.name = "GlobalMaxPooling1D",
	.doc = "the largest value of each channel over all steps",
	.params = global_pooling_params,
	.conf_size = sizeof(struct global_pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = global_max_pooling_forward,
	.backward = global_max_pooling_backward,
};
