/* maximum.c - y = the largest of its inputs, value by value. The gradient goes to the first that
 * has it. */
#include "engine/layers/merge.h"

#include <string.h>

static void maximum_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	memcpy(s->y + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
	for (int i = 1; i < s->n_in; i++)
		s->kernels->maximum(s->y + m.at, s->x[i] + m.at, m.size);
}

static void maximum_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	for (int i = 0; i < s->n_in; i++)
		s->kernels->take_equal(s->x[i] + m.at, s->y + m.at, m.size, s->dy + m.at,
			s->dx[i] ? s->dx[i] + m.at : NULL);
}

const struct layer_class layer_maximum = {
	.name = "Maximum",
	.doc = "the largest of its inputs, value by value",
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = merge_plan,
	.forward = maximum_forward,
	.backward = maximum_backward,
};
