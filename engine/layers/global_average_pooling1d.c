/* global_average_pooling1d.c - the mean over all steps; see global_average_pooling2d.c. */
#include "engine/layers/global_pooling.h"

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return global_pooling_plan(r, "GlobalAveragePooling1D", 2, ret, err);
}

const struct layer_class layer_global_average_pooling1d = {
	.name = "GlobalAveragePooling1D",
	.doc = "the mean of each channel over all steps",
	.params = global_pooling_params,
	.conf_size = sizeof(struct global_pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = global_average_pooling_forward,
	.backward = global_average_pooling_backward,
};
