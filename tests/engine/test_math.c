/* test_math.c - exp, log, tanh and the logistic function against the C library's in double, over
 * the whole range. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exp),
		cmocka_unit_test(test_log),
		cmocka_unit_test(test_tanh),
		cmocka_unit_test(test_logistic),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
