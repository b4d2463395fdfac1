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

/* What one axis of the input's gradient has of one phase: every stride-th position. */
struct phase {
	int64_t first, count; /* positions */
	int64_t taps;         /* of the kernel, which is every stride-th one */
	int64_t e;            /* where the first position's window begins in e */
};

static int64_t divide_up(int64_t a, int64_t b)
{
	return (a + b - 1) / b;
}

/* The zeros of e before its first value. */
static int64_t e_before(const struct window_axis *a, int64_t dilation)
{
	return (divide_up(a->size, a->stride) - 1) * dilation;
}

/* The positions to which taps i, i + stride, … lead. */
static struct phase phase_of(const struct window_axis *a, int64_t i)
{
	int64_t first = (i + a->stride - a->before % a->stride) % a->stride;
	int64_t taps = divide_up(a->size - i, a->stride);

	return (struct phase){
		.first = first,
		.count = divide_up(a->in - first, a->stride),
		.taps = taps,
		.e = (first + a->before - i) / a->stride + divide_up(a->size, a->stride) - taps,
	};
}

static bool is_strided(const struct conv2d_geometry *g)
{
	return g->h.stride > 1 || g->w.stride > 1;
}

void conv2d_geometry_finish(struct conv2d_geometry *g)
{
	g->rows = g->h.out;
	g->x_row = g->w.padded * g->in;
	g->kernel = g->h.size * g->w.size * (g->in / g->groups);
	g->pads = g->h.padded > g->h.in || g->w.padded > g->w.in;
	g->e_height = divide_up(g->h.padded, g->h.stride) + e_before(&g->h, g->dilation_h);
	g->e_row = (divide_up(g->w.padded, g->w.stride) + e_before(&g->w, g->dilation_w)) * g->out;
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

/* The positions of one phase, where they do not lie side by side. */
static int64_t phase_floats(const struct conv2d_geometry *g)
{
	return is_strided(g)
		       ? divide_up(g->h.in, g->h.stride) * divide_up(g->w.in, g->w.stride) * g->in
		       : 0;
}

float *conv2d_scratch_e(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return s->scratch + x_floats(g);
}

float *conv2d_scratch_turned(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return conv2d_scratch_e(s, g) + e_floats(g);
}

static float *scratch_phase(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return conv2d_scratch_turned(s, g) + g->kernel * g->out;
}

float *conv2d_scratch_more(const struct layer_step *s, const struct conv2d_geometry *g)
{
	return scratch_phase(s, g) + phase_floats(g);
}

bool conv2d_plan_memory(const struct conv2d_conf *c, const struct weight_conf *kernel,
	const struct weight_conf *bias, const struct conv2d_geometry *g, int64_t more,
	struct layer_plan *ret, struct error *err)
{
	if (!image_check_size(g->e_height, g->e_row / g->out, g->out, "/filters", err) ||
		!image_check_size(g->h.padded, g->w.padded, g->in, "/filters", err))
		return false;
	layer_ends_in(ret, c->activation);
	ret->large = layer_is_large(g->kernel, g->in / g->groups, g->out / g->groups);
	ret->table_ints = positions(g) + g->kernel + g->h.in * g->w.in;
	ret->scratch_floats =
		x_floats(g) + e_floats(g) + g->kernel * g->out + phase_floats(g) + more;
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

static int32_t *fill_phase(
	const struct conv2d_geometry *g, struct phase h, struct phase w, int32_t *table)
{
	for (int64_t p = 0; p < h.count; p++)
		for (int64_t q = 0; q < w.count; q++)
			*table++ = (int32_t)((h.e + p) * g->e_row + (w.e + q) * g->out);
	return table;
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
	for (int64_t i = 0; i < g->h.stride; i++)
		for (int64_t j = 0; j < g->w.stride; j++)
			table = fill_phase(g, phase_of(&g->h, i), phase_of(&g->w, j), table);
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

/* Sums over the windows, of taps_h rows and taps_w columns, of one group in an image of `channels`
 * channels and rows of `row` floats: m without segments and run. Where the values under a kernel's
 * row are no run, each row is a gemm of its own, in which the sums go on. */
static void gemm_windows(const struct layer_step *s, const struct conv2d_geometry *g, struct gemm m,
	int64_t taps_h, int64_t taps_w, int64_t channels, int64_t row)
{
	m.a_step = 1;
	if (g->groups == 1 && (g->dilation_w == 1 || taps_w == 1)) {
		m.segments = taps_h;
		m.run = taps_w * channels;
		m.a_segment = g->dilation_h * row;
		s->gemm(&m);
		return;
	}
	m.segments = taps_w;
	m.run = channels / g->groups;
	m.a_segment = g->dilation_w * channels;
	for (int64_t r = 0; r < taps_h; r++) {
		s->gemm(&m);
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
			g->h.size, g->w.size, g->in, g->x_row);
}

void conv2d_kernel_gradient_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, int64_t images, const float *dy, bool add, float *dw)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->groups; i++)
		s->gemm(&(struct gemm){
			.m = g->kernel,
			.n = out,
			.segments = images * g->rows,
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

/* One group's (R,S,C,K) of w to (R,S,K,C), phase by phase, the last place of each first. */
static void turn_kernel(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *w, float *turned)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->h.stride * g->w.stride; i++) {
		struct phase h = phase_of(&g->h, i / g->w.stride);
		struct phase v = phase_of(&g->w, i % g->w.stride);
		for (int64_t p = h.taps * v.taps; p-- > 0; turned += out * in) {
			int64_t r = i / g->w.stride + p / v.taps * g->h.stride;
			int64_t q = i % g->w.stride + p % v.taps * g->w.stride;
			s->kernels->transpose(
				w + (r * g->w.size + q) * in * g->out, in, out, g->out, turned, in);
		}
	}
}

void conv2d_begin_input_gradient(const struct layer_step *s, const struct conv2d_geometry *g)
{
	int64_t out = g->out / g->groups;

	memset(conv2d_scratch_e(s, g), 0, (size_t)e_floats(g) * sizeof(float));
	for (int64_t i = 0; i < g->groups; i++)
		turn_kernel(s, g, s->w[CONV2D_KERNEL] + i * out,
			conv2d_scratch_turned(s, g) + i * g->kernel * out);
}

void conv2d_spread_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	int64_t first_row, const float *dy)
{
	float *inside = conv2d_scratch_e(s, g) +
			(e_before(&g->h, g->dilation_h) + first_row) * g->e_row +
			e_before(&g->w, g->dilation_w) * g->out;

	image_pad(dy, g->rows, g->w.out * g->out, inside, g->e_row);
}

