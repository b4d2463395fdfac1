/* elementwise.h - the kernels in which every value stands for itself, and the head of the network.
 *
 * Included once in each table's file: the compiler makes vectors of the loops with that file's
 * instruction set, which cannot change a bit, since each element is the same IEEE operations alone.
 * Chains (sums along a row) are written in their order, and no compiler may reorder them without
 * -ffast-math. */
#pragma once

#include "engine/kernels/activate.h"
#include "engine/kernels/kernels.h"
#include "engine/kernels/losses.h"
#include "engine/kernels/math.h"

#include <assert.h>
#include <stddef.h>

static void k_add(float *restrict y, const float *restrict x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] += x[i];
}

static void k_add_scaled(const float *restrict x, float scale, int64_t n, float *restrict y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = fmaf(x[i], scale, y[i]);
}

static void k_affine(const float *x, float scale, float offset, int64_t n, float *y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = fmaf(x[i], scale, offset);
}

static void k_blend(
	const float *restrict a, const float *restrict b, float t, int64_t n, float *restrict y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = fmaf(b[i] - a[i], t, a[i]);
}

static void k_multiply(float *restrict y, const float *restrict x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] *= x[i];
}

static void k_scale_columns(const float *restrict x, const float *restrict scale, int64_t rows,
	int64_t n, float *restrict y)
{
	for (int64_t r = 0; r < rows; r++)
		for (int64_t j = 0; j < n; j++)
			y[r * n + j] = x[r * n + j] * scale[j];
}

static void k_maximum(float *restrict y, const float *restrict x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = x[i] > y[i] ? x[i] : y[i];
}

static void k_take_equal(const float *restrict x, const float *restrict y, int64_t n,
	float *restrict dy, float *restrict dx)
{
	for (int64_t i = 0; dx && i < n; i++)
		dx[i] = x[i] == y[i] ? dy[i] : 0.0f;
	for (int64_t i = 0; i < n; i++)
		dy[i] = x[i] == y[i] ? 0.0f : dy[i];
}

/* Sums of columns are kept in registers for this many columns at a time. */
enum { SUM_COLUMNS = 32 };

/* What follows does `columns` of n columns; a constant after inlining, except at the end of a row.
 */
static inline __attribute__((always_inline)) void sum_products_columns(const float *restrict dy,
	const float *restrict x, const float *restrict mean, int64_t rows, int64_t n,
	int64_t columns, float *restrict sum, float *restrict products)
{
	float s[SUM_COLUMNS], p[SUM_COLUMNS];

	for (int64_t j = 0; j < columns; j++)
		s[j] = sum[j];
	for (int64_t j = 0; j < columns; j++)
		p[j] = products[j];
	for (int64_t r = 0; r < rows; r++) {
		for (int64_t j = 0; j < columns; j++) {
			s[j] += dy[r * n + j];
			p[j] = fmaf(dy[r * n + j], x[r * n + j] - mean[j], p[j]);
		}
	}
	for (int64_t j = 0; j < columns; j++)
		sum[j] = s[j];
	for (int64_t j = 0; j < columns; j++)
		products[j] = p[j];
}

static void k_sum_products(const float *restrict dy, const float *restrict x,
	const float *restrict mean, int64_t rows, int64_t n, float *restrict sum,
	float *restrict products)
{
	int64_t j = 0;

	for (; j + SUM_COLUMNS <= n; j += SUM_COLUMNS)
		sum_products_columns(
			dy + j, x + j, mean + j, rows, n, SUM_COLUMNS, sum + j, products + j);
	if (j < n)
		sum_products_columns(
			dy + j, x + j, mean + j, rows, n, n - j, sum + j, products + j);
}

static inline __attribute__((always_inline)) void moments_columns(const float *restrict x,
	int64_t rows, int64_t n, int64_t columns, float *restrict mean, float *restrict m2)
{
	float sum[SUM_COLUMNS] = { 0 }, squares[SUM_COLUMNS] = { 0 };

	for (int64_t r = 0; r < rows; r++)
		for (int64_t j = 0; j < columns; j++)
			sum[j] += x[r * n + j];
	for (int64_t j = 0; j < columns; j++)
		mean[j] = sum[j] / (float)rows;
	for (int64_t r = 0; r < rows; r++) {
		for (int64_t j = 0; j < columns; j++) {
			float d = x[r * n + j] - mean[j];
			squares[j] = fmaf(d, d, squares[j]);
		}
	}
	for (int64_t j = 0; j < columns; j++)
		m2[j] = squares[j];
}

