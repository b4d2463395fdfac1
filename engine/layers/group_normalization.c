/* group_normalization.c - GroupNormalization: Wu and He, arXiv:1803.08494, section 3.1, in Keras's
 * form. The C channels fall into groups of neighbours; each group of a sample on its own, over its
 * n = C / groups channels and all places:
 *
 *   y  = gamma h + beta,  h = (x - mean) i,  i = 1 / sqrt(variance + epsilon)
 *   dx = i (g - mean(g) - h mean(g h)),  g = gamma dy
 *   dgamma = sum(dy h),  dbeta = sum(dy)
 *
 * What is summed is summed over the places first, for each channel, and then over the channels of a
 * group. Mean and i of each group are kept for backward. */
#include "engine/layers/norm.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

struct conf {
	struct norm_conf norm;
	int64_t groups;
};

static const struct param params[] = {
	PARAM_INT(struct conf, groups, 32, -1, 65536,
		"how many; they divide the channels; -1: each channel is one"),
	NORM_PARAMS,
	PARAM_END,
};

/* A thread's scratch, C values each: gamma and beta where there are none; sums by channel; and what
 * each channel of x and dy is multiplied by. */
enum { GAMMA, BETA, MEAN, SCALE, SUM, SECOND, SLOPE, OFFSET, SCRATCH_ROWS };

struct geometry {
	int64_t rows, channels, groups;
	int64_t width; /* channels of a group */
};

static struct geometry geometry_of(const struct conf *c, const struct shape *in)
{
	int64_t channels = in->dim[in->rank - 1], groups = c->groups < 0 ? channels : c->groups;

	return (struct geometry){ .rows = shape_elements(in) / channels,
		.channels = channels,
		.groups = groups,
		.width = groups ? channels / groups : 0 };
}

static float *scratch_row(const struct layer_step *s, const struct geometry *g, int row)
{
	return s->scratch + row * g->channels;
}

/* Two floats a group. */
static float *stats_of(const struct layer_step *s, int64_t n)
{
	return (float *)(void *)(s->saved + n * s->plan->saved_bytes);
}

static bool group_norm_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;

	if (!norm_plan(&c->norm, r->in, ret, err))
		return false;
	const struct geometry g = geometry_of(c, r->in);
	if (g.groups == 0 || g.width * g.groups != g.channels)
		return error_at(err, ERROR_INVALID, "/groups",
			"groups is %" PRId64 ", its input has %" PRId64
			" channels; allowed: a divisor of them, or -1",
			c->groups, g.channels);
	ret->flops_per_output = 8;
	ret->saved_bytes = 2 * (int64_t)sizeof(float) * g.groups;
	ret->scratch_floats = SCRATCH_ROWS * g.channels;
	return true;
}

/* Mean and i of each group of one sample, from the moments of its channels: those of a group are
 * merged as BatchNormalization merges samples, all at once. */
static void group_stats(
	const struct layer_step *s, const struct geometry *g, const float *x, float *stats)
{
	const struct conf *c = s->conf;
	const float *mean = scratch_row(s, g, SUM), *m2 = scratch_row(s, g, SECOND);
	float values = (float)(g->rows * g->width);

	s->kernels->moments(
		x, g->rows, g->channels, scratch_row(s, g, SUM), scratch_row(s, g, SECOND));
	for (int64_t i = 0; i < g->groups; i++, stats += 2, mean += g->width, m2 += g->width) {
		float sum = 0.0f, between = 0.0f, within = 0.0f;
		for (int64_t j = 0; j < g->width; j++) {
			sum += mean[j];
			within += m2[j];
		}
		stats[0] = sum / (float)g->width;
		for (int64_t j = 0; j < g->width; j++)
			between += (mean[j] - stats[0]) * (mean[j] - stats[0]);
		float variance = (within + between * (float)g->rows) / values;
		stats[1] = 1.0f / sqrtf(variance + (float)c->norm.epsilon);
	}
}

/* Each channel's mean, and what it is multiplied by. */
static void spread_stats(const struct layer_step *s, const struct geometry *g, const float *stats,
	const float *gamma)
{
	float *mean = scratch_row(s, g, MEAN), *scale = scratch_row(s, g, SCALE);

	for (int64_t i = 0, j = 0; i < g->groups; i++) {
		for (int64_t end = j + g->width; j < end; j++) {
			mean[j] = stats[2 * i];
			scale[j] = gamma[j] * stats[2 * i + 1];
		}
	}
}

