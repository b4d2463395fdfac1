/* conv2d.c - two-dimensional convolution (cross-correlation, as Keras's) and what it becomes: one
 * gemm a sample.
 *
 *   x (N,H,W,C)  w (R,S,C,K)  b (K)  y (N,P,Q,K), s the stride:
 *   y[p,q,k]  = b[k] + sum_{r,s',c} x[p s + r, q s + s', c] w[r,s',c,k]
 *   dw[r,s',c,k] = sum_{n,p,q} x[n, p s + r, q s + s', c] dy[n,p,q,k]
 *   dx[h,w,c] = sum_{r,s',k} e[h + r, w + s', k] w[R-1-r, S-1-s', c, k],  e = dy, its values s
 * apart, R-1 and S-1 zeros around In NHWC the S C values under a kernel's row are one run, so
 * nothing is copied but a padded image. The rows of the gemm lie anywhere, at offsets that are
 * worked out once (table): of output positions, kernel values and input positions. */
#include "engine/layers/common.h"
#include "engine/registry.h"

#include <inttypes.h>
#include <string.h>

struct conf {
	int64_t filters;
	int64_t kernel_size[2];
	int64_t strides[2];
	int padding;
	int activation;
	bool use_bias;
	int kernel_initializer, bias_initializer;
};

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, filters, 1, 65536, "channels of the output"),
	{ .name = "kernel_size",
		.doc = "rows and columns of the kernel",
		.type = PARAM_TYPE_PAIR,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, kernel_size),
		.min = 1,
		.max = 255 },
	PARAM_PAIR(
		struct conf, strides, 1, 1, 255, 0, "rows and columns from position to position"),
	PARAM_CHOICE(
		struct conf, padding, PADDING_VALID, padding_names, "what happens at the edge"),
	PARAM_CHOICE(struct conf, activation, ACTIVATION_LINEAR, activation_names,
		"function applied to the output"),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	PARAM_CHOICE(struct conf, kernel_initializer, INITIALIZER_GLOROT_UNIFORM, initializer_names,
		"first values of the kernel"),
	PARAM_CHOICE(struct conf, bias_initializer, INITIALIZER_ZEROS, initializer_names,
		"first values of the bias"),
	PARAM_END,
};

enum { KERNEL, BIAS };

struct geometry {
	struct window_axis h, w;
	int64_t in, out; /* channels: C and K */
	int64_t x_row;   /* floats of a padded row of x */
	int64_t kernel;  /* values of w for one k: R S C */
	bool pads;
	int64_t e_height, e_row; /* of e: rows, floats a row */
};

static bool geometry_plan(
	const struct conf *c, const struct shape *in, struct geometry *ret, struct error *err)
{
	*ret = (struct geometry){ .in = in->dim[2], .out = c->filters };
	if (!window_axis_plan(in->dim[0], c->kernel_size[0], c->strides[0],
		    (enum padding)c->padding, "height", "/kernel_size", &ret->h, err) ||
		!window_axis_plan(in->dim[1], c->kernel_size[1], c->strides[1],
			(enum padding)c->padding, "width", "/kernel_size", &ret->w, err))
		return false;
	ret->x_row = ret->w.padded * ret->in;
	ret->kernel = ret->h.size * ret->w.size * ret->in;
	ret->pads = ret->h.padded > ret->h.in || ret->w.padded > ret->w.in;
	ret->e_height = ret->h.padded + ret->h.size - 1;
	ret->e_row = (ret->w.padded + ret->w.size - 1) * ret->out;
	return true;
}

