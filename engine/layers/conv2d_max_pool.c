/* conv2d_max_pool.c - Conv2D and MaxPooling2D in one pass: what lies between them never leaves the
 * first-level cache.
 *
 * One row of windows at a time: the convolution's rows under it, then their maxima. relu does not
 * change which value is the largest, so it is applied to the maxima alone, and its derivative to
 * their gradients. Backward puts these where the maxima were and goes on as a convolution does.
 * Positions that no window covers are not worked out.
 *
 * A convolution of few taps under windows of 2 x 2 has kernels of its own, which take a sample at a
 * time and never write a row down; backward they work out what the maxima alone give. That is
 * another order of the kernel gradient's sums: the choice, by shape, is part of the numeric
 * contract. */
#include "engine/layers/conv2d_max_pool.h"

#include "engine/layers/conv2d.h"
#include "engine/layers/conv2d_winograd.h"
#include "engine/layers/pooling.h"

#include <string.h>

struct geometry {
	struct conv2d_geometry conv;
	struct pool_row row;
	int64_t rows; /* of windows */
	bool few_taps;
	struct conv_pool taps; /* if few_taps */
};

static bool geometry_plan(const struct conv2d_conf *c, const struct pooling_conf *pool,
	const struct shape *in, struct geometry *ret, struct error *err)
{
	struct conv2d_geometry g;
	struct window_axis h, w;

	if (!conv2d_geometry_plan(c, in, &g, err) ||
		!window_axis_plan(g.h.out, pool->pool_size[0], pool->pool_size[0], PADDING_VALID,
			"height", "/pool_size", &h, err) ||
		!window_axis_plan(g.w.out, pool->pool_size[1], pool->pool_size[1], PADDING_VALID,
			"width", "/pool_size", &w, err))
		return false;
	g.rows = h.size;
	g.h.out = h.out * h.size;
	g.w.out = w.out * w.size;
	*ret = (struct geometry){
		.conv = g,
		.rows = h.out,
		.row = { .width = w.out,
			.channels = g.out,
			.pool_h = h.size,
			.pool_w = w.size,
			.x_row = g.w.out * g.out,
			.x_step = w.size * g.out },
		.few_taps = g.kernel <= CONV_POOL_TAPS_MAX && h.size == 2 && w.size == 2,
		.taps = { .rows = h.out,
			.width = w.out,
			.channels = g.out,
			.segments = g.h.size,
			.run = g.w.size * g.in,
			.x_segment = g.x_row,
			.down = g.h.stride * g.x_row,
			.right = g.w.stride * g.in },
	};
	return true;
}

static struct geometry geometry_of(const void *conf, const void *next_conf, const struct shape *in)
{
	struct geometry g;
	bool fits = geometry_plan(conf, next_conf, in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

static bool pair_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conv2d_conf *c = r->conf;
	struct geometry g;

	if (!geometry_plan(r->conf, r->next_conf, r->in, &g, err))
		return false;
	ret->out = SHAPE3(g.rows, g.row.width, g.conv.out);
	ret->flops_per_output = 2 * g.conv.kernel * g.row.pool_h * g.row.pool_w;
	ret->saved_bytes = shape_elements(&ret->out);
	return conv2d_plan_memory(
		c, &c->kernel, &c->bias, &g.conv, g.row.pool_h * g.row.x_row, ret, err);
}

static void pair_table(const struct layer_request *r, int32_t *table)
{
	const struct geometry g = geometry_of(r->conf, r->next_conf, r->in);

	conv2d_fill_table(&g.conv, table);
}

static void forward_rows(
	const struct layer_step *s, const struct geometry *g, const float *x, bool relu, int64_t n)
{
	float *rows = conv2d_scratch_more(s, &g->conv);

	for (int64_t i = 0; i < g->rows; i++) {
		int64_t at = (n * g->rows + i) * g->row.width * g->conv.out;
		conv2d_forward_rows(s, &g->conv, x, i * g->row.pool_h, s->w[CONV2D_BIAS], rows);
		s->kernels->max_pool(&g->row, rows, relu, s->y + at, s->saved + at);
	}
}

static void pair_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s->conf, s->next_conf, s->in);
	int64_t in = shape_elements(s->in), out = g.rows * g.row.width * g.conv.out;
	bool relu = s->plan->activation == ACTIVATION_RELU;

	conv2d_clear_border(s, &g.conv);
	for (int64_t n = begin; n < end; n++) {
		const float *x = conv2d_input(s, &g.conv, s->x[0] + n * in);
		if (g.few_taps)
			s->kernels->conv_pool(&g.taps, x, s->w[CONV2D_KERNEL], s->w[CONV2D_BIAS],
				relu, s->y + n * out, s->saved + n * out);
		else
			forward_rows(s, &g, x, relu, n);
	}
}

