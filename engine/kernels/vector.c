/* vector.c - the kernels in vectors, compiled once for each instruction set of vec.h. */
#include "engine/kernels/conv_pool.h"
#include "engine/kernels/depthwise.h"
#include "engine/kernels/elementwise.h"
#include "engine/kernels/gemm.h"
#include "engine/kernels/gemm_bf16.h"
#include "engine/kernels/noise.h"
#include "engine/kernels/normalization.h"
#include "engine/kernels/pooling.h"
#include "engine/kernels/resample.h"
#include "engine/kernels/rules.h"
#include "engine/kernels/tables.h"
#include "engine/kernels/vec.h"
#include "engine/kernels/winograd_vector.h"

/* One vector of channels of one window of h x w; n is VEC_WIDTH, or fewer at the end. */
VEC_INLINE void max_pool_window(const struct pool_row *p, int64_t h, int64_t w, const float *x,
	bool with_relu, int n, float *y, uint8_t *where)
{
	vec max = load_some(x, n);
	vec_int first = vec_int_set(0);
	int i = 0;

	for (int64_t row = 0; row < h; row++) {
		for (int64_t column = 0; column < w; column++, i++) {
			vec v = load_some(x + row * p->x_row + column * p->channels, n);
			vec_mask more = vec_greater(v, max);
			max = vec_select(more, v, max);
			first = vec_int_select(more, vec_int_set(i), first);
		}
	}
	if (with_relu)
		max = vec_select(vec_greater(vec_zero(), max), vec_zero(), max);
	store_some(y, max, n);
	store_some_u8(where, first, n);
}

VEC_INLINE void max_pool_row(const struct pool_row *p, int64_t h, int64_t w, const float *x,
	bool with_relu, float *y, uint8_t *where)
{
	int64_t whole = p->channels / VEC_WIDTH * VEC_WIDTH;

	for (int64_t o = 0; o < p->width;
		o++, x += p->x_step, y += p->channels, where += p->channels) {
		for (int64_t c = 0; c < whole; c += VEC_WIDTH)
			max_pool_window(p, h, w, x + c, with_relu, VEC_WIDTH, y + c, where + c);
		if (whole < p->channels)
			max_pool_window(p, h, w, x + whole, with_relu, (int)(p->channels - whole),
				y + whole, where + whole);
	}
}

/* Windows of 2 x 2 are by far the most common: with that known, the loops over a window unroll. */
static void k_max_pool(
	const struct pool_row *p, const float *x, bool with_relu, float *y, uint8_t *where)
{
	if (p->pool_h == 2 && p->pool_w == 2)
		max_pool_row(p, 2, 2, x, with_relu, y, where);
	else
		max_pool_row(p, p->pool_h, p->pool_w, x, with_relu, y, where);
}

VEC_INLINE void max_pool_backward_window(const struct pool_row *p, int64_t h, int64_t w,
	const float *dy, const uint8_t *where, bool add, int n, float *dx)
{
	vec d = load_some(dy, n);
	vec_int first = load_some_u8(where, n);
	int i = 0;

	for (int64_t row = 0; row < h; row++) {
		for (int64_t column = 0; column < w; column++, i++) {
			float *to = dx + row * p->x_row + column * p->channels;
			vec v = vec_select(vec_int_equal(first, vec_int_set(i)), d, vec_zero());
			store_some(to, add ? vec_add(load_some(to, n), v) : v, n);
		}
	}
}

VEC_INLINE void max_pool_backward_row(const struct pool_row *p, int64_t h, int64_t w,
	const float *dy, const uint8_t *where, bool add, float *dx)
{
	int64_t whole = p->channels / VEC_WIDTH * VEC_WIDTH;

	for (int64_t o = 0; o < p->width;
		o++, dx += p->x_step, dy += p->channels, where += p->channels) {
		for (int64_t c = 0; c < whole; c += VEC_WIDTH)
			max_pool_backward_window(
				p, h, w, dy + c, where + c, add, VEC_WIDTH, dx + c);
		if (whole < p->channels)
			max_pool_backward_window(p, h, w, dy + whole, where + whole, add,
				(int)(p->channels - whole), dx + whole);
	}
}

static void k_max_pool_backward(
	const struct pool_row *p, const float *dy, const uint8_t *where, bool add, float *dx)
{
	if (p->pool_h == 2 && p->pool_w == 2 && !add)
		max_pool_backward_row(p, 2, 2, dy, where, false, dx);
	else
		max_pool_backward_row(p, p->pool_h, p->pool_w, dy, where, add, dx);
}

static void k_stream(const float *x, int64_t n, float *y)
{
	int64_t i = 0;

	for (; i < n && (uintptr_t)(y + i) % sizeof(vec) > 0; i++)
		y[i] = x[i];
	for (; i + VEC_WIDTH <= n; i += VEC_WIDTH)
		vec_stream(y + i, vec_load(x + i));
	for (; i < n; i++)
		y[i] = x[i];
	vec_stream_end();
}

enum { SUM_VECS = 8 }; /* so many columns' sums hide the time of an addition */

static void k_sum_rows(const float *x, int64_t rows, int64_t n, float *sum)
{
	int64_t j = 0;

	for (; j + SUM_VECS * VEC_WIDTH <= n; j += SUM_VECS * VEC_WIDTH) {
		vec s[SUM_VECS];
		UNROLL
		for (int v = 0; v < SUM_VECS; v++)
			s[v] = vec_load(sum + j + v * VEC_WIDTH);
		for (int64_t r = 0; r < rows; r++) {
			UNROLL
			for (int v = 0; v < SUM_VECS; v++)
				s[v] = vec_add(s[v], vec_load(x + r * n + j + v * VEC_WIDTH));
		}
		UNROLL
		for (int v = 0; v < SUM_VECS; v++)
			vec_store(sum + j + v * VEC_WIDTH, s[v]);
	}
	for (; j < n; j += VEC_WIDTH) {
		int columns = (int)(n - j < VEC_WIDTH ? n - j : VEC_WIDTH);
		vec s = load_some(sum + j, columns);
		for (int64_t r = 0; r < rows; r++)
			s = vec_add(s, load_some(x + r * n + j, columns));
		store_some(sum + j, s, columns);
	}
}

#define TABLE_NAMED(set) kernels_##set
#define TABLE(set)       TABLE_NAMED(set)
const struct kernels TABLE(VEC_SET) = {
	.name = VEC_NAME,
	.gemm = k_gemm,
	.gemm_bf16 = k_gemm_bf16,
	.max_pool = k_max_pool,
	.max_pool_backward = k_max_pool_backward,
	.conv_pool = k_conv_pool,
	.conv_pool_backward = k_conv_pool_backward,
	.stream = k_stream,
	.transpose = k_transpose,
	.depthwise = k_depthwise,
	.depthwise_gradient = k_depthwise_gradient,
	.sum_rows = k_sum_rows,
	POOLING_KERNELS,
	NOISE_KERNELS,
	RESAMPLE_KERNELS,
	NORMALIZATION_KERNELS,
	WINOGRAD_KERNELS,
	ELEMENTWISE_KERNELS,
	UPDATE_RULES,
};
