/* winograd_vector.h - Winograd's transforms in vectors of channels; included once by vector.c.
 *
 * The lines are those of winograd_scalar.h, a vector at a time. A line's six values and its results
 * stay in registers; what lies between columns and rows rests on the stack, in the first-level
 * cache. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

#include <string.h>

VEC_INLINE void winograd_input_line(const vec d[static 6], vec v[static 6])
{
	vec four = vec_set(4.0f), minus_4 = vec_set(-4.0f), minus_5 = vec_set(-5.0f);
	vec two = vec_set(2.0f), minus_2 = vec_set(-2.0f);
	vec a = vec_fma(minus_4, d[2], d[4]), b = vec_fma(minus_4, d[1], d[3]);
	vec c = vec_sub(d[4], d[2]), e = vec_sub(d[3], d[1]);

	v[0] = vec_fma(four, d[0], vec_fma(minus_5, d[2], d[4]));
	v[1] = vec_add(a, b);
	v[2] = vec_sub(a, b);
	v[3] = vec_fma(two, e, c);
	v[4] = vec_fma(minus_2, e, c);
	v[5] = vec_fma(four, d[1], vec_fma(minus_5, d[3], d[5]));
}

VEC_INLINE void winograd_output_line(const vec m[static 6], vec y[static 4])
{
	vec a = vec_add(m[1], m[2]), b = vec_sub(m[1], m[2]);
	vec c = vec_add(m[3], m[4]), d = vec_sub(m[3], m[4]);

	y[0] = vec_add(vec_add(m[0], a), c);
	y[1] = vec_fma(vec_set(2.0f), d, b);
	y[2] = vec_fma(vec_set(4.0f), c, a);
	y[3] = vec_add(vec_fma(vec_set(8.0f), d, b), m[5]);
}

VEC_INLINE void winograd_output_gradient_line(const vec d[static 4], vec z[static 6])
{
	vec a = vec_add(d[0], d[2]), b = vec_add(d[1], d[3]);
	vec c = vec_fma(vec_set(4.0f), d[2], d[0]), e = vec_fma(vec_set(4.0f), d[3], d[1]);

	z[0] = d[0];
	z[1] = vec_add(a, b);
	z[2] = vec_sub(a, b);
	z[3] = vec_fma(vec_set(2.0f), e, c);
	z[4] = vec_fma(vec_set(-2.0f), e, c);
	z[5] = d[3];
}

VEC_INLINE void winograd_kernel_line(const vec w[static 3], vec u[static 6])
{
	vec a = vec_add(w[0], w[2]), b = vec_fma(vec_set(4.0f), w[2], w[0]);
	vec sixth = vec_set(-1.0f / 6), part = vec_set(1.0f / 24);

	u[0] = vec_mul(w[0], vec_set(1.0f / 4));
	u[1] = vec_mul(vec_add(a, w[1]), sixth);
	u[2] = vec_mul(vec_sub(a, w[1]), sixth);
	u[3] = vec_mul(vec_fma(vec_set(2.0f), w[1], b), part);
	u[4] = vec_mul(vec_fma(vec_set(-2.0f), w[1], b), part);
	u[5] = w[2];
}

VEC_INLINE void winograd_kernel_gradient_line(const vec u[static 6], vec w[static 3])
{
	vec a = vec_add(u[1], u[2]), b = vec_sub(u[2], u[1]);
	vec c = vec_add(u[3], u[4]), d = vec_sub(u[3], u[4]);
	vec sixth = vec_set(1.0f / 6), minus_sixth = vec_set(-1.0f / 6);

	w[0] = vec_fma(
		vec_set(1.0f / 24), c, vec_fma(minus_sixth, a, vec_mul(u[0], vec_set(1.0f / 4))));
	w[1] = vec_fma(vec_set(1.0f / 12), d, vec_mul(b, sixth));
	w[2] = vec_fma(sixth, c, vec_fma(minus_sixth, a, u[5]));
}

typedef void winograd_line(const vec *x, vec *y);

/* A square of vectors: its rows and columns, and floats from one to the next. */
struct winograd_side {
	int size;
	int64_t row, column;
};

/* One column of a transform, of which `rows` come out, and one row after all columns. Only the
 * first n floats of each vector count. All but pointers and distances are constants after inlining.
 */
VEC_INLINE void winograd_column(winograd_line *line, struct winograd_side from, const float *x,
	int n, int rows, int j, vec columns[static 6][6])
{
	vec in[6], out[6];

	UNROLL
	for (int i = 0; i < from.size; i++, x += from.row)
		in[i] = load_some(x, n);
	line(in, out);
	UNROLL
	for (int i = 0; i < rows; i++)
		columns[i][j] = out[i];
}

