/* merge.h - layers that make one tensor of several, value by value. */
#pragma once

#include "engine/layer.h"

/* The output has the shape of the inputs. false: they do not have one shape; Keras would repeat the
 * values of the smaller one, which this version does not. */
bool merge_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err);

/* The values of the samples [begin, end) of one of the tensors: where they begin, how many. */
struct merge_range {
	int64_t at, size;
};
static inline struct merge_range merge_range(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);
	return (struct merge_range){ begin * n, (end - begin) * n };
}
