/* activation.c - y = f(x), f on its own. */
#include "engine/layers/common.h"
#include "engine/registry.h"

#include <string.h>

struct conf {
	int activation;
};

static const struct param params[] = {
	{ .name = "activation",
		.doc = "the function",
		.type = PARAM_TYPE_CHOICE,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, activation),
		.choices = activation_names },
	PARAM_END,
};

static bool activation_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	ret->out = *r->in;
	ret->activation = (enum activation)((const struct conf *)r->conf)->activation;
	ret->flops_per_output = 1;
	return true;
}

static void activation_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	memcpy(s->y + begin * n, s->x[0] + begin * n, (size_t)((end - begin) * n) * sizeof(float));
	layer_activate(s, begin, end);
}

static void activation_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	layer_activate_backward(s, begin, end);
	if (s->dx[0])
		memcpy(s->dx[0] + begin * n, s->dy + begin * n,
			(size_t)((end - begin) * n) * sizeof(float));
}

const struct layer_class layer_activation = {
	.name = "Activation",
	.doc = "a function applied to every value",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = activation_plan,
	.forward = activation_forward,
	.backward = activation_backward,
};
