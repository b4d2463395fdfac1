/* batch_normalization.c - BatchNormalization: Ioffe and Szegedy, arXiv:1502.03167, section 3, in
 * Keras's form. C channels on the last axis; N: all samples of the batch and all their places.
 *
 *   training: m = mean of x over N, v = mean of (x - m)² over N; asked: the running means
 *   y  = gamma (x - m) / sqrt(v + epsilon) + beta
 *   dx = gamma i (dy - mean(dy) - (x - m) i² mean(dy (x - m))),  i = 1 / sqrt(v + epsilon)
 *   dgamma = i sum(dy (x - m)),  dbeta = sum(dy)
 *
 * m and v are those of the whole batch, however many parts and threads work on it: each sample
 * gives a mean and a sum of squared distances; they are merged sample by sample within a chunk, and
 * chunk by chunk (Chan, Golub and LeVeque, "Updating formulae and a pairwise algorithm for
 * computing sample variances", 1979, eq. 2.1). */
#include "engine/layers/common.h"
#include "engine/registry.h"

#include <math.h>
#include <string.h>

struct conf {
	int64_t axis;
	double momentum, epsilon;
	bool center, scale;
	struct weight_conf beta, gamma;
	PARAM_VARIANT_OF(INITIALIZER_DOUBLES) moving_mean_initializer, moving_variance_initializer;
};

static const struct param params[] = {
	PARAM_LAST_AXIS(struct conf, axis),
	PARAM_FLOAT(struct conf, momentum, 0.99, 0, 1, 0, "how much of a running mean stays"),
	PARAM_FLOAT(struct conf, epsilon, 0.001, 0, INFINITY, PARAM_ABOVE_MIN,
		"keeps the division finite"),
	PARAM_BOOL(struct conf, center, true, "learn beta, which is added"),
	PARAM_BOOL(struct conf, scale, true, "learn gamma, by which is multiplied"),
	WEIGHT_PARAMS(struct conf, beta, INITIALIZER_ZEROS),
	WEIGHT_PARAMS(struct conf, gamma, INITIALIZER_ONES),
	PARAM_VARIANT(struct conf, moving_mean_initializer, INITIALIZER_ZEROS, &initializer_family,
		0, "first values of the running mean"),
	PARAM_VARIANT(struct conf, moving_variance_initializer, INITIALIZER_ONES,
		&initializer_family, 0, "first values of the running variance"),
	PARAM_END,
};

/* Which of the layer's weights is which; -1: there is none. */
struct places {
	int gamma, beta, mean, variance;
};

static struct places places_of(const struct conf *c)
{
	int next = c->scale + c->center;

	return (struct places){ c->scale ? 0 : -1, c->center ? c->scale : -1, next, next + 1 };
}

/* What combine makes for a batch, C values each. */
enum { MEAN, M2, INVERSE, SCALE, OFFSET, SLOPE, SUM, SUM_PRODUCTS, BATCH_ROWS };
/* What collect keeps of a chunk: first of x, then of dy. */
enum { CHUNK_MEAN, CHUNK_M2, CHUNK_SUM = 0, CHUNK_SUM_PRODUCTS, CHUNK_ROWS };
/* A thread's scratch: the moments of one sample, or what the running means make of x. */
enum { SCRATCH_ROWS = 2 };

static int64_t channels_of(const struct layer_step *s)
{
	return s->in->dim[s->in->rank - 1];
}

/* Places of one sample. */
static int64_t rows_of(const struct layer_step *s)
{
	return shape_elements(s->in) / channels_of(s);
}

static float *batch_row(const struct layer_step *s, int row)
{
	return s->batch + row * channels_of(s);
}

static float *chunk_row(const struct layer_step *s, int64_t sample, int row)
{
	return s->chunks + (sample / s->chunk * CHUNK_ROWS + row) * channels_of(s);
}

