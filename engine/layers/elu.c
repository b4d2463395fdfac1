/* elu.c - ELU: y = x above 0, alpha (e^x - 1) below: Clevert and others, arXiv:1511.07289. */
#include "engine/layers/common.h"

#include <math.h>

struct conf {
	double alpha;
};

static const struct param params[] = {
	PARAM_FLOAT(struct conf, alpha, 1, 0, INFINITY, 0, "no value is below -alpha"),
	PARAM_END,
};

static bool elu_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	layer_plan_activates_input(r, ret);
	layer_ends_in(ret, ACTIVATION_ELU);
	ret->alpha = (float)((const struct conf *)r->conf)->alpha;
	return true;
}

const struct layer_class layer_elu = {
	.name = "ELU",
	.doc = "every value above 0, and an exponential below",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = elu_plan,
	.forward = layer_activate,
	.backward = layer_activate_backward_input,
};
