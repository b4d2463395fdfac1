/* conv2d.c - Conv2D: the mathematics stand in conv2d.h. */
#include "engine/layers/conv2d.h"

#include "engine/layers/conv2d_max_pool.h"
#include "engine/layers/conv2d_winograd.h"
#include "engine/registry.h"

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conv2d_conf, filters, 1, 65536, "channels of the output"),
	PARAM_PAIR_REQUIRED(
		struct conv2d_conf, kernel_size, 1, 255, "rows and columns of the kernel"),
	PARAM_PAIR(struct conv2d_conf, strides, 1, 1, 255, 0,
		"rows and columns from position to position"),
	PARAM_CHOICE(struct conv2d_conf, padding, PADDING_VALID, padding_names,
		"what happens at the edge"),
	PARAM_PAIR(struct conv2d_conf, dilation_rate, 1, 1, 255, 0,
		"rows and columns from value to value of the kernel"),
	PARAM_INT(struct conv2d_conf, groups, 1, 1, 65536,
		"parts of the channels, each convolved by filters of its own"),
	PARAM_ACTIVATION(struct conv2d_conf, activation),
	PARAM_BOOL(struct conv2d_conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct conv2d_conf, kernel, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conv2d_conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

static bool conv_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conv2d_conf *c = r->conf;
	struct conv2d_geometry g;

	if (!layer_check_rank(r, "Conv2D", 3, err))
		return false;
	if (!conv2d_geometry_plan(r->conf, r->in, &g, err))
		return false;
	ret->out = SHAPE3(g.h.out, g.w.out, g.out);
	ret->flops_per_output = 2 * g.kernel;
	if (!conv2d_plan_memory(r->conf, &c->kernel, &c->bias, &g, 0, ret, err))
		return false;
	if (conv2d_winograd_suits(&g))
		conv2d_winograd_plan_memory(&g, ret);
	return true;
}

/* That of a layer whose plan was accepted. */
static struct conv2d_geometry geometry_of(const void *conf, const struct shape *in)
{
	struct conv2d_geometry g;
	bool fits = conv2d_geometry_plan(conf, in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

static void conv_table(const struct layer_request *r, int32_t *table)
{
	const struct conv2d_geometry g = geometry_of(r->conf, r->in);

	if (!conv2d_winograd_suits(&g))
		conv2d_fill_table(&g, table);
}

static void conv_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);

	if (conv2d_winograd_suits(&g))
		conv2d_winograd_forward(s, &g, begin, end);
	else
		conv2d_forward(s, &g, begin, end);
}

static void conv_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conv2d_geometry g = geometry_of(s->conf, s->in);

	if (conv2d_winograd_suits(&g))
		conv2d_winograd_backward(s, &g, begin, end);
	else
		conv2d_backward(s, &g, begin, end);
}

const struct layer_class layer_conv2d = {
	.name = "Conv2D",
	.doc = "two-dimensional convolution",
	.params = params,
	.conf_size = sizeof(struct conv2d_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.fuse = conv2d_max_pool_fuse,
	.plan = conv_plan,
	.table = conv_table,
	.forward = conv_forward,
	.backward = conv_backward,
};