static void k_moments(
	const float *restrict x, int64_t rows, int64_t n, float *restrict mean, float *restrict m2)
{
	int64_t j = 0;

	for (; j + SUM_COLUMNS <= n; j += SUM_COLUMNS)
		moments_columns(x + j, rows, n, SUM_COLUMNS, mean + j, m2 + j);
	if (j < n)
		moments_columns(x + j, rows, n, n - j, mean + j, m2 + j);
}

static void k_normalize(const float *restrict x, const float *restrict mean,
	const float *restrict scale, const float *restrict offset, int64_t rows, int64_t n,
	float *restrict y)
{
	for (int64_t r = 0; r < rows; r++)
		for (int64_t j = 0; j < n; j++)
			y[r * n + j] = fmaf(x[r * n + j] - mean[j], scale[j], offset[j]);
}

/* In front of a loop whose arrays may be one and the same, but do not overlap otherwise. */
#ifdef __clang__
#define EACH_BY_ITSELF _Pragma("clang loop vectorize(assume_safety)")
#else
#define EACH_BY_ITSELF _Pragma("GCC ivdep")
#endif

static void k_normalize_backward(const float *dy, const float *restrict x,
	const float *restrict mean, const float *restrict scale, const float *restrict slope,
	const float *restrict offset, int64_t rows, int64_t n, float *dx)
{
	for (int64_t r = 0; r < rows; r++) {
		EACH_BY_ITSELF
		for (int64_t j = 0; j < n; j++)
			dx[r * n + j] = fmaf(x[r * n + j] - mean[j], slope[j],
				fmaf(dy[r * n + j], scale[j], offset[j]));
	}
}

static void k_from_u8(const uint8_t *restrict x, int64_t n, float *restrict y)
{
	for (int64_t i = 0; i < n; i++)
		y[i] = (float)x[i] / 255.0f;
}

static void k_prelu(const float *restrict x, const float *restrict alpha, int64_t rows, int64_t n,
	float *restrict y)
{
	for (int64_t r = 0; r < rows; r++, x += n, y += n)
		for (int64_t j = 0; j < n; j++)
			y[j] = leaky_relu(x[j], alpha[j]);
}

static void k_prelu_backward(const float *restrict x, const float *restrict alpha, int64_t rows,
	int64_t n, float *restrict dy, float *restrict sum)
{
	for (int64_t r = 0; r < rows; r++, x += n, dy += n) {
		for (int64_t j = 0; j < n; j++) {
			sum[j] = fmaf(x[j] > 0.0f ? 0.0f : x[j], dy[j], sum[j]);
			dy[j] = x[j] > 0.0f ? dy[j] : alpha[j] * dy[j];
		}
	}
}

static void k_softmax_cross_entropy(const float *x, const int32_t *labels, int64_t rows, int64_t n,
	float scale, float *dx, float *loss)
{
	for (int64_t r = 0; r < rows; r++) {
		const float *row = x + r * n;
		int32_t label = labels[r];
		float *d = dx ? dx + r * n : NULL, target = row[label], max;
		float log_sum = d ? softmax_row(row, n, d, &max) : row_log_sum(row, n, &max);

		loss[r] = log_sum - (target - max);
		if (!d)
			continue;
		d[label] -= 1.0f;
		for (int64_t i = 0; i < n; i++)
			d[i] *= scale;
	}
}

#define ELEMENTWISE_KERNELS                                                                        \
	.add = k_add, .add_scaled = k_add_scaled, .affine = k_affine, .blend = k_blend,            \
	.multiply = k_multiply, .scale_columns = k_scale_columns, .maximum = k_maximum,            \
	.take_equal = k_take_equal, .sum_products = k_sum_products, .moments = k_moments,          \
	.normalize = k_normalize, .normalize_backward = k_normalize_backward,                      \
	.from_u8 = k_from_u8, .activate = k_activate, .activate_backward = k_activate_backward,    \
	.prelu = k_prelu, .prelu_backward = k_prelu_backward, .loss = k_loss,                      \
	.entropy = k_entropy, .focal = k_focal, .softmax_cross_entropy = k_softmax_cross_entropy