VEC_INLINE void winograd_row(winograd_line *line, const vec in[static 6], struct winograd_side to,
	float *y, int n, const vec *bias)
{
	vec out[6];

	line(in, out);
	UNROLL
	for (int j = 0; j < to.size; j++, y += to.column)
		store_some(y, bias ? vec_add(out[j], *bias) : out[j], n);
}

/* y = the transform of a tile x, plus the bias, if there is one. As loops: unrolled they are
 * slower, since the addresses of 36 planes fit no registers. */
VEC_INLINE void winograd_tile(winograd_line *line, struct winograd_side from, const float *x,
	struct winograd_side to, float *y, int n, const vec *bias)
{
	vec columns[6][6];

	KEEP_LOOP
	for (int j = 0; j < from.size; j++, x += from.column)
		winograd_column(line, from, x, n, to.size, j, columns);
	KEEP_LOOP
	for (int i = 0; i < to.size; i++, y += to.row)
		winograd_row(line, columns[i], to, y, n, bias);
}

/* y = the transform of a kernel or of its gradient. Unrolled: a line is too short to hide the time
 * from one to the next. */
VEC_INLINE void winograd_places(winograd_line *line, struct winograd_side from, const float *x,
	struct winograd_side to, float *y, int n)
{
	vec columns[6][6];

	UNROLL
	for (int j = 0; j < from.size; j++)
		winograd_column(line, from, x + j * from.column, n, to.size, j, columns);
	UNROLL
	for (int i = 0; i < to.size; i++)
		winograd_row(line, columns[i], to, y + i * to.row, n, NULL);
}

/* Where a square of positions of an image lies, and which of them there are. */
struct winograd_place {
	int64_t at; /* of its first position, of channel 0, in floats; may lie outside */
	int64_t row_begin, row_end, column_begin, column_end; /* within it */
	bool whole;
};

static struct winograd_place winograd_place(const struct winograd_tiles *t, int64_t tile, int size)
{
	int64_t sample = tile / t->tiles, within = tile % t->tiles;
	int64_t row = within / t->tiles_w * WINOGRAD_TILE - t->before_h;
	int64_t column = within % t->tiles_w * WINOGRAD_TILE - t->before_w;
	struct winograd_place p = {
		.at = ((sample * t->height + row) * t->width + column) * t->channels,
		.row_begin = row < 0 ? -row : 0,
		.row_end = t->height - row < size ? t->height - row : size,
		.column_begin = column < 0 ? -column : 0,
		.column_end = t->width - column < size ? t->width - column : size,
	};

	p.whole = p.row_begin == 0 && p.column_begin == 0 && p.row_end == size &&
		  p.column_end == size;
	return p;
}

/* A vector of channels at each position of a place that there is. */
VEC_INLINE void winograd_copy_out(const struct winograd_place *p, const float *from, int size,
	int n, float *y, int64_t row, int64_t column)
{
	for (int64_t i = p->row_begin; i < p->row_end; i++)
		for (int64_t j = p->column_begin; j < p->column_end; j++)
			store_some(y + i * row + j * column,
				vec_load(from + (i * size + j) * VEC_WIDTH), n);
}

/* Asks for what the next tile of the row will read or write and this one does not: too many short
 * stretches for the processor to foresee them. x: this tile's first position. */
VEC_INLINE void winograd_prefetch(
	const float *x, int64_t row, int64_t column, int size, bool to_write)
{
	x += size * column;
	for (int i = 0; i < size; i++, x += row) {
		for (int j = 0; j < WINOGRAD_TILE; j++) {
			if (to_write)
				__builtin_prefetch(x + j * column, 1);
			else
				__builtin_prefetch(x + j * column);
		}
	}
}

/* winograd_tile of a place that stands out over the image, where all is 0. */
VEC_INLINE void winograd_edge_tile(winograd_line *line, const struct winograd_place *p,
	struct winograd_side from, const float *x, struct winograd_side to, float *y, int n)
{
	vec columns[6][6];

	KEEP_LOOP
	for (int j = 0; j < from.size; j++) {
		const float *at = x + j * from.column;
		bool there = j >= p->column_begin && j < p->column_end;
		vec in[6], out[6];
		UNROLL
		for (int i = 0; i < from.size; i++)
			in[i] = there && i >= p->row_begin && i < p->row_end
					? load_some(at + i * from.row, n)
					: vec_zero();
		line(in, out);
		UNROLL
		for (int i = 0; i < to.size; i++)
			columns[i][j] = out[i];
	}
	KEEP_LOOP
	for (int i = 0; i < to.size; i++, y += to.row)
		winograd_row(line, columns[i], to, y, n, NULL);
}

