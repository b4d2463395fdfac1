/* add.c - y = x_0 + x_1 + …, in that order: what residual networks are made of. dx_i = dy. */
#include "engine/layer.h"

#include <string.h>

static bool add_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	char first[SHAPE_TEXT_BYTES], other[SHAPE_TEXT_BYTES];

	for (int i = 1; i < r->n_in; i++) {
		shape_text(&r->in[0], first);
		shape_text(&r->in[i], other);
		if (!shape_equal(&r->in[0], &r->in[i]))
			return error_at(err, ERROR_INVALID, "/inputs",
				"inputs must have one shape; input 0 has %s, input %d has %s",
				first, i, other);
	}
	ret->out = r->in[0];
	ret->flops_per_output = r->n_in - 1;
	return true;
}

static void add_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in), at = begin * n, size = (end - begin) * n;

	memcpy(s->y + at, s->x[0] + at, (size_t)size * sizeof(float));
	for (int i = 1; i < s->n_in; i++)
		s->kernels->add(s->y + at, s->x[i] + at, size);
}

static void add_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in), at = begin * n, size = (end - begin) * n;

	for (int i = 0; i < s->n_in; i++)
		if (s->dx[i])
			memcpy(s->dx[i] + at, s->dy + at, (size_t)size * sizeof(float));
}

const struct layer_class layer_add = {
	.name = "Add",
	.doc = "the sum of its inputs",
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = add_plan,
	.forward = add_forward,
	.backward = add_backward,
};
