/* math.h - exp, log, tanh, the logistic and the normal function from fused multiply-adds.
 *
 * libm's change with the CPU (glibc picks variants at load time); these do not. Branch-free, so
 * that compilers turn loops over them into vectors; every operation is exact by IEEE 754 or an
 * explicit fmaf. Errors (tests/engine/test_math.c, over all floats in range): exp and log at
 * most 1.5 ulp, expm1, log1p and bell 2, tanh, logistic and softplus 4, normal 4 above 0 and 7
 * below. */
#pragma once

#include <math.h>
#include <stdint.h>
#include <string.h>

static inline float math_from_bits(uint32_t bits)
{
	float x;

	memcpy(&x, &bits, sizeof x);
	return x;
}

static inline uint32_t math_to_bits(float x)
{
	uint32_t bits;

	memcpy(&bits, &x, sizeof bits);
	return bits;
}

/* e^x = 2^n e^r, |r| <= ln(2)/2, by the Taylor polynomial of degree 7 in Horner's form. ln(2) is
 * split in two (Cody and Waite) so that r is exact to more than a float. Results below 2^-126 are
 * 0, above 2^128 infinite; NaN stays. */
static inline float math_exp(float x)
{
	float clamped = x < -87.3f ? -87.3f : x > 88.7f ? 88.7f : x;
	/* Adding 1.5 * 2^23 rounds to the nearest integer, which then stands in the low bits. */
	float shifted = fmaf(clamped, 0x1.715476p+0f, 0x1.8p+23f);
	float n = shifted - 0x1.8p+23f;
	float r = fmaf(n, -0x1.62e400p-1f, clamped);
	r = fmaf(n, -0x1.7f7d1cp-20f, r);
	float p = 0x1.a01a02p-13f;       /* 1/7! */
	p = fmaf(p, r, 0x1.6c16c2p-10f); /* 1/6! */
	p = fmaf(p, r, 0x1.111112p-7f);
	p = fmaf(p, r, 0x1.555556p-5f);
	p = fmaf(p, r, 0x1.555556p-3f);
	p = fmaf(p, r, 0.5f);
	p = fmaf(p, r, 1.0f);
	p = fmaf(p, r, 1.0f);
	/* 2^n in two factors, since n may be 128. */
	uint32_t k = math_to_bits(shifted) - math_to_bits(0x1.8p+23f);
	uint32_t half = (uint32_t)((int32_t)k >> 1);
	float y = p * math_from_bits((half + 127) << 23) * math_from_bits((k - half + 127) << 23);
	y = x < -87.3f ? 0.0f : y;
	y = x > 88.7f ? INFINITY : y;
	return x != x ? x : y;
}

/* e^x - 1 = 2^n (e^r - 1) + (2^n - 1), as math_exp, so that nothing cancels near 0. Halves of both
 * terms are added, since n may be 128. Below -20 it is -1. */
static inline float math_expm1(float x)
{
	float clamped = x < -20.0f ? -20.0f : x > 88.8f ? 88.8f : x;
	float shifted = fmaf(clamped, 0x1.715476p+0f, 0x1.8p+23f);
	float n = shifted - 0x1.8p+23f;
	float r = fmaf(n, -0x1.62e400p-1f, clamped);
	r = fmaf(n, -0x1.7f7d1cp-20f, r);
	float p = 0x1.a01a02p-13f;       /* 1/7! */
	p = fmaf(p, r, 0x1.6c16c2p-10f); /* 1/6! */
	p = fmaf(p, r, 0x1.111112p-7f);
	p = fmaf(p, r, 0x1.555556p-5f);
	p = fmaf(p, r, 0x1.555556p-3f);
	p = fmaf(p, r, 0.5f);
	p = fmaf(p, r * r, r);
	uint32_t k = math_to_bits(shifted) - math_to_bits(0x1.8p+23f);
	float half = math_from_bits((k + 126) << 23);
	float y = 2.0f * fmaf(half, p, half - 0.5f);
	return n == 0.0f ? p : y;
}

/* log(2^n (1 + f)), 1 + f in [sqrt(1/2), sqrt(2)): log(1 + f) = 2 atanh(s), s = f / (2 + f), by its
 * odd series. */
static inline float math_log_near(float n, float f)
{
	float s = f / (2.0f + f);
	float z = s * s;
	float p = 0x1.c71c72p-4f;       /* 1/9 */
	p = fmaf(p, z, 0x1.24924ap-3f); /* 1/7 */
	p = fmaf(p, z, 0x1.99999ap-3f);
	p = fmaf(p, z, 0x1.555556p-2f);
	/* log(1 + f) = f - s (f - 2 z p): exact near 1, where 2 s loses digits. */
	float tail = s * fmaf(-2.0f * z, p, f);
	return fmaf(n, 0x1.62e400p-1f, f - (tail - n * 0x1.7f7d1cp-20f));
}

