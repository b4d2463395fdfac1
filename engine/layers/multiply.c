/* multiply.c - y = x_0 x_1 …, value by value. dx_i = dy times all others, in their order: never
 * y / x_i, which 0 would spoil. */
#include "engine/layers/merge.h"

#include <string.h>

static void multiply_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	memcpy(s->y + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
	for (int i = 1; i < s->n_in; i++)
		s->kernels->multiply(s->y + m.at, s->x[i] + m.at, m.size);
}

static void multiply_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	for (int i = 0; i < s->n_in; i++) {
		if (!s->dx[i])
			continue;
		memcpy(s->dx[i] + m.at, s->dy + m.at, (size_t)m.size * sizeof(float));
		for (int j = 0; j < s->n_in; j++)
			if (j != i)
				s->kernels->multiply(s->dx[i] + m.at, s->x[j] + m.at, m.size);
	}
}

const struct layer_class layer_multiply = {
	.name = "Multiply",
	.doc = "the product of its inputs, value by value",
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = merge_plan,
	.forward = multiply_forward,
	.backward = multiply_backward,
};
