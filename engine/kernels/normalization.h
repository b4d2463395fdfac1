/* normalization.h - the kernels of a normalization along rows; included once in each table's file,
 * as elementwise.h is.
 *
 * A sum along a row of n values is ROW_LANES sums side by side, of every ROW_LANES-th value each,
 * which are then added in pairs, in pairs of pairs and so on: one fixed order, in which vectors of
 * any width up to ROW_LANES can work. */
#pragma once

#include "engine/kernels/kernels.h"

#include <math.h>

enum { ROW_LANES = 16 };

static inline float add_lanes(float lanes[ROW_LANES])
{
	for (int half = ROW_LANES / 2; half > 0; half /= 2)
		for (int l = 0; l < half; l++)
			lanes[l] += lanes[l + half];
	return lanes[0];
}

static inline float row_sum(const float *x, int64_t n)
{
	float sum[ROW_LANES] = { 0 };
	int64_t i = 0;

	for (; i + ROW_LANES <= n; i += ROW_LANES)
		for (int l = 0; l < ROW_LANES; l++)
			sum[l] += x[i + l];
	for (int l = 0; l < n - i; l++)
		sum[l] += x[i + l];
	return add_lanes(sum);
}

/* The sum of the squared distances from `mean`. */
static inline float row_squares(const float *x, int64_t n, float mean)
{
	float sum[ROW_LANES] = { 0 };
	int64_t i = 0;

	for (; i + ROW_LANES <= n; i += ROW_LANES) {
		for (int l = 0; l < ROW_LANES; l++) {
			float d = x[i + l] - mean;
			sum[l] = fmaf(d, d, sum[l]);
		}
	}
	for (int l = 0; l < n - i; l++) {
		float d = x[i + l] - mean;
		sum[l] = fmaf(d, d, sum[l]);
	}
	return add_lanes(sum);
}

static void k_normalize_rows(const float *restrict x, const float *restrict gamma,
	const float *restrict beta, float epsilon, int64_t rows, int64_t n, float *restrict y,
	float *restrict stats)
{
	for (int64_t r = 0; r < rows; r++, x += n, y += n, stats += 2) {
		float mean = row_sum(x, n) / (float)n;
		float inverse = 1.0f / sqrtf(row_squares(x, n, mean) / (float)n + epsilon);
		for (int64_t j = 0; j < n; j++)
			y[j] = fmaf((x[j] - mean) * inverse, gamma[j], beta[j]);
		stats[0] = mean;
		stats[1] = inverse;
	}
}

/* dy gamma, and that times the normalized x, summed along a row. */
static inline void row_slopes(const float *restrict dy, const float *restrict x,
	const float *restrict gamma, float mean, float inverse, int64_t n, float *ret_sum,
	float *ret_product)
{
	float sum[ROW_LANES] = { 0 }, product[ROW_LANES] = { 0 };
	int64_t i = 0;

	for (; i + ROW_LANES <= n; i += ROW_LANES) {
		for (int l = 0; l < ROW_LANES; l++) {
			float g = dy[i + l] * gamma[i + l];
			sum[l] += g;
			product[l] = fmaf(g, (x[i + l] - mean) * inverse, product[l]);
		}
	}
	for (int l = 0; l < n - i; l++) {
		float g = dy[i + l] * gamma[i + l];
		sum[l] += g;
		product[l] = fmaf(g, (x[i + l] - mean) * inverse, product[l]);
	}
	*ret_sum = add_lanes(sum);
	*ret_product = add_lanes(product);
}

static void k_normalize_rows_backward(const float *restrict dy, const float *restrict x,
	const float *restrict gamma, const float *restrict stats, int64_t rows, int64_t n,
	float *restrict dx)
{
	for (int64_t r = 0; r < rows; r++, dy += n, x += n, dx += n, stats += 2) {
		float mean = stats[0], inverse = stats[1], sum, product;
		row_slopes(dy, x, gamma, mean, inverse, n, &sum, &product);
		float offset = sum / (float)n, slope = product / (float)n;
		for (int64_t j = 0; j < n; j++) {
			float d = fmaf(dy[j], gamma[j], -offset);
			dx[j] = inverse * fmaf((x[j] - mean) * -inverse, slope, d);
		}
	}
}

static void k_sum_normalized(const float *restrict dy, const float *restrict x,
	const float *restrict stats, int64_t rows, int64_t n, float *restrict sum)
{
	for (int64_t r = 0; r < rows; r++, dy += n, x += n, stats += 2) {
		float mean = stats[0], inverse = stats[1];
		for (int64_t j = 0; j < n; j++)
			sum[j] = fmaf(dy[j], (x[j] - mean) * inverse, sum[j]);
	}
}

#define NORMALIZATION_KERNELS                                                                      \
	.normalize_rows = k_normalize_rows, .normalize_rows_backward = k_normalize_rows_backward,  \
	.sum_normalized = k_sum_normalized
