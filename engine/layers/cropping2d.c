/* cropping2d.c - the middle of an image.   x (N,top+H+bottom,left+W+right,C)  y (N,H,W,C) */
#include "engine/layers/frame.h"

#include <inttypes.h>

struct conf {
	int64_t cropping[4]; /* top, bottom, left, right */
};

static const struct param params[] = {
	PARAM_MARGINS(struct conf, cropping, 0, 0, 65536, 0,
		"rows above and below, columns on both sides that are left out"),
	PARAM_END,
};

static bool cropping_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const int64_t *cut = ((const struct conf *)r->conf)->cropping;

	if (!layer_check_rank(r, "Cropping2D", 3, err))
		return false;
	ret->out = SHAPE3(
		r->in->dim[0] - cut[0] - cut[1], r->in->dim[1] - cut[2] - cut[3], r->in->dim[2]);
	if (ret->out.dim[0] < 1 || ret->out.dim[1] < 1)
		return error_at(err, ERROR_INVALID, "/cropping",
			"nothing is left of its input of %" PRId64 " x %" PRId64 " without %" PRId64
			" + %" PRId64 " rows and %" PRId64 " + %" PRId64 " columns",
			r->in->dim[0], r->in->dim[1], cut[0], cut[1], cut[2], cut[3]);
	return true;
}

static void cropping_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct frame f = frame_of(c->cropping, &s->plan->out);

	for (int64_t n = begin; n < end; n++)
		frame_take(&f, s->x[0] + n * frame_values(&f), s->y + n * f.rows * f.row);
}

static void cropping_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct frame f = frame_of(c->cropping, &s->plan->out);

	for (int64_t n = begin; s->dx[0] && n < end; n++)
		frame_fill(&f, s->dy + n * f.rows * f.row, s->dx[0] + n * frame_values(&f));
}

const struct layer_class layer_cropping2d = {
	.name = "Cropping2D",
	.doc = "an image without its edges",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = cropping_plan,
	.forward = cropping_forward,
	.backward = cropping_backward,
};
