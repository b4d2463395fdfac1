/* regularizers.h - what a weight's size costs: Keras's L1, L2 and L1L2. An argument of a layer that
 * names one is a nullable VARIANT of regularizer_family. Any thread.
 *
 *   penalty(w) = l1 sum |w| + l2 sum w²,   gradient = l1 sign(w) + 2 l2 w,   sign(0) = 0
 */
#pragma once

#include "base/param.h"

extern const struct param_family regularizer_family;

/* Room for the largest conf of the family, in doubles: PARAM_VARIANT_OF(REGULARIZER_DOUBLES). */
enum { REGULARIZER_DOUBLES = 2 };

/* What the training step needs of one: the gradient's two factors, the same for every weight. A
 * variant that is null has two zeros. */
struct regularizer_terms {
	double l1, l2;
};
struct regularizer_terms regularizer_terms(const struct param_variant *v);

/* The penalty of n values, summed in their order; 0 for a null. */
double regularizer_penalty(const struct param_variant *v, const float *w, int64_t n);

/* g += the gradient of the penalty: value by value, so that any part of a weight may be done alone.
 * Each is one fused multiply-add of 2 l2 and w, then one addition of l1 or -l1, in float. */
void regularizer_gradient(const struct param_variant *v, const float *w, float *g, int64_t n);
