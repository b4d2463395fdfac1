/* activate.h - activation functions and their derivatives, value by value and along a row.
 *
 * Included once in each table's file by elementwise.h, whose rules hold. f(x, alpha) is a function,
 * f_back(dy, x, y, alpha) the gradient of its x, given that of y = f(x). They are Keras's; each
 * lets a NaN through, so that a diverged network cannot hide. */
#pragma once

#include "engine/activation.h"
#include "engine/kernels/math.h"

#include <stdint.h>
#include <string.h>

/* Inlined with its function, so that each becomes a loop of its own. */
#define ACTIVATE_INLINE static inline __attribute__((always_inline))

typedef float activation_function(float x, float alpha);
typedef float activation_gradient(float dy, float x, float y, float alpha);

ACTIVATE_INLINE float relu(float x, float alpha)
{
	(void)alpha;
	return x < 0.0f ? 0.0f : x;
}

ACTIVATE_INLINE float relu_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return y > 0.0f ? dy : 0.0f;
}

ACTIVATE_INLINE float relu6(float x, float alpha)
{
	(void)alpha;
	return x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
}

ACTIVATE_INLINE float relu6_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return y > 0.0f && y < 6.0f ? dy : 0.0f;
}

ACTIVATE_INLINE float leaky_relu(float x, float alpha)
{
	return x < 0.0f ? alpha * x : x;
}

ACTIVATE_INLINE float leaky_relu_back(float dy, float x, float y, float alpha)
{
	(void)x;
	return y > 0.0f ? dy : alpha * dy;
}

/* x above 0, alpha (e^x - 1) below: Clevert and others, arXiv:1511.07289. */
ACTIVATE_INLINE float elu(float x, float alpha)
{
	return x > 0.0f ? x : alpha * math_expm1(x);
}

ACTIVATE_INLINE float elu_back(float dy, float x, float y, float alpha)
{
	(void)x;
	return y > 0.0f ? dy : dy * (y + alpha);
}

/* The two constants of Klambauer and others, arXiv:1706.02515; 1.758… is their product. */
ACTIVATE_INLINE float selu(float x, float alpha)
{
	(void)alpha;
	return x > 0.0f ? 1.05070098735548049342f * x : 1.75809934084737685994f * math_expm1(x);
}

ACTIVATE_INLINE float selu_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return dy * (y > 0.0f ? 1.05070098735548049342f : y + 1.75809934084737685994f);
}

/* x times the normal distribution function: Hendrycks and Gimpel, arXiv:1606.08415. */
ACTIVATE_INLINE float gelu(float x, float alpha)
{
	(void)alpha;
	return x * math_normal(x, math_bell(x));
}

ACTIVATE_INLINE float gelu_back(float dy, float x, float y, float alpha)
{
	float bell = math_bell(x);

	(void)y, (void)alpha;
	/* The density is bell / sqrt(2 pi). */
	return dy * fmaf(x, 0.398942280401432677940f * bell, math_normal(x, bell));
}

ACTIVATE_INLINE float sigmoid(float x, float alpha)
{
	(void)alpha;
	return math_logistic(x);
}

ACTIVATE_INLINE float sigmoid_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return dy * (y * (1.0f - y));
}

ACTIVATE_INLINE float hard_sigmoid(float x, float alpha)
{
	return relu6(x + 3.0f, alpha) / 6.0f;
}

ACTIVATE_INLINE float hard_sigmoid_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return y > 0.0f && y < 1.0f ? dy / 6.0f : 0.0f;
}

ACTIVATE_INLINE float silu(float x, float alpha)
{
	(void)alpha;
	return x * math_logistic(x);
}

/* s (1 + x (1 - s)), s the logistic function; neither s nor 1 - s by a subtraction. */
ACTIVATE_INLINE float silu_back(float dy, float x, float y, float alpha)
{
	float e = math_exp(x < 0.0f ? x : -x), large = 1.0f / (1.0f + e), small = e * large;
	float s = x < 0.0f ? small : large, rest = x < 0.0f ? large : small;

	(void)y, (void)alpha;
	return dy * (s * fmaf(x, rest, 1.0f));
}