static struct geometry geometry_of(const struct layer_step *s)
{
	struct geometry g;
	bool fits = geometry_plan(s->conf, s->in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

/* The three parts of the table. */
static int64_t table_positions(const struct geometry *g)
{
	return g->h.out * g->w.out;
}
static int64_t table_inputs(const struct geometry *g)
{
	return g->h.in * g->w.in;
}

/* The parts of a thread's scratch: padded x, e, and the kernel turned round. */
static int64_t scratch_x(const struct geometry *g)
{
	return g->pads ? g->h.padded * g->x_row : 0;
}
static int64_t scratch_e(const struct geometry *g)
{
	return g->e_height * g->e_row;
}

static bool conv_plan(const void *conf, const struct shape *in, int n_in, struct layer_plan *ret,
	struct error *err)
{
	const struct conf *c = conf;
	struct geometry g;
	char text[SHAPE_TEXT_BYTES];

	(void)n_in; /* exactly 1 */
	shape_text(in, text);
	if (in->rank != 3)
		return error_at(err, ERROR_INVALID, "",
			"its input has shape %s; Conv2D takes (height, width, channels)", text);
	if (!geometry_plan(c, in, &g, err))
		return false;
	/* Offsets are 32 bits; e is the largest of what they reach into. */
	if (scratch_e(&g) > INT32_MAX || g.h.padded * g.x_row > INT32_MAX)
		return error_at(err, ERROR_INVALID, "/filters",
			"an image of %" PRId64 " x %" PRId64 " with %" PRId64
			" filters is larger than the 2^31 values allowed",
			g.h.padded, g.w.padded, g.out);
	ret->out = SHAPE3(g.h.out, g.w.out, g.out);
	ret->activation = (enum activation)c->activation;
	ret->flops_per_output = 2 * g.kernel;
	ret->table_ints = table_positions(&g) + g.kernel + table_inputs(&g);
	ret->scratch_floats = scratch_x(&g) + scratch_e(&g) + g.kernel * g.out;
	ret->weights[KERNEL] = (struct weight_plan){
		.name = "kernel",
		.shape = SHAPE4(g.h.size, g.w.size, g.in, g.out),
		.initializer = (enum initializer)c->kernel_initializer,
		.fan_in = g.kernel,
		.fan_out = g.h.size * g.w.size * g.out,
	};
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] =
			weight_bias(g.out, (enum initializer)c->bias_initializer);
	return true;
}

static void conv_table(const void *conf, const struct shape *in, int32_t *table)
{
	struct geometry g;
	bool fits = geometry_plan(conf, in, &g, NULL);

	(void)fits; /* it was accepted */
	for (int64_t p = 0; p < g.h.out; p++)
		for (int64_t q = 0; q < g.w.out; q++)
			*table++ = (int32_t)(p * g.h.stride * g.x_row + q * g.w.stride * g.in);
	for (int64_t r = 0; r < g.h.size; r++)
		for (int64_t i = 0; i < g.w.size * g.in; i++)
			*table++ = (int32_t)(r * g.x_row + i);
	for (int64_t h = 0; h < g.h.in; h++)
		for (int64_t w = 0; w < g.w.in; w++)
			*table++ = (int32_t)((h + g.h.before) * g.e_row + (w + g.w.before) * g.out);
}

/* Sample n of x as the kernels want it: padded into scratch, whose border the caller has set to 0,
 * if there is padding. */
static const float *conv_input(const struct layer_step *s, const struct geometry *g, int64_t n)
{
	int64_t row = g->w.in * g->in;
	const float *x = s->x[0] + n * g->h.in * row;

	if (!g->pads)
		return x;
	image_pad(x, g->h.in, row, s->scratch + g->h.before * g->x_row + g->w.before * g->in,
		g->x_row);
	return s->scratch;
}

static void conv_clear_padding(const struct layer_step *s, const struct geometry *g)
{
	memset(s->scratch, 0, (size_t)scratch_x(g) * sizeof(float));
}

static void conv_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
	int64_t out = g.h.out * g.w.out * g.out;

