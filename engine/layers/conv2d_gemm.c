/* conv2d_gemm.c - see conv2d.h. */
#include "engine/layers/conv2d.h"

#include <inttypes.h>
#include <string.h>

/* Keras's refusals, whatever the input's size. */
static bool check_arguments(const struct conv2d_conf *c, int64_t channels, struct error *err)
{
	if (channels % c->groups)
		return error_at(err, ERROR_INVALID, "/groups",
			"groups is %" PRId64 ", the input has %" PRId64
			" channels; allowed: a divisor of them",
			c->groups, channels);
	if (c->filters % c->groups)
		return error_at(err, ERROR_INVALID, "/groups",
			"groups is %" PRId64 ", filters is %" PRId64 "; allowed: a divisor of it",
			c->groups, c->filters);
	return window_check_dilation(c->strides, c->dilation_rate, 2, err);
}

bool conv2d_geometry_plan(const struct conv2d_conf *c, const struct shape *in,
	struct conv2d_geometry *ret, struct error *err)
{
	enum padding padding = (enum padding)c->padding;
	struct conv2d_geometry g = {
		.in = in->dim[2],
		.out = c->filters,
		.groups = c->groups,
		.dilation_h = c->dilation_rate[0],
		.dilation_w = c->dilation_rate[1],
	};

	if (!check_arguments(c, g.in, err) ||
		!window_axis_plan(in->dim[0], window_reach(c->kernel_size[0], g.dilation_h),
			c->strides[0], padding, "height", "/kernel_size", &g.h, err) ||
		!window_axis_plan(in->dim[1], window_reach(c->kernel_size[1], g.dilation_w),
			c->strides[1], padding, "width", "/kernel_size", &g.w, err))
		return false;
	g.h.size = c->kernel_size[0];
	g.w.size = c->kernel_size[1];
	conv2d_geometry_finish(&g);
	*ret = g;
	return true;
}

/* The zeros of e before its first value. */
static int64_t e_before(int64_t size, int64_t dilation)
{
	return (size - 1) * dilation;
}

void conv2d_geometry_finish(struct conv2d_geometry *g)
{
	g->rows = g->h.out;
	g->x_row = g->w.padded * g->in;
	g->kernel = g->h.size * g->w.size * (g->in / g->groups);
	g->pads = g->h.padded > g->h.in || g->w.padded > g->w.in;
	g->e_height = g->h.padded + e_before(g->h.size, g->dilation_h);
	g->e_row = (g->w.padded + e_before(g->w.size, g->dilation_w)) * g->out;
}

static int64_t positions(const struct conv2d_geometry *g)
{
	return g->rows * g->w.out;
}

static int64_t x_floats(const struct conv2d_geometry *g)
{
	return g->pads ? g->h.padded * g->x_row : 0;
}

static int64_t e_floats(const struct conv2d_geometry *g)
{
	return g->e_height * g->e_row;
}

float *conv2d_scratch_e(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return s->scratch + x_floats(g);
}

float *conv2d_scratch_turned(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return conv2d_scratch_e(s, g) + e_floats(g);
}

float *conv2d_scratch_more(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return conv2d_scratch_turned(s, g) + g->kernel * g->out;
}

bool conv2d_plan_memory(const struct conv2d_conf *c, const struct weight_conf *kernel,
	const struct weight_conf *bias, const struct conv2d_geometry *g, int64_t more,
	struct layer_plan *ret, struct error *err)
{
	/* Offsets are 32 bits; e is the largest of what they reach into. */
	if (e_floats(g) > INT32_MAX || g->h.padded * g->x_row > INT32_MAX)
		return error_at(err, ERROR_INVALID, "/filters",
			"an image of %" PRId64 " x %" PRId64 " with %" PRId64
			" channels is larger than the 2^31 values allowed",
			g->h.padded, g->w.padded, g->out);
	layer_ends_in(ret, c->activation);
	ret->table_ints = positions(g) + g->kernel + g->h.in * g->w.in;
	ret->scratch_floats = x_floats(g) + e_floats(g) + g->kernel * g->out + more;
	ret->weights[CONV2D_KERNEL] = (struct weight_plan){
		.name = "kernel",
		.shape = SHAPE4(g->h.size, g->w.size, g->in / g->groups, g->out),
		WEIGHT_PLAN(*kernel),
		.fan_in = g->kernel,
		.fan_out = g->h.size * g->w.size * g->out,
	};
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] = weight_vector("bias", g->out, bias);
	return true;
}

void conv2d_fill_table(const struct conv2d_geometry *g, int32_t *table)
{
	for (int64_t p = 0; p < g->rows; p++)
		for (int64_t q = 0; q < g->w.out; q++)
			*table++ = (int32_t)(p * g->h.stride * g->x_row + q * g->w.stride * g->in);
	for (int64_t r = 0; r < g->h.size; r++)
		for (int64_t s = 0; s < g->w.size; s++)
			for (int64_t c = 0; c < g->in / g->groups; c++)
				*table++ = (int32_t)(r * g->dilation_h * g->x_row +
						     s * g->dilation_w * g->in + c);
	for (int64_t h = 0; h < g->h.in; h++)
		for (int64_t w = 0; w < g->w.in; w++)
			*table++ = (int32_t)((h + g->h.before) * g->e_row +
					     (w + g->w.before) * g->out);
}

void conv2d_clear_border(const struct layer_step *s, const struct conv2d_geometry *g)
{
	memset(s->scratch, 0, (size_t)x_floats(g) * sizeof(float));
}

const float *conv2d_input(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *x)
{
	if (!g->pads)
		return x;
	image_pad(x, g->h.in, g->w.in * g->in,
		s->scratch + g->h.before * g->x_row + g->w.before * g->in, g->x_row);
	return s->scratch;
}