static bool norm_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	const struct places at = places_of(c);

	if (!layer_check_last_axis(r->in, c->axis, err))
		return false;
	int64_t channels = r->in->dim[r->in->rank - 1];
	if (c->scale)
		ret->weights[at.gamma] = weight_vector("gamma", channels, &c->gamma);
	if (c->center)
		ret->weights[at.beta] = weight_vector("beta", channels, &c->beta);
	ret->weights[at.mean] = (struct weight_plan){ .name = "moving_mean",
		.shape = SHAPE1(channels),
		.initializer = &c->moving_mean_initializer.variant,
		.fan_in = channels,
		.fan_out = channels };
	ret->weights[at.variance] = ret->weights[at.mean];
	ret->weights[at.variance].name = "moving_variance";
	ret->weights[at.variance].initializer = &c->moving_variance_initializer.variant;
	ret->n_weights = at.variance + 1;
	ret->weights[at.mean].frozen = ret->weights[at.variance].frozen = true;
	ret->out = *r->in;
	layer_ends_in(ret, ACTIVATION_LINEAR);
	ret->dx_may_be_dy = true;
	ret->flops_per_output = 2;
	ret->chunk_floats = CHUNK_ROWS * channels;
	ret->batch_floats = BATCH_ROWS * channels;
	ret->scratch_floats = SCRATCH_ROWS * channels;
	return true;
}

/* Takes the moments of `more` values into those of `n`. */
static void merge(double n, float *mean, float *m2, double more, const float *more_mean,
	const float *more_m2, int64_t channels)
{
	float share = (float)(more / (n + more)), weight = (float)(n * more / (n + more));

	for (int64_t c = 0; c < channels; c++) {
		float d = more_mean[c] - mean[c];
		mean[c] = fmaf(d, share, mean[c]);
		m2[c] = fmaf(d * weight, d, m2[c] + more_m2[c]);
	}
}

static void norm_collect(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t channels = channels_of(s), rows = rows_of(s);
	float *mean = s->scratch, *m2 = s->scratch + channels;

	for (int64_t n = begin; n < end; n++) {
		const float *x = s->x[0] + n * rows * channels;
		int64_t before = n % s->chunk;
		if (before == 0) {
			s->kernels->moments(x, rows, channels, chunk_row(s, n, CHUNK_MEAN),
				chunk_row(s, n, CHUNK_M2));
			continue;
		}
		s->kernels->moments(x, rows, channels, mean, m2);
		merge((double)(before * rows), chunk_row(s, n, CHUNK_MEAN),
			chunk_row(s, n, CHUNK_M2), (double)rows, mean, m2, channels);
	}
}

/* running = momentum running + (1 - momentum) value */
static void move_mean(const struct conf *c, float *running, float value)
{
	*running = fmaf(value - *running, (float)(1 - c->momentum), *running);
}

static void norm_combine(const struct layer_step *s)
{
	const struct conf *c = s->conf;
	const struct places at = places_of(c);
	int64_t channels = channels_of(s), rows = rows_of(s);
	float *mean = batch_row(s, MEAN), *m2 = batch_row(s, M2);

	if (s->first_part)
		memset(mean, 0, 2 * (size_t)channels * sizeof *mean);
	for (int64_t n = 0; n < s->count; n += s->chunk)
		merge((double)((s->first + n) * rows), mean, m2,
			(double)((layer_chunk_end(s, n, s->count) - n) * rows),
			chunk_row(s, n, CHUNK_MEAN), chunk_row(s, n, CHUNK_M2), channels);
	if (!s->last_part)
		return;
	for (int64_t j = 0; j < channels; j++) {
		float variance = m2[j] / (float)(s->batch_count * rows);
		float inverse = 1.0f / sqrtf(variance + (float)c->epsilon);
		batch_row(s, INVERSE)[j] = inverse;
		batch_row(s, SCALE)[j] = c->scale ? s->w[at.gamma][j] * inverse : inverse;
		batch_row(s, OFFSET)[j] = c->center ? s->w[at.beta][j] : 0.0f;
		move_mean(c, &s->frozen[at.mean][j], mean[j]);
		move_mean(c, &s->frozen[at.variance][j], variance);
	}
}

