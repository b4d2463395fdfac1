/* dense.c - y = f(z), z = x w + b.   x (N,I)  w (I,O)  b (O)  y (N,O); w is Keras's kernel.
 * dw = xᵀ dy, db = sum of dy over N, dx = dy wᵀ, dy being already that of f's argument. */
#include "engine/layer.h"

#include "engine/layers/common.h"
#include "engine/registry.h"

struct conf {
	int64_t units;
	int activation;
	bool use_bias;
	int kernel_initializer, bias_initializer;
};

static const struct param params[] = {
	PARAM_INT_REQUIRED(struct conf, units, 1, 65536, "width of the output"),
	PARAM_ACTIVATION(struct conf, activation),
	PARAM_BOOL(struct conf, use_bias, true, "add a learned bias"),
	PARAM_CHOICE(struct conf, kernel_initializer, INITIALIZER_GLOROT_UNIFORM, initializer_names,
		"first values of the kernel"),
	PARAM_CHOICE(struct conf, bias_initializer, INITIALIZER_ZEROS, initializer_names,
		"first values of the bias"),
	PARAM_END,
};

enum { KERNEL, BIAS };

static bool dense_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	char text[SHAPE_TEXT_BYTES];

	shape_text(r->in, text);
	if (r->in->rank != 1)
		return error_at(err, ERROR_INVALID, "",
			"its input has shape %s; Dense takes rank 1: put a Flatten before it",
			text);
	int64_t inputs = r->in->dim[0];
	ret->out = SHAPE1(c->units);
	layer_ends_in(ret, c->activation);
	ret->flops_per_output = 2 * inputs;
	ret->weights[KERNEL] = (struct weight_plan){
		.name = "kernel",
		.shape = SHAPE2(inputs, c->units),
		.initializer = (enum initializer)c->kernel_initializer,
		.fan_in = inputs,
		.fan_out = c->units,
		.tiled = inputs * c->units >= WEIGHT_TILED_MIN,
	};
	ret->n_weights = 1;
	if (c->use_bias)
		ret->weights[ret->n_weights++] =
			weight_bias(c->units, (enum initializer)c->bias_initializer);
	return true;
}

static void dense_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t inputs = s->in->dim[0], outputs = s->plan->out.dim[0];

	s->kernels->gemm(&(struct gemm){
		.m = end - begin,
		.n = outputs,
		.segments = 1,
		.run = inputs,
		.a = s->x[0] + begin * inputs,
		.a_row = inputs,
		.a_step = 1,
		.b = s->w[KERNEL],
		.b_row = outputs,
		.bias = s->w[BIAS],
		.c = s->z + begin * outputs,
		.c_row = outputs,
	});
	layer_activate(s, begin, end);
}

/* g (rows × O) = or += rows [begin, end) of the kernel's gradient over the samples [first, last).
 */
static void dense_kernel_gradient(const struct layer_step *s, int64_t first, int64_t last,
	int64_t begin, int64_t end, bool accumulate, float *g)
{
	int64_t inputs = s->in->dim[0], outputs = s->plan->out.dim[0];

	s->kernels->gemm(&(struct gemm){
		.m = end - begin,
		.n = outputs,
		.segments = 1,
		.run = last - first,
		.a = s->x[0] + first * inputs + begin,
		.a_row = 1,
		.a_step = inputs,
		.b = s->dy + first * outputs,
		.b_row = outputs,
		.accumulate = accumulate,
		.c = g,
		.c_row = outputs,
	});
}

static void dense_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t inputs = s->in->dim[0], outputs = s->plan->out.dim[0];

	layer_activate_backward(s, begin, end);
	for (int64_t n = begin; n < end; n = layer_chunk_end(n, end)) {
		int64_t last = layer_chunk_end(n, end);
		if (!s->plan->weights[KERNEL].tiled)
			dense_kernel_gradient(
				s, n, last, 0, inputs, false, layer_partial(s, KERNEL, n));
		if (s->w[BIAS])
			layer_sum_rows(s, s->dy + n * outputs, last - n, outputs,
				layer_partial(s, BIAS, n));
	}
	if (!s->dx[0])
		return;
	s->kernels->gemm(&(struct gemm){
		.m = end - begin,
		.n = inputs,
		.segments = 1,
		.run = outputs,
		.a = s->dy + begin * outputs,
		.a_row = outputs,
		.a_step = 1,
		.b = s->w[KERNEL],
		.b_row = outputs,
		.b_transposed = true,
		.c = s->dx[0] + begin * inputs,
		.c_row = inputs,
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
