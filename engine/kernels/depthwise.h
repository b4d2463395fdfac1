/* depthwise.h - depthwise convolution in vectors, for vector.c alone. Vectors run across channels.
 * Forward, a value of the kernel serves a tile of positions whose sums are in registers; the
 * kernel's gradient keeps the sums of a tile of taps there while it goes along the row. Neither
 * kind of tile is longer than half of the registers of the smallest instruction set. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

/* A vector of n channels of `positions` positions, a constant after inlining. */
VEC_INLINE void depthwise_tile(const struct depthwise_row *p, const float *x, const float *w,
	const float *bias, int positions, int n, float *y)
{
	vec sum[8], start = bias ? load_some(bias, n) : vec_zero();

	UNROLL
	for (int i = 0; i < positions; i++)
		sum[i] = start;
	for (int64_t r = 0; r < p->size_h; r++) {
		const float *at = x + r * p->x_row;
		for (int64_t s = 0; s < p->size_w; s++, at += p->x_column, w += p->w_tap) {
			vec tap = load_some(w, n);
			UNROLL
			for (int i = 0; i < positions; i++)
				sum[i] = vec_fma(load_some(at + i * p->x_step, n), tap, sum[i]);
		}
	}
	UNROLL
	for (int i = 0; i < positions; i++)
		store_some(y + i * p->channels, sum[i], n);
}

VEC_INLINE void depthwise_positions(const struct depthwise_row *p, const float *x, const float *w,
	const float *bias, int positions, float *y)
{
	int64_t c = 0;

	for (; c + VEC_WIDTH <= p->channels; c += VEC_WIDTH)
		depthwise_tile(
			p, x + c, w + c, bias ? bias + c : NULL, positions, VEC_WIDTH, y + c);
	if (c < p->channels)
		depthwise_tile(p, x + c, w + c, bias ? bias + c : NULL, positions,
			(int)(p->channels - c), y + c);
}

static void k_depthwise(
	const struct depthwise_row *p, const float *x, const float *w, const float *bias, float *y)
{
	int64_t q = 0;

	for (; q + 8 <= p->width; q += 8)
		depthwise_positions(p, x + q * p->x_step, w, bias, 8, y + q * p->channels);
	for (; q + 3 <= p->width; q += 3)
		depthwise_positions(p, x + q * p->x_step, w, bias, 3, y + q * p->channels);
	for (; q < p->width; q++)
		depthwise_positions(p, x + q * p->x_step, w, bias, 1, y + q * p->channels);
}

/* A vector of n channels of the taps that begin at tap `first`; `taps` is a constant. */
VEC_INLINE void depthwise_taps(const struct depthwise_row *p, const float *x, const float *dy,
	int64_t first, int taps, int n, float *dw)
{
	vec sum[9];
	int64_t at[9];

	UNROLL
	for (int t = 0; t < taps; t++) {
		int64_t tap = first + t;
		at[t] = tap / p->size_w * p->x_row + tap % p->size_w * p->x_column;
		sum[t] = load_some(dw + tap * p->w_tap, n);
	}
	for (int64_t q = 0; q < p->width; q++, x += p->x_step, dy += p->channels) {
		vec d = load_some(dy, n);
		UNROLL
		for (int t = 0; t < taps; t++)
			sum[t] = vec_fma(load_some(x + at[t], n), d, sum[t]);
	}
	UNROLL
	for (int t = 0; t < taps; t++)
		store_some(dw + (first + t) * p->w_tap, sum[t], n);
}

VEC_INLINE void depthwise_gradient_channels(
	const struct depthwise_row *p, const float *x, const float *dy, int n, float *dw)
{
	int64_t t = 0, taps = p->size_h * p->size_w;

	for (; t + 9 <= taps; t += 9)
		depthwise_taps(p, x, dy, t, 9, n, dw);
	for (; t + 3 <= taps; t += 3)
		depthwise_taps(p, x, dy, t, 3, n, dw);
	for (; t < taps; t++)
		depthwise_taps(p, x, dy, t, 1, n, dw);
}

static void k_depthwise_gradient(
	const struct depthwise_row *p, const float *x, const float *dy, float *dw)
{
	int64_t c = 0;

	for (; c + VEC_WIDTH <= p->channels; c += VEC_WIDTH)
		depthwise_gradient_channels(p, x + c, dy + c, VEC_WIDTH, dw + c);
	if (c < p->channels)
		depthwise_gradient_channels(p, x + c, dy + c, (int)(p->channels - c), dw + c);
}
