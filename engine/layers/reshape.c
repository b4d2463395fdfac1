/* reshape.c - the same values in another shape; in row-major order nothing moves. */
#include "engine/layer.h"

#include <inttypes.h>

struct conf {
	PARAM_LIST_OF(SHAPE_RANK_MAX) target_shape;
};

static const struct param params[] = {
	{ .name = "target_shape",
		.doc = "of a sample; one axis may be -1: what is left for it",
		.type = PARAM_TYPE_LIST,
		.flags = PARAM_REQUIRED | PARAM_WHOLE,
		.offset = offsetof(struct conf, target_shape),
		.size = sizeof(((struct conf *)0)->target_shape),
		.min = -1,
		.max = INT32_MAX,
		.count_min = 1 },
	PARAM_END,
};

/* The axis that is -1, or -1. false: an axis is 0, or there are two of -1. */
static bool find_open_axis(const struct conf *c, int *ret, struct error *err)
{
	*ret = -1;
	for (int i = 0; i < c->target_shape.count; i++) {
		if (c->target_shape.values[i] == 0)
			return error_at(err, ERROR_INVALID, "/target_shape",
				"an axis of target_shape is 0; allowed: at least 1, or once -1");
		if (c->target_shape.values[i] > 0)
			continue;
		if (*ret >= 0)
			return error_at(err, ERROR_INVALID, "/target_shape",
				"target_shape has more than one -1; allowed: one");
		*ret = i;
	}
	return true;
}

static bool reshape_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	const struct conf *c = r->conf;
	struct shape out = { .rank = (int)c->target_shape.count };
	int64_t values = shape_elements(r->in), known = 0;
	char in_text[SHAPE_TEXT_BYTES], out_text[SHAPE_TEXT_BYTES];
	int open;

	if (!find_open_axis(c, &open, err))
		return false;
	for (int i = 0; i < out.rank; i++)
		out.dim[i] = i == open ? 1 : (int64_t)c->target_shape.values[i];
	bool fits = shape_size(&out, &known);
	if (open >= 0)
		out.dim[open] = fits && values % known == 0 ? values / known : -1;
	fits = fits && (open >= 0 ? out.dim[open] > 0 : known == values);
	shape_text(r->in, in_text);
	shape_text(&out, out_text);
	if (!fits)
		return error_at(err, ERROR_INVALID, "/target_shape",
			"the %" PRId64 " values of its input of shape %s do not fit into %s",
			values, in_text, out_text);
	ret->out = out;
	ret->in_place = true;
	return true;
}

const struct layer_class layer_reshape = {
	.name = "Reshape",
	.doc = "the values of a sample in another shape",
	.params = params,
	.conf_size = sizeof(struct conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = reshape_plan,
};
