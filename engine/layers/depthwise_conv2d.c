/* depthwise_conv2d.c - DepthwiseConv2D: the mathematics stand in depthwise.h. */
#include "engine/layers/depthwise.h"

struct conf {
	int64_t kernel_size[2];
	int64_t strides[2];
	int padding;
	int64_t depth_multiplier;
	int64_t dilation_rate[2];
	int activation;
	bool use_bias;
	struct weight_conf depthwise, bias;
};

static const struct param params[] = {
	PARAM_PAIR_REQUIRED(struct conf, kernel_size, 1, 255, "rows and columns of the kernel"),
	PARAM_PAIR(
		struct conf, strides, 1, 1, 255, 0, "rows and columns from position to position"),
	PARAM_CHOICE(
		struct conf, padding, PADDING_VALID, padding_names, "what happens at the edge"),
	PARAM_INT(struct conf, depth_multiplier, 1, 1, 65536,
		"channels of the output for each of the input"),
	PARAM_PAIR(struct conf, dilation_rate, 1, 1, 255, 0,
		"rows and columns from value to value of the kernel"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct conf, depthwise, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

enum { KERNEL = DEPTHWISE_KERNEL, BIAS };

static bool geometry_plan(const struct conf *c, const struct shape *in,
	struct depthwise_geometry *ret, struct error *err)
{
	const struct depthwise_arguments a = {
		.kernel_size = c->kernel_size,
		.strides = c->strides,
		.dilation_rate = c->dilation_rate,
		.depth_multiplier = c->depth_multiplier,
		.padding = (enum padding)c->padding,
	};

	return depthwise_geometry_plan(&a, in, ret, err);
}

/* That of a layer whose plan was accepted. */
static struct depthwise_geometry geometry_of(const struct layer_step *s)
{
	struct depthwise_geometry g;
	bool fits = geometry_plan(s->conf, s->in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

static bool depthwise_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	struct depthwise_geometry g;

	if (!layer_check_rank(r, "DepthwiseConv2D", 3, err))
		return false;
	if (!geometry_plan(c, r->in, &g, err))
		return false;
	ret->out = SHAPE3(g.h.out, g.w.out, g.channels);
	layer_ends_in(ret, c->activation);
	ret->flops_per_output = 2 * g.h.size * g.w.size;
	ret->scratch_floats = depthwise_scratch_floats(&g);
	ret->weights[KERNEL] = depthwise_kernel(&g, "kernel", &c->depthwise);
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] = weight_vector("bias", g.channels, &c->bias);
	return true;
}

static void forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct depthwise_geometry g = geometry_of(s);
	int64_t in = shape_elements(s->in), out = shape_elements(&s->plan->out);

	depthwise_begin_forward(s, &g);
	for (int64_t n = begin; n < end; n++) {
		depthwise_forward(s, &g, s->x[0] + n * in, s->w[BIAS], s->z + n * out);
		layer_activate(s, n, n + 1);
	}
}

static void backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct depthwise_geometry g = geometry_of(s);
	int64_t in = shape_elements(s->in), out = shape_elements(&s->plan->out);

	layer_activate_backward(s, begin, end);
	depthwise_begin_backward(s, &g);
	for (int64_t n = begin; n < end; n++) {
		bool first = layer_begins_chunk(s, n);
		if (s->w[BIAS] && first)
			layer_sum_rows(s, s->dy + n * out,
				(layer_chunk_end(s, n, end) - n) * g.h.out * g.w.out, g.channels,
				layer_partial(s, BIAS, n));
		depthwise_backward(s, &g, s->x[0] + n * in, s->dy + n * out, !first,
			layer_partial(s, KERNEL, n), s->dx[0] ? s->dx[0] + n * in : NULL);
	}
}

const struct layer_class layer_depthwise_conv2d = {
	.name = "DepthwiseConv2D",
	.doc = "two-dimensional convolution of each channel by itself",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = depthwise_plan,
	.forward = forward,
	.backward = backward,
};
