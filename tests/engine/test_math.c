/* test_math.c - the engine's own functions against the C library's in double, over the whole range.
 */
#include "engine/kernels/math.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

/* Units in the last place of the wanted value that `seen` is away. */
static double ulps(float seen, double wanted)
{
	int exponent;

	(void)frexp(wanted, &exponent);
	return fabs((double)seen - wanted) /
	       ldexp(1.0, exponent - 24 < -149 ? -149 : exponent - 24);
}

/* Every `stride`-th float from `from` to `to`, as bits. */
static double worst(
	float from, float to, uint32_t stride, float (*mine)(float), double (*theirs)(double))
{
	double most = 0;

	for (uint32_t bits = math_to_bits(from); bits <= math_to_bits(to); bits += stride) {
		float x = math_from_bits(bits);
		double error = ulps(mine(x), theirs((double)x));
		most = error > most ? error : most;
	}
	return most;
}

static float exp_minus(float x)
{
	return math_exp(-x);
}
static double exp_minus_wanted(double x)
{
	return exp(-x);
}
static double logistic_wanted(double x)
{
	return 1.0 / (1.0 + exp(-x));
}
static float logistic_minus(float x)
{
	return math_logistic(-x);
}
static double logistic_minus_wanted(double x)
{
	return 1.0 / (1.0 + exp(x));
}

static float expm1_minus(float x)
{
	return math_expm1(-x);
}
static double expm1_minus_wanted(double x)
{
	return expm1(-x);
}
static double softplus_wanted(double x)
{
	return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x));
}
static float softplus_minus(float x)
{
	return math_softplus(-x);
}
static double softplus_minus_wanted(double x)
{
	return softplus_wanted(-x);
}
static double bell_wanted(double x)
{
	return exp(-x * x / 2);
}
static float normal(float x)
{
	return math_normal(x, math_bell(x));
}
static double normal_wanted(double x)
{
	return erfc(-x / sqrt(2.0)) / 2;
}
static float normal_minus(float x)
{
	return normal(-x);
}
static double normal_minus_wanted(double x)
{
	return normal_wanted(-x);
}

#define ASSERT_BELOW(seen, limit)                                                                  \
	do {                                                                                       \
		double seen_ = (seen);                                                             \
		if (!(seen_ <= (limit)))                                                           \
			fail_msg("%s: %.3f ulp; allowed: %g", #seen, seen_, (double)(limit));      \
	} while (0)

static void test_exp(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-30f, 88.7f, 997, math_exp, exp), 1.5);
	ASSERT_BELOW(worst(1e-30f, 87.3f, 997, exp_minus, exp_minus_wanted), 1.5);
	assert_true(math_exp(0.0f) == 1.0f);
	assert_true(math_exp(-100.0f) == 0.0f && math_exp(-INFINITY) == 0.0f);
	assert_true(isinf(math_exp(89.0f)) && isinf(math_exp(INFINITY)));
	assert_true(isnan(math_exp(NAN)));
}

static void test_log(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1.2e-38f, 3e38f, 1009, math_log, log), 1.5);
	ASSERT_BELOW(worst(0.99f, 1.01f, 1, math_log, log), 1.5);
	assert_true(math_log(1.0f) == 0.0f);
	assert_true(isinf(math_log(0.0f)) && math_log(0.0f) < 0);
	assert_true(isnan(math_log(NAN)));
}

static void test_tanh(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-30f, 30.0f, 997, math_tanh, tanh), 4);
	assert_true(
		math_tanh(0.0f) == 0.0f && math_tanh(50.0f) == 1.0f && math_tanh(-50.0f) == -1.0f);
	for (float x = 0.0625f; x < 12; x *= 1.01f)
		assert_true(math_tanh(-x) == -math_tanh(x));
	assert_true(isnan(math_tanh(NAN)));
}

static void test_logistic(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-30f, 80.0f, 997, math_logistic, logistic_wanted), 4);
	ASSERT_BELOW(worst(1e-30f, 80.0f, 997, logistic_minus, logistic_minus_wanted), 4);
	assert_true(math_logistic(0.0f) == 0.5f && math_logistic(200.0f) == 1.0f &&
		    math_logistic(-200.0f) == 0.0f);
	assert_true(isnan(math_logistic(NAN)));
}

static void test_expm1(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-45f, 88.7f, 997, math_expm1, expm1), 2);
	ASSERT_BELOW(worst(1e-45f, 3e38f, 997, expm1_minus, expm1_minus_wanted), 2);
	ASSERT_BELOW(worst(0.3f, 2.0f, 7, math_expm1, expm1), 2);
	ASSERT_BELOW(worst(0.3f, 2.0f, 7, expm1_minus, expm1_minus_wanted), 2);
	assert_true(math_expm1(0.0f) == 0.0f);
	assert_true(math_expm1(-50.0f) == -1.0f && math_expm1(-INFINITY) == -1.0f);
	assert_true(isinf(math_expm1(89.0f)) && isinf(math_expm1(INFINITY)));
	assert_true(isnan(math_expm1(NAN)));
}

static void test_log1p(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-45f, 3e38f, 997, math_log1p, log1p), 2);
	ASSERT_BELOW(worst(0.3f, 0.5f, 1, math_log1p, log1p), 2);
	assert_true(math_log1p(0.0f) == 0.0f && isinf(math_log1p(INFINITY)));
	assert_true(isnan(math_log1p(NAN)));
}

static void test_softplus(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-45f, 3e38f, 997, math_softplus, softplus_wanted), 4);
	ASSERT_BELOW(worst(1e-45f, 87.3f, 997, softplus_minus, softplus_minus_wanted), 4);
	assert_true(math_softplus(-INFINITY) == 0.0f && isinf(math_softplus(INFINITY)));
	assert_true(isnan(math_softplus(NAN)));
}

static void test_normal(void **state)
{
	(void)state;
	ASSERT_BELOW(worst(1e-45f, 13.2f, 997, math_bell, bell_wanted), 2);
	ASSERT_BELOW(worst(1e-45f, 3e38f, 997, normal, normal_wanted), 4);
	/* Beyond 12.9 it is below 2^-126. */
	ASSERT_BELOW(worst(1e-45f, 12.9f, 997, normal_minus, normal_minus_wanted), 7);
	assert_true(normal(14.5f) == 1.0f && normal(INFINITY) == 1.0f);
	assert_true(normal(-14.5f) == 0.0f && normal(-INFINITY) == 0.0f);
	assert_true(isnan(normal(NAN)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exp),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_tanh),
		cmocka_unit_test(test_logistic),
		cmocka_unit_test(test_expm1),
		cmocka_unit_test(test_log1p),
		cmocka_unit_test(test_softplus),
		cmocka_unit_test(test_normal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
