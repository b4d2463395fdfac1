/* concatenate.c - its inputs one behind the other along an axis. */
#include "engine/layer.h"

#include <inttypes.h>
#include <string.h>

struct conf {
	int64_t axis;
};

static const struct param params[] = {
	PARAM_INT(struct conf, axis, -1, -SHAPE_RANK_MAX, SHAPE_RANK_MAX,
		"along which; 1 is a sample's first axis, -1 its last"),
	PARAM_END,
};

/* The axis, counted from 0 within a sample; -1: there is none. */
static int axis_of(const struct conf *c, const struct shape *in)
{
	int64_t axis = c->axis < 0 ? in->rank + c->axis : c->axis - 1;

	return axis >= 0 && axis < in->rank ? (int)axis : -1;
}

static bool concatenate_plan(
	const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	int axis = axis_of(c, r->in);
	char first[SHAPE_TEXT_BYTES], other[SHAPE_TEXT_BYTES];

	shape_text(&r->in[0], first);
	if (axis < 0)
		return error_at(err, ERROR_INVALID, "/axis",
			"axis is %" PRId64 ", its inputs have shape %s; allowed: 1 to %d, or -%d "
			"to -1",
			c->axis, first, r->in->rank, r->in->rank);
	ret->out = r->in[0];
	for (int i = 1; i < r->n_in; i++) {
		struct shape along = r->in[i];
		shape_text(&r->in[i], other);
		if (along.rank == r->in->rank)
			along.dim[axis] = r->in->dim[axis];
		if (!shape_equal(&along, r->in))
			return error_at(err, ERROR_INVALID, "/inputs",
				"inputs must have one shape but for axis %" PRId64
				"; input 0 has %s, input %d has %s",
				c->axis, first, i, other);
		ret->out.dim[axis] += r->in[i].dim[axis];
	}
	return true;
}

/* y in rows, each of which is a row of every input, one behind the other. */
struct rows {
	int64_t n; /* of a sample */
	int64_t row;
	int64_t rows[MODEL_INPUTS_MAX]; /* floats of each input's row */
};

static struct rows rows_of(const struct layer_step *s)
{
	int axis = axis_of(s->conf, s->in);
	struct rows r = { .n = 1 };

	for (int i = 0; i < axis; i++)
		r.n *= s->in->dim[i];
	for (int i = 0; i < s->n_in; i++) {
		r.rows[i] = shape_elements(&s->in[i]) / r.n;
		r.row += r.rows[i];
	}
	return r;
}

static void concatenate_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct rows r = rows_of(s);

	for (int64_t n = begin * r.n; n < end * r.n; n++) {
		float *y = s->y + n * r.row;
		for (int i = 0; i < s->n_in; y += r.rows[i++])
			memcpy(y, s->x[i] + n * r.rows[i], (size_t)r.rows[i] * sizeof *y);
	}
}

static void concatenate_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct rows r = rows_of(s);

	for (int64_t n = begin * r.n; n < end * r.n; n++) {
		const float *dy = s->dy + n * r.row;
		for (int i = 0; i < s->n_in; dy += r.rows[i++])
			if (s->dx[i])
				memcpy(s->dx[i] + n * r.rows[i], dy,
					(size_t)r.rows[i] * sizeof *dy);
	}
}

const struct layer_class layer_concatenate = {
	.name = "Concatenate",
	.doc = "its inputs one behind the other",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 2,
	.inputs_max = MODEL_INPUTS_MAX,
	.plan = concatenate_plan,
	.forward = concatenate_forward,
	.backward = concatenate_backward,
};
