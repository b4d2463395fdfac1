/* noise.h - what layers draw random numbers by. Value i of a sample has the same number in a step
 * wherever and however often it is worked out: it depends on the layer's key of the step, the
 * sample's place in the batch, and i. So nothing is kept for backward, which draws it again. */
#pragma once

#include "engine/layer.h"

/* The argument `seed`; PARAM_NULL where it is null. */
#define PARAM_SEED(conf, field)                                                                    \
	{                                                                                          \
		.name = #field,                                                                    \
		.doc = "stirred into the job's, for other numbers than those of null",             \
		.type = PARAM_TYPE_INT, .flags = PARAM_NULLABLE, .offset = offsetof(conf, field),  \
		.def = NAN, .min = 0, .max = INT32_MAX                                             \
	}

/* For sample n of the part, which draws `values` numbers; threshold and scale are the caller's. */
struct noise noise_of(const struct layer_step *s, int64_t seed, int64_t n, int64_t values);

/* Dropout's: drops a share of `rate`, in [0, 1), and scales the rest by 1 / (1 - rate), so that the
 * mean stays. */
void noise_set_rate(struct noise *z, double rate);

/* y = x for the samples [begin, end). */
void noise_none(const struct layer_step *s, int64_t begin, int64_t end);
