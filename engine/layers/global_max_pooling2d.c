/* global_max_pooling2d.c - the largest value over all places; also for GlobalMaxPooling1D.
 * The place of each largest is kept; the gradient goes there, the first of equals taking all. */
#include "engine/layers/global_pooling.h"

#include <string.h>

bool global_max_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err)
{
	if (!global_pooling_plan(r, name, rank, ret, err))
		return false;
	ret->saved_bytes = r->in->dim[rank - 1] * (int64_t)sizeof(int32_t);
	return true;
}

static bool pool_plan(const struct layer_request *r, struct layer_plan *ret, struct error *err)
{
	return global_max_pooling_plan(r, "GlobalMaxPooling2D", 3, ret, err);
}

/* The places kept for sample n. */
static int32_t *places_of(const struct layer_step *s, int64_t n)
{
	return (int32_t *)(void *)(s->saved + n * s->plan->saved_bytes);
}

void global_max_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t values = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];

	for (int64_t n = begin; n < end; n++)
		s->kernels->max_rows(s->x[0] + n * values, values / channels, channels,
			s->y + n * channels, places_of(s, n));
}

void global_max_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t values = shape_elements(s->in), channels = s->in->dim[s->in->rank - 1];

	for (int64_t n = begin; s->dx[0] && n < end; n++) {
		const int32_t *places = places_of(s, n);
		float *dx = s->dx[0] + n * values;
		memset(dx, 0, (size_t)values * sizeof *dx);
		for (int64_t c = 0; c < channels; c++)
			dx[places[c] * channels + c] = s->dy[n * channels + c];
	}
}

const struct layer_class layer_global_max_pooling2d = {
	.name = "GlobalMaxPooling2D",
	.doc = "the largest value of each channel over all places",
	.params = global_pooling_params,
	.conf_size = sizeof(struct global_pooling_conf),
	.inputs_min = 1,
	.inputs_max = 1,
	.plan = pool_plan,
	.forward = global_max_pooling_forward,
	.backward = global_max_pooling_backward,
};
