/* losses.h - losses of single values and of rows of logits, with their derivatives.
 *
 * Included once in each table's file by elementwise.h, whose rules hold. Each function of a value
 * returns the loss of y at target t and sets its derivative by y; a NaN in y comes out in the loss.
 * The formulas are Keras's, and so is EPSILON. */
#pragma once

#include "engine/kernels/activate.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/math.h"

#include <stdint.h>

#define LOSS_EPSILON 1e-7f

typedef float loss_of_value(float y, float t, const float *p, float *ret_slope);

ACTIVATE_INLINE float sign_of(float x)
{
	return x > 0.0f ? 1.0f : x < 0.0f ? -1.0f : 0.0f;
}

ACTIVATE_INLINE float squared(float y, float t, const float *p, float *ret_slope)
{
	float d = y - t;

	(void)p;
	*ret_slope = 2.0f * d;
	return d * d;
}

ACTIVATE_INLINE float absolute(float y, float t, const float *p, float *ret_slope)
{
	(void)p;
	*ret_slope = sign_of(y - t);
	return fabsf(y - t);
}

/* 100 |y - t| / max(|t|, epsilon) */
ACTIVATE_INLINE float percentage(float y, float t, const float *p, float *ret_slope)
{
	float size = fabsf(t) < LOSS_EPSILON ? LOSS_EPSILON : fabsf(t);

	(void)p;
	*ret_slope = 100.0f * sign_of(y - t) / size;
	return 100.0f * (fabsf(y - t) / size);
}

/* (log(1 + y) - log(1 + t))², both at least epsilon */
ACTIVATE_INLINE float squared_logarithmic(float y, float t, const float *p, float *ret_slope)
{
	float above = y < LOSS_EPSILON ? LOSS_EPSILON : y;
	float d = math_log1p(above) - math_log1p(t < LOSS_EPSILON ? LOSS_EPSILON : t);

	(void)p;
	*ret_slope = y < LOSS_EPSILON ? 0.0f : 2.0f * d / (1.0f + y);
	return d * d;
}

/* d²/2 up to p[0], p[0] (|d| - p[0]/2) beyond: Huber, 1964. */
ACTIVATE_INLINE float huber(float y, float t, const float *p, float *ret_slope)
{
	float d = y - t, a = fabsf(d), most = p[0];

	*ret_slope = a <= most ? d : most * sign_of(d);
	return a <= most ? 0.5f * d * d : most * (a - 0.5f * most);
}

/* log(cosh(d)) = |d| + log(1 + e^(-2 |d|)) - log(2) */
ACTIVATE_INLINE float log_cosh(float y, float t, const float *p, float *ret_slope)
{
	float d = y - t, a = fabsf(d);

	(void)p;
	*ret_slope = math_tanh(d);
	return a + (math_log1p(math_exp(-2.0f * a)) - 0.693147180559945309417f);
}

/* y - t log(y + epsilon); not a number where y is negative */
ACTIVATE_INLINE float poisson(float y, float t, const float *p, float *ret_slope)
{
	float q = y + LOSS_EPSILON;
	float l = math_log(q);

	(void)p;
	*ret_slope = 1.0f - t / q;
	return q < 0.0f ? NAN : fmaf(-t, l, y);
}

ACTIVATE_INLINE float to_probability(float x)
{
	return x < LOSS_EPSILON ? LOSS_EPSILON : x > 1.0f ? 1.0f : x;
}

/* t log(t / y), both between epsilon and 1 */
ACTIVATE_INLINE float divergence(float y, float t, const float *p, float *ret_slope)
{
	float q = to_probability(y), share = to_probability(t);

	(void)p;
	*ret_slope = q == y ? -share / q : 0.0f;
	return share * math_log(share / q);
}

/* Hinge losses have targets of -1 and 1; 0 stands for -1. */
ACTIVATE_INLINE float hinge(float y, float t, const float *p, float *ret_slope)
{
	float side = t == 0.0f ? -1.0f : t, left = fmaf(-side, y, 1.0f);

	(void)p;
	*ret_slope = left > 0.0f ? -side : 0.0f;
	return left < 0.0f ? 0.0f : left;
}

ACTIVATE_INLINE float squared_hinge(float y, float t, const float *p, float *ret_slope)
{
	float side = t == 0.0f ? -1.0f : t, left = relu(fmaf(-side, y, 1.0f), /* alpha= */ 0.0f);

	(void)p;
	*ret_slope = -2.0f * side * left;
	return left * left;
}

/* -t log(s) - (1 - t) log(1 - s), s the logistic function of the logit y: max(y, 0) - t y + log(1 +
 * e^-|y|), whose derivative is s - t = (1 - t) s - t (1 - s). */
ACTIVATE_INLINE float binary_entropy(float y, float t, const float *p, float *ret_slope)
{
	float e = math_exp(y < 0.0f ? y : -y), large = 1.0f / (1.0f + e), small = e * large;
	float s = y < 0.0f ? small : large, rest = y < 0.0f ? large : small;

	(void)p;
	*ret_slope = (1.0f - t) * s - t * rest;
	return fmaf(-t, y, y < 0.0f ? 0.0f : y) + math_log1p(e);
}

