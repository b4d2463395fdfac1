/* dropout.c - Srivastava et al., "Dropout: a simple way to prevent neural networks from
 * overfitting", JMLR 15 (2014), section 4, in Keras's form: in training each value is 0 with
 * probability rate, else x / (1 - rate); asked, y = x. dx is dy, dropped alike. */
#include "engine/layers/noise.h"

#include <math.h>

struct conf {
	double rate;
	int64_t seed;
};

static const struct param params[] = {
	{ .name = "rate",
		.doc = "share of the values that are dropped",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED | PARAM_BELOW_MAX,
		.offset = offsetof(struct conf, rate),
		.min = 0,
		.max = 1 },
	PARAM_SEED(struct conf, seed),
	PARAM_END,
};

static bool dropout_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	(void)err; /* takes anything */
	ret->out = *r->in;
	ret->flops_per_output = 1;
	return true;
}

static void drop(const struct layer_step *s, const float *x, int64_t begin, int64_t end, float *y)
{
	const struct conf *c = s->conf;
	int64_t values = shape_elements(s->in);

	for (int64_t n = begin; n < end; n++) {
		struct noise z = noise_of(s, c->seed, n, values);
		noise_set_rate(&z, c->rate);
		s->kernels->dropout(&z, x + n * values, values, y + n * values);
	}
}

static void dropout_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	if (s->training)
		drop(s, s->x[0], begin, end, s->y);
	else
		noise_none(s, begin, end);
}

static void dropout_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	if (s->dx[0])
		drop(s, s->dy, begin, end, s->dx[0]);
}

const struct layer_class layer_dropout = {
	.name = "Dropout",
	.doc = "some of the values are 0 in training",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = dropout_plan,
	.forward = dropout_forward,
	.backward = dropout_backward,
};
