/* leaky_relu.c - LeakyReLU: y = x above 0, negative_slope x below. */
#include "engine/layers/common.h"

#include <math.h>

struct conf {
	double negative_slope;
};

static const struct param params[] = {
	PARAM_FLOAT(struct conf, negative_slope, 0.3, 0, INFINITY, 0, "slope below 0"),
	PARAM_END,
};

static bool leaky_relu_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	layer_plan_activates_input(r, ret);
	layer_ends_in(ret, ACTIVATION_LEAKY_RELU);
	ret->alpha = (float)((const struct conf *)r->conf)->negative_slope;
	return true;
}

const struct layer_class layer_leaky_relu = {
	.name = "LeakyReLU",
	.doc = "every value above 0, and a share of those below",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = leaky_relu_plan,
	.forward = layer_activate,
	.backward = layer_activate_backward_input,
};
