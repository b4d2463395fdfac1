/* pooling.c - see pooling.h. */
#include "engine/layers/pooling.h"

#include <math.h>

/* A window in one dimension is an integer, or a list of one, as Keras writes it. */
const struct param pooling1d_params[] = {
	{ .name = "pool_size",
		.doc = "length of the window",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_OR_LIST,
		.offset = offsetof(struct pooling_conf, pool_size[1]),
		.def = 2,
		.min = 1,
		.max = 65536 },
	{ .name = "strides",
		.doc = "steps from window to window; null: the window's length",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_OR_LIST | PARAM_NULLABLE,
		.offset = offsetof(struct pooling_conf, strides[1]),
		.def = NAN,
		.min = 1,
		.max = 65536 },
	PARAM_CHOICE(struct pooling_conf, padding, PADDING_VALID, padding_names,
		"what happens at the ends"),
	PARAM_END,
};

const struct param pooling2d_params[] = {
	PARAM_PAIR(struct pooling_conf, pool_size, 2, 1, 255, 0, "rows and columns of the window"),
	PARAM_PAIR(struct pooling_conf, strides, NAN, 1, 255, PARAM_NULLABLE,
		"rows and columns from window to window; null: the window's"),
	PARAM_CHOICE(struct pooling_conf, padding, PADDING_VALID, padding_names,
		"what happens at the edge"),
	PARAM_END,
};

static bool geometry_plan(const struct pooling_conf *c, const struct shape *in, struct pooling *ret,
	struct error *err)
{
	const int64_t *stride = c->strides[1] == PARAM_NULL ? c->pool_size : c->strides;
	enum padding padding = (enum padding)c->padding;
	bool flat = in->rank == 2;

	*ret = (struct pooling){ .channels = in->dim[in->rank - 1],
		.h = { .in = 1, .size = 1, .stride = 1, .out = 1, .padded = 1 } };
	if (!flat && !window_axis_plan(in->dim[0], c->pool_size[0], stride[0], padding, "height",
			     "/pool_size", &ret->h, err))
		return false;
	if (!window_axis_plan(in->dim[in->rank - 2], c->pool_size[1], stride[1], padding,
		    flat ? "length" : "width", "/pool_size", &ret->w, err))
		return false;
	ret->pads = ret->h.padded > ret->h.in || ret->w.padded > ret->w.in;
	ret->overlaps = ret->h.stride < ret->h.size || ret->w.stride < ret->w.size;
	ret->covers = ret->h.stride == ret->h.size && ret->w.stride == ret->w.size &&
		      ret->h.out * ret->h.stride == ret->h.padded &&
		      ret->w.out * ret->w.stride == ret->w.padded;
	return true;
}

bool pooling_plan(const struct layer_request *r, const char *name, int rank, struct pooling *ret,
	struct layer_plan *ret_plan, struct error *err)
{
	if (!layer_check_rank(r, name, rank, err) || !geometry_plan(r->conf, r->in, ret, err))
		return false;
	ret_plan->out = rank == 2 ? SHAPE2(ret->w.out, ret->channels)
				  : SHAPE3(ret->h.out, ret->w.out, ret->channels);
	ret_plan->flops_per_output = ret->h.size * ret->w.size;
	return true;
}

struct pooling pooling_of(const struct layer_step *s)
{
	struct pooling g;
	bool fits = geometry_plan(s->conf, s->in, &g, NULL);

	(void)fits; /* it was accepted */
	return g;
}
