/* noise.h - what layers draw random numbers by. Value i of a sample has the same number in a step
 * wherever and however often it is worked out: it depends on the layer's key of the step, the
 * sample's place in the batch, and i. So nothing is kept for backward, which draws it again. */
#pragma once

#include "engine/layer.h"

#include <math.h>

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

/* y = x for the samples [begin, end). */
void noise_none(const struct layer_step *s, int64_t begin, int64_t end);

/* The arguments of a layer that drops `what_`. */
struct dropout_conf {
	double rate;
	int64_t seed;
};
#define DROPOUT_PARAMS(what_)                                                                      \
	{ .name = "rate",                                                                          \
		.doc = "share of the " what_ " that are dropped",                                  \
		.type = PARAM_TYPE_FLOAT,                                                          \
		.flags = PARAM_REQUIRED | PARAM_BELOW_MAX,                                         \
		.offset = offsetof(struct dropout_conf, rate),                                     \
		.min = 0,                                                                          \
		.max = 1 },                                                                        \
		PARAM_SEED(struct dropout_conf, seed)

/* What drops a share of `rate` and scales the rest by 1 / (1 - rate), so that the mean stays. */
struct noise dropout_noise(const struct layer_step *s, int64_t n, int64_t values);

/* Forward and backward of a layer whose y in training is x, dropped, and whose dx is dy, dropped
 * alike, of the samples [begin, end) by `drop`; asked, y = x. */
typedef void dropout_function(
	const struct layer_step *s, const float *x, int64_t begin, int64_t end, float *y);
void dropout_pass(const struct layer_step *s, int64_t begin, int64_t end, dropout_function *drop);
void dropout_pass_back(
	const struct layer_step *s, int64_t begin, int64_t end, dropout_function *drop);