/* What the maxima of a sample give the kernel and the bias. */
static void gradient_of_few_taps(
	const struct layer_step *s, const struct geometry *g, const float *x, int64_t n)
{
	int64_t out = g->rows * g->row.width * g->conv.out;
	float *dw = layer_partial(s, CONV2D_KERNEL, n);
	float *db = s->w[CONV2D_BIAS] ? layer_partial(s, CONV2D_BIAS, n) : NULL;

	if (layer_begins_chunk(s, n)) {
		memset(dw, 0, (size_t)(g->conv.kernel * g->conv.out) * sizeof *dw);
		if (db)
			memset(db, 0, (size_t)g->conv.out * sizeof *db);
	}
	s->kernels->conv_pool_backward(&g->taps, x, s->plan->activation == ACTIVATION_RELU,
		s->y + n * out, s->dy + n * out, s->saved + n * out, dw, db);
}

/* The gradients of a sample's rows, made of those of its maxima: of the kernel, unless it has few
 * taps, and of what the input's is made from. */
static void backward_rows(
	const struct layer_step *s, const struct geometry *g, const float *x, int64_t n)
{
	float *rows = conv2d_scratch_more(s, &g->conv);

	for (int64_t i = 0; i < g->rows; i++) {
		int64_t at = (n * g->rows + i) * g->row.width * g->conv.out;
		s->kernels->max_pool_backward(&g->row, s->dy + at, s->saved + at, false, rows);
		if (!g->few_taps)
			conv2d_kernel_gradient_rows(s, &g->conv, x, i * g->row.pool_h, 1, rows,
				!layer_begins_chunk(s, n) || i > 0,
				layer_partial(s, CONV2D_KERNEL, n));
		if (s->dx[0])
			conv2d_spread_rows(s, &g->conv, i * g->row.pool_h, rows);
	}
}

/* What the chunk that begins at sample n gives the bias. */
static void bias_gradient(
	const struct layer_step *s, const struct geometry *g, int64_t n, int64_t end)
{
	int64_t places = g->rows * g->row.width;

	layer_sum_rows(s, s->dy + n * places * g->conv.out,
		(layer_chunk_end(s, n, end) - n) * places, g->conv.out,
		layer_partial(s, CONV2D_BIAS, n));
}

static void pair_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s->conf, s->next_conf, s->in);
	int64_t in = shape_elements(s->in);
	bool by_rows = !g.few_taps || s->dx[0];

	if (by_rows)
		layer_activate_backward(s, begin, end);
	conv2d_clear_border(s, &g.conv);
	if (s->dx[0])
		conv2d_begin_input_gradient(s, &g.conv);
	for (int64_t n = begin; n < end; n++) {
		const float *x = conv2d_input(s, &g.conv, s->x[0] + n * in);
		if (g.few_taps)
			gradient_of_few_taps(s, &g, x, n);
		else if (s->w[CONV2D_BIAS] && layer_begins_chunk(s, n))
			bias_gradient(s, &g, n, end);
		if (by_rows)
			backward_rows(s, &g, x, n);
		if (s->dx[0])
			conv2d_input_gradient(s, &g.conv, NULL, s->dx[0] + n * in);
	}
}

static const struct layer_class pair = {
	.name = "Conv2D + MaxPooling2D",
	.doc = "a convolution and the pooling after it",
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pair_plan,
	.table = pair_table,
	.forward = pair_forward,
	.backward = pair_backward,
};

extern const struct layer_class layer_max_pooling2d;

const struct layer_class *conv2d_max_pool_fuse(
	const struct layer_request *r, const struct layer_class *next)
{
	const struct conv2d_conf *c = r->conf;
	const struct pooling_conf *pool = r->next_conf;
	struct conv2d_geometry g;

	if (!conv2d_geometry_plan(c, r->in, &g, NULL) || conv2d_winograd_suits(&g))
		return NULL;
	if (next != &layer_max_pooling2d || pool->padding != PADDING_VALID)
		return NULL;
	bool apart =
		pool->strides[0] == PARAM_NULL ||
		(pool->strides[0] == pool->pool_size[0] && pool->strides[1] == pool->pool_size[1]);
	bool commutes = c->activation == ACTIVATION_RELU || c->activation == ACTIVATION_LINEAR;
	bool plain = c->groups == 1 && c->dilation_rate[0] == 1 && c->dilation_rate[1] == 1;
	bool fits = pool->pool_size[0] * pool->pool_size[1] <= UINT8_MAX;
	return apart && commutes && plain && fits ? &pair : NULL;
}
