/* prelu.c - PReLU: y = x above 0, alpha x below, alpha being learned: He and others,
 * arXiv:1502.01852. alpha has a sample's shape, but 1 along the shared axes.
 *   dx = dy above 0, alpha dy below;  dalpha = sum of min(x, 0) dy over samples and shared axes:
 * over the samples of a chunk first, then over the places of a sample, in their order. */
#include "engine/layers/common.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

struct conf {
	struct weight_conf alpha;
	PARAM_LIST_OF(SHAPE_RANK_MAX) shared_axes;
};

static const struct param params[] = {
	WEIGHT_PARAMS(struct conf, alpha, INITIALIZER_ZEROS),
	PARAM_LIST(struct conf, shared_axes, NAN, 1, SHAPE_RANK_MAX, 0,
		PARAM_NULLABLE | PARAM_WHOLE | PARAM_OR_NUMBER,
		"axes along which alpha is one, 1 being a sample's first; null: none"),
	PARAM_END,
};

static bool alpha_shape(
	const struct conf *c, const struct shape *in, struct shape *ret, struct error *err)
{
	char pointer[48], text[SHAPE_TEXT_BYTES];

	*ret = *in;
	shape_text(in, text);
	for (int64_t i = 0; i < c->shared_axes.count; i++) {
		int64_t axis = (int64_t)c->shared_axes.values[i];
		(void)snprintf(pointer, sizeof pointer, "/shared_axes/%" PRId64, i);
		if (axis > in->rank)
			return error_at(err, ERROR_INVALID, pointer,
				"axis %" PRId64 " is shared; its input of shape %s has axes 1 to "
				"%d",
				axis, text, in->rank);
		ret->dim[axis - 1] = 1;
	}
	return true;
}

static bool prelu_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	struct shape shape;

	if (!alpha_shape(c, r->in, &shape, err))
		return false;
	ret->out = *r->in;
	ret->flops_per_output = 1;
	ret->weights[0] =
		(struct weight_plan){ .name = "alpha", .shape = shape, WEIGHT_PLAN(c->alpha) };
	weight_fans(&shape, &ret->weights[0].fan_in, &ret->weights[0].fan_out);
	ret->n_weights = 1;
	ret->table_ints = shape_elements(r->in);
	ret->scratch_floats = 2 * shape_elements(r->in);
	return true;
}

/* Which alpha is that of each value of a sample. */
static void prelu_table(const struct layer_request *r, int32_t *table)
{
	struct shape shape = *r->in;
	bool fits = alpha_shape(r->conf, r->in, &shape, NULL);

	(void)fits; /* it was accepted */
	for (int64_t i = 0; i < shape_elements(r->in); i++) {
		int64_t left = i, step = 1, at = 0;
		for (int k = r->in->rank; k-- > 0; left /= r->in->dim[k]) {
			at += shape.dim[k] > 1 ? left % r->in->dim[k] * step : 0;
			step *= shape.dim[k];
		}
		table[i] = (int32_t)at;
	}
}

/* The alpha of each value of a sample, in scratch. */
static const float *alphas(const struct layer_step *s)
{
	int64_t n = shape_elements(s->in);

	for (int64_t i = 0; i < n; i++)
		s->scratch[i] = s->w[0][s->table[i]];
	return s->scratch;
}

static void prelu_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	s->kernels->prelu(s->x[0] + begin * n, alphas(s), end - begin, n, s->y + begin * n);
}

static void prelu_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);
	const float *alpha = alphas(s);
	float *sum = s->scratch + n;

	for (int64_t at = begin; at < end; at = layer_chunk_end(s, at, end)) {
		float *partial = layer_partial(s, 0, at);
		memset(sum, 0, (size_t)n * sizeof *sum);
		memset(partial, 0, (size_t)s->partial_floats[0] * sizeof *partial);
		s->kernels->prelu_backward(s->x[0] + at * n, alpha,
			layer_chunk_end(s, at, end) - at, n, s->dy + at * n, sum);
		for (int64_t i = 0; i < n; i++)
			partial[s->table[i]] += sum[i];
	}
	if (s->dx[0])
		memcpy(s->dx[0] + begin * n, s->dy + begin * n,
			(size_t)((end - begin) * n) * sizeof(float));
}

const struct layer_class layer_prelu = {
	.name = "PReLU",
	.doc = "every value above 0, and a learned share of those below",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = prelu_plan,
	.table = prelu_table,
	.forward = prelu_forward,
	.backward = prelu_backward,
};
