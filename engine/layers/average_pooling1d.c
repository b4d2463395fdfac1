/* average_pooling1d.c - the mean of each window along one axis; see average_pooling2d.c. */
#include "engine/layers/pooling.h"

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	struct pooling g;

	return pooling_plan(r, "AveragePooling1D", 2, &g, ret, err);
}

const struct layer_class layer_average_pooling1d = {
	.name = "AveragePooling1D",
	.doc = "the mean of each window along the steps",
	.params = pooling1d_params,
	.conf_size = sizeof(struct pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = average_pooling_forward,
	.backward = average_pooling_backward,
};
