/* depthwise.c - see depthwise.h. A thread's scratch: the copy of x, e, a row of the gradients of
 * repeated channels. */
#include "engine/layers/depthwise.h"

#include <string.h>

static int64_t x_floats(const struct depthwise_geometry *g)
{
	return g->copies ? g->h.padded * g->x_row : 0;
}

static int64_t e_floats(const struct depthwise_geometry *g)
{
	return g->e_height * g->e_row;
}

bool depthwise_geometry_plan(const struct depthwise_conf *c, const struct shape *in,
	struct depthwise_geometry *ret, struct error *err)
{
	enum padding padding = (enum padding)c->padding;
	struct depthwise_geometry g = {
		.dilation_h = c->dilation_rate[0],
		.dilation_w = c->dilation_rate[1],
		.in = in->dim[2],
		.multiplier = c->depth_multiplier,
		.channels = in->dim[2] * c->depth_multiplier,
	};
	int64_t reach_h = window_reach(c->kernel_size[0], g.dilation_h),
		reach_w = window_reach(c->kernel_size[1], g.dilation_w), e_width;

	if (!window_check_dilation(c->strides, c->dilation_rate, 2, err) ||
		!window_axis_plan(in->dim[0], reach_h, c->strides[0], padding, "height",
			"/kernel_size", &g.h, err) ||
		!window_axis_plan(in->dim[1], reach_w, c->strides[1], padding, "width",
			"/kernel_size", &g.w, err))
		return false;
	g.h.size = c->kernel_size[0];
	g.w.size = c->kernel_size[1];
	g.copies = g.h.padded > g.h.in || g.w.padded > g.w.in || g.multiplier > 1;
	g.x_row = g.w.padded * g.channels;
	g.e_height = g.h.padded + reach_h - 1;
	e_width = g.w.padded + reach_w - 1;
	g.e_row = e_width * g.channels;
	/* e is the largest of what is in scratch. */
	if (!image_check_size(g.e_height, e_width, g.channels, "/depth_multiplier", err))
		return false;
	*ret = g;
	return true;
}