/* Sums over the windows of one group in an image of `channels` channels and rows of `row` floats: m
 * without segments and run. Where the values under a kernel's row are no run, each row is a gemm of
 * its own, in which the sums go on. */
static void gemm_windows(const struct layer_step *s, const struct conv2d_geometry *g, struct gemm m,
	int64_t channels, int64_t row)
{
	m.a_step = 1;
	if (g->groups == 1 && (g->dilation_w == 1 || g->w.size == 1)) {
		m.segments = g->h.size;
		m.run = g->w.size * channels;
		m.a_segment = g->dilation_h * row;
		s->kernels->gemm(&m);
		return;
	}
	m.segments = g->w.size;
	m.run = channels / g->groups;
	m.a_segment = g->dilation_w * channels;
	for (int64_t r = 0; r < g->h.size; r++) {
		s->kernels->gemm(&m);
		m.accumulate = true;
		m.a += g->dilation_h * row;
		m.b += m.segments * m.run * m.b_row;
	}
}

void conv2d_forward_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, const float *bias, float *y)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->groups; i++)
		gemm_windows(s, g,
			(struct gemm){
				.m = positions(g),
				.n = out,
				.a = x + first_row * g->h.stride * g->x_row + i * in,
				.a_rows = s->table,
				.b = s->w[CONV2D_KERNEL] + i * out,
				.b_row = g->out,
				.bias = bias ? bias + i * out : NULL,
				.c = y + i * out,
				.c_row = g->out,
			},
			g->in, g->x_row);
}

void conv2d_kernel_gradient_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, const float *dy, bool add, float *dw)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->groups; i++)
		s->kernels->gemm(&(struct gemm){
			.m = g->kernel,
			.n = out,
			.segments = g->rows,
			.run = g->w.out,
			.a = x + first_row * g->h.stride * g->x_row + i * in,
			.a_rows = s->table + positions(g),
			.a_segment = g->h.stride * g->x_row,
			.a_step = g->w.stride * g->in,
			.b = dy + i * out,
			.b_row = g->out,
			.accumulate = add,
			.c = dw + i * out,
			.c_row = g->out,
		});
}

/* One group's (R,S,C,K) of w to (R,S,K,C), the last place first. */
static void turn_kernel(const struct conv2d_geometry *g, const float *w, float *turned)
{
	int64_t places = g->h.size * g->w.size, in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t p = 0; p < places; p++)
		for (int64_t c = 0; c < in; c++)
			for (int64_t k = 0; k < out; k++)
				turned[((places - 1 - p) * out + k) * in + c] =
					w[(p * in + c) * g->out + k];
}

void conv2d_begin_input_gradient(const struct layer_step *s, const struct conv2d_geometry *g)
{
	int64_t out = g->out / g->groups;

	memset(conv2d_scratch_e(s, g), 0, (size_t)e_floats(g) * sizeof(float));
	for (int64_t i = 0; i < g->groups; i++)
		turn_kernel(g, s->w[CONV2D_KERNEL] + i * out,
			conv2d_scratch_turned(s, g) + i * g->kernel * out);
}

void conv2d_spread_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	int64_t first_row, const float *dy)
{
	float *inside = conv2d_scratch_e(s, g) + e_before(g->h.size, g->dilation_h) * g->e_row +
			e_before(g->w.size, g->dilation_w) * g->out;

	for (int64_t p = first_row; p < first_row + g->rows; p++)
		for (int64_t q = 0; q < g->w.out; q++, dy += g->out)
			memcpy(inside + p * g->h.stride * g->e_row + q * g->w.stride * g->out, dy,
				(size_t)g->out * sizeof *dy);
}

void conv2d_input_gradient(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *bias, float *dx)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->groups; i++)
		gemm_windows(s, g,
			(struct gemm){
				.m = g->h.in * g->w.in,
				.n = in,
				.a = conv2d_scratch_e(s, g) + i * out,
				.a_rows = s->table + positions(g) + g->kernel,
				.b = conv2d_scratch_turned(s, g) + i * g->kernel * out,
				.b_row = in,
				.bias = bias ? bias + i * in : NULL,
				.c = dx + i * in,
				.c_row = g->in,
			},
			g->out, g->e_row);
}

void conv2d_forward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	int64_t in = g->h.in * g->w.in * g->in, out = g->h.out * g->w.out * g->out;

	conv2d_clear_border(s, g);
	for (int64_t n = begin; n < end; n++) {
		conv2d_forward_rows(s, g, conv2d_input(s, g, s->x[0] + n * in), 0,
			s->w[CONV2D_BIAS], s->z + n * out);
		layer_activate(s, n, n + 1);
	}
}

void conv2d_backward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	int64_t in = g->h.in * g->w.in * g->in, places = g->h.out * g->w.out, out = places * g->out;

	layer_activate_backward(s, begin, end);
	conv2d_clear_border(s, g);
	for (int64_t n = begin; n < end; n++) {
		bool first = n % PLAN_CHUNK == 0;
		if (s->w[CONV2D_BIAS] && first)
			layer_sum_rows(s, s->dy + n * out, (layer_chunk_end(n, end) - n) * places,
				g->out, layer_partial(s, CONV2D_BIAS, n));
		conv2d_kernel_gradient_rows(s, g, conv2d_input(s, g, s->x[0] + n * in), 0,
			s->dy + n * out, !first, layer_partial(s, CONV2D_KERNEL, n));
	}
	if (!s->dx[0])
		return;
	conv2d_begin_input_gradient(s, g);
	for (int64_t n = begin; n < end; n++) {
		conv2d_spread_rows(s, g, 0, s->dy + n * out);
		conv2d_input_gradient(s, g, NULL, s->dx[0] + n * in);
	}
}
