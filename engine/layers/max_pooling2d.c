/* max_pooling2d.c - the largest value of each window.   x (N,H,W,C)  y (N,P,Q,C)
 * The position of each largest is kept as a byte; the gradient goes there, the first of equals
 * taking all. */
#include "engine/layers/max_pooling2d.h"

#include "engine/layers/common.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

static const struct param params[] = {
	PARAM_PAIR(struct max_pooling2d_conf, pool_size, 2, 1, 255, 0,
		"rows and columns of the window"),
	PARAM_PAIR(struct max_pooling2d_conf, strides, NAN, 1, 255, PARAM_NULLABLE,
		"rows and columns from window to window; null: the window's"),
	PARAM_CHOICE(struct max_pooling2d_conf, padding, PADDING_VALID, padding_names,
		"what happens at the edge"),
	PARAM_END,
};

struct geometry {
	struct window_axis h, w;
	int64_t channels;
	bool pads, covers, overlaps;
};

static bool geometry_plan(const struct max_pooling2d_conf *c, const struct shape *in,
	struct geometry *ret, struct error *err)
{
	int64_t stride[2] = { c->strides[0], c->strides[1] };

	if (stride[0] == PARAM_NULL)
		memcpy(stride, c->pool_size, sizeof stride);
	*ret = (struct geometry){ .channels = in->dim[2] };
	if (!window_axis_plan(in->dim[0], c->pool_size[0], stride[0], (enum padding)c->padding,
		    "height", "/pool_size", &ret->h, err) ||
		!window_axis_plan(in->dim[1], c->pool_size[1], stride[1], (enum padding)c->padding,
			"width", "/pool_size", &ret->w, err))
		return false;
	ret->pads = ret->h.padded > ret->h.in || ret->w.padded > ret->w.in;
	ret->overlaps = stride[0] < c->pool_size[0] || stride[1] < c->pool_size[1];
	ret->covers = !ret->overlaps && stride[0] == c->pool_size[0] &&
		      stride[1] == c->pool_size[1] && ret->h.out * stride[0] == ret->h.padded &&
		      ret->w.out * stride[1] == ret->w.padded;
	return true;
}

/* That of a layer whose plan was accepted. */
static struct geometry geometry_of(const struct layer_step *s)
{
	struct geometry g;
	bool fits = geometry_plan(s->conf, s->in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct max_pooling2d_conf *c = r->conf;
	struct geometry g;
	char text[SHAPE_TEXT_BYTES];

	shape_text(r->in, text);
	if (r->in->rank != 3)
		return error_at(err, ERROR_INVALID, "",
			"its input has shape %s; MaxPooling2D takes (height, width, channels)",
			text);
	if (c->pool_size[0] * c->pool_size[1] > UINT8_MAX)
		return error_at(err, ERROR_INVALID, "/pool_size",
			"a window of %" PRId64 " x %" PRId64 " has %" PRId64
			" positions; allowed: at most 255",
			c->pool_size[0], c->pool_size[1], c->pool_size[0] * c->pool_size[1]);
	if (!geometry_plan(c, r->in, &g, err))
		return false;
	ret->out = SHAPE3(g.h.out, g.w.out, g.channels);
	ret->flops_per_output = c->pool_size[0] * c->pool_size[1];
	ret->saved_bytes = g.h.out * g.w.out * g.channels;
	ret->scratch_floats = g.pads ? g.h.padded * g.w.padded * g.channels : 0;
	return true;
}

static struct pool_row pool_row_of(const struct geometry *g)
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

static void pool_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
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

static void pool_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct geometry g = geometry_of(s);
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
	.params = params,
	.conf_size = sizeof(struct max_pooling2d_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = pool_forward,
	.backward = pool_backward,
};
