/* conv2d_transpose.c - Conv2DTranspose: what a Conv2D (conv2d.h) does backwards, from its output to
 * its input.
 *   x (N,P,Q,I)  w (R,S,K,I)  b (K)  y (N,H,W,K), t the stride, d the dilation:
 *   y[h,w,k] = b[k] + sum of x[p,q,i] w[r,s,k,i] where p t + r d = h + the padding before
 * So y is the gradient of the input of the convolution whose kernel is w and whose dy is x; dx is
 * that convolution's output for dy, and dw its kernel's gradient with the two in each other's
 * place. */
#include "engine/layers/conv2d.h"

#include <inttypes.h>
#include <math.h>

struct conf {
	int64_t filters;
	int64_t kernel_size[2];
	int64_t strides[2];
	int padding;
	int64_t output_padding[2];
	int64_t dilation_rate[2];
	int activation;
	bool use_bias;
	struct weight_conf kernel, bias;
};

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, filters, 1, 65536, "channels of the output"),
	PARAM_PAIR_REQUIRED(struct conf, kernel_size, 1, 255, "rows and columns of the kernel"),
	PARAM_PAIR(struct conf, strides, 1, 1, 255, 0,
		"rows and columns of the output from value to value of the input"),
	PARAM_CHOICE(
		struct conf, padding, PADDING_VALID, padding_names, "what happens at the edge"),
	PARAM_PAIR(struct conf, output_padding, NAN, 0, 254, PARAM_NULLABLE,
		"rows and columns added to the smallest output; null: as padding says"),
	PARAM_PAIR(struct conf, dilation_rate, 1, 1, 255, 0,
		"rows and columns from value to value of the kernel"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct conf, kernel, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

/* The convolution's axis: its output is our input. Keras's rule for the length of ours, `in` here:
 * valid: (out - 1) stride + reach, and output_padding or what stride exceeds reach by. same: out
 * stride, or with output_padding (out - 1) stride + reach mod 2 + output_padding. */
static bool axis_plan(const struct conf *c, int i, int64_t out, const char *name,
	struct window_axis *ret, struct error *err)
{
	int64_t stride = c->strides[i], more = c->output_padding[i];
	int64_t reach = window_reach(c->kernel_size[i], c->dilation_rate[i]);
	int64_t covered = (out - 1) * stride + reach;
	struct window_axis a = { .size = c->kernel_size[i], .stride = stride, .out = out };

	if (more >= stride)
		return error_at(err, ERROR_INVALID, "/output_padding",
			"output_padding of %s is %" PRId64 ", strides is %" PRId64
			"; allowed: less than strides",
			name, more, stride);
	if (c->padding == PADDING_VALID) {
		more = more == PARAM_NULL ? (stride > reach ? stride - reach : 0) : more;
		a.in = covered + more;
	} else {
		a.in = more == PARAM_NULL ? out * stride : (out - 1) * stride + reach % 2 + more;
		a.before = covered > a.in ? (covered - a.in) / 2 : 0;
	}
	if (a.in < 1)
		return error_at(err, ERROR_INVALID, "/output_padding",
			"the output's %s is %" PRId64 "; allowed: at least 1", name, a.in);
	a.padded = covered > a.before + a.in ? covered : a.before + a.in;
	*ret = a;
	return true;
}

static bool geometry_plan(const struct conf *c, const struct shape *in, struct conv2d_geometry *ret,
	struct error *err)
{
	struct conv2d_geometry g = {
		.dilation_h = c->dilation_rate[0],
		.dilation_w = c->dilation_rate[1],
		.groups = 1,
		.in = c->filters,
		.out = in->dim[2],
	};

	if (!window_check_dilation(c->strides, c->dilation_rate, 2, err) ||
		!axis_plan(c, 0, in->dim[0], "height", &g.h, err) ||
		!axis_plan(c, 1, in->dim[1], "width", &g.w, err))
		return false;
	conv2d_geometry_finish(&g);
	*ret = g;
	return true;
}

/* That of a layer whose plan was accepted. */
static struct conv2d_geometry geometry_of(const void *conf, const struct shape *in)
{
	struct conv2d_geometry g;
	bool fits = geometry_plan(conf, in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

static bool transpose_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	const struct conv2d_conf conv = { .activation = c->activation }; /* no bias of its shape */
	struct conv2d_geometry g;

	if (!layer_check_rank(r, "Conv2DTranspose", 3, err))
		return false;
	if (!geometry_plan(c, r->in, &g, err) ||
		!conv2d_plan_memory(&conv, &c->kernel, &c->bias, &g, 0, ret, err))
		return false;
	ret->out = SHAPE3(g.h.in, g.w.in, g.in);
	/* Each value of the input meets each of the kernel, but at the edges. */
	ret->flops_per_output =
		2 * g.h.size * g.w.size * g.out * (g.h.out * g.w.out) / (g.h.in * g.w.in);
	if (c->use_bias)
		ret->weights[ret->n_weights++] = weight_vector("bias", c->filters, &c->bias);
	return true;
}

static void transpose_table(const struct layer_request *r, int32_t *table)
{
	const struct conv2d_geometry g = geometry_of(r->conf, r->in);

	conv2d_fill_table(&g, table);
}

static void transpose_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);
	int64_t in = shape_elements(s->in), out = shape_elements(&s->plan->out);

	conv2d_begin_input_gradient(s, &g);
	for (int64_t n = begin; n < end; n++) {
		conv2d_spread_rows(s, &g, 0, s->x[0] + n * in);
		conv2d_input_gradient(s, &g, s->w[CONV2D_BIAS], s->z + n * out);
		layer_activate(s, n, n + 1);
	}
}

static void transpose_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);
	int64_t in = shape_elements(s->in), places = g.h.in * g.w.in, out = places * g.in;

	layer_activate_backward(s, begin, end);
	conv2d_clear_border(s, &g);
	for (int64_t n = begin; n < end; n++) {
		const float *dy = conv2d_input(s, &g, s->dy + n * out);
		bool first = layer_begins_chunk(s, n);
		if (s->w[CONV2D_BIAS] && first)
			layer_sum_rows(s, s->dy + n * out,
				(layer_chunk_end(s, n, end) - n) * places, g.in,
				layer_partial(s, CONV2D_BIAS, n));
		conv2d_kernel_gradient_rows(s, &g, dy, 0, 1, s->x[0] + n * in, !first,
			layer_partial(s, CONV2D_KERNEL, n));
		if (s->dx[0])
			conv2d_forward_rows(s, &g, dy, 0, NULL, s->dx[0] + n * in);
	}
}

const struct layer_class layer_conv2d_transpose = {
	.name = "Conv2DTranspose",
	.doc = "two-dimensional convolution backwards: it enlarges an image",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = transpose_plan,
	.table = transpose_table,
	.forward = transpose_forward,
	.backward = transpose_backward,
};
