/* rescaling.c - y = scale x + offset. dx = scale dy. */
#include "engine/layer.h"

struct conf {
	double scale, offset;
};

static const struct param params[] = {
	{ .name = "scale",
		.doc = "what values are multiplied by; bytes are read as x / 255 already",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, scale),
		.min = -1e30,
		.max = 1e30 },
	PARAM_FLOAT(struct conf, offset, 0, -1e30, 1e30, 0, "what is added then"),
	PARAM_END,
};

static bool rescaling_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	ret->out = *r->in;
	ret->flops_per_output = 2;
	return true;
}

static void rescaling_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	int64_t n = shape_elements(s->in), at = begin * n;

	s->kernels->affine(
		s->x[0] + at, (float)c->scale, (float)c->offset, (end - begin) * n, s->y + at);
}

static void rescaling_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	int64_t n = shape_elements(s->in), at = begin * n;

	if (s->dx[0])
		s->kernels->affine(
			s->dy + at, (float)c->scale, 0.0f, (end - begin) * n, s->dx[0] + at);
}

const struct layer_class layer_rescaling = {
	.name = "Rescaling",
	.doc = "a factor and an offset for all values",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = rescaling_plan,
	.forward = rescaling_forward,
	.backward = rescaling_backward,
};
