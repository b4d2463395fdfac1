/* merge.c - see merge.h. */
#include "engine/layers/merge.h"

bool merge_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	char first[SHAPE_TEXT_BYTES], other[SHAPE_TEXT_BYTES];

	for (int i = 1; i < r->n_in; i++) {
		shape_text(&r->in[0], first);
		shape_text(&r->in[i], other);
		if (!shape_equal(&r->in[0], &r->in[i]))
			return error_at(err, ERROR_INVALID, "/inputs",
				"inputs must have one shape; input 0 has %s, input %d has %s",
				first, i, other);
	}
	ret->out = r->in[0];
	ret->flops_per_output = r->n_in - 1;
	return true;
}
