/* separable_conv2d.c - SeparableConv2D: a depthwise convolution (depthwise.h), then a convolution
 * of 1 x 1 over its channels.
 *   x (N,H,W,C)  d (R,S,C,M)  v (N,P,Q,C M)  p (1,1,C M,K)  b (K)  y (N,P,Q,K)
 *   v = x by d,  y = f(v p + b);  dp = vᵀ dy,  dv = dy pᵀ, dy being already that of f's argument
 * v is kept from forward to backward: made once more it would cost more than it takes to read. */
#include "engine/layers/depthwise.h"

struct conf {
	struct depthwise_conf depthwise;
	int64_t filters;
	int activation;
	bool use_bias;
	struct weight_conf pointwise, bias;
};

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, filters, 1, 65536, "channels of the output"),
	PARAM_PAIR_REQUIRED(struct depthwise_conf, kernel_size, 1, 255,
		"rows and columns of the depthwise kernel"),
	PARAM_PAIR(struct depthwise_conf, strides, 1, 1, 255, 0,
		"rows and columns from position to position"),
	PARAM_CHOICE(struct depthwise_conf, padding, PADDING_VALID, padding_names,
		"what happens at the edge"),
	PARAM_PAIR(struct depthwise_conf, dilation_rate, 1, 1, 255, 0,
		"rows and columns from value to value of the depthwise kernel"),
	PARAM_INT(struct depthwise_conf, depth_multiplier, 1, 1, 65536,
		"channels of the depthwise output for each of the input"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct depthwise_conf, depthwise, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, pointwise, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

enum { DEPTHWISE = DEPTHWISE_KERNEL, POINTWISE, BIAS };

struct geometry {
	struct depthwise_geometry depthwise;
	int64_t places;  /* P Q */
	int64_t between; /* channels of v */
	int64_t out;     /* channels of y */
};

static struct geometry geometry_with(const struct conf *c, const struct depthwise_geometry *d)
{
	return (struct geometry){ *d, d->h.out * d->w.out, d->channels, c->filters };
}

static struct geometry geometry_of(const struct layer_step *s)
{
	const struct depthwise_geometry depthwise = depthwise_geometry_of(s);

	return geometry_with(s->conf, &depthwise);
}

static bool separable_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	const int64_t *size = c->depthwise.kernel_size;
	struct depthwise_geometry depthwise;

	if (!layer_check_rank(r, "SeparableConv2D", 3, err))
		return false;
	if (!depthwise_geometry_plan(&c->depthwise, r->in, &depthwise, err))
		return false;
	const struct geometry g = geometry_with(c, &depthwise);
	ret->out = SHAPE3(g.depthwise.h.out, g.depthwise.w.out, g.out);
	layer_ends_in(ret, c->activation);
	ret->flops_per_output = 2 * g.between + 2 * size[0] * size[1] * g.between / g.out;
	ret->large = layer_is_large(g.between, g.between, g.out);
	ret->saved_bytes = g.places * g.between * (int64_t)sizeof(float);
	ret->scratch_floats = depthwise_scratch_floats(&g.depthwise) + g.places * g.between;
	ret->weights[DEPTHWISE] = depthwise_kernel(&g.depthwise, "depthwise_kernel", &c->depthwise);
	ret->weights[POINTWISE] = (struct weight_plan){
		.name = "pointwise_kernel",
		.argument = "pointwise",
		.shape = SHAPE4(1, 1, g.between, g.out),
		WEIGHT_PLAN(c->pointwise),
		.fan_in = g.between,
		.fan_out = g.out,
	};
	ret->n_weights = 2;
	if (c->use_bias)
		ret->weights[ret->n_weights++] = weight_vector("bias", g.out, &c->bias);
	return true;
}

/* v of sample n. */
static float *between_of(const struct layer_step *s, const struct geometry *g, int64_t n)
{
	return (float *)(void *)s->saved + n * g->places * g->between;
}

static void forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
	int64_t in = shape_elements(s->in);

	depthwise_begin_forward(s, &g.depthwise);
	for (int64_t n = begin; n < end; n++) {
		float *v = between_of(s, &g, n);
		depthwise_forward(s, &g.depthwise, s->x[0] + n * in, NULL, v);
		s->gemm(&(struct gemm){
			.m = g.places,
			.n = g.out,
			.segments = 1,
			.run = g.between,
			.a = v,
			.a_row = g.between,
			.a_step = 1,
			.b = s->w[POINTWISE],
			.b_row = g.out,
			.bias = s->w[BIAS],
			.c = s->z + n * g.places * g.out,
			.c_row = g.out,
		});
		layer_activate(s, n, n + 1);
	}
}

/* Those of pointwise kernel and bias, for the samples of a chunk. */
static void pointwise_gradients(
	const struct layer_step *s, const struct geometry *g, int64_t begin, int64_t end)
{
	const float *dy = s->dy + begin * g->places * g->out;
	int64_t places = (end - begin) * g->places;

	if (s->w[BIAS])
		layer_sum_rows(s, dy, places, g->out, layer_partial(s, BIAS, begin));
	s->gemm(&(struct gemm){
		.m = g->between,
		.n = g->out,
		.segments = 1,
		.run = places,
		.a = between_of(s, g, begin),
		.a_row = 1,
		.a_step = g->between,
		.b = dy,
		.b_row = g->out,
		.c = layer_partial(s, POINTWISE, begin),
		.c_row = g->out,
	});
}

static void between_gradient(
	const struct layer_step *s, const struct geometry *g, int64_t n, float *dv)
{
	s->gemm(&(struct gemm){
		.m = g->places,
		.n = g->between,
		.segments = 1,
		.run = g->out,
		.a = s->dy + n * g->places * g->out,
		.a_row = g->out,
		.a_step = 1,
		.b = s->w[POINTWISE],
		.b_row = g->out,
		.b_transposed = true,
		.c = dv,
		.c_row = g->between,
	});
}

static void backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
	float *dv = s->scratch + depthwise_scratch_floats(&g.depthwise);
	int64_t in = shape_elements(s->in);

	layer_activate_backward(s, begin, end);
	depthwise_begin_backward(s, &g.depthwise);
	for (int64_t n = begin; n < end; n++) {
		bool first = layer_begins_chunk(s, n);
		if (first)
			pointwise_gradients(s, &g, n, layer_chunk_end(s, n, end));
		between_gradient(s, &g, n, dv);
		depthwise_backward(s, &g.depthwise, s->x[0] + n * in, dv, !first,
			layer_partial(s, DEPTHWISE, n), s->dx[0] ? s->dx[0] + n * in : NULL);
	}
}

const struct layer_class layer_separable_conv2d = {
	.name = "SeparableConv2D",
	.doc = "convolution of each channel by itself, then of all channels at each position",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = separable_plan,
	.forward = forward,
	.backward = backward,
};
