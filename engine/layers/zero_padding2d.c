/* zero_padding2d.c - zeros around an image.   x (N,H,W,C)  y (N,top+H+bottom,left+W+right,C) */
#include "engine/layers/frame.h"

struct conf {
	int64_t padding[4]; /* top, bottom, left, right */
};

static const struct param params[] = {
	PARAM_MARGINS(struct conf, padding, 1, 0, 65536, 0,
		"rows above and below, columns on both sides"),
	PARAM_END,
};

static bool padding_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;

	if (!layer_check_rank(r, "ZeroPadding2D", 3, err))
		return false;
	ret->out = SHAPE3(r->in->dim[0] + c->padding[0] + c->padding[1],
		r->in->dim[1] + c->padding[2] + c->padding[3], r->in->dim[2]);
	return true;
}

static void padding_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct frame f = frame_of(c->padding, s->in);

	for (int64_t n = begin; n < end; n++)
		frame_fill(&f, s->x[0] + n * f.rows * f.row, s->y + n * frame_values(&f));
}

static void padding_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct frame f = frame_of(c->padding, s->in);

	for (int64_t n = begin; s->dx[0] && n < end; n++)
		frame_take(&f, s->dy + n * frame_values(&f), s->dx[0] + n * f.rows * f.row);
}

const struct layer_class layer_zero_padding2d = {
	.name = "ZeroPadding2D",
	.doc = "zeros around an image",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = padding_plan,
	.forward = padding_forward,
	.backward = padding_backward,
};
