/* activation.c - y = f(x), f on its own. */
#include "engine/layers/common.h"

struct conf {
	int activation;
};

static const struct param params[] = {
	{ .name = "activation",
		.doc = "the function",
		.type = PARAM_TYPE_CHOICE,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, activation),
		.choices = activation_names,
		.aliases = activation_aliases },
	PARAM_END,
};

static bool activation_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	layer_ends_in(ret, ((const struct conf *)r->conf)->activation);
	layer_plan_activates_input(r, ret);
	return true;
}

const struct layer_class layer_activation = {
	.name = "Activation",
	.doc = "a function applied to every value",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = activation_plan,
	.forward = layer_activate,
	.backward = layer_activate_backward_input,
};
