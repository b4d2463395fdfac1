/* normalization.c - y = (x - mean) / max(sqrt(variance), 1e-7), as Keras has it; C channels on the
 * last axis. Mean and variance are given, or measured on the training data before the first step
 * (Keras's adapt()); then they are weights that no step changes.
 *
 * They are merged sample by sample, in double, as BatchNormalization merges samples: the data set
 * may be long. */
#include "engine/data.h"
#include "engine/layers/common.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>

enum { VALUES_MAX = 64 }; /* of mean and variance in a spec */

struct conf {
	int64_t axis;
	PARAM_LIST_OF(VALUES_MAX) mean, variance;
};

static const struct param params[] = {
	PARAM_LAST_AXIS(struct conf, axis),
	PARAM_LIST(struct conf, mean, NAN, -1e30, 1e30, 1, PARAM_NULLABLE | PARAM_OR_NUMBER,
		"what is subtracted, of each channel or of all; null: measured on the training "
		"data"),
	PARAM_LIST(struct conf, variance, NAN, 0, 1e30, 1, PARAM_NULLABLE | PARAM_OR_NUMBER,
		"by whose square root is divided, as for mean"),
	PARAM_END,
};

enum { MEAN, VARIANCE };                         /* the weights */
enum { ROW_MEAN, ROW_SCALE, ROW_ZERO, ROWS };    /* of C floats: forward's scratch */
enum { ADAPT_MEAN, ADAPT_M2, ADAPT_SUMS };       /* of C doubles: adapt's */
enum { SAMPLE_MEAN, SAMPLE_M2, SAMPLE_MOMENTS }; /* and behind them of C floats */

/* What the weights are until they are measured. */
static const struct param_variant zeros = { .index = INITIALIZER_ZEROS },
				  ones = { .index = INITIALIZER_ONES };

static bool is_given(const struct conf *c)
{
	return c->mean.count != PARAM_NULL;
}

static bool check_given(const struct conf *c, int64_t channels, struct error *err)
{
	const struct {
		const char *name;
		int64_t count;
	} lists[] = { { "mean", c->mean.count }, { "variance", c->variance.count } };
	char pointer[16];

	if (is_given(c) != (c->variance.count != PARAM_NULL))
		return error_at(err, ERROR_INVALID, is_given(c) ? "/variance" : "/mean",
			"one of mean and variance is null, the other is not; allowed: both or "
			"neither");
	for (int i = 0; i < 2 && is_given(c); i++) {
		(void)snprintf(pointer, sizeof pointer, "/%s", lists[i].name);
		if (lists[i].count != 1 && lists[i].count != channels)
			return error_at(err, ERROR_INVALID, pointer,
				"%s has %" PRId64 " values, its input has %" PRId64
				" channels; allowed: one for all, or one each",
				lists[i].name, lists[i].count, channels);
	}
	return true;
}

static bool normalization_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;

	if (!layer_check_last_axis(r->in, c->axis, err))
		return false;
	int64_t channels = r->in->dim[r->in->rank - 1];
	if (!check_given(c, channels, err))
		return false;
	ret->out = *r->in;
	ret->flops_per_output = 2;
	ret->scratch_floats = ROWS * channels;
	if (is_given(c))
		return true;
	ret->weights[MEAN] = (struct weight_plan){ .name = "mean",
		.shape = SHAPE1(channels),
		.initializer = &zeros,
		.fan_in = channels,
		.fan_out = channels,
		.frozen = true };
	ret->weights[VARIANCE] = ret->weights[MEAN];
	ret->weights[VARIANCE].name = "variance";
	ret->weights[VARIANCE].initializer = &ones;
	ret->n_weights = 2;
	ret->adapts = true;
	ret->scratch_floats = (2 * ADAPT_SUMS + SAMPLE_MOMENTS) * channels + shape_elements(r->in);
	return true;
}

static float given_value(const double *values, int64_t count, int64_t channel)
{
	return (float)values[count == 1 ? 0 : channel];
}

/* Fills the rows of forward's scratch. */
static void fill_rows(const struct layer_step *s, int64_t channels)
{
	const struct conf *c = s->conf;
	float *mean = s->scratch + ROW_MEAN * channels, *scale = s->scratch + ROW_SCALE * channels,
	      *zero = s->scratch + ROW_ZERO * channels;

	for (int64_t j = 0; j < channels; j++) {
		float variance = is_given(c) ? given_value(c->variance.values, c->variance.count, j)
					     : s->w[VARIANCE][j];
		mean[j] =
			is_given(c) ? given_value(c->mean.values, c->mean.count, j) : s->w[MEAN][j];
		scale[j] = 1.0f / fmaxf(sqrtf(variance), 1e-7f);
		zero[j] = 0.0f;
	}
}

static void normalization_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];

	fill_rows(s, channels);
	s->kernels->normalize(s->x[0] + begin * n, s->scratch + ROW_MEAN * channels,
		s->scratch + ROW_SCALE * channels, s->scratch + ROW_ZERO * channels,
		(end - begin) * (n / channels), channels, s->y + begin * n);
}

static void normalization_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];

	if (!s->dx[0])
		return;
	fill_rows(s, channels);
	s->kernels->scale_columns(s->dy + begin * n, s->scratch + ROW_SCALE * channels,
		(end - begin) * (n / channels), channels, s->dx[0] + begin * n);
}

/* Takes the moments of one sample into those of the `samples` before it. */
static void merge(
	int64_t samples, int64_t rows, const float *moments, int64_t channels, double *sums)
{
	double n = (double)samples * (double)rows, more = (double)rows;
	double share = more / (n + more), weight = n * share;

	for (int64_t j = 0; j < channels; j++) {
		double *mean = &sums[ADAPT_MEAN * channels + j];
		double d = (double)moments[SAMPLE_MEAN * channels + j] - *mean;
		*mean += d * share;
		sums[ADAPT_M2 * channels + j] +=
			d * d * weight + (double)moments[SAMPLE_M2 * channels + j];
	}
}

static void normalization_adapt(const struct layer_step *s, const struct data *data)
{
	int64_t n = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];
	int64_t rows = n / channels;
	double *sums = (double *)(void *)s->scratch;
	float *moments = (float *)(void *)(sums + ADAPT_SUMS * channels);
	float *sample = moments + SAMPLE_MOMENTS * channels;

	for (int64_t j = 0; j < ADAPT_SUMS * channels; j++)
		sums[j] = 0.0;
	for (int64_t i = 0; i < data->count; i++) {
		int64_t at = data_stored(data, i) * n;
		const float *x = (const float *)data->x + at;
		if (data->x_type == DATA_U8) {
			s->kernels->from_u8((const uint8_t *)data->x + at, n, sample);
			x = sample;
		}
		s->kernels->moments(x, rows, channels, moments + SAMPLE_MEAN * channels,
			moments + SAMPLE_M2 * channels);
		merge(i, rows, moments, channels, sums);
	}
	for (int64_t j = 0; j < channels; j++) {
		double values = (double)data->count * (double)rows;
		s->frozen[MEAN][j] = (float)sums[ADAPT_MEAN * channels + j];
		s->frozen[VARIANCE][j] = (float)(sums[ADAPT_M2 * channels + j] / values);
	}
}

const struct layer_class layer_normalization = {
	.name = "Normalization",
	.doc = "each channel of the data brought to mean 0 and variance 1",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = normalization_plan,
	.forward = normalization_forward,
	.backward = normalization_backward,
	.adapt = normalization_adapt,
};
