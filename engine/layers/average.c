/* average.c - y = (x_0 + x_1 + …) / n, in that order. dx_i = dy / n. */
#include "engine/layers/merge.h"

#include <string.h>

static void average_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	memcpy(s->y + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
	for (int i = 1; i < s->n_in; i++)
		s->kernels->add(s->y + m.at, s->x[i] + m.at, m.size);
	s->kernels->affine(s->y + m.at, 1.0f / (float)s->n_in, 0.0f, m.size, s->y + m.at);
}

static void average_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	for (int i = 0; i < s->n_in; i++)
		if (s->dx[i])
			s->kernels->affine(
				s->dy + m.at, 1.0f / (float)s->n_in, 0.0f, m.size, s->dx[i] + m.at);
}

const struct layer_class layer_average = {
	.name = "Average",
	.doc = "the mean of its inputs, value by value",
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = merge_plan,
	.forward = average_forward,
	.backward = average_backward,
};
