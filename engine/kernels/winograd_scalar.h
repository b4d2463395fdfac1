/* winograd_scalar.h - Winograd's transforms value by value: the reference; included once by
 * scalar.c. */
#pragma once

#include "engine/kernels/kernels.h"

#include <math.h>

/* The lines of Winograd's transforms. Values are `from` and `to` floats apart. */
static void winograd_input_line(const float *d, int64_t from, float *v, int64_t to)
{
	float d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from], d4 = d[4 * from];
	float a = fmaf(-4.0f, d2, d4), b = fmaf(-4.0f, d1, d3), c = d4 - d2, e = d3 - d1;

	v[0] = fmaf(4.0f, d0, fmaf(-5.0f, d2, d4));
	v[to] = a + b;
	v[2 * to] = a - b;
	v[3 * to] = fmaf(2.0f, e, c);
	v[4 * to] = fmaf(-2.0f, e, c);
	v[5 * to] = fmaf(4.0f, d1, fmaf(-5.0f, d3, d[5 * from]));
}

static void winograd_output_line(const float *m, int64_t from, float *y, int64_t to)
{
	float a = m[from] + m[2 * from], b = m[from] - m[2 * from];
	float c = m[3 * from] + m[4 * from], d = m[3 * from] - m[4 * from];

	y[0] = (m[0] + a) + c;
	y[to] = fmaf(2.0f, d, b);
	y[2 * to] = fmaf(4.0f, c, a);
	y[3 * to] = fmaf(8.0f, d, b) + m[5 * from];
}

static void winograd_output_gradient_line(const float *d, int64_t from, float *z, int64_t to)
{
	float d0 = d[0], d1 = d[from], d2 = d[2 * from], d3 = d[3 * from];
	float a = d0 + d2, b = d1 + d3, c = fmaf(4.0f, d2, d0), e = fmaf(4.0f, d3, d1);

	z[0] = d0;
	z[to] = a + b;
	z[2 * to] = a - b;
	z[3 * to] = fmaf(2.0f, e, c);
	z[4 * to] = fmaf(-2.0f, e, c);
	z[5 * to] = d3;
}

static void winograd_kernel_line(const float *w, int64_t from, float *u, int64_t to)
{
	float w0 = w[0], w1 = w[from], w2 = w[2 * from];
	float a = w0 + w2, b = fmaf(4.0f, w2, w0);

	u[0] = w0 * (1.0f / 4);
	u[to] = (a + w1) * (-1.0f / 6);
	u[2 * to] = (a - w1) * (-1.0f / 6);
	u[3 * to] = fmaf(2.0f, w1, b) * (1.0f / 24);
	u[4 * to] = fmaf(-2.0f, w1, b) * (1.0f / 24);
	u[5 * to] = w2;
}

static void winograd_kernel_gradient_line(const float *u, int64_t from, float *w, int64_t to)
{
	float a = u[from] + u[2 * from], b = u[2 * from] - u[from];
	float c = u[3 * from] + u[4 * from], d = u[3 * from] - u[4 * from];

	w[0] = fmaf(1.0f / 24, c, fmaf(-1.0f / 6, a, u[0] * (1.0f / 4)));
	w[to] = fmaf(1.0f / 12, d, b * (1.0f / 6));
	w[2 * to] = fmaf(1.0f / 6, c, fmaf(-1.0f / 6, a, u[5 * from]));
}

typedef void winograd_line(const float *x, int64_t from, float *y, int64_t to);

/* from x from values to to x to: columns first, then rows. */
static void winograd_transform(winograd_line *line, int from, const float *x, int to, float *y)
{
	float columns[WINOGRAD_PLANES];

	for (int j = 0; j < from; j++)
		line(x + j, from, columns + j, from);
	for (int i = 0; i < to; i++)
		line(columns + i * from, 1, y + i * to, 1);
}

