/* pooling.h - the kernels of poolings that add up or go over all places; included once in each
 * table's file, as elementwise.h is. */
#pragma once

#include "engine/kernels/kernels.h"

/* Sums of channels are kept in registers for this many at a time. */
enum { POOL_CHANNELS = 32 };

/* What follows does n of the channels; a constant after inlining, except at the end. */
static inline __attribute__((always_inline)) void average_pool_channels(
	const struct pool_window *w, const float *restrict x, int64_t n, float *restrict y)
{
	float sum[POOL_CHANNELS] = { 0 };

	for (int64_t i = 0; i < w->rows; i++)
		for (int64_t j = 0; j < w->columns; j++)
			for (int64_t c = 0; c < n; c++)
				sum[c] += x[i * w->x_row + j * w->channels + c];
	for (int64_t c = 0; c < n; c++)
		y[c] = sum[c] * w->scale;
}

static void k_average_pool(const struct pool_window *w, const float *x, float *y)
{
	int64_t c = 0;

	for (; c + POOL_CHANNELS <= w->channels; c += POOL_CHANNELS)
		average_pool_channels(w, x + c, POOL_CHANNELS, y + c);
	if (c < w->channels)
		average_pool_channels(w, x + c, w->channels - c, y + c);
}

static void k_average_pool_backward(
	const struct pool_window *w, const float *restrict dy, bool add, float *restrict dx)
{
	for (int64_t i = 0; i < w->rows; i++) {
		for (int64_t j = 0; j < w->columns; j++) {
			float *restrict d = dx + i * w->x_row + j * w->channels;
			if (add)
				for (int64_t c = 0; c < w->channels; c++)
					d[c] = fmaf(dy[c], w->scale, d[c]);
			else
				for (int64_t c = 0; c < w->channels; c++)
					d[c] = dy[c] * w->scale;
		}
	}
}

static void k_max_rows(const float *restrict x, int64_t rows, int64_t n, float *restrict y,
	int32_t *restrict where)
{
	for (int64_t j = 0; j < n; j++) {
		y[j] = x[j];
		where[j] = 0;
	}
	for (int64_t r = 1; r < rows; r++) {
		for (int64_t j = 0; j < n; j++) {
			float v = x[r * n + j], max = y[j];
			where[j] = v > max ? (int32_t)r : where[j];
			y[j] = v > max ? v : max;
		}
	}
}

#define POOLING_KERNELS                                                                            \
	.average_pool = k_average_pool, .average_pool_backward = k_average_pool_backward,          \
	.max_rows = k_max_rows
