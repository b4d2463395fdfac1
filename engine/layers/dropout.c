/* dropout.c - Srivastava et al., "Dropout: a simple way to prevent neural networks from
 * overfitting", JMLR 15 (2014), section 4, in Keras's form: in training each value is 0 with
 * probability rate, else x / (1 - rate); asked, y = x. dx is dy, dropped alike. */
#include "engine/layers/noise.h"

static const struct param params[] = {
	DROPOUT_PARAMS("values"),
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
	int64_t values = shape_elements(s->in);

	for (int64_t n = begin; n < end; n++) {
		const struct noise z = dropout_noise(s, n, values);
		s->kernels->dropout(&z, x + n * values, values, y + n * values);
	}
}

static void dropout_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	dropout_pass(s, begin, end, drop);
}

static void dropout_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	dropout_pass_back(s, begin, end, drop);
}

const struct layer_class layer_dropout = {
	.name = "Dropout",
	.doc = "some of the values are 0 in training",
	.params = params,
	.conf_size = sizeof(struct dropout_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = dropout_plan,
	.forward = dropout_forward,
	.backward = dropout_backward,
};
