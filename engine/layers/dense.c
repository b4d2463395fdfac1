/* dense.c - y = f(z), z = x w + b.   x (N,I)  w (I,O)  b (O)  y (N,O); w is Keras's kernel.
 * dw = xᵀ dy, db = sum of dy over N, dx = dy wᵀ, dy being already that of f's argument.
 * An input of more axes is worked along its last one: N counts the rows of all samples. */
#include "engine/layer.h"

#include "engine/layers/common.h"
#include "engine/registry.h"

struct conf {
	int64_t units;
	int activation;
	bool use_bias;
	struct weight_conf kernel, bias;
};

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, units, 1, 65536, "width of the output"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	WEIGHT_PARAMS(struct conf, kernel, INITIALIZER_GLOROT_UNIFORM),
	WEIGHT_PARAMS(struct conf, bias, INITIALIZER_ZEROS),
	PARAM_END,
};

enum { KERNEL, BIAS };

static bool dense_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	int last = r->in->rank - 1;

	if (last < 0)
		return error_at(err, ERROR_INVALID, "",
			"its input has shape (); Dense takes at least one axis");
	int64_t inputs = r->in->dim[last];
	ret->out = *r->in;
	ret->out.dim[last] = c->units;
	layer_ends_in(ret, c->activation);
	ret->flops_per_output = 2 * inputs;
	ret->large = layer_is_large(inputs, inputs, c->units);
	ret->weights[KERNEL] = (struct weight_plan){
		.name = "kernel",
		.shape = SHAPE2(inputs, c->units),
		WEIGHT_PLAN(c->kernel),
		.fan_in = inputs,
		.fan_out = c->units,
		.tiled = inputs * c->units >= WEIGHT_TILED_MIN,
	};
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] = weight_vector("bias", c->units, &c->bias);
	return true;
}

struct widths {
	int64_t rows; /* of one sample: the product of the axes before the last */
	int64_t inputs, outputs;
};

static struct widths widths_of(const struct layer_step *s)
{
	int last = s->in->rank - 1;
	int64_t inputs = s->in->dim[last];

	return (struct widths){ shape_elements(s->in) / inputs, inputs, s->plan->out.dim[last] };
}

static void dense_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct widths d = widths_of(s);

	s->gemm(&(struct gemm){
		.m = (end - begin) * d.rows,
		.n = d.outputs,
		.segments = 1,
		.run = d.inputs,
		.a = s->x[0] + begin * d.rows * d.inputs,
		.a_row = d.inputs,
		.a_step = 1,
		.b = s->w[KERNEL],
		.b_row = d.outputs,
		.bias = s->w[BIAS],
		.c = s->z + begin * d.rows * d.outputs,
		.c_row = d.outputs,
	});
	layer_activate(s, begin, end);
}

/* g (rows × O) = or += rows [begin, end) of the kernel's gradient over the samples [first, last).
 */
static void dense_kernel_gradient(const struct layer_step *s, int64_t first, int64_t last,
	int64_t begin, int64_t end, bool accumulate, float *g)
{
	const struct widths d = widths_of(s);

	s->gemm(&(struct gemm){
		.m = end - begin,
		.n = d.outputs,
		.segments = 1,
		.run = (last - first) * d.rows,
		.a = s->x[0] + first * d.rows * d.inputs + begin,
		.a_row = 1,
		.a_step = d.inputs,
		.b = s->dy + first * d.rows * d.outputs,
		.b_row = d.outputs,
		.accumulate = accumulate,
		.c = g,
		.c_row = d.outputs,
	});
}

static void dense_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct widths d = widths_of(s);

	layer_activate_backward(s, begin, end);
	for (int64_t n = begin; n < end; n = layer_chunk_end(s, n, end)) {
		int64_t last = layer_chunk_end(s, n, end);
		if (!s->plan->weights[KERNEL].tiled)
			dense_kernel_gradient(
				s, n, last, 0, d.inputs, false, layer_partial(s, KERNEL, n));
		if (s->w[BIAS])
			layer_sum_rows(s, s->dy + n * d.rows * d.outputs, (last - n) * d.rows,
				d.outputs, layer_partial(s, BIAS, n));
	}
	if (!s->dx[0])
		return;
	s->gemm(&(struct gemm){
		.m = (end - begin) * d.rows,
		.n = d.inputs,
		.segments = 1,
		.run = d.outputs,
		.a = s->dy + begin * d.rows * d.outputs,
		.a_row = d.outputs,
		.a_step = 1,
		.b = s->w[KERNEL],
		.b_row = d.outputs,
		.b_transposed = true,
		.c = s->dx[0] + begin * d.rows * d.inputs,
		.c_row = d.inputs,
	});
}

static void dense_gradient(
	const struct layer_step *s, int weight, int64_t begin, int64_t end, float *g)
{
	(void)weight; /* only the kernel is ever tiled */
	dense_kernel_gradient(s, 0, s->count, begin, end, !s->first_part, g);
}

const struct layer_class layer_dense = {
	.name = "Dense",
	.doc = "fully connected: every output sees every input",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = dense_plan,
	.forward = dense_forward,
	.backward = dense_backward,
	.gradient = dense_gradient,
};