struct depthwise_geometry depthwise_geometry_of(const struct layer_step *s)
{
	struct depthwise_geometry g;
	bool fits = depthwise_geometry_plan(s->conf, s->in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

struct weight_plan depthwise_kernel(
	const struct depthwise_geometry *g, const char *name, const struct depthwise_conf *c)
{
	int64_t taps = g->h.size * g->w.size;

	return (struct weight_plan){
		.name = name,
		.argument = "depthwise",
		.shape = SHAPE4(g->h.size, g->w.size, g->in, g->multiplier),
		WEIGHT_PLAN(c->depthwise),
		.fan_in = taps * g->in,
		.fan_out = taps * g->multiplier,
	};
}

int64_t depthwise_scratch_floats(const struct depthwise_geometry *g)
{
	return x_floats(g) + e_floats(g) + (g->multiplier > 1 ? g->w.in * g->channels : 0);
}

void depthwise_begin_forward(const struct layer_step *s, const struct depthwise_geometry *g)
{
	memset(s->scratch, 0, (size_t)x_floats(g) * sizeof(float));
}

void depthwise_begin_backward(const struct layer_step *s, const struct depthwise_geometry *g)
{
	memset(s->scratch, 0, (size_t)(x_floats(g) + e_floats(g)) * sizeof(float));
}

static void repeat_channels(const float *x, int64_t n, int64_t times, float *to)
{
	for (int64_t i = 0; i < n; i++)
		for (int64_t m = 0; m < times; m++)
			*to++ = x[i];
}

/* A sample of x as the kernels take it. */
static const float *wide_input(
	const struct layer_step *s, const struct depthwise_geometry *g, const float *x)
{
	float *inside = s->scratch + g->h.before * g->x_row + g->w.before * g->channels;
	int64_t row = g->w.in * g->in;

	if (!g->copies)
		return x;
	if (g->multiplier == 1)
		image_pad(x, g->h.in, row, inside, g->x_row);
	else
		for (int64_t h = 0; h < g->h.in; h++)
			repeat_channels(x + h * row, row, g->multiplier, inside + h * g->x_row);
	return s->scratch;
}

/* A row of output and what is under it. */
static struct depthwise_row output_row(const struct depthwise_geometry *g)
{
	return (struct depthwise_row){
		.width = g->w.out,
		.channels = g->channels,
		.size_h = g->h.size,
		.size_w = g->w.size,
		.x_row = g->dilation_h * g->x_row,
		.x_column = g->dilation_w * g->channels,
		.x_step = g->w.stride * g->channels,
		.w_tap = g->channels,
	};
}

void depthwise_forward(const struct layer_step *s, const struct depthwise_geometry *g,
	const float *x, const float *bias, float *y)
{
	const struct depthwise_row row = output_row(g);
	const float *wide = wide_input(s, g, x);

	for (int64_t p = 0; p < g->h.out; p++)
		s->kernels->depthwise(&row, wide + p * g->h.stride * g->x_row,
			s->w[DEPTHWISE_KERNEL], bias, y + p * g->w.out * g->channels);
}

/* Writes dy into e. */
static void spread(const struct depthwise_geometry *g, const float *dy, float *e)
{
	float *inside = e + (g->h.size - 1) * g->dilation_h * g->e_row +
			(g->w.size - 1) * g->dilation_w * g->channels;

	for (int64_t p = 0; p < g->h.out; p++)
		for (int64_t q = 0; q < g->w.out; q++, dy += g->channels)
			memcpy(inside + p * g->h.stride * g->e_row + q * g->w.stride * g->channels,
				dy, (size_t)g->channels * sizeof *dy);
}

/* dx[i] = the sum of the `times` gradients of its copies. */
static void sum_channels(const float *wide, int64_t n, int64_t times, float *dx)
{
	for (int64_t i = 0; i < n; i++) {
		dx[i] = wide[i * times];
		for (int64_t m = 1; m < times; m++)
			dx[i] += wide[i * times + m];
	}
}

/* As forward, on e, with the kernel from its last value to its first. */
static void input_gradient(
	const struct layer_step *s, const struct depthwise_geometry *g, const float *dy, float *dx)
{
	float *e = s->scratch + x_floats(g), *wide = e + e_floats(g);
	const float *last = s->w[DEPTHWISE_KERNEL] + (g->h.size * g->w.size - 1) * g->channels;
	struct depthwise_row row = output_row(g);
	int64_t n = g->w.in * g->in;

	row.width = g->w.in;
	row.x_row = g->dilation_h * g->e_row;
	row.x_step = g->channels;
	row.w_tap = -g->channels;
	spread(g, dy, e);
	for (int64_t h = 0; h < g->h.in; h++, dx += n) {
		const float *at = e + (h + g->h.before) * g->e_row + g->w.before * g->channels;
		s->kernels->depthwise(&row, at, last, NULL, g->multiplier > 1 ? wide : dx);
		if (g->multiplier > 1)
			sum_channels(wide, n, g->multiplier, dx);
	}
}

void depthwise_backward(const struct layer_step *s, const struct depthwise_geometry *g,
	const float *x, const float *dy, bool add, float *dw, float *dx)
{
	const struct depthwise_row row = output_row(g);
	const float *wide = wide_input(s, g, x);

	if (!add)
		memset(dw, 0, (size_t)(g->h.size * g->w.size * g->channels) * sizeof *dw);
	for (int64_t p = 0; p < g->h.out; p++)
		s->kernels->depthwise_gradient(&row, wide + p * g->h.stride * g->x_row,
			dy + p * g->w.out * g->channels, dw);
	if (dx)
		input_gradient(s, g, dy, dx);
}
