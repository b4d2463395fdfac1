/* average_pooling2d.c - the mean of each window; also for AveragePooling1D.
 * Padding is no value: at the edge the mean is that of the values that are there. */
#include "engine/layers/pooling.h"

#include <string.h>

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	struct pooling g;

	return pooling_plan(r, "AveragePooling2D", 3, &g, ret, err);
}

/* The real values under window (i, j), and where they begin in a sample. */
static struct pool_window window_at(
	const struct pooling *g, int64_t i, int64_t j, int64_t *ret_first)
{
	int64_t top = window_begin(&g->h, i), left = window_begin(&g->w, j);
	struct pool_window w = { .rows = window_end(&g->h, i) - top,
		.columns = window_end(&g->w, j) - left,
		.channels = g->channels,
		.x_row = g->w.in * g->channels };

	w.scale = 1.0f / (float)(w.rows * w.columns);
	*ret_first = top * w.x_row + left * g->channels;
	return w;
}

void average_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pooling g = pooling_of(s);
	float *y = s->y + begin * g.h.out * g.w.out * g.channels;

	for (int64_t n = begin; n < end; n++) {
		const float *x = s->x[0] + n * g.h.in * g.w.in * g.channels;
		for (int64_t i = 0; i < g.h.out; i++) {
			for (int64_t j = 0; j < g.w.out; j++, y += g.channels) {
				int64_t first;
				struct pool_window w = window_at(&g, i, j, &first);
				s->kernels->average_pool(&w, x + first, y);
			}
		}
	}
}

void average_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pooling g = pooling_of(s);
	const float *dy = s->dy + begin * g.h.out * g.w.out * g.channels;
	int64_t values = g.h.in * g.w.in * g.channels;

	for (int64_t n = begin; s->dx[0] && n < end; n++) {
		float *dx = s->dx[0] + n * values;
		if (!g.covers)
			memset(dx, 0, (size_t)values * sizeof *dx);
		for (int64_t i = 0; i < g.h.out; i++) {
			for (int64_t j = 0; j < g.w.out; j++, dy += g.channels) {
				int64_t first;
				struct pool_window w = window_at(&g, i, j, &first);
				s->kernels->average_pool_backward(&w, dy, g.overlaps, dx + first);
			}
		}
	}
}

const struct layer_class layer_average_pooling2d = {
	.name = "AveragePooling2D",
	.doc = "the mean of each window",
	.params = pooling2d_params,
	.conf_size = sizeof(struct pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = average_pooling_forward,
	.backward = average_pooling_backward,
};