/* One channel of size x size positions of a sample, 0 where the image is not. */
static void winograd_read(const struct winograd_tiles *t, const float *x, int64_t row,
	int64_t column, int size, float *d)
{
	for (int i = 0; i < size * size; i++) {
		int64_t h = row + i / size, w = column + i % size;
		bool inside = h >= 0 && h < t->height && w >= 0 && w < t->width;
		d[i] = inside ? x[(h * t->width + w) * t->channels] : 0.0f;
	}
}

/* input and output_gradient: both go from positions to planes. */
static void winograd_forth(const struct winograd_tiles *t, winograd_line *line, int size,
	const float *x, int64_t first, int64_t count, float *v)
{
	int64_t sample = t->height * t->width * t->channels;

	for (int64_t i = first; i < first + count; i++) {
		int64_t tile = i % t->tiles;
		int64_t row = tile / t->tiles_w * WINOGRAD_TILE - t->before_h;
		int64_t column = tile % t->tiles_w * WINOGRAD_TILE - t->before_w;
		for (int64_t c = 0; c < t->channels; c++, v++) {
			float d[WINOGRAD_PLANES], planes[WINOGRAD_PLANES];
			winograd_read(t, x + i / t->tiles * sample + c, row, column, size, d);
			winograd_transform(line, size, d, WINOGRAD_PATCH, planes);
			for (int e = 0; e < WINOGRAD_PLANES; e++)
				v[e * t->plane] = planes[e];
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
	for (int64_t i = first; i < first + count; i++) {
		int64_t tile = i % t->tiles, sample = i / t->tiles;
		int64_t row = tile / t->tiles_w * WINOGRAD_TILE;
		int64_t column = tile % t->tiles_w * WINOGRAD_TILE;
		for (int64_t c = 0; c < t->channels; c++, m++) {
			float planes[WINOGRAD_PLANES], d[WINOGRAD_TILE * WINOGRAD_TILE];
			for (int e = 0; e < WINOGRAD_PLANES; e++)
				planes[e] = m[e * t->plane];
			winograd_transform(
				winograd_output_line, WINOGRAD_PATCH, planes, WINOGRAD_TILE, d);
			for (int p = 0; p < WINOGRAD_TILE * WINOGRAD_TILE; p++) {
				int64_t h = row + p / WINOGRAD_TILE, w = column + p % WINOGRAD_TILE;
				if (h < t->height && w < t->width)
					y[((sample * t->height + h) * t->width + w) * t->channels +
						c] = d[p] + (bias ? bias[c] : 0.0f);
			}
		}
	}
}

static void k_winograd_kernel(const float *w, int64_t w_place, int64_t n, int64_t plane, float *u)
{
	for (int64_t j = 0; j < n; j++) {
		float places[9], planes[WINOGRAD_PLANES];
		for (int p = 0; p < 9; p++)
			places[p] = w[p * w_place + j];
		winograd_transform(winograd_kernel_line, 3, places, WINOGRAD_PATCH, planes);
		for (int e = 0; e < WINOGRAD_PLANES; e++)
			u[e * plane + j] = planes[e];
	}
}

static void k_winograd_kernel_gradient(
	const float *du, int64_t plane, int64_t n, int64_t w_place, float *dw)
{
	for (int64_t j = 0; j < n; j++) {
		float planes[WINOGRAD_PLANES], places[9];
		for (int e = 0; e < WINOGRAD_PLANES; e++)
			planes[e] = du[e * plane + j];
		winograd_transform(
			winograd_kernel_gradient_line, WINOGRAD_PATCH, planes, 3, places);
		for (int p = 0; p < 9; p++)
			dw[p * w_place + j] = places[p];
	}
}

#define WINOGRAD_KERNELS                                                                           \
	.winograd_input = k_winograd_input, .winograd_output = k_winograd_output,                  \
	.winograd_output_gradient = k_winograd_output_gradient,                                    \
	.winograd_kernel = k_winograd_kernel,                                                      \
	.winograd_kernel_gradient = k_winograd_kernel_gradient
