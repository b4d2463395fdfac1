/* resample.h - the kernel that moves, turns and scales an image; included once in each table's
 * file, as elementwise.h is.
 *
 * Where a pixel comes from is one chain of two fused multiply-adds for each coordinate, and a value
 * is three interpolations a + t (b - a): along the upper row, along the lower one, between them.
 * The image goes on beyond its edges by folding the indices of the pixels, not the coordinates, so
 * that the two pixels beside an edge are interpolated like any other two. */
#pragma once

#include "engine/kernels/kernels.h"

#include <math.h>

#define RESAMPLE_INLINE static inline __attribute__((always_inline))
enum { RESAMPLE_BLOCK = 32 }; /* pixels of a row that are worked on at a time */

/* The four pixels beside each place that is asked for: left and right, above and below. */
struct resample_block {
	int32_t at[4][RESAMPLE_BLOCK]; /* number in the image; -1: outside, where fill_value is */
	float right[RESAMPLE_BLOCK], below[RESAMPLE_BLOCK]; /* their shares, 0 … 1 */
};

/* Index i, a whole number of at most 2^21, of a line of n pixels. */
RESAMPLE_INLINE float resample_fold(float i, float n, enum resample_fill fill)
{
	if (fill == RESAMPLE_WRAP)
		return i - n * floorf(i / n);
	if (fill == RESAMPLE_REFLECT) {
		float r = i - 2.0f * n * floorf(i / (2.0f * n));
		return r < n ? r : 2.0f * n - 1.0f - r;
	}
	float low = i < 0.0f ? 0.0f : i;
	return low < n ? low : n - 1.0f;
}

struct resample_pair {
	float first, second; /* indices */
	float share;         /* of the second */
	bool first_inside, second_inside;
};

RESAMPLE_INLINE struct resample_pair resample_pair(
	float at, float n, enum resample_fill fill, bool nearest)
{
	struct resample_pair p;
	float bounded = at < -0x1p21f ? -0x1p21f : at < 0x1p21f ? at : 0x1p21f;
	float below = floorf(bounded), share = bounded - below;

	/* A half is rounded away from 0. */
	float up = share > 0.5f || (share == 0.5f && below >= 0.0f) ? 1.0f : 0.0f;
	float first = nearest ? below + up : below, second = nearest ? first : below + 1.0f;
	p.share = nearest ? 0.0f : share;
	p.first_inside = fill != RESAMPLE_CONSTANT || (first >= 0.0f && first < n);
	p.second_inside = fill != RESAMPLE_CONSTANT || (second >= 0.0f && second < n);
	p.first = resample_fold(first, n, fill);
	p.second = resample_fold(second, n, fill);
	return p;
}

RESAMPLE_INLINE void resample_places(const struct resample *s, int64_t row, int64_t column,
	enum resample_fill fill, bool nearest, struct resample_block *ret)
{
	const float height = (float)s->height, width = (float)s->width, y = (float)row;
	const float from_x = fmaf(s->map[0][1], y, s->map[0][2]);
	const float from_y = fmaf(s->map[1][1], y, s->map[1][2]);

	for (int i = 0; i < RESAMPLE_BLOCK; i++) {
		float x = (float)((int32_t)column + i);
		struct resample_pair h =
			resample_pair(fmaf(s->map[0][0], x, from_x), width, fill, nearest);
		struct resample_pair v =
			resample_pair(fmaf(s->map[1][0], x, from_y), height, fill, nearest);
		int32_t above = (int32_t)v.first * (int32_t)s->width;
		int32_t under = (int32_t)v.second * (int32_t)s->width;
		int32_t left = (int32_t)h.first, right = (int32_t)h.second;
		ret->at[0][i] = (v.first_inside & h.first_inside) ? above + left : -1;
		ret->at[1][i] = (v.first_inside & h.second_inside) ? above + right : -1;
		ret->at[2][i] = (v.second_inside & h.first_inside) ? under + left : -1;
		ret->at[3][i] = (v.second_inside & h.second_inside) ? under + right : -1;
		ret->right[i] = h.share;
		ret->below[i] = v.share;
	}
}

RESAMPLE_INLINE float resample_value(
	const float *x, int64_t at, int64_t c, int64_t channels, float fill_value, bool may_miss)
{
	float value = x[(may_miss && at < 0 ? 0 : at) * channels + c];

	return may_miss && at < 0 ? fill_value : value;
}

RESAMPLE_INLINE void resample_values(const struct resample *s, const struct resample_block *b,
	const float *restrict x, int64_t channels, bool may_miss, int64_t count, float *restrict y)
{
	const float outside = s->fill_value;

	for (int64_t i = 0; i < count; i++) {
		for (int64_t c = 0; c < channels; c++) {
			float v[4];
			for (int k = 0; k < 4; k++)
				v[k] = resample_value(
					x, b->at[k][i], c, channels, outside, may_miss);
			float above = fmaf(b->right[i], v[1] - v[0], v[0]);
			float below = fmaf(b->right[i], v[3] - v[2], v[2]);
			y[i * channels + c] = fmaf(b->below[i], below - above, above);
		}
	}
}

RESAMPLE_INLINE void resample_image(const struct resample *s, const float *x, int64_t channels,
	enum resample_fill fill, bool nearest, float *y)
{
	struct resample_block b;

	for (int64_t row = 0; row < s->height; row++) {
		for (int64_t from = 0; from < s->width; from += RESAMPLE_BLOCK) {
			int64_t left = s->width - from;
			resample_places(s, row, from, fill, nearest, &b);
			resample_values(s, &b, x, channels, fill == RESAMPLE_CONSTANT,
				left < RESAMPLE_BLOCK ? left : RESAMPLE_BLOCK,
				y + (row * s->width + from) * channels);
		}
	}
}

/* With the numbers that are constants after inlining. */
RESAMPLE_INLINE void resample_filled(
	const struct resample *s, const float *x, enum resample_fill fill, float *y)
{
	if (s->nearest)
		resample_image(s, x, s->channels, fill, true, y);
	else if (s->channels == 1)
		resample_image(s, x, 1, fill, false, y);
	else if (s->channels == 3)
		resample_image(s, x, 3, fill, false, y);
	else
		resample_image(s, x, s->channels, fill, false, y);
}

static void k_resample(const struct resample *s, const float *x, float *y)
{
	if (s->fill == RESAMPLE_REFLECT)
		resample_filled(s, x, RESAMPLE_REFLECT, y);
	else if (s->fill == RESAMPLE_WRAP)
		resample_filled(s, x, RESAMPLE_WRAP, y);
	else if (s->fill == RESAMPLE_CONSTANT)
		resample_filled(s, x, RESAMPLE_CONSTANT, y);
	else
		resample_filled(s, x, RESAMPLE_NEAREST, y);
}

#define RESAMPLE_KERNELS .resample = k_resample
