/* global_pooling.c - see global_pooling.h. */
#include "engine/layers/global_pooling.h"

const struct param global_pooling_params[] = {
	PARAM_BOOL(struct global_pooling_conf, keepdims, false,
		"keep the axes of the places, with a length of 1"),
	PARAM_END,
};

bool global_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err)
{
	const struct global_pooling_conf *c = r->conf;

	if (!layer_check_rank(r, name, rank, err))
		return false;
	int64_t channels = r->in->dim[rank - 1];
	ret->out = SHAPE1(channels);
	if (c->keepdims)
		ret->out = rank == 2 ? SHAPE2(1, channels) : SHAPE3(1, 1, channels);
	ret->flops_per_output = shape_elements(r->in) / channels;
	return true;
}
