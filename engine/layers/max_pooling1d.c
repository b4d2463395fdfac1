/* max_pooling1d.c - the largest value of each window along one axis; see max_pooling2d.c. */
#include "engine/layers/pooling.h"

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return max_pooling_plan(r, "MaxPooling1D", 2, ret, err);
}

const struct layer_class layer_max_pooling1d = {
	.name = "MaxPooling1D",
	.doc = "the largest value of each window along the steps",
	.params = pooling1d_params,
	.conf_size = sizeof(struct pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = max_pooling_forward,
	.backward = max_pooling_backward,
};