ACTIVATE_INLINE float softplus(float x, float alpha)
{
	(void)alpha;
	return math_softplus(x);
}

/* The logistic function of x is 1 - e^-y. */
ACTIVATE_INLINE float softplus_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return dy * -math_expm1(-y);
}

ACTIVATE_INLINE float softsign(float x, float alpha)
{
	(void)alpha;
	return x / (1.0f + fabsf(x));
}

ACTIVATE_INLINE float softsign_back(float dy, float x, float y, float alpha)
{
	float d = 1.0f + fabsf(x);

	(void)y, (void)alpha;
	return dy / (d * d);
}

ACTIVATE_INLINE float hyperbolic_tangent(float x, float alpha)
{
	(void)alpha;
	return math_tanh(x);
}

ACTIVATE_INLINE float hyperbolic_tangent_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return dy * fmaf(-y, y, 1.0f);
}

ACTIVATE_INLINE float exponential(float x, float alpha)
{
	(void)alpha;
	return math_exp(x);
}

ACTIVATE_INLINE float exponential_back(float dy, float x, float y, float alpha)
{
	(void)x, (void)alpha;
	return dy * y;
}

/* x tanh(softplus(x)): Misra, arXiv:1908.08681. With e = e^x, w = e (e + 2): the tangent is w / (w
 * + 2), its derivative 4 e (e + 1) / (w + 2)². Above 20 the tangent is 1. */
ACTIVATE_INLINE float mish(float x, float alpha)
{
	float e = math_exp(x > 20.0f ? 20.0f : x), w = e * (e + 2.0f);

	(void)alpha;
	return x * (w / (w + 2.0f));
}

ACTIVATE_INLINE float mish_back(float dy, float x, float y, float alpha)
{
	float e = math_exp(x > 20.0f ? 20.0f : x), w = e * (e + 2.0f), d = w + 2.0f;

	(void)y, (void)alpha;
	return dy * (w / d + x * (4.0f * e * (e + 1.0f) / (d * d)));
}

/* e^(x - alpha). */
ACTIVATE_INLINE float exponential_less(float x, float alpha)
{
	return math_exp(x - alpha);
}

/* Every function that works on each value alone, by its name in enum activation. */
#define ACTIVATIONS(ROW)                                                                           \
	ROW(RELU, relu)                                                                            \
	ROW(RELU6, relu6)                                                                          \
	ROW(LEAKY_RELU, leaky_relu)                                                                \
	ROW(ELU, elu)                                                                              \
	ROW(SELU, selu)                                                                            \
	ROW(GELU, gelu)                                                                            \
	ROW(SIGMOID, sigmoid)                                                                      \
	ROW(HARD_SIGMOID, hard_sigmoid)                                                            \
	ROW(SILU, silu)                                                                            \
	ROW(SOFTPLUS, softplus)                                                                    \
	ROW(SOFTSIGN, softsign)                                                                    \
	ROW(TANH, hyperbolic_tangent)                                                              \
	ROW(EXPONENTIAL, exponential)                                                              \
	ROW(MISH, mish)

ACTIVATE_INLINE void activate_apart(
	activation_function *f, float alpha, const float *restrict x, float *restrict y, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = f(x[i], alpha);
}

/* y may be x: the compiler makes vectors where it sees that they are the same, or apart. */
ACTIVATE_INLINE void activate_each(
	activation_function *f, float alpha, const float *x, float *y, int64_t n)
{
	if (x != y) {
		activate_apart(f, alpha, x, y, n);
		return;
	}
	for (int64_t i = 0; i < n; i++)
		y[i] = f(y[i], alpha);
}

ACTIVATE_INLINE void activate_back_each(activation_gradient *f, float alpha,
	const float *restrict x, const float *restrict y, float *restrict dy, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		dy[i] = f(dy[i], x[i], y[i], alpha);
}