/* x must be a positive normal number; 0 gives -infinity, a NaN stays. */
static inline float math_log(float x)
{
	uint32_t bits = math_to_bits(x);
	uint32_t shifted = bits - 0x3f3504f3u; /* sqrt(1/2) */
	float n = (float)((int32_t)shifted >> 23);
	float m = math_from_bits(bits - (shifted & 0xff800000u));
	float y = math_log_near(n, m - 1.0f);
	y = x == 0.0f ? -INFINITY : y;
	return x != x ? x : y;
}

/* log(1 + x), x >= 0: what rounding 1 + x took away is added to f. */
static inline float math_log1p(float x)
{
	float w = 1.0f + x;
	float lost = x - (w - 1.0f);
	uint32_t bits = math_to_bits(w);
	uint32_t shifted = bits - 0x3f3504f3u; /* sqrt(1/2) */
	uint32_t k = shifted & 0xff800000u;
	float n = (float)((int32_t)shifted >> 23);
	float f = fmaf(lost, math_from_bits(0x3f800000u - k), math_from_bits(bits - k) - 1.0f);
	float y = math_log_near(n, f);
	return x == INFINITY ? x : y;
}

/* 1 / (1 + e^-x), from the exponential of -|x|, which cannot overflow. */
static inline float math_logistic(float x)
{
	float e = math_exp(x < 0.0f ? x : -x);
	float numerator = x < 0.0f ? e : 1.0f;

	return numerator / (1.0f + e);
}

/* tanh(x): an odd polynomial for |x| < 0.4 (Taylor to x^13 with the coefficients rounded), (1 - e)
 * / (1 + e) with e = exp(-2|x|) beyond. */
static inline float math_tanh(float x)
{
	float a = x < 0.0f ? -x : x;
	float z = x * x;
	float p = 0x1.d6d3d0p-9f;        /* 21844/6081075 */
	p = fmaf(p, z, -0x1.226e36p-7f); /* -1382/155925 */
	p = fmaf(p, z, 0x1.664f48p-6f);  /* 62/2835 */
	p = fmaf(p, z, -0x1.ba1ba2p-5f); /* -17/315 */
	p = fmaf(p, z, 0x1.111112p-3f);  /* 2/15 */
	p = fmaf(p, z, -0x1.555556p-2f); /* -1/3 */
	float near = fmaf(x * z, p, x);
	float e = math_exp(-2.0f * a);
	float far = (1.0f - e) / (1.0f + e);

	far = x < 0.0f ? -far : far;
	return a < 0.4f ? near : far;
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), which cannot overflow. */
static inline float math_softplus(float x)
{
	float above = x < 0.0f ? 0.0f : x;

	return above + math_log1p(math_exp(x < 0.0f ? x : -x));
}

/* e^(-x²/2); what rounding x² takes away is made up for. */
static inline float math_bell(float x)
{
	float clamped = x < -14.0f ? -14.0f : x > 14.0f ? 14.0f : x;
	float square = clamped * clamped;
	float lost = fmaf(clamped, clamped, -square);
	float e = math_exp(-0.5f * square);

	return fmaf(e, -0.5f * lost, e);
}

/* The normal distribution function: the share of it below x; bell is math_bell(x). With a = |x|, t
 * = 1 / (1 + 0.3 a): the share beyond a is bell t p(t), p being Chebyshev's interpolation of degree
 * 9 of erfc(a / sqrt(2)) e^(a²/2) / 2t over a in [0, 13.3], good to 2^-27.8. */
static inline float math_normal(float x, float bell)
{
	float t = 1.0f / fmaf(0.3f, x < 0.0f ? -x : x, 1.0f);
	float p = -0x1.554786p-6f;
	p = fmaf(p, t, 0x1.d143e2p-4f);
	p = fmaf(p, t, -0x1.d917bep-3f);
	p = fmaf(p, t, 0x1.909414p-3f);
	p = fmaf(p, t, -0x1.529280p-4f);
	p = fmaf(p, t, 0x1.9116cap-4f);
	p = fmaf(p, t, 0x1.3e8edcp-4f);
	p = fmaf(p, t, 0x1.c41146p-4f);
	p = fmaf(p, t, 0x1.e9b37ap-4f);
	p = fmaf(p, t, 0x1.ea3d70p-4f);
	float beyond = bell * (t * p);
	return x < 0.0f ? beyond : 1.0f - beyond;
}
