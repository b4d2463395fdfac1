/* norm.c - see norm.h. */
#include "engine/layers/norm.h"

bool norm_plan(const struct norm_conf *c, const struct shape *in, struct layer_plan *ret,
	struct error *err)
{
	if (!layer_check_last_axis(in, c->axis, err))
		return false;
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
