/* conv_pool.h - a convolution of few taps and its max-pooling in vectors, for vector.c alone.
 *
 * A panel is one or two vectors of output channels of a whole sample. Forward keeps the kernel's
 * panel and the sums of a window's four positions in registers, so that these are compared where
 * they are made. Backward keeps the panel's gradient, in registers while these last: a window adds
 * to each tap what it sees at the maximum, which vec_pick finds for a vector of channels at once.
 *
 * Three by three taps on one channel, a first layer on grey images, are by far the most common:
 * with that known, the loops over taps unroll. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

/* Adds to the sums of a window's positions what the taps give. */
VEC_INLINE void conv_pool_window(const struct conv_pool *c, const float *x, int vecs,
	const vec kernel[static CONV_POOL_TAPS_MAX][2], vec sum[static CONV_POOL_POSITIONS][2])
{
	for (int64_t t = 0, s = 0; s < c->segments; s++, x += c->x_segment) {
		for (int64_t k = 0; k < c->run; k++, t++) {
			UNROLL
			for (int p = 0; p < CONV_POOL_POSITIONS; p++) {
				vec v = vec_set(x[p / 2 * c->down + p % 2 * c->right + k]);
				sum[p][0] = vec_fma(v, kernel[t][0], sum[p][0]);
				if (vecs == 2)
					sum[p][1] = vec_fma(v, kernel[t][1], sum[p][1]);
			}
		}
	}
}

/* Stores vector v of the largest of a window's sums, and which it was. */
VEC_INLINE void conv_pool_store(const vec sum[static CONV_POOL_POSITIONS][2], int v, bool with_relu,
	int n, float *y, uint8_t *where)
{
	vec max = sum[0][v];
	vec_int first = vec_int_set(0);

	UNROLL
	for (int p = 1; p < CONV_POOL_POSITIONS; p++) {
		vec_mask more = vec_greater(sum[p][v], max);
		max = vec_select(more, sum[p][v], max);
		first = vec_int_select(more, vec_int_set(p), first);
	}
	if (with_relu)
		max = vec_select(vec_greater(vec_zero(), max), vec_zero(), max);
	store_some(y + v * VEC_WIDTH, max, n);
	store_some_u8(where + v * VEC_WIDTH, first, n);
}

/* Two vectors of channels, or one of n. */
VEC_INLINE void conv_pool_panel(const struct conv_pool *c, const float *x, const float *w,
	const float *bias, bool with_relu, int vecs, int n, float *y, uint8_t *where)
{
	vec kernel[CONV_POOL_TAPS_MAX][2], start[2];

	UNROLL
	for (int v = 0; v < vecs; v++) {
		start[v] = bias ? load_some(bias + v * VEC_WIDTH, n) : vec_zero();
		for (int64_t t = 0; t < c->segments * c->run; t++)
			kernel[t][v] = load_some(w + t * c->channels + v * VEC_WIDTH, n);
	}
	for (int64_t i = 0; i < c->rows; i++) {
		for (int64_t j = 0; j < c->width; j++, y += c->channels, where += c->channels) {
			vec sum[CONV_POOL_POSITIONS][2];
			UNROLL
			for (int p = 0; p < CONV_POOL_POSITIONS * vecs; p++)
				sum[p / vecs][p % vecs] = start[p % vecs];
			conv_pool_window(
				c, x + 2 * (i * c->down + j * c->right), vecs, kernel, sum);
			UNROLL
			for (int v = 0; v < vecs; v++)
				conv_pool_store(sum, v, with_relu, n, y, where);
		}
	}
}

VEC_INLINE void conv_pool_all(const struct conv_pool *c, const float *x, const float *w,
	const float *bias, bool with_relu, float *y, uint8_t *where)
{
	int64_t k = 0;

	for (; k + 2 * VEC_WIDTH <= c->channels; k += 2 * VEC_WIDTH)
		conv_pool_panel(c, x, w + k, bias ? bias + k : NULL, with_relu, 2, VEC_WIDTH, y + k,
			where + k);
	for (; k < c->channels; k += VEC_WIDTH)
		conv_pool_panel(c, x, w + k, bias ? bias + k : NULL, with_relu, 1,
			(int)(c->channels - k < VEC_WIDTH ? c->channels - k : VEC_WIDTH), y + k,
			where + k);
}

/* Three by three taps on one channel, at every position: then the taps of neighbours see the same
 * values, which are fetched once. */
VEC_INLINE bool conv_pool_is_common(const struct conv_pool *c)
{
	return c->segments == 3 && c->run == 3 && c->right == 1 && c->down == c->x_segment;
}

VEC_INLINE struct conv_pool conv_pool_common(const struct conv_pool *c)
{
	return (struct conv_pool){
		.rows = c->rows,
		.width = c->width,
		.channels = c->channels,
		.segments = 3,
		.run = 3,
		.x_segment = c->x_segment,
		.down = c->x_segment,
		.right = 1,
	};
}

