/* depthwise_conv2d.c - DepthwiseConv2D: the mathematics stand in depthwise.h. */
#include "engine/layers/depthwise.h"

struct conf {
	struct depthwise_conf depthwise;
	int activation;
	bool use_bias;
	struct weight_conf bias;
};

static const struct param params[] = {
	PARAM_PAIR_REQUIRED(
		struct depthwise_conf, kernel_size, 1, 255, "rows and columns of the kernel"),
	PARAM_PAIR(struct depthwise_conf, strides, 1, 1, 255, 0,
		"rows and columns from position to position"),
	PARAM_CHOICE(struct depthwise_conf, padding, PADDING_VALID, padding_names,
		"what happens at the edge"),
	PARAM_INT(struct depthwise_conf, depth_multiplier, 1, 1, 65536,
		"channels of the output for each of the input"),
	PARAM_PAIR(struct depthwise_conf, dilation_rate, 1, 1, 255, 0,
		"rows and columns from value to value of the kernel"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct depthwise_conf, depthwise, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

enum { KERNEL = DEPTHWISE_KERNEL, BIAS };

static bool depthwise_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	struct depthwise_geometry g;

	if (!layer_check_rank(r, "DepthwiseConv2D", 3, err))
		return false;
	if (!depthwise_geometry_plan(&c->depthwise, r->in, &g, err))
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
	const struct depthwise_geometry g = depthwise_geometry_of(s);
	int64_t in = shape_elements(s->in), out = shape_elements(&s->plan->out);

	depthwise_begin_forward(s, &g);
	for (int64_t n = begin; n < end; n++) {
		depthwise_forward(s, &g, s->x[0] + n * in, s->w[BIAS], s->z + n * out);
		layer_activate(s, n, n + 1);
	}
}

static void backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct depthwise_geometry g = depthwise_geometry_of(s);
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
