/* conv1d.c - Conv1D: a Conv2D (conv2d.h) of images of height 1.
 *   x (N,L,C)  w (S,C,K)  b (K)  y (N,Q,K)
 * With padding "causal" y[q] sees x[0] … x[q t] alone, t the stride. */
#include "engine/layers/conv2d.h"
#include "engine/registry.h"

struct conf {
	int64_t filters, kernel_size, strides, dilation_rate, groups;
	int padding;
	int activation;
	bool use_bias;
	struct weight_conf kernel, bias;
};

static const char *const causal_padding_names[] = { "valid", "same", "causal", NULL };

/* A number of the one axis, which Keras writes as [3]. */
#define AXIS(field_, flags_, def_, doc_)                                                           \
	{                                                                                          \
		.name = #field_, .doc = doc_, .type = PARAM_TYPE_INT,                              \
		.flags = PARAM_OR_LIST | (flags_), .offset = offsetof(struct conf, field_),        \
		.def = def_, .min = 1, .max = 255                                                  \
	}

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, filters, 1, 65536, "channels of the output"),
	AXIS(kernel_size, PARAM_REQUIRED, 0, "length of the kernel"),
	AXIS(strides, 0, 1, "steps from position to position"),
	PARAM_CHOICE(struct conf, padding, PADDING_VALID, causal_padding_names,
		"what happens at the ends"),
	AXIS(dilation_rate, 0, 1, "steps from value to value of the kernel"),
	PARAM_INT(struct conf, groups, 1, 1, 65536,
		"parts of the channels, each convolved by filters of its own"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct conf, kernel, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

static struct conv2d_conf as_conv2d(const struct conf *c)
{
	return (struct conv2d_conf){
		.filters = c->filters,
		.kernel_size = { 1, c->kernel_size },
		.strides = { 1, c->strides },
		.padding = c->padding,
		.dilation_rate = { 1, c->dilation_rate },
		.groups = c->groups,
		.activation = c->activation,
		.use_bias = c->use_bias,
	};
}

static bool geometry_plan(const struct conf *c, const struct shape *in, struct conv2d_geometry *ret,
	struct error *err)
{
	const struct conv2d_conf conv = as_conv2d(c);
	struct window_axis axis;

	/* As "width" in conv2d's words it would not be understood. */
	return window_axis_plan(in->dim[0], window_reach(c->kernel_size, c->dilation_rate),
		       c->strides, (enum padding)c->padding, "length", "/kernel_size", &axis,
		       err) &&
	       conv2d_geometry_plan(&conv, &SHAPE3(1, in->dim[0], in->dim[1]), ret, err);
}

static bool conv1d_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	const struct conv2d_conf conv = as_conv2d(c);
	struct conv2d_geometry g;

	if (!layer_check_rank(r, "Conv1D", 2, err))
		return false;
	if (!geometry_plan(c, r->in, &g, err) ||
		!conv2d_plan_memory(&conv, &c->kernel, &c->bias, &g, 0, ret, err))
		return false;
	ret->out = SHAPE2(g.w.out, g.out);
	ret->flops_per_output = 2 * g.kernel;
	ret->weights[CONV2D_KERNEL].shape = SHAPE3(g.w.size, g.in / g.groups, g.out);
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

static void conv1d_table(const struct layer_request *r, int32_t *table)
{
	const struct conv2d_geometry g = geometry_of(r->conf, r->in);

	conv2d_fill_table(&g, table);
}

static void conv1d_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);

	conv2d_forward(s, &g, begin, end);
}

static void conv1d_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);

	conv2d_backward(s, &g, begin, end);
}

const struct layer_class layer_conv1d = {
	.name = "Conv1D",
	.doc = "one-dimensional convolution",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = conv1d_plan,
	.table = conv1d_table,
	.forward = conv1d_forward,
	.backward = conv1d_backward,
};
