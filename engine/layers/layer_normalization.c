/* layer_normalization.c - LayerNormalization: Ba, Kiros and Hinton, arXiv:1607.06450, section 3, in
 * Keras's form. Each place of a sample on its own, over its C channels:
 *
 *   y  = gamma h + beta,  h = (x - mean) i,  i = 1 / sqrt(variance + epsilon)
 *   dx = i (g - mean(g) - h mean(g h)),  g = gamma dy
 *   dgamma = sum(dy h),  dbeta = sum(dy)
 *
 * Mean and i of each place are kept for backward. */
#include "engine/layers/norm.h"

#include <string.h>

static const struct param params[] = {
	NORM_PARAMS,
	PARAM_END,
};

static int64_t channels_of(const struct layer_step *s)
{
	return s->in->dim[s->in->rank - 1];
}

/* Places of one sample. */
static int64_t rows_of(const struct layer_step *s)
{
	return shape_elements(s->in) / channels_of(s);
}

/* Two floats a place. */
static float *stats_of(const struct layer_step *s, int64_t n)
{
	return (float *)(void *)(s->saved + n * s->plan->saved_bytes);
}

static bool layer_norm_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	if (!norm_plan(r->conf, r->in, ret, err))
		return false;
	int64_t channels = r->in->dim[r->in->rank - 1];
	ret->flops_per_output = 8;
	ret->saved_bytes = 2 * (int64_t)sizeof(float) * (shape_elements(r->in) / channels);
	ret->scratch_floats = 2 * channels;
	return true;
}

static void layer_norm_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct norm_conf *c = s->conf;
	int64_t channels = channels_of(s), rows = rows_of(s), first = begin * rows * channels;
	const float *gamma = norm_weight(s, norm_gamma(c), 1.0f, channels, s->scratch),
		    *beta = norm_weight(s, norm_beta(c), 0.0f, channels, s->scratch + channels);

	s->kernels->normalize_rows(s->x[0] + first, gamma, beta, (float)c->epsilon,
		(end - begin) * rows, channels, s->y + first, stats_of(s, begin));
}

static void layer_norm_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct norm_conf *c = s->conf;
	int64_t channels = channels_of(s), rows = rows_of(s);
	const float *gamma = norm_weight(s, norm_gamma(c), 1.0f, channels, s->scratch);

	for (int64_t n = begin; n < end; n = layer_chunk_end(s, n, end)) {
		int64_t chunk_rows = (layer_chunk_end(s, n, end) - n) * rows,
			first = n * rows * channels;
		if (c->center)
			layer_sum_rows(s, s->dy + first, chunk_rows, channels,
				layer_partial(s, norm_beta(c), n));
		if (c->scale) {
			float *sum = layer_partial(s, norm_gamma(c), n);
			memset(sum, 0, (size_t)channels * sizeof *sum);
			s->kernels->sum_normalized(s->dy + first, s->x[0] + first, stats_of(s, n),
				chunk_rows, channels, sum);
		}
		if (s->dx[0])
			s->kernels->normalize_rows_backward(s->dy + first, s->x[0] + first, gamma,
				stats_of(s, n), chunk_rows, channels, s->dx[0] + first);
	}
}

const struct layer_class layer_layer_normalization = {
	.name = "LayerNormalization",
	.doc = "each place brought to mean 0 and variance 1 over its channels",
	.params = params,
	.conf_size = sizeof(struct norm_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = layer_norm_plan,
	.forward = layer_norm_forward,
	.backward = layer_norm_backward,
};
