/* max_pooling2d.c - the largest value of each window; also for MaxPooling1D.
 * The position of each largest is kept as a byte; the gradient goes there, the first of equals
 * taking all. */
#include "engine/layers/pooling.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

bool max_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err)
{
	const struct pooling_conf *c = r->conf;
	int64_t rows = rank == 2 ? 1 : c->pool_size[0], columns = c->pool_size[1];
	struct pooling g;

	if (rows * columns > UINT8_MAX)
		return error_at(err, ERROR_INVALID, "/pool_size",
			"a window of %" PRId64 " x %" PRId64 " has %" PRId64
			" positions; allowed: at most 255",
			rows, columns, rows * columns);
	if (!pooling_plan(r, name, rank, &g, ret, err))
		return false;
	ret->saved_bytes = g.h.out * g.w.out * g.channels;
	ret->scratch_floats = g.pads ? g.h.padded * g.w.padded * g.channels : 0;
	return true;
}

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return max_pooling_plan(r, "MaxPooling2D", 3, ret, err);
}

static struct pool_row pool_row_of(const struct pooling *g)
{
	return (struct pool_row){
		.width = g->w.out,
		.channels = g->channels,
		.pool_h = g->h.size,
		.pool_w = g->w.size,
		.x_row = g->w.padded * g->channels,
		.x_step = g->w.stride * g->channels,
	};
}

void max_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pooling g = pooling_of(s);
	const struct pool_row p = pool_row_of(&g);
	int64_t row = g.w.in * g.channels, out = g.w.out * g.channels;
	int64_t inside = g.h.before * p.x_row + g.w.before * g.channels;

	/* Padding is below every value, and written once. */
	for (int64_t i = 0; g.pads && i < g.h.padded * p.x_row; i++)
		s->scratch[i] = -INFINITY;
	for (int64_t n = begin; n < end; n++) {
		const float *x = s->x[0] + n * g.h.in * row;
		if (g.pads) {
			image_pad(x, g.h.in, row, s->scratch + inside, p.x_row);
			x = s->scratch;
		}
		for (int64_t i = 0; i < g.h.out; i++) {
			int64_t at = (n * g.h.out + i) * out;
			s->kernels->max_pool(
				&p, x + i * g.h.stride * p.x_row, false, s->y + at, s->saved + at);
		}
	}
}

void max_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct pooling g = pooling_of(s);
	const struct pool_row p = pool_row_of(&g);
	int64_t row = g.w.in * g.channels, out = g.w.out * g.channels;

	if (!s->dx[0])
		return;
	for (int64_t n = begin; n < end; n++) {
		float *x = s->dx[0] + n * g.h.in * row;
		float *dx = g.pads ? s->scratch : x;
		if (!g.covers)
			memset(dx, 0, (size_t)(g.h.padded * p.x_row) * sizeof *dx);
		for (int64_t i = 0; i < g.h.out; i++) {
			int64_t at = (n * g.h.out + i) * out;
			s->kernels->max_pool_backward(&p, s->dy + at, s->saved + at, g.overlaps,
				dx + i * g.h.stride * p.x_row);
		}
		if (g.pads)
			image_crop(dx + g.h.before * p.x_row + g.w.before * g.channels, g.h.in, row,
				p.x_row, x);
	}
}

const struct layer_class layer_max_pooling2d = {
	.name = "MaxPooling2D",
	.doc = "the largest value of each window",
	.params = pooling2d_params,
	.conf_size = sizeof(struct pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = max_pooling_forward,
	.backward = max_pooling_backward,
};
