/* gemm_bf16_scalar.h - gemm of operands in bfloat16, value by value: the reference; included once
 * by scalar.c.
 *
 * The order is that of the VDPBF16PS of AVX512-BF16, which reads and writes subnormal numbers as 0
 * whatever the processor is set to. There are none here: operands below 2^-56 are taken as 0, so
 * that every product is a multiple of 2^-126, and so every sum that begins with one. A bias below
 * 2^-80 is taken as 0, too: above, it is such a multiple. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/math.h"

/* To the nearest of 8 binary digits, halfway to the even one; NaN becomes quiet. */
static float round_to_bf16(float x)
{
	uint32_t bits = math_to_bits(x);

	if (fabsf(x) < 0x1p-56f)
		return 0.0f;
	bits = isnan(x) ? bits | 0x400000u : bits + 0x7fffu + (bits >> 16 & 1);
	return math_from_bits(bits & 0xffff0000u);
}

static float bf16_a(const struct gemm *g, int64_t i, int64_t q)
{
	const float *row = g->a + (g->a_rows ? g->a_rows[i] : i * g->a_row);

	if (q == g->segments * g->run)
		return 0.0f;
	return round_to_bf16(row[q / g->run * g->a_segment + q % g->run * g->a_step]);
}

static float bf16_b(const struct gemm *g, int64_t q, int64_t j)
{
	if (q == g->segments * g->run)
		return 0.0f;
	return round_to_bf16(g->b_transposed ? g->b[j * g->b_row + q] : g->b[q * g->b_row + j]);
}

static void k_gemm_bf16(const struct gemm *g)
{
	for (int64_t i = 0; i < g->m; i++) {
		for (int64_t j = 0; j < g->n; j++) {
			float *c = g->c + i * g->c_row + j;
			float start = !g->bias || fabsf(g->bias[j]) < 0x1p-80f ? 0.0f : g->bias[j];
			float sum = g->accumulate ? *c : start;
			for (int64_t q = 0; q < g->segments * g->run; q += 2) {
				sum = fmaf(bf16_a(g, i, q + 1), bf16_b(g, q + 1, j), sum);
				sum = fmaf(bf16_a(g, i, q), bf16_b(g, q, j), sum);
			}
			*c = sum;
		}
	}
}