static void norm_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct places at = places_of(c);
	int64_t channels = channels_of(s), rows = rows_of(s), step = layer_samples_at_once(s);
	const float *mean = batch_row(s, MEAN), *scale = batch_row(s, SCALE),
		    *offset = batch_row(s, OFFSET);

	if (!s->training) {
		float *running_scale = s->scratch, *running_offset = s->scratch + channels;
		for (int64_t j = 0; j < channels; j++) {
			running_scale[j] = 1.0f / sqrtf(s->w[at.variance][j] + (float)c->epsilon);
			if (c->scale)
				running_scale[j] *= s->w[at.gamma][j];
			running_offset[j] = c->center ? s->w[at.beta][j] : 0.0f;
		}
		mean = s->w[at.mean];
		scale = running_scale;
		offset = running_offset;
	}
	for (int64_t n = begin; n < end; n += step) {
		int64_t last = n + step < end ? n + step : end, first = n * rows * channels;
		s->kernels->normalize(s->x[0] + first, mean, scale, offset, (last - n) * rows,
			channels, s->z + first);
		layer_activate(s, n, last);
	}
}

/* What the samples [begin, end) of one chunk add to its sums. */
static void add_sums(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t channels = channels_of(s), rows = (end - begin) * rows_of(s),
		first = begin * rows_of(s) * channels;

	layer_activate_backward(s, begin, end);
	s->kernels->sum_products(s->dy + first, s->x[0] + first, batch_row(s, MEAN), rows, channels,
		chunk_row(s, begin, CHUNK_SUM), chunk_row(s, begin, CHUNK_SUM_PRODUCTS));
}

static void norm_collect_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct places at = places_of(s->conf);
	int64_t channels = channels_of(s), step = layer_samples_at_once(s);
	const float *inverse = batch_row(s, INVERSE);

	for (int64_t n = begin; n < end; n = layer_chunk_end(s, n, end)) {
		int64_t last = layer_chunk_end(s, n, end);
		float *sum = chunk_row(s, n, CHUNK_SUM),
		      *products = chunk_row(s, n, CHUNK_SUM_PRODUCTS);
		memset(sum, 0, (size_t)channels * sizeof *sum);
		memset(products, 0, (size_t)channels * sizeof *products);
		for (int64_t i = n; i < last; i += step)
			add_sums(s, i, i + step < last ? i + step : last);
		if (at.beta >= 0)
			memcpy(layer_partial(s, at.beta, n), sum, (size_t)channels * sizeof *sum);
		for (int64_t j = 0; at.gamma >= 0 && j < channels; j++)
			layer_partial(s, at.gamma, n)[j] = products[j] * inverse[j];
	}
}

static void norm_combine_backward(const struct layer_step *s)
{
	int64_t channels = channels_of(s), rows = rows_of(s);
	float *sum = batch_row(s, SUM), *products = batch_row(s, SUM_PRODUCTS);
	const float per_place = 1.0f / (float)(s->batch_count * rows);

	if (s->first_part)
		memset(sum, 0, 2 * (size_t)channels * sizeof *sum);
	for (int64_t n = 0; n < s->count; n += s->chunk) {
		s->kernels->add(sum, chunk_row(s, n, CHUNK_SUM), channels);
		s->kernels->add(products, chunk_row(s, n, CHUNK_SUM_PRODUCTS), channels);
	}
	if (!s->last_part)
		return;
	for (int64_t j = 0; j < channels; j++) {
		float inverse = batch_row(s, INVERSE)[j], scale = batch_row(s, SCALE)[j];
		batch_row(s, SLOPE)[j] = -scale * inverse * inverse * products[j] * per_place;
		sum[j] = -scale * sum[j] * per_place;
	}
}

static void norm_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t channels = channels_of(s), rows = rows_of(s), first = begin * rows * channels;

	if (s->dx[0])
		s->kernels->normalize_backward(s->dy + first, s->x[0] + first, batch_row(s, MEAN),
			batch_row(s, SCALE), batch_row(s, SLOPE), batch_row(s, SUM),
			(end - begin) * rows, channels, s->dx[0] + first);
}

const struct layer_class layer_batch_normalization = {
	.name = "BatchNormalization",
	.doc = "each channel brought to mean 0 and variance 1 over the batch",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = norm_plan,
	.forward = norm_forward,
	.backward = norm_backward,
	.collect = norm_collect,
	.combine = norm_combine,
	.collect_backward = norm_collect_backward,
	.combine_backward = norm_combine_backward,
};