/* input and output_gradient: both go from positions to planes. */
VEC_INLINE void winograd_forth(const struct winograd_tiles *t, winograd_line *line, int size,
	const float *x, int64_t first, int64_t count, float *v)
{
	int64_t column = t->channels, row = t->width * t->channels;
	struct winograd_side places = { size, row, column };
	struct winograd_side planes = { WINOGRAD_PATCH, WINOGRAD_PATCH * t->plane, t->plane };

	for (int64_t i = first; i < first + count; i++, v += t->channels) {
		struct winograd_place p = winograd_place(t, i, size);
		for (int64_t c = 0; c < t->channels; c += VEC_WIDTH) {
			int n = (int)(t->channels - c < VEC_WIDTH ? t->channels - c : VEC_WIDTH);
			const float *at = x + p.at + c;
			winograd_prefetch(at, row, column, size, false);
			if (n < VEC_WIDTH)
				winograd_edge_tile(line, &p, places, at, planes, v + c, n);
			else if (p.whole)
				winograd_tile(line, places, at, planes, v + c, VEC_WIDTH, NULL);
			else
				winograd_edge_tile(line, &p, places, at, planes, v + c, VEC_WIDTH);
		}
	}
}

static void k_winograd_input(
	const struct winograd_tiles *t, const float *x, int64_t first, int64_t count, float *v)
{
	winograd_forth(t, winograd_input_line, WINOGRAD_PATCH, x, first, count, v);
}

static void k_winograd_output_gradient(
	const struct winograd_tiles *t, const float *dy, int64_t first, int64_t count, float *z)
{
	winograd_forth(t, winograd_output_gradient_line, WINOGRAD_TILE, dy, first, count, z);
}

static void k_winograd_output(const struct winograd_tiles *t, const float *m, int64_t first,
	int64_t count, const float *bias, float *y)
{
	int64_t column = t->channels, row = t->width * t->channels;
	struct winograd_side planes = { WINOGRAD_PATCH, WINOGRAD_PATCH * t->plane, t->plane };
	struct winograd_side rest = { WINOGRAD_TILE, WINOGRAD_TILE * VEC_WIDTH, VEC_WIDTH };

	for (int64_t i = first; i < first + count; i++, m += t->channels) {
		struct winograd_place p = winograd_place(t, i, WINOGRAD_TILE);
		for (int64_t c = 0; c < t->channels; c += VEC_WIDTH) {
			int n = (int)(t->channels - c < VEC_WIDTH ? t->channels - c : VEC_WIDTH);
			vec b = bias ? load_some(bias + c, n) : vec_zero();
			winograd_prefetch(y + p.at + c, row, column, WINOGRAD_TILE, true);
			if (p.whole && n == VEC_WIDTH) {
				winograd_tile(winograd_output_line, planes, m + c,
					(struct winograd_side){ WINOGRAD_TILE, row, column },
					y + p.at + c, VEC_WIDTH, &b);
				continue;
			}
			_Alignas(64) float tile[WINOGRAD_TILE * WINOGRAD_TILE * VEC_WIDTH];
			winograd_tile(winograd_output_line, planes, m + c, rest, tile, n, &b);
			winograd_copy_out(&p, tile, WINOGRAD_TILE, n, y + p.at + c, row, column);
		}
	}
}

static void k_winograd_kernel(const float *w, int64_t w_place, int64_t n, int64_t plane, float *u)
{
	struct winograd_side places = { 3, 3 * w_place, w_place };
	struct winograd_side planes = { WINOGRAD_PATCH, WINOGRAD_PATCH * plane, plane };
	int64_t j = 0;

	for (; j + VEC_WIDTH <= n; j += VEC_WIDTH)
		winograd_places(winograd_kernel_line, places, w + j, planes, u + j, VEC_WIDTH);
	if (j < n)
		winograd_places(winograd_kernel_line, places, w + j, planes, u + j, (int)(n - j));
}

static void k_winograd_kernel_gradient(
	const float *du, int64_t plane, int64_t n, int64_t w_place, float *dw)
{
	struct winograd_side planes = { WINOGRAD_PATCH, WINOGRAD_PATCH * plane, plane };
	struct winograd_side places = { 3, 3 * w_place, w_place };
	int64_t j = 0;

	for (; j + VEC_WIDTH <= n; j += VEC_WIDTH)
		winograd_places(
			winograd_kernel_gradient_line, planes, du + j, places, dw + j, VEC_WIDTH);
	if (j < n)
		winograd_places(winograd_kernel_gradient_line, planes, du + j, places, dw + j,
			(int)(n - j));
}

#define WINOGRAD_KERNELS                                                                           \
	.winograd_input = k_winograd_input, .winograd_output = k_winograd_output,                  \
	.winograd_output_gradient = k_winograd_output_gradient,                                    \
	.winograd_kernel = k_winograd_kernel,                                                      \
	.winograd_kernel_gradient = k_winograd_kernel_gradient
