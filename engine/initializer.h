/* initializer.h - the first values of weights: Keras's initializers, each with its arguments. An
 * argument of a layer that names one is a VARIANT of initializer_family. Any thread. */
#pragma once

#include "base/param.h"
#include "engine/shape.h"

/* The places of the classes in the family: what a row's default names. */
enum initializer {
	INITIALIZER_GLOROT_UNIFORM,   /* Glorot and Bengio 2010: U(-l, l), l = sqrt(6 / (fan_in +
					 fan_out)) */
	INITIALIZER_GLOROT_NORMAL,    /* truncated normal, variance 2 / (fan_in + fan_out) */
	INITIALIZER_HE_UNIFORM,       /* He et al. 2015: l = sqrt(6 / fan_in) */
	INITIALIZER_HE_NORMAL,        /* variance 2 / fan_in */
	INITIALIZER_LECUN_UNIFORM,    /* LeCun et al. 1998: l = sqrt(3 / fan_in) */
	INITIALIZER_LECUN_NORMAL,     /* variance 1 / fan_in */
	INITIALIZER_VARIANCE_SCALING, /* all of the above: variance scale / fan */
	INITIALIZER_RANDOM_UNIFORM,   /* U(minval, maxval) */
	INITIALIZER_RANDOM_NORMAL,    /* N(mean, stddev²) */
	INITIALIZER_TRUNCATED_NORMAL, /* the same, redrawn beyond two standard deviations */
	INITIALIZER_ORTHOGONAL,       /* Saxe et al. 2014: orthonormal rows or columns */
	INITIALIZER_IDENTITY,
	INITIALIZER_CONSTANT,
	INITIALIZER_ZEROS,
	INITIALIZER_ONES,
	INITIALIZER_COUNT,
};

extern const struct param_family initializer_family;

/* Room for the largest conf of the family, in doubles: PARAM_VARIANT_OF(INITIALIZER_DOUBLES). */
enum { INITIALIZER_DOUBLES = 3 };

struct initializer_request {
	uint64_t seed;   /* the job's: an initializer may have one of its own */
	uint32_t weight; /* which of the model's */
	struct shape shape;
	int64_t fan_in, fan_out; /* at least 1 */
};

/* Can it fill a weight of that shape? Identity takes matrices only; Orthogonal takes rank 2 or
 * more, and no more work than some seconds allow. err->pointer is `pointer`. */
bool initializer_check(const struct param_variant *v, const struct shape *shape,
	const char *pointer, struct error *err) MUST_CHECK;

/* Fills all values of a weight that was checked. They depend on the request and the arguments
 * alone; with a seed of its own, an initializer gives every weight of one shape the same values, as
 * Keras's do. */
void initializer_fill(
	const struct param_variant *v, const struct initializer_request *request, float *values);
