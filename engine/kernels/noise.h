/* noise.h - the kernels that draw random numbers by counter; included once in each table's file,
 * as elementwise.h is. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/math.h"
#include "engine/philox.h"

/* The bits of block `block` of a sample: philox() of each counter, lane by lane. */
static inline void noise_bits(
	const struct noise *z, int64_t block, uint32_t c[restrict NOISE_WORDS][NOISE_LANES])
{
	uint64_t first = (uint64_t)(z->first + block * NOISE_LANES);
	uint32_t k0 = (uint32_t)z->key, k1 = (uint32_t)(z->key >> 32);

	for (int l = 0; l < NOISE_LANES; l++) {
		c[0][l] = (uint32_t)(first + (uint64_t)l);
		c[1][l] = (uint32_t)((first + (uint64_t)l) >> 32);
		c[2][l] = 0;
		c[3][l] = PHILOX_LAYER;
	}
	for (int round = 0; round < PHILOX_ROUNDS; round++) {
		for (int l = 0; l < NOISE_LANES; l++) {
			uint64_t a = (uint64_t)PHILOX_FACTOR_0 * c[0][l];
			uint64_t b = (uint64_t)PHILOX_FACTOR_1 * c[2][l];
			c[0][l] = (uint32_t)(b >> 32) ^ c[1][l] ^ k0;
			c[1][l] = (uint32_t)b;
			c[2][l] = (uint32_t)(a >> 32) ^ c[3][l] ^ k1;
			c[3][l] = (uint32_t)a;
		}
		k0 += PHILOX_KEY_0;
		k1 += PHILOX_KEY_1;
	}
}

static inline float dropped(float x, uint32_t bits, uint32_t threshold, float scale)
{
	float scaled = x * scale;

	return bits >= threshold ? scaled : 0.0f;
}

static void k_dropout(const struct noise *z, const float *restrict x, int64_t n, float *restrict y)
{
	const uint32_t threshold = z->threshold;
	const float scale = z->scale;
	uint32_t lanes[NOISE_WORDS][NOISE_LANES];
	const uint32_t *bits = lanes[0];
	int64_t i = 0;

	for (; i + NOISE_BLOCK <= n; i += NOISE_BLOCK) {
		noise_bits(z, i / NOISE_BLOCK, lanes);
		for (int j = 0; j < NOISE_BLOCK; j++)
			y[i + j] = dropped(x[i + j], bits[j], threshold, scale);
	}
	if (i == n)
		return;
	noise_bits(z, i / NOISE_BLOCK, lanes);
	for (int j = 0; j < n - i; j++)
		y[i + j] = dropped(x[i + j], bits[j], threshold, scale);
}

/* A normally distributed number from 32 bits: the inverse of the normal distribution's cumulative
 * function at p = (the upper 24 bits + 1/2) / 2^24, by Wichura, Algorithm AS 241 (PPND7), Applied
 * Statistics 37 (1988). |z| is at most 5.4, where its second formula still holds. */
static inline float normal_of(uint32_t bits)
{
	float q = ((float)(int32_t)(bits >> 8) - 8388607.5f) * 0x1p-24f; /* p - 1/2, exact */
	float a = q < 0.0f ? -q : q;
	float r = fmaf(-q, q, 0.180625f);
	float top = fmaf(
		fmaf(fmaf(59.109374720f, r, 159.29113202f), r, 50.434271938f), r, 3.3871327179f);
	float bottom = fmaf(fmaf(fmaf(67.187563600f, r, 78.757757664f), r, 17.895169469f), r, 1.0f);
	float near = q * (top / bottom);
	float t = sqrtf(-math_log(0.5f - a)) - 1.6f;
	top = fmaf(
		fmaf(fmaf(0.17023821103f, t, 1.3067284816f), t, 2.7568153900f), t, 1.4234372777f);
	bottom = fmaf(fmaf(0.12021132975f, t, 0.73700164250f), t, 1.0f);
	float far = top / bottom;

	far = q < 0.0f ? -far : far;
	return a <= 0.425f ? near : far;
}

static void k_gaussian_noise(
	const struct noise *z, const float *restrict x, int64_t n, float *restrict y)
{
	uint32_t lanes[NOISE_WORDS][NOISE_LANES];
	const uint32_t *bits = lanes[0];
	int64_t i = 0;

	for (; i + NOISE_BLOCK <= n; i += NOISE_BLOCK) {
		noise_bits(z, i / NOISE_BLOCK, lanes);
		for (int j = 0; j < NOISE_BLOCK; j++)
			y[i + j] = fmaf(normal_of(bits[j]), z->scale, x[i + j]);
	}
	if (i == n)
		return;
	noise_bits(z, i / NOISE_BLOCK, lanes);
	for (int j = 0; j < n - i; j++)
		y[i + j] = fmaf(normal_of(bits[j]), z->scale, x[i + j]);
}

#define NOISE_KERNELS .dropout = k_dropout, .gaussian_noise = k_gaussian_noise
