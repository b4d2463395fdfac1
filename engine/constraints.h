/* constraints.h - what a weight may be: Keras's MaxNorm, NonNeg and UnitNorm. An argument of a
 * layer that names one is a nullable VARIANT of constraint_family. Any thread.
 *
 * Applied after each step of the optimizer. Norms are those of vectors: the sums run over the axes
 * that `axis` names, one sum for each place on the others. Keras's default, axis 0, makes a vector
 * of the values that lead to one unit of a Dense kernel (I, O); for a convolution's kernel
 * (R, S, C, K) that is axis [0, 1, 2]. */
#pragma once

#include "base/param.h"
#include "engine/shape.h"

extern const struct param_family constraint_family;

/* Room for the largest conf of the family, in doubles: PARAM_VARIANT_OF(CONSTRAINT_DOUBLES). */
enum { CONSTRAINT_DOUBLES = 2 + SHAPE_RANK_MAX };

/* Does the weight have the axes that are named, each once? err->pointer is "<pointer>/axis". */
bool constraint_check(const struct param_variant *v, const struct shape *shape, const char *pointer,
	struct error *err) MUST_CHECK;

/* Makes a whole weight, whose shape was checked, what it may be, in place; a null does nothing. The
 * sums of squares are doubles and run in the order of the values, so the result is one and the same
 * on every CPU:
 *   MaxNorm   w *= min(n, max_value) / (epsilon + n),   n = sqrt(sum w²), epsilon = 1e-7 (Keras's)
 *   UnitNorm  w /= epsilon + n
 *   NonNeg    w = w < 0 ? 0 : w */
void constraint_apply(const struct param_variant *v, const struct shape *shape, float *w);