static void k_conv_pool(const struct conv_pool *c, const float *x, const float *w,
	const float *bias, bool with_relu, float *y, uint8_t *where)
{
	if (conv_pool_is_common(c)) {
		const struct conv_pool common = conv_pool_common(c);
		conv_pool_all(&common, x, w, bias, with_relu, y, where);
	} else {
		conv_pool_all(c, x, w, bias, with_relu, y, where);
	}
}

/* Adds to the sums of the taps what a window gives. */
VEC_INLINE void conv_pool_gradient_window(const struct conv_pool *c, const float *x, int vecs,
	const vec d[static 2], const vec_int first[static 2], vec sum[static CONV_POOL_TAPS_MAX][2])
{
	for (int64_t t = 0, s = 0; s < c->segments; s++, x += c->x_segment) {
		for (int64_t k = 0; k < c->run; k++, t++) {
			vec square = vec_load_square(x + k, c->right, c->down);
			sum[t][0] = vec_fma(vec_pick(square, first[0]), d[0], sum[t][0]);
			if (vecs == 2)
				sum[t][1] = vec_fma(vec_pick(square, first[1]), d[1], sum[t][1]);
		}
	}
}

/* One row of windows; sum_d is that of the bias. */
VEC_INLINE void conv_pool_gradient_row(const struct conv_pool *c, const float *x, bool with_relu,
	const float *y, const float *dy, const uint8_t *where, int vecs, int n,
	vec sum[static CONV_POOL_TAPS_MAX][2], vec sum_d[static 2])
{
	for (int64_t j = 0; j < c->width; j++) {
		vec d[2];
		vec_int first[2];
		UNROLL
		for (int v = 0; v < vecs; v++) {
			d[v] = load_some(dy + v * VEC_WIDTH, n);
			if (with_relu)
				d[v] = vec_select(
					vec_greater(load_some(y + v * VEC_WIDTH, n), vec_zero()),
					d[v], vec_zero());
			sum_d[v] = vec_add(sum_d[v], d[v]);
			first[v] = load_some_u8(where + v * VEC_WIDTH, n);
		}
		conv_pool_gradient_window(c, x, vecs, d, first, sum);
		x += 2 * c->right;
		y += c->channels;
		dy += c->channels;
		where += c->channels;
	}
}

VEC_INLINE void conv_pool_gradient_panel(const struct conv_pool *c, const float *x, bool with_relu,
	const float *y, const float *dy, const uint8_t *where, int vecs, int n, float *dw,
	float *db)
{
	vec sum[CONV_POOL_TAPS_MAX][2], sum_d[2] = { vec_zero(), vec_zero() };

	UNROLL
	for (int v = 0; v < vecs; v++) {
		if (db)
			sum_d[v] = load_some(db + v * VEC_WIDTH, n);
		for (int64_t t = 0; t < c->segments * c->run; t++)
			sum[t][v] = load_some(dw + t * c->channels + v * VEC_WIDTH, n);
	}
	for (int64_t i = 0; i < c->rows; i++) {
		int64_t at = i * c->width * c->channels;
		conv_pool_gradient_row(c, x + 2 * i * c->down, with_relu, y + at, dy + at,
			where + at, vecs, n, sum, sum_d);
	}
	UNROLL
	for (int v = 0; v < vecs; v++) {
		if (db)
			store_some(db + v * VEC_WIDTH, sum_d[v], n);
		for (int64_t t = 0; t < c->segments * c->run; t++)
			store_some(dw + t * c->channels + v * VEC_WIDTH, sum[t][v], n);
	}
}

VEC_INLINE void conv_pool_gradient_all(const struct conv_pool *c, const float *x, bool with_relu,
	const float *y, const float *dy, const uint8_t *where, float *dw, float *db)
{
	int64_t k = 0;

	for (; k + 2 * VEC_WIDTH <= c->channels; k += 2 * VEC_WIDTH)
		conv_pool_gradient_panel(c, x, with_relu, y + k, dy + k, where + k, 2, VEC_WIDTH,
			dw + k, db ? db + k : NULL);
	for (; k < c->channels; k += VEC_WIDTH)
		conv_pool_gradient_panel(c, x, with_relu, y + k, dy + k, where + k, 1,
			(int)(c->channels - k < VEC_WIDTH ? c->channels - k : VEC_WIDTH), dw + k,
			db ? db + k : NULL);
}

static void k_conv_pool_backward(const struct conv_pool *c, const float *x, bool with_relu,
	const float *y, const float *dy, const uint8_t *where, float *dw, float *db)
{
	if (conv_pool_is_common(c)) {
		const struct conv_pool common = conv_pool_common(c);
		conv_pool_gradient_all(&common, x, with_relu, y, dy, where, dw, db);
	} else {
		conv_pool_gradient_all(c, x, with_relu, y, dy, where, dw, db);
	}
}
