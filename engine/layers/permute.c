/* permute.c - the axes of a sample in another order: axis i of y is axis dims[i] of x. */
#include "engine/layer.h"

#include <inttypes.h>
#include <string.h>

struct conf {
	PARAM_LIST_OF(SHAPE_RANK_MAX) dims;
};

static const struct param params[] = {
	{ .name = "dims",
		.doc = "which axis of the input stands at each place, counted from 1",
		.type = PARAM_TYPE_LIST,
		.flags = PARAM_REQUIRED | PARAM_WHOLE,
		.offset = offsetof(struct conf, dims),
		.size = sizeof(((struct conf *)0)->dims),
		.min = 1,
		.max = SHAPE_RANK_MAX,
		.count_min = 1 },
	PARAM_END,
};

static bool check_dims(const struct conf *c, int rank, struct error *err)
{
	unsigned seen = 0;
	int lacks = 1;

	for (int i = 0; i < c->dims.count; i++)
		seen |= 1u << (int)c->dims.values[i];
	if (c->dims.count != rank)
		return error_at(err, ERROR_INVALID, "/dims",
			"dims has %" PRId64 " axes, its input has %d; allowed: each of 1 to %d, "
			"once",
			c->dims.count, rank, rank);
	while (seen >> lacks & 1)
		lacks++;
	if (lacks <= rank)
		return error_at(err, ERROR_INVALID, "/dims",
			"dims lacks axis %d; allowed: each of 1 to %d, once", lacks, rank);
	return true;
}

static bool permute_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;

	if (!check_dims(c, r->in->rank, err))
		return false;
	ret->out.rank = r->in->rank;
	for (int i = 0; i < r->in->rank; i++)
		ret->out.dim[i] = r->in->dim[(int)c->dims.values[i] - 1];
	return true;
}

/* y's axes, with axes of length 1 before them, and how far apart in x their places are. */
struct walk {
	int64_t n[SHAPE_RANK_MAX], step[SHAPE_RANK_MAX];
};

static struct walk walk_of(const struct layer_step *s)
{
	const struct conf *c = s->conf;
	int rank = s->in->rank, ahead = SHAPE_RANK_MAX - rank;
	int64_t steps[SHAPE_RANK_MAX], step = 1;
	struct walk w = { .n = { 1, 1, 1, 1 } };

	for (int i = rank; i-- > 0;) {
		steps[i] = step;
		step *= s->in->dim[i];
	}
	for (int i = 0; i < rank; i++) {
		int axis = (int)c->dims.values[i] - 1;
		w.n[ahead + i] = s->in->dim[axis];
		w.step[ahead + i] = steps[axis];
	}
	return w;
}

static void copy_row(const float *from, int64_t from_step, float *to, int64_t to_step, int64_t n)
{
	if (from_step == 1 && to_step == 1)
		memcpy(to, from, (size_t)n * sizeof *to);
	else
		for (int64_t i = 0; i < n; i++)
			to[i * to_step] = from[i * from_step];
}

/* One sample, along the last axis of y: from x to y, or back from y to x. */
static void copy_rows(const struct walk *w, bool back, const float *from, float *to)
{
	int64_t y = 0, n = w->n[3], step = w->step[3];

	for (int64_t a = 0; a < w->n[0]; a++) {
		for (int64_t b = 0; b < w->n[1]; b++) {
			for (int64_t c = 0; c < w->n[2]; c++, y += n) {
				int64_t x = a * w->step[0] + b * w->step[1] + c * w->step[2];
				if (back)
					copy_row(from + y, 1, to + x, step, n);
				else
					copy_row(from + x, step, to + y, 1, n);
			}
		}
	}
}

static void permute_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct walk w = walk_of(s);
	int64_t values = shape_elements(s->in);

	for (int64_t n = begin; n < end; n++)
		copy_rows(&w, false, s->x[0] + n * values, s->y + n * values);
}

static void permute_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	const struct walk w = walk_of(s);
	int64_t values = shape_elements(s->in);

	for (int64_t n = begin; s->dx[0] && n < end; n++)
		copy_rows(&w, true, s->dy + n * values, s->dx[0] + n * values);
}

const struct layer_class layer_permute = {
	.name = "Permute",
	.doc = "the axes of a sample in another order",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = permute_plan,
	.forward = permute_forward,
	.backward = permute_backward,
};