/* The same times w u^gamma, u = t (1 - s) + (1 - t) s: Lin and others, arXiv:1708.02002. gamma is
 * p[0]; w is p[1] where t is 1 and p[2] where it is 0. */
ACTIVATE_INLINE float binary_focal(float y, float t, const float *p, float *ret_slope)
{
	float e = math_exp(y < 0.0f ? y : -y), large = 1.0f / (1.0f + e), small = e * large;
	float s = y < 0.0f ? small : large, rest = y < 0.0f ? large : small;
	float entropy_slope, entropy = binary_entropy(y, t, p, &entropy_slope);
	float away = t * rest + (1.0f - t) * s, u = away < 1e-37f ? 1e-37f : away;
	float factor = (t * p[1] + (1.0f - t) * p[2]) * math_exp(p[0] * math_log(u));
	float factor_slope = p[0] * (s * rest * (1.0f - 2.0f * t) / u);

	*ret_slope = factor * fmaf(entropy, factor_slope, entropy_slope);
	return factor * entropy;
}

/* Every loss of single values, by its name in enum loss_function. */
#define LOSSES(ROW)                                                                                \
	ROW(SQUARED, squared)                                                                      \
	ROW(ABSOLUTE, absolute)                                                                    \
	ROW(PERCENTAGE, percentage)                                                                \
	ROW(SQUARED_LOGARITHMIC, squared_logarithmic)                                              \
	ROW(HUBER, huber)                                                                          \
	ROW(LOG_COSH, log_cosh)                                                                    \
	ROW(POISSON, poisson)                                                                      \
	ROW(DIVERGENCE, divergence)                                                                \
	ROW(HINGE, hinge)                                                                          \
	ROW(SQUARED_HINGE, squared_hinge)                                                          \
	ROW(BINARY_ENTROPY, binary_entropy)                                                        \
	ROW(BINARY_FOCAL, binary_focal)

ACTIVATE_INLINE void loss_each(loss_of_value *f, const float *restrict p, const float *restrict y,
	const float *restrict t, int64_t n, float *restrict value, float *restrict slope)
{
	const float copy[3] = { p[0], p[1], p[2] };

	for (int64_t i = 0; i < n; i++)
		value[i] = f(y[i], t[i], copy, &slope[i]);
}

static void k_loss(enum loss_function function, const float *p, const float *y, const float *t,
	int64_t n, float *value, float *slope)
{
	switch (function) {
#define ROW(NAME, f)                                                                               \
	case LOSS_##NAME:                                                                          \
		loss_each(f, p, y, t, n, value, slope);                                            \
		break;
		LOSSES(ROW)
#undef ROW
	case LOSS_FUNCTION_COUNT:
		break;
	}
}

/* Target j of a row: smoothed. */
static inline float row_target(const struct entropy_row *r, int64_t j)
{
	float t = r->targets ? r->targets[j] : j == r->label ? 1.0f : 0.0f;

	return fmaf(t, r->keep, r->share);
}

/* With l = log softmax(x): the loss is -sum t l, its derivative softmax(x) sum(t) - t. */
static float k_entropy(const struct entropy_row *r)
{
	float max, log_sum = row_log_sum(r->x, r->n, &max), loss = 0.0f, sum = 0.0f;

	for (int64_t j = 0; j < r->n; j++) {
		float t = row_target(r, j);
		loss = fmaf(t, log_sum - (r->x[j] - max), loss);
		sum += t;
	}
	for (int64_t j = 0; r->dx && j < r->n; j++)
		r->dx[j] = r->scale *
			   fmaf(math_exp((r->x[j] - max) - log_sum), sum, -row_target(r, j));
	return loss;
}

/* With l = log softmax(x), s = e^l, u = 1 - s (at least epsilon): the loss is -sum w u^gamma t l, w
 * r->weight. g = s d loss / ds = w u^gamma t (gamma s l / u - 1); dx = g - s sum(g). */
static float k_focal(const struct entropy_row *r)
{
	float max, log_sum = row_log_sum(r->x, r->n, &max), loss = 0.0f, sum = 0.0f;

	for (int64_t j = 0; j < r->n; j++) {
		float l = (r->x[j] - max) - log_sum, s = math_exp(l), left = 1.0f - s;
		float u = left < LOSS_EPSILON ? LOSS_EPSILON : left;
		float factor = r->weight * math_exp(r->gamma * math_log(u)) * row_target(r, j);
		float g = factor * fmaf(r->gamma * s, l / u, -1.0f);
		loss = fmaf(-factor, l, loss);
		sum += g;
		if (r->dx)
			r->dx[j] = g;
	}
	for (int64_t j = 0; r->dx && j < r->n; j++) {
		float s = math_exp((r->x[j] - max) - log_sum);
		r->dx[j] = r->scale * fmaf(-s, sum, r->dx[j]);
	}
	return loss;
}
