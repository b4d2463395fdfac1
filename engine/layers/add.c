/* add.c - y = x_0 + x_1 + …, in that order: what residual networks are made of. dx_i = dy. */
#include "engine/layers/merge.h"

#include <string.h>

static void add_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	memcpy(s->y + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
	for (int i = 1; i < s->n_in; i++)
		s->kernels->add(s->y + m.at, s->x[i] + m.at, m.size);
}

static void add_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	for (int i = 0; i < s->n_in; i++)
		if (s->dx[i])
			memcpy(s->dx[i] + m.at, s->dy + m.at, (size_t)m.size * sizeof(float));
}

const struct layer_class layer_add = {
	.name = "Add",
	.doc = "the sum of its inputs",
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = merge_plan,
	.forward = add_forward,
	.backward = add_backward,
};