/* The positions of one phase, side by side: their windows' places in e stand in `rows`, its taps
 * begin at `turned` in the first group's. */
static void phase_gradient(const struct layer_step *s, const struct conv2d_geometry *g,
	struct phase h, struct phase w, const int32_t *rows, const float *turned, const float *bias,
	float *dx)
{
	int64_t in = g->in / g->groups, out = g->out / g->groups;

	for (int64_t i = 0; i < g->groups; i++)
		gemm_windows(s, g,
			(struct gemm){
				.m = h.count * w.count,
				.n = in,
				.a = conv2d_scratch_e(s, g) + i * out,
				.a_rows = rows,
				.b = turned + i * g->kernel * out,
				.b_row = in,
				.bias = bias ? bias + i * in : NULL,
				.c = dx + i * in,
				.c_row = g->in,
			},
			h.taps, w.taps, g->out, g->e_row);
}

/* Those that no tap leads to. */
static void phase_without_taps(
	const struct conv2d_geometry *g, int64_t places, const float *bias, float *dx)
{
	size_t bytes = (size_t)g->in * sizeof *dx;

	for (int64_t i = 0; i < places; i++, dx += g->in) {
		if (bias)
			memcpy(dx, bias, bytes);
		else
			memset(dx, 0, bytes);
	}
}

/* Brings the positions of a phase to their places. */
static void scatter_phase(const struct conv2d_geometry *g, struct phase h, struct phase w,
	const float *from, float *dx)
{
	for (int64_t p = 0; p < h.count; p++) {
		int64_t at = (h.first + p * g->h.stride) * g->w.in + w.first;
		for (int64_t q = 0; q < w.count; q++, at += g->w.stride, from += g->in)
			memcpy(dx + at * g->in, from, (size_t)g->in * sizeof *dx);
	}
}

void conv2d_input_gradient(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *bias, float *dx)
{
	const int32_t *rows = s->table + positions(g) + g->kernel;
	const float *turned = conv2d_scratch_turned(s, g);
	float *to = is_strided(g) ? scratch_phase(s, g) : dx;

	for (int64_t i = 0; i < g->h.stride * g->w.stride; i++) {
		struct phase h = phase_of(&g->h, i / g->w.stride);
		struct phase w = phase_of(&g->w, i % g->w.stride);
		int64_t places = h.count * w.count, taps = h.taps * w.taps;
		if (places > 0 && taps > 0)
			phase_gradient(s, g, h, w, rows, turned, bias, to);
		else
			phase_without_taps(g, places, bias, to);
		if (is_strided(g))
			scatter_phase(g, h, w, to, dx);
		rows += places;
		turned += taps * (g->out / g->groups) * (g->in / g->groups);
	}
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

/* Whether the windows of one image are followed by those of the next one, a stride further. */
static bool images_adjoin(const struct conv2d_geometry *g)
{
	return !g->pads && g->h.out * g->h.stride == g->h.in;
}

void conv2d_backward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	int64_t in = g->h.in * g->w.in * g->in, places = g->h.out * g->w.out, out = places * g->out;

	layer_activate_backward(s, begin, end);
	conv2d_clear_border(s, g);
	for (int64_t n = begin, next; n < end; n = next) {
		bool first = layer_begins_chunk(s, n);
		int64_t last = layer_chunk_end(s, n, end);
		if (s->w[CONV2D_BIAS] && first)
			layer_sum_rows(s, s->dy + n * out, (last - n) * places, g->out,
				layer_partial(s, CONV2D_BIAS, n));
		next = images_adjoin(g) ? last : n + 1;
		conv2d_kernel_gradient_rows(s, g, conv2d_input(s, g, s->x[0] + n * in), 0, next - n,
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
