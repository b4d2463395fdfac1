/* add.c - y = x_0 + x_1 + …, in that order: what residual networks are made of. dx_i = dy. */
#include "engine/layers/common.h"
#include "engine/layers/merge.h"

#include <string.h>

static void add_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t step = layer_samples_at_once(s);

	for (int64_t n = begin; n < end; n += step) {
		int64_t last = n + step < end ? n + step : end;
		const struct merge_range m = merge_range(s, n, last);
		memcpy(s->z + m.at, s->x[0] + m.at, (size_t)m.size * sizeof(float));
		for (int i = 1; i < s->n_in; i++)
			s->kernels->add(s->z + m.at, s->x[i] + m.at, m.size);
		layer_activate(s, n, last);
	}
}

static void add_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t step = layer_samples_at_once(s);

	for (int64_t n = begin; n < end; n += step) {
		int64_t last = n + step < end ? n + step : end;
		const struct merge_range m = merge_range(s, n, last);
		layer_activate_backward(s, n, last);
		for (int i = 0; i < s->n_in; i++)
			if (s->dx[i] && s->dx[i] != s->dy)
				memcpy(s->dx[i] + m.at, s->dy + m.at,
					(size_t)m.size * sizeof(float));
	}
}

static bool add_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	layer_ends_in(ret, ACTIVATION_LINEAR);
	ret->dx_may_be_dy = true;
	return merge_plan(r, ret, err);
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
