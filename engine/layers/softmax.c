/* softmax.c - Softmax: y = e^x / sum of e^x along one axis. Along the last it is an activation like
 * the others, and a loss may take it over; along another, a sample is turned so that the axis comes
 * last, (outer, axis, inner) to (outer, inner, axis), and back. */
#include "engine/layers/common.h"

#include <inttypes.h>

struct conf {
	int64_t axis;
};

static const struct param params[] = {
	{ .name = "axis",
		.doc = "that of each sum: 1 is a sample's first, -1 its last",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_OR_LIST,
		.offset = offsetof(struct conf, axis),
		.def = -1,
		.min = -SHAPE_RANK_MAX,
		.max = SHAPE_RANK_MAX },
	PARAM_END,
};

/* Counted from 0 in a sample; it may not have it. */
static int64_t axis_of(const struct conf *c, const struct shape *s)
{
	return c->axis < 0 ? s->rank + c->axis : c->axis - 1;
}

static bool softmax_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	int64_t axis = axis_of(c, r->in);
	char text[SHAPE_TEXT_BYTES];

	shape_text(r->in, text);
	if (axis < 0 || axis >= r->in->rank)
		return error_at(err, ERROR_INVALID, "/axis",
			"axis is %" PRId64 "; its input of shape %s has 1 to %d and -%d to -1 "
			"(0 is that of the samples)",
			c->axis, text, r->in->rank, r->in->rank);
	layer_plan_activates_input(r, ret);
	if (axis == r->in->rank - 1)
		layer_ends_in(ret, ACTIVATION_SOFTMAX);
	else
		ret->scratch_floats = 2 * shape_elements(r->in);
	return true;
}

/* A sample's shape, seen as (outer, axis, inner). */
struct split {
	int64_t outer, axis, inner;
};

static struct split split_at(const struct shape *s, int64_t axis)
{
	struct split p = { 1, s->dim[axis], 1 };

	for (int i = 0; i < axis; i++)
		p.outer *= s->dim[i];
	for (int i = (int)axis + 1; i < s->rank; i++)
		p.inner *= s->dim[i];
	return p;
}

/* y[o][j][i] = x[o][i][j] */
static void turn(const struct layer_step *s, const float *x, int64_t outer, int64_t rows,
	int64_t columns, float *y)
{
	for (int64_t o = 0; o < outer; o++, x += rows * columns, y += rows * columns)
		s->kernels->transpose(x, rows, columns, columns, y, rows);
}

static bool is_last(const struct layer_step *s)
{
	return axis_of(s->conf, s->in) == s->in->rank - 1;
}

static void softmax_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);
	const struct split p = split_at(s->in, axis_of(s->conf, s->in));
	float *turned = s->scratch;

	if (is_last(s)) {
		layer_activate(s, begin, end);
		return;
	}
	for (int64_t i = begin; i < end; i++) {
		turn(s, s->x[0] + i * n, p.outer, p.axis, p.inner, turned);
		s->kernels->activate(ACTIVATION_SOFTMAX, /* alpha= */ 0, turned, turned,
			p.outer * p.inner, p.axis);
		turn(s, turned, p.outer, p.inner, p.axis, s->y + i * n);
	}
}

static void softmax_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);
	const struct split p = split_at(s->in, axis_of(s->conf, s->in));
	float *y = s->scratch, *dy = s->scratch + n;

	if (is_last(s)) {
		layer_activate_backward_input(s, begin, end);
		return;
	}
	for (int64_t i = begin; s->dx[0] && i < end; i++) {
		turn(s, s->y + i * n, p.outer, p.axis, p.inner, y);
		turn(s, s->dy + i * n, p.outer, p.axis, p.inner, dy);
		s->kernels->activate_backward(
			ACTIVATION_SOFTMAX, /* alpha= */ 0, y, y, dy, p.outer * p.inner, p.axis);
		turn(s, dy, p.outer, p.inner, p.axis, s->dx[0] + i * n);
	}
}

const struct layer_class layer_softmax = {
	.name = "Softmax",
	.doc = "values made shares of 1 along an axis",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = softmax_plan,
	.forward = softmax_forward,
	.backward = softmax_backward,
};