static float row_max(const float *x, int64_t n)
{
	float max = x[0];

	for (int64_t i = 1; i < n; i++)
		max = x[i] > max ? x[i] : max;
	return max;
}

/* Sets the row's maximum and returns the logarithm of the sum of e^(x - max). */
static float row_log_sum(const float *x, int64_t n, float *ret_max)
{
	float max = row_max(x, n), sum = 0.0f;

	for (int64_t i = 0; i < n; i++)
		sum += math_exp(x[i] - max);
	*ret_max = max;
	return math_log(sum);
}

/* y = softmax(x) along a row; y may be x. Returns the logarithm of the sum of e^(x - max), and max.
 */
static float softmax_row(const float *x, int64_t n, float *y, float *ret_max)
{
	float max = row_max(x, n), sum = 0.0f;

	activate_each(exponential_less, max, x, y, n);
	for (int64_t i = 0; i < n; i++)
		sum += y[i];
	for (int64_t i = 0; i < n; i++)
		y[i] = y[i] / sum;
	*ret_max = max;
	return math_log(sum);
}

/* dx_i = y_i (dy_i - sum_j dy_j y_j): the Jacobian of softmax is diag(y) - y yᵀ. */
static void softmax_backward_row(const float *y, float *dy, int64_t n)
{
	float dot = 0.0f;

	for (int64_t i = 0; i < n; i++)
		dot = fmaf(dy[i], y[i], dot);
	for (int64_t i = 0; i < n; i++)
		dy[i] = y[i] * (dy[i] - dot);
}

/* y = x - log(sum of e^x) along a row; y may be x. */
static void log_softmax_row(const float *x, int64_t n, float *y)
{
	float max, log_sum = row_log_sum(x, n, &max);

	for (int64_t i = 0; i < n; i++)
		y[i] = (x[i] - max) - log_sum;
}

/* dx_i = dy_i - e^y_i sum_j dy_j. */
static void log_softmax_backward_row(const float *restrict y, float *restrict dy, int64_t n)
{
	float sum = 0.0f;

	for (int64_t i = 0; i < n; i++)
		sum += dy[i];
	for (int64_t i = 0; i < n; i++)
		dy[i] = fmaf(-math_exp(y[i]), sum, dy[i]);
}

static void k_activate(
	enum activation a, float alpha, const float *x, float *y, int64_t rows, int64_t n)
{
	float max;

	switch (a) {
#define ROW(NAME, f)                                                                               \
	case ACTIVATION_##NAME:                                                                    \
		activate_each(f, alpha, x, y, rows *n);                                            \
		break;
		ACTIVATIONS(ROW)
#undef ROW
	case ACTIVATION_SOFTMAX:
		for (int64_t r = 0; r < rows; r++)
			(void)softmax_row(x + r * n, n, y + r * n, &max);
		break;
	case ACTIVATION_LOG_SOFTMAX:
		for (int64_t r = 0; r < rows; r++)
			log_softmax_row(x + r * n, n, y + r * n);
		break;
	case ACTIVATION_LINEAR:
		if (x != y)
			memcpy(y, x, (size_t)(rows * n) * sizeof *y);
		break;
	case ACTIVATION_COUNT:
		break;
	}
}

static void k_activate_backward(enum activation a, float alpha, const float *x, const float *y,
	float *dy, int64_t rows, int64_t n)
{
	switch (a) {
#define ROW(NAME, f)                                                                               \
	case ACTIVATION_##NAME:                                                                    \
		activate_back_each(f##_back, alpha, x, y, dy, rows *n);                            \
		break;
		ACTIVATIONS(ROW)
#undef ROW
	case ACTIVATION_SOFTMAX:
		for (int64_t r = 0; r < rows; r++)
			softmax_backward_row(y + r * n, dy + r * n, n);
		break;
	case ACTIVATION_LOG_SOFTMAX:
		for (int64_t r = 0; r < rows; r++)
			log_softmax_backward_row(y + r * n, dy + r * n, n);
		break;
	case ACTIVATION_LINEAR:
	case ACTIVATION_COUNT:
		break;
	}
}
