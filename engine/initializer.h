/* initializer.h - the first values of weights, by Keras's names; names in registry.c in this order.
 */
#pragma once

#include <stdint.h>

enum initializer {
	INITIALIZER_GLOROT_UNIFORM,   /* Glorot and Bengio 2010: U(-l, l), l = sqrt(6 / (fan_in +
					 fan_out)) */
	INITIALIZER_GLOROT_NORMAL,    /* truncated normal, variance 2 / (fan_in + fan_out) */
	INITIALIZER_HE_UNIFORM,       /* He et al. 2015: l = sqrt(6 / fan_in) */
	INITIALIZER_HE_NORMAL,        /* variance 2 / fan_in */
	INITIALIZER_LECUN_UNIFORM,    /* LeCun et al. 1998: l = sqrt(3 / fan_in) */
	INITIALIZER_LECUN_NORMAL,     /* variance 1 / fan_in */
	INITIALIZER_RANDOM_UNIFORM,   /* U(-0.05, 0.05) */
	INITIALIZER_RANDOM_NORMAL,    /* N(0, 0.05²) */
	INITIALIZER_TRUNCATED_NORMAL, /* the same, redrawn beyond two standard deviations */
	INITIALIZER_ZEROS,
	INITIALIZER_ONES,
	INITIALIZER_COUNT,
};

/* Fills n values. Value i depends on (seed, weight, i) alone. Any thread. */
void initializer_fill(enum initializer init, uint64_t seed, uint32_t weight, int64_t fan_in,
	int64_t fan_out, float *values, int64_t n);
