/* up_sampling2d.c - an image made larger by whole factors.   x (N,H,W,C)  y (N,H*rows,W*columns,C)
 *
 * nearest: each place of x becomes a block of rows x columns equal ones. bilinear: each place of y
 * is a mean of the four places of x around it; centers of places lie at halves, as TensorFlow's
 * tf.image.resize has them: place o of y stands at (o + 1/2) / size - 1/2 in x. Backward is each of
 * them transposed. */
#include "engine/layers/common.h"

#include <math.h>
#include <string.h>

enum interpolation { NEAREST, BILINEAR };
static const char *const interpolation_names[] = { "nearest", "bilinear", NULL };

struct conf {
	int64_t size[2];
	int interpolation;
};

static const struct param params[] = {
	PARAM_PAIR(struct conf, size, 2, 1, 255, 0, "how many times as many rows and columns"),
	PARAM_CHOICE(struct conf, interpolation, NEAREST, interpolation_names,
		"nearest repeats values, bilinear blends them"),
	PARAM_END,
};

/* x, in rows of floats; size as in the conf. */
struct geometry {
	int64_t rows, columns, channels, row;
	int64_t out_columns, out_row;
	int64_t in_values, out_values; /* of a sample */
	const int64_t *size;
	bool blends;
};

static struct geometry geometry_of(const struct layer_step *s)
{
	const struct conf *c = s->conf;
	struct geometry g = { .rows = s->in->dim[0],
		.columns = s->in->dim[1],
		.channels = s->in->dim[2],
		.size = c->size,
		.blends = c->interpolation == BILINEAR };

	g.row = g.columns * g.channels;
	g.out_columns = g.columns * c->size[1];
	g.out_row = g.row * c->size[1];
	g.in_values = g.rows * g.row;
	g.out_values = g.rows * c->size[0] * g.out_row;
	return g;
}

static bool up_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;

	if (!layer_check_rank(r, "UpSampling2D", 3, err))
		return false;
	ret->out = SHAPE3(r->in->dim[0] * c->size[0], r->in->dim[1] * c->size[1], r->in->dim[2]);
	if (c->interpolation == BILINEAR) {
		ret->scratch_floats = r->in->dim[1] * r->in->dim[2];
		ret->flops_per_output = 4;
	}
	return true;
}

/* --- nearest */

static void repeat(const struct geometry *g, const float *x, float *y)
{
	for (int64_t i = 0; i < g->rows; i++) {
		const float *first = y;
		for (int64_t j = 0; j < g->columns; j++, x += g->channels)
			for (int64_t k = 0; k < g->size[1]; k++, y += g->channels)
				memcpy(y, x, (size_t)g->channels * sizeof *y);
		for (int64_t k = 1; k < g->size[0]; k++, y += g->out_row)
			memcpy(y, first, (size_t)g->out_row * sizeof *y);
	}
}

/* dx = the sum of each block. */
static void sum_blocks(
	const struct kernels *k, const struct geometry *g, const float *dy, float *dx)
{
	const struct pool_window block = { .rows = g->size[0],
		.columns = g->size[1],
		.channels = g->channels,
		.x_row = g->out_row,
		.scale = 1.0f };

	for (int64_t i = 0; i < g->rows; i++)
		for (int64_t j = 0; j < g->columns; j++, dx += g->channels)
			k->average_pool(&block,
				dy + i * g->size[0] * g->out_row + j * g->size[1] * g->channels,
				dx);
}

/* --- bilinear */

/* Between which two places of x a place of y lies, and how far from the first. */
struct between {
	int64_t low, high;
	float t;
};

static struct between between_of(int64_t out, int64_t size, int64_t in)
{
	double at = ((double)out + 0.5) / (double)size - 0.5, low = floor(at);
	struct between b = {
		.low = (int64_t)low, .high = (int64_t)low + 1, .t = (float)(at - low)
	};

	b.low = b.low < 0 ? 0 : b.low;
	b.high = b.high < in ? b.high : in - 1;
	return b;
}

static void blend(
	const struct kernels *k, const struct geometry *g, const float *x, float *row, float *y)
{
	for (int64_t i = 0; i < g->rows * g->size[0]; i++) {
		struct between v = between_of(i, g->size[0], g->rows);
		k->blend(x + v.low * g->row, x + v.high * g->row, v.t, g->row, row);
		for (int64_t j = 0; j < g->out_columns; j++, y += g->channels) {
			struct between h = between_of(j, g->size[1], g->columns);
			k->blend(row + h.low * g->channels, row + h.high * g->channels, h.t,
				g->channels, y);
		}
	}
}

static void blend_backward(
	const struct kernels *k, const struct geometry *g, const float *dy, float *row, float *dx)
{
	memset(dx, 0, (size_t)g->in_values * sizeof *dx);
	for (int64_t i = 0; i < g->rows * g->size[0]; i++) {
		struct between v = between_of(i, g->size[0], g->rows);
		memset(row, 0, (size_t)g->row * sizeof *row);
		for (int64_t j = 0; j < g->out_columns; j++, dy += g->channels) {
			struct between h = between_of(j, g->size[1], g->columns);
			k->add_scaled(dy, 1.0f - h.t, g->channels, row + h.low * g->channels);
			k->add_scaled(dy, h.t, g->channels, row + h.high * g->channels);
		}
		k->add_scaled(row, 1.0f - v.t, g->row, dx + v.low * g->row);
		k->add_scaled(row, v.t, g->row, dx + v.high * g->row);
	}
}

static void up_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);

	for (int64_t n = begin; n < end; n++) {
		const float *x = s->x[0] + n * g.in_values;
		float *y = s->y + n * g.out_values;
		if (g.blends)
			blend(s->kernels, &g, x, s->scratch, y);
		else
			repeat(&g, x, y);
	}
}

static void up_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);

	for (int64_t n = begin; s->dx[0] && n < end; n++) {
		const float *dy = s->dy + n * g.out_values;
		float *dx = s->dx[0] + n * g.in_values;
		if (g.blends)
			blend_backward(s->kernels, &g, dy, s->scratch, dx);
		else
			sum_blocks(s->kernels, &g, dy, dx);
	}
}

const struct layer_class layer_up_sampling2d = {
	.name = "UpSampling2D",
	.doc = "an image made larger",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = up_plan,
	.forward = up_forward,
	.backward = up_backward,
};
