/* conv2d_gemm.c - see conv2d.h. */
#include "engine/layers/conv2d.h"

#include <inttypes.h>
#include <string.h>

bool conv2d_geometry_plan(const struct conv2d_conf *c, const struct shape *in,
	struct conv2d_geometry *ret, struct error *err)
{
	enum padding padding = (enum padding)c->padding;
	struct conv2d_geometry g = { .in = in->dim[2], .out = c->filters };

	if (!window_axis_plan(in->dim[0], c->kernel_size[0], c->strides[0], padding, "height",
		    "/kernel_size", &g.h, err) ||
		!window_axis_plan(in->dim[1], c->kernel_size[1], c->strides[1], padding, "width",
			"/kernel_size", &g.w, err))
		return false;
	g.rows = g.h.out;
	g.x_row = g.w.padded * g.in;
	g.kernel = g.h.size * g.w.size * g.in;
	g.pads = g.h.padded > g.h.in || g.w.padded > g.w.in;
	g.e_height = g.h.padded + g.h.size - 1;
	g.e_row = (g.w.padded + g.w.size - 1) * g.out;
	*ret = g;
	return true;
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

bool conv2d_plan_memory(const struct conv2d_conf *c, const struct conv2d_geometry *g, int64_t more,
	struct layer_plan *ret, struct error *err)
{
	/* Offsets are 32 bits; e is the largest of what they reach into. */
	if (e_floats(g) > INT32_MAX || g->h.padded * g->x_row > INT32_MAX)
		return error_at(err, ERROR_INVALID, "/filters",
			"an image of %" PRId64 " x %" PRId64 " with %" PRId64
			" filters is larger than the 2^31 values allowed",
			g->h.padded, g->w.padded, g->out);
	layer_ends_in(ret, c->activation);
	ret->table_ints = positions(g) + g->kernel + g->h.in * g->w.in;
	ret->scratch_floats = x_floats(g) + e_floats(g) + g->kernel * g->out + more;
	ret->weights[CONV2D_KERNEL] = (struct weight_plan){
		.name = "kernel",
		.shape = SHAPE4(g->h.size, g->w.size, g->in, g->out),
		.initializer = (enum initializer)c->kernel_initializer,
		.fan_in = g->kernel,
		.fan_out = g->h.size * g->w.size * g->out,
	};
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] =
			weight_bias(g->out, (enum initializer)c->bias_initializer);
	return true;
}

void conv2d_fill_table(const struct conv2d_geometry *g, int32_t *table)
{
	for (int64_t p = 0; p < g->rows; p++)
		for (int64_t q = 0; q < g->w.out; q++)
			*table++ = (int32_t)(p * g->h.stride * g->x_row + q * g->w.stride * g->in);
	for (int64_t r = 0; r < g->h.size; r++)
		for (int64_t i = 0; i < g->w.size * g->in; i++)
			*table++ = (int32_t)(r * g->x_row + i);
	for (int64_t h = 0; h < g->h.in; h++)
		for (int64_t w = 0; w < g->w.in; w++)
			*table++ = (int32_t)((h + g->h.before) * g->e_row +
					     (w + g->w.before) * g->out);
}

void conv2d_clear_border(const struct layer_step *s, const struct conv2d_geometry *g)
{
	memset(s->scratch, 0, (size_t)x_floats(g) * sizeof(float));
}

const float *conv2d_input(const struct layer_step *s, const struct conv2d_geometry *g, int64_t n)
{
	int64_t row = g->w.in * g->in;
	const float *x = s->x[0] + n * g->h.in * row;

	if (!g->pads)
		return x;
	image_pad(x, g->h.in, row, s->scratch + g->h.before * g->x_row + g->w.before * g->in,
		g->x_row);
	return s->scratch;
}

void conv2d_forward_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, float *y)
{
	s->kernels->gemm(&(struct gemm){
		.m = positions(g),
		.n = g->out,
		.segments = g->h.size,
		.run = g->w.size * g->in,
		.a = x + first_row * g->h.stride * g->x_row,
		.a_rows = s->table,
		.a_segment = g->x_row,
		.a_step = 1,
		.b = s->w[CONV2D_KERNEL],
		.b_row = g->out,
		.bias = s->w[CONV2D_BIAS],
		.c = y,
		.c_row = g->out,
	});
}

void conv2d_kernel_gradient_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, const float *dy, bool add, float *dw)
{
	s->kernels->gemm(&(struct gemm){
		.m = g->kernel,
		.n = g->out,
		.segments = g->rows,
		.run = g->w.out,
		.a = x + first_row * g->h.stride * g->x_row,
		.a_rows = s->table + positions(g),
		.a_segment = g->h.stride * g->x_row,
		.a_step = g->w.stride * g->in,
		.b = dy,
		.b_row = g->out,
		.accumulate = add,
		.c = dw,
		.c_row = g->out,
	});
}

void conv2d_begin_input_gradient(const struct layer_step *s, const struct conv2d_geometry *g)
{
	int64_t places = g->h.size * g->w.size;
	const float *w = s->w[CONV2D_KERNEL];
	float *turned = conv2d_scratch_turned(s, g);

	memset(conv2d_scratch_e(s, g), 0, (size_t)e_floats(g) * sizeof(float));
	/* (R,S,C,K) to (R,S,K,C), the last place first. */
	for (int64_t p = 0; p < places; p++)
		for (int64_t c = 0; c < g->in; c++)
			for (int64_t k = 0; k < g->out; k++)
				turned[((places - 1 - p) * g->out + k) * g->in + c] =
					w[(p * g->in + c) * g->out + k];
}

void conv2d_spread_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	int64_t first_row, const float *dy)
{
	float *inside =
		conv2d_scratch_e(s, g) + (g->h.size - 1) * g->e_row + (g->w.size - 1) * g->out;

	for (int64_t p = first_row; p < first_row + g->rows; p++)
		for (int64_t q = 0; q < g->w.out; q++, dy += g->out)
			memcpy(inside + p * g->h.stride * g->e_row + q * g->w.stride * g->out, dy,
				(size_t)g->out * sizeof *dy);
}

void conv2d_input_gradient(const struct layer_step *s, const struct conv2d_geometry *g, int64_t n)
{
	s->kernels->gemm(&(struct gemm){
		.m = g->h.in * g->w.in,
		.n = g->in,
		.segments = g->h.size,
		.run = g->w.size * g->out,
		.a = conv2d_scratch_e(s, g),
		.a_rows = s->table + positions(g) + g->kernel,
		.a_segment = g->e_row,
		.a_step = 1,
		.b = conv2d_scratch_turned(s, g),
		.b_row = g->in,
		.c = s->dx[0] + n * g->h.in * g->w.in * g->in,
		.c_row = g->in,
	});
}
