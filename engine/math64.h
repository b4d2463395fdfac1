/* math64.h - exp, log, pow and cos in double from fused multiply-adds, for what is worked out once
 * a step: learning rates. libm's change with the CPU; these do not. Errors against libm
 * (tests/engine/test_schedules.c): at most 1e-14, relative. */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static inline double math64_from_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static inline uint64_t math64_to_bits(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

/* 2^n for -1022 <= n <= 1023. */
static inline double math64_power_of_two(int64_t n)
{
	return math64_from_bits((uint64_t)(n + 1023) << 52);
}

/* ln(2) in two parts (Cody and Waite): the first has 21 zeros at its end, so that its product with
 * an exponent is exact. */
#define MATH64_LN2_HIGH 0x1.62e42feep-1
#define MATH64_LN2_LOW  0x1.a39ef35793c76p-33

/* e^x = 2^n e^r, |r| <= ln(2)/2, by the Taylor polynomial of degree 13 in Horner's form. */
static inline double math64_exp(double x)
{
	static const double inverse_factorials[] = { 1.0 / 6227020800.0, 1.0 / 479001600.0,
		1.0 / 39916800.0, 1.0 / 3628800.0, 1.0 / 362880.0, 1.0 / 40320.0, 1.0 / 5040.0,
		1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 0.5, 1.0, 1.0 };

	if (x != x)
		return x;
	if (x > 709.79)
		return (double)INFINITY;
	if (x < -745.2)
		return 0;
	double n = rint(x * 0x1.71547652b82fep+0);
	double r = fma(n, -MATH64_LN2_LOW, fma(n, -MATH64_LN2_HIGH, x));
	double p = inverse_factorials[0];
	for (int i = 1; i < 14; i++)
		p = fma(p, r, inverse_factorials[i]);
	/* In two factors, since n may lie beyond the exponents on either side. */
	int64_t half = (int64_t)n / 2;
	return p * math64_power_of_two(half) * math64_power_of_two((int64_t)n - half);
}

/* log(x) = n ln(2) + log(m), m in [sqrt(1/2), sqrt(2)); log(m) = 2 atanh(s), s = (m - 1) / (m + 1),
 * by its odd series; as a sum of two doubles, the second far below the first. x is above 0 and
 * finite. */
static inline double math64_log_parts(double x, double *ret_low)
{
	int64_t n = 0;

	if (x < 0x1p-1022) {
		x *= 0x1p54;
		n = -54;
	}
	uint64_t bits = math64_to_bits(x), shifted = bits - 0x3fe6a09e667f3bcdu; /* sqrt(1/2) */
	int64_t exponent = (int64_t)shifted >> 52;
	double m = math64_from_bits(bits - ((uint64_t)exponent << 52));
	double f = m - 1.0, d = 2.0 + f, d_low = f - (d - 2.0);
	double s = f / d, s_low = (fma(-s, d, f) - s * d_low) / d, z = s * s, p = 0;
	for (int k = 23; k >= 3; k -= 2)
		p = fma(p, z, 1.0 / k);
	double e = (double)(n + exponent), whole = e * MATH64_LN2_HIGH, twice = 2.0 * s;
	double high = whole + twice;
	double lost = fabs(whole) > fabs(twice) ? twice - (high - whole) : whole - (high - twice);
	double low = lost + fma(e, MATH64_LN2_LOW, fma(twice * z, p, 2.0 * s_low));
	*ret_low = low - ((high + low) - high);
	return high + low;
}

/* -infinity at 0, NaN below. */
static inline double math64_log(double x)
{
	double low;

	if (!(x > 0) || isinf(x))
		return x == 0 ? -(double)INFINITY : x > 0 ? x : (double)NAN;
	return math64_log_parts(x, &low);
}

/* x^y for x >= 0: e^(y log(x)), with the product in two parts too, so that a large one loses
 * nothing. 0^0 is 1. */
static inline double math64_pow(double x, double y)
{
	if (y == 0 || x == 1)
		return 1;
	if (x == 0 || isinf(x))
		return (x == 0) == (y > 0) ? 0 : (double)INFINITY;
	double low, high = math64_log_parts(x, &low);
	double product = y * high, rest = fma(y, high, -product) + y * low;
	double e = math64_exp(product);
	return e > 0 && !isinf(e) ? fma(e, rest, e) : e;
}

/* cos(pi t) for 0 <= t <= 1, by the Taylor polynomials of sine and cosine up to pi/4; what t is
 * taken from is exact there. */
static inline double math64_cos_pi(double t)
{
	static const double pi = 0x1.921fb54442d18p+1;
	bool outer = t < 0.25 || t > 0.75;
	double x = pi * (t < 0.25 ? t : t > 0.75 ? 1.0 - t : 0.5 - t), z = x * x, p = 1;

	/* 1 - z/(1 2) (1 - z/(3 4) (…)), and the same for the sine: / (2 3), / (4 5) … */
	for (int k = outer ? 20 : 21; k > 1; k -= 2)
		p = fma(-z / (k * (k - 1)), p, 1.0);
	return outer ? t < 0.5 ? p : -p : x * p;
}
