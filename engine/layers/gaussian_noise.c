/* gaussian_noise.c - in training y = x + noise of mean 0 and standard deviation stddev; asked,
 * y = x. dx = dy. */
#include "engine/layers/noise.h"

#include <string.h>

struct conf {
	double stddev;
	int64_t seed;
};

static const struct param params[] = {
	{ .name = "stddev",
		.doc = "standard deviation of the noise",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, stddev),
		.min = 0,
		.max = 1 },
	PARAM_SEED(struct conf, seed),
	PARAM_END,
};

static bool noise_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	ret->out = *r->in;
	ret->flops_per_output = 2;
	return true;
}

static void noise_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	int64_t values = shape_elements(s->in);

	if (!s->training) {
		noise_none(s, begin, end);
		return;
	}
	for (int64_t n = begin; n < end; n++) {
		struct noise z = noise_of(s, c->seed, n, values);
		z.scale = (float)c->stddev;
		s->kernels->gaussian_noise(&z, s->x[0] + n * values, values, s->y + n * values);
	}
}

static void noise_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	if (s->dx[0])
		memcpy(s->dx[0] + begin * n, s->dy + begin * n,
			(size_t)((end - begin) * n) * sizeof *s->dy);
}

const struct layer_class layer_gaussian_noise = {
	.name = "GaussianNoise",
	.doc = "random numbers added in training",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = noise_plan,
	.forward = noise_forward,
	.backward = noise_backward,
};
