/* spatial_dropout2d.c - Dropout of whole channels: Tompson et al., arXiv:1411.4280, section 3.2.
 *   x, y (N,H,W,C): in training each channel of each sample is 0 with probability rate, else
 *   x / (1 - rate); asked, y = x. dx is dy, dropped alike. */
#include "engine/layers/common.h"
#include "engine/layers/noise.h"

static const struct param params[] = {
	DROPOUT_PARAMS("channels"),
	PARAM_END,
};

static bool dropout_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	if (!layer_check_rank(r, "SpatialDropout2D", 3, err))
		return false;
	ret->out = *r->in;
	ret->flops_per_output = 1;
	ret->scratch_floats = 2 * r->in->dim[2];
	return true;
}

static void drop(const struct layer_step *s, const float *x, int64_t begin, int64_t end, float *y)
{
	int64_t values = shape_elements(s->in), channels = s->in->dim[2];
	float *ones = s->scratch, *scale = s->scratch + channels;

	for (int64_t j = 0; j < channels; j++)
		ones[j] = 1.0f;
	for (int64_t n = begin; n < end; n++) {
		const struct noise z = dropout_noise(s, n, channels);
		s->kernels->dropout(&z, ones, channels, scale);
		s->kernels->scale_columns(
			x + n * values, scale, values / channels, channels, y + n * values);
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

const struct layer_class layer_spatial_dropout2d = {
	.name = "SpatialDropout2D",
	.doc = "some of the channels are 0 in training",
	.params = params,
	.conf_size = sizeof(struct dropout_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = dropout_plan,
	.forward = dropout_forward,
	.backward = dropout_backward,
};