	conv_clear_padding(s, &g);
	for (int64_t n = begin; n < end; n++) {
		s->kernels->gemm(&(struct gemm){
			.m = g.h.out * g.w.out,
			.n = g.out,
			.segments = g.h.size,
			.run = g.w.size * g.in,
			.a = conv_input(s, &g, n),
			.a_rows = s->table,
			.a_segment = g.x_row,
			.a_step = 1,
			.b = s->w[KERNEL],
			.b_row = g.out,
			.bias = s->w[BIAS],
			.c = s->y + n * out,
			.c_row = g.out,
		});
		layer_activate(s, n, n + 1);
	}
}

/* dw += that of sample n; `first` of its chunk: dw =. */
static void conv_kernel_gradient(
	const struct layer_step *s, const struct geometry *g, int64_t n, bool first, float *dw)
{
	s->kernels->gemm(&(struct gemm){
		.m = g->kernel,
		.n = g->out,
		.segments = g->h.out,
		.run = g->w.out,
		.a = conv_input(s, g, n),
		.a_rows = s->table + table_positions(g),
		.a_segment = g->h.stride * g->x_row,
		.a_step = g->w.stride * g->in,
		.b = s->dy + n * g->h.out * g->w.out * g->out,
		.b_row = g->out,
		.accumulate = !first,
		.c = dw,
		.c_row = g->out,
	});
}

/* w turned round and its channels exchanged: (R,S,C,K) to (R,S,K,C), the last kernel position
 * first. */
static void conv_turn_kernel(const struct geometry *g, const float *w, float *turned)
{
	int64_t positions = g->h.size * g->w.size;

	for (int64_t p = 0; p < positions; p++)
		for (int64_t c = 0; c < g->in; c++)
			for (int64_t k = 0; k < g->out; k++)
				turned[((positions - 1 - p) * g->out + k) * g->in + c] =
					w[(p * g->in + c) * g->out + k];
}

static void conv_input_gradient(const struct layer_step *s, const struct geometry *g, int64_t n,
	float *e, const float *turned)
{
	const float *dy = s->dy + n * g->h.out * g->w.out * g->out;
	float *inside = e + (g->h.size - 1) * g->e_row + (g->w.size - 1) * g->out;

	for (int64_t p = 0; p < g->h.out; p++)
		for (int64_t q = 0; q < g->w.out; q++, dy += g->out)
			memcpy(inside + p * g->h.stride * g->e_row + q * g->w.stride * g->out, dy,
				(size_t)g->out * sizeof *dy);
	s->kernels->gemm(&(struct gemm){
		.m = g->h.in * g->w.in,
		.n = g->in,
		.segments = g->h.size,
		.run = g->w.size * g->out,
		.a = e,
		.a_rows = s->table + table_positions(g) + g->kernel,
		.a_segment = g->e_row,
		.a_step = 1,
		.b = turned,
		.b_row = g->in,
		.c = s->dx[0] + n * g->h.in * g->w.in * g->in,
		.c_row = g->in,
	});
}

static void conv_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
	int64_t positions = g.h.out * g.w.out;
	float *e = s->scratch + scratch_x(&g), *turned = e + scratch_e(&g);

	layer_activate_backward(s, begin, end);
	conv_clear_padding(s, &g);
	for (int64_t n = begin; n < end; n++) {
		if (s->w[BIAS] && n % PLAN_CHUNK == 0)
			layer_sum_rows(s, s->dy + n * positions * g.out,
				(layer_chunk_end(n, end) - n) * positions, g.out,
				layer_partial(s, BIAS, n));
		conv_kernel_gradient(s, &g, n, n % PLAN_CHUNK == 0, layer_partial(s, KERNEL, n));
	}
	if (!s->dx[0])
		return;
	conv_turn_kernel(&g, s->w[KERNEL], turned);
	memset(e, 0, (size_t)scratch_e(&g) * sizeof *e);
	for (int64_t n = begin; n < end; n++)
		conv_input_gradient(s, &g, n, e, turned);
}

const struct layer_class layer_conv2d = {
	.name = "Conv2D",
	.doc = "two-dimensional convolution",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = conv_plan,
	.table = conv_table,
	.forward = conv_forward,
	.backward = conv_backward,
};