static void group_norm_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct geometry g = geometry_of(c, s->in);
	const float *gamma = norm_weight(
			    s, norm_gamma(&c->norm), 1.0f, g.channels, scratch_row(s, &g, GAMMA)),
		    *beta = norm_weight(
			    s, norm_beta(&c->norm), 0.0f, g.channels, scratch_row(s, &g, BETA));

	for (int64_t n = begin; n < end; n++) {
		int64_t first = n * g.rows * g.channels;
		group_stats(s, &g, s->x[0] + first, stats_of(s, n));
		spread_stats(s, &g, stats_of(s, n), gamma);
		s->kernels->normalize(s->x[0] + first, scratch_row(s, &g, MEAN),
			scratch_row(s, &g, SCALE), beta, g.rows, g.channels, s->y + first);
	}
}

/* Adds a sample's part to the partial sums of its chunk. */
static void add_weight_gradients(
	const struct layer_step *s, const struct geometry *g, int64_t n, const float *stats)
{
	const struct conf *c = s->conf;
	const float *sum = scratch_row(s, g, SUM), *products = scratch_row(s, g, SECOND);
	bool first = layer_begins_chunk(s, n);

	for (int64_t j = 0; c->norm.center && j < g->channels; j++) {
		float *partial = layer_partial(s, norm_beta(&c->norm), n);
		partial[j] = first ? sum[j] : partial[j] + sum[j];
	}
	for (int64_t j = 0; c->norm.scale && j < g->channels; j++) {
		float *partial = layer_partial(s, norm_gamma(&c->norm), n);
		float product = products[j] * stats[2 * (j / g->width) + 1];
		partial[j] = first ? product : partial[j] + product;
	}
}

/* dx = dy scale + (x - mean) slope + offset: the last two, of each channel. */
static void spread_slopes(const struct layer_step *s, const struct geometry *g, const float *stats,
	const float *gamma)
{
	const float *sum = scratch_row(s, g, SUM), *products = scratch_row(s, g, SECOND);
	float *slope = scratch_row(s, g, SLOPE), *offset = scratch_row(s, g, OFFSET);
	const float per_value = 1.0f / (float)(g->rows * g->width);

	for (int64_t i = 0; i < g->groups; i++) {
		float inverse = stats[2 * i + 1], all = 0.0f, all_products = 0.0f;
		int64_t first = i * g->width, end = first + g->width;
		for (int64_t j = first; j < end; j++) {
			all += gamma[j] * sum[j];
			all_products += gamma[j] * products[j];
		}
		for (int64_t j = first; j < end; j++) {
			offset[j] = -inverse * all * per_value;
			slope[j] = -inverse * inverse * inverse * all_products * per_value;
		}
	}
}

static void group_norm_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct geometry g = geometry_of(c, s->in);
	const float *gamma =
		norm_weight(s, norm_gamma(&c->norm), 1.0f, g.channels, scratch_row(s, &g, GAMMA));
	float *sum = scratch_row(s, &g, SUM), *products = scratch_row(s, &g, SECOND);

	for (int64_t n = begin; n < end; n++) {
		int64_t first = n * g.rows * g.channels;
		const float *dy = s->dy + first, *x = s->x[0] + first, *stats = stats_of(s, n);
		spread_stats(s, &g, stats, gamma);
		memset(sum, 0, (size_t)g.channels * sizeof *sum);
		memset(products, 0, (size_t)g.channels * sizeof *products);
		s->kernels->sum_products(
			dy, x, scratch_row(s, &g, MEAN), g.rows, g.channels, sum, products);
		add_weight_gradients(s, &g, n, stats);
		if (!s->dx[0])
			continue;
		spread_slopes(s, &g, stats, gamma);
		s->kernels->normalize_backward(dy, x, scratch_row(s, &g, MEAN),
			scratch_row(s, &g, SCALE), scratch_row(s, &g, SLOPE),
			scratch_row(s, &g, OFFSET), g.rows, g.channels, s->dx[0] + first);
	}
}

const struct layer_class layer_group_normalization = {
	.name = "GroupNormalization",
	.doc = "each group of channels of a sample brought to mean 0 and variance 1",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = group_norm_plan,
	.forward = group_norm_forward,
	.backward = group_norm_backward,
};
