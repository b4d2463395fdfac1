/* norm.c - see norm.h. */
#include "engine/layers/norm.h"

#include <inttypes.h>

bool norm_plan(const struct norm_conf *c, const struct shape *in, struct layer_plan *ret,
	struct error *err)
{
	if (in->rank < 1 || (c->axis != -1 && c->axis != in->rank))
		return error_at(err, ERROR_INVALID, "/axis",
			"axis is %" PRId64 "; allowed: the last one, which is -1 or %d", c->axis,
			in->rank);
	int64_t channels = in->dim[in->rank - 1];
	if (c->scale)
		ret->weights[ret->n_weights++] = weight_vector("gamma", channels, &c->gamma);
	if (c->center)
		ret->weights[ret->n_weights++] = weight_vector("beta", channels, &c->beta);
	ret->out = *in;
	return true;
}

const float *norm_weight(
	const struct layer_step *s, int weight, float instead, int64_t n, float *room)
{
	if (weight >= 0)
		return s->w[weight];
	for (int64_t i = 0; i < n; i++)
		room[i] = instead;
	return room;
}
