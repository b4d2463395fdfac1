/* global_average_pooling2d.c - the mean over all places; also for GlobalAveragePooling1D. */
#include "engine/layers/global_pooling.h"

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return global_pooling_plan(r, "GlobalAveragePooling2D", 3, ret, err);
}

/* All places as one row of a window. */
static struct pool_window window_of(const struct layer_step *s)
{
	int64_t values = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];

	return (struct pool_window){ .rows = 1,
		.columns = values / channels,
		.channels = channels,
		.x_row = values,
		.scale = 1.0f / (float)(values / channels) };
}

void global_average_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pool_window w = window_of(s);

	for (int64_t n = begin; n < end; n++)
		s->kernels->average_pool(&w, s->x[0] + n * w.x_row, s->y + n * w.channels);
}

void global_average_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pool_window w = window_of(s);

	for (int64_t n = begin; s->dx[0] && n < end; n++)
		s->kernels->average_pool_backward(
			&w, s->dy + n * w.channels, false, s->dx[0] + n * w.x_row);
}

const struct layer_class layer_global_average_pooling2d = {
	.name = "GlobalAveragePooling2D",
	.doc = "the mean of each channel over all places",
	.params = global_pooling_params,
	.conf_size = sizeof(struct global_pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = global_average_pooling_forward,
	.backward = global_average_pooling_backward,
};
