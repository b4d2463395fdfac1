/* subtract.c - y = x_0 - x_1. dx_0 = dy, dx_1 = -dy. */
#include "engine/layers/merge.h"

#include <string.h>

static void subtract_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	memcpy(s->y + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
	s->kernels->add_scaled(s->x[1] + m.at, -1.0f, m.size, s->y + m.at);
}

static void subtract_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct merge_range m = merge_range(s, begin, end);

	if (s->dx[0])
		memcpy(s->dx[0] + m.at, s->dy + m.at, (size_t)m.size * sizeof(float));
	if (s->dx[1])
		s->kernels->affine(s->dy + m.at, -1.0f, 0.0f, m.size, s->dx[1] + m.at);
}

const struct layer_class layer_subtract = {
	.name = "Subtract",
	.doc = "its first input less its second",
	.inputs_min = 2,
	.inputs_max = 2,
	.plan = merge_plan,
	.forward = subtract_forward,
	.backward = subtract_backward,
};
