/* scalar.c - the reference: what every other table must equal to the last bit. Plain loops, in the
 * contract's order. */
#include "engine/kernels/elementwise.h"
#include "engine/kernels/gemm_bf16_scalar.h"
#include "engine/kernels/noise.h"
#include "engine/kernels/normalization.h"
#include "engine/kernels/pooling.h"
#include "engine/kernels/resample.h"
#include "engine/kernels/rules.h"
#include "engine/kernels/tables.h"
#include "engine/kernels/winograd_scalar.h"

#include <string.h>

static void k_gemm(const struct gemm *g)
{
	for (int64_t i = 0; i < g->m; i++) {
		const float *row = g->a + (g->a_rows ? g->a_rows[i] : i * g->a_row);
		for (int64_t j = 0; j < g->n; j++) {
			float *c = g->c + i * g->c_row + j;
			float sum = g->accumulate ? *c : g->bias ? g->bias[j] : 0.0f;
			for (int64_t s = 0; s < g->segments; s++) {
				for (int64_t k = 0; k < g->run; k++) {
					int64_t q = s * g->run + k;
					float b = g->b_transposed ? g->b[j * g->b_row + q]
								  : g->b[q * g->b_row + j];
					sum = fmaf(row[s * g->a_segment + k * g->a_step], b, sum);
				}
			}
			*c = sum;
		}
	}
}

static void k_max_pool(
	const struct pool_row *p, const float *x, bool with_relu, float *y, uint8_t *where)
{
	for (int64_t o = 0; o < p->width; o++) {
		for (int64_t c = 0; c < p->channels; c++) {
			const float *window = x + o * p->x_step + c;
			float max = window[0];
			int first = 0;
			for (int64_t i = 1; i < p->pool_h * p->pool_w; i++) {
				float v = window[i / p->pool_w * p->x_row +
						 i % p->pool_w * p->channels];
				if (v > max) {
					max = v;
					first = (int)i;
				}
			}
			y[o * p->channels + c] = with_relu ? relu(max, /* alpha= */ 0.0f) : max;
			where[o * p->channels + c] = (uint8_t)first;
		}
	}
}

static void k_max_pool_backward(
	const struct pool_row *p, const float *dy, const uint8_t *where, bool add, float *dx)
{
	for (int64_t o = 0; o < p->width; o++) {
		for (int64_t i = 0; i < p->pool_h * p->pool_w; i++) {
			for (int64_t c = 0; c < p->channels; c++) {
				float *d = dx + o * p->x_step + i / p->pool_w * p->x_row +
					   i % p->pool_w * p->channels + c;
				float v = where[o * p->channels + c] == i ? dy[o * p->channels + c]
									  : 0.0f;
				*d = add ? *d + v : v;
			}
		}
	}
}

/* What the taps of channel `k` see at one position of a window, summed up. */
static float conv_pool_sum(const struct conv_pool *c, const float *x, const float *w, float start)
{
	float sum = start;

	for (int64_t s = 0; s < c->segments; s++)
		for (int64_t k = 0; k < c->run; k++, w += c->channels)
			sum = fmaf(x[s * c->x_segment + k], *w, sum);
	return sum;
}

/* Where a window's position lies in x. */
static const float *conv_pool_at(
	const struct conv_pool *c, const float *x, int64_t window, int position)
{
	int64_t p = window / c->width * 2 + position / 2, q = window % c->width * 2 + position % 2;

	return x + p * c->down + q * c->right;
}

static void k_conv_pool(const struct conv_pool *c, const float *x, const float *w,
	const float *bias, bool with_relu, float *y, uint8_t *where)
{
	for (int64_t i = 0; i < c->rows * c->width; i++) {
		for (int64_t k = 0; k < c->channels; k++, y++, where++) {
			float start = bias ? bias[k] : 0.0f, max = 0;
			for (int p = 0; p < CONV_POOL_POSITIONS; p++) {
				float v = conv_pool_sum(c, conv_pool_at(c, x, i, p), w + k, start);
				if (p == 0 || v > max) {
					max = v;
					*where = (uint8_t)p;
				}
			}
			*y = with_relu ? relu(max, /* alpha= */ 0.0f) : max;
		}
	}
}

static void k_conv_pool_backward(const struct conv_pool *c, const float *x, bool with_relu,
	const float *y, const float *dy, const uint8_t *where, float *dw, float *db)
{
	for (int64_t i = 0; i < c->rows * c->width; i++) {
		for (int64_t k = 0; k < c->channels; k++, y++, dy++, where++) {
			const float *at = conv_pool_at(c, x, i, *where);
			float d = with_relu && !(*y > 0.0f) ? 0.0f : *dy;
			for (int64_t t = 0; t < c->segments * c->run; t++) {
				float *sum = dw + t * c->channels + k;
				*sum = fmaf(at[t / c->run * c->x_segment + t % c->run], d, *sum);
			}
			if (db)
				db[k] += d;
		}
	}
}

static void k_stream(const float *x, int64_t n, float *y)
{
	memcpy(y, x, (size_t)n * sizeof *y);
}

static void k_transpose(
	const float *x, int64_t rows, int64_t columns, int64_t x_row, float *y, int64_t y_row)
{
	for (int64_t i = 0; i < rows; i++)
		for (int64_t j = 0; j < columns; j++)
			y[j * y_row + i] = x[i * x_row + j];
}

/* The place under tap t of position q. */
static int64_t depthwise_at(const struct depthwise_row *p, int64_t q, int64_t t)
{
	return q * p->x_step + t / p->size_w * p->x_row + t % p->size_w * p->x_column;
}

static void k_depthwise(
	const struct depthwise_row *p, const float *x, const float *w, const float *bias, float *y)
{
	for (int64_t q = 0; q < p->width; q++) {
		for (int64_t j = 0; j < p->channels; j++) {
			float sum = bias ? bias[j] : 0.0f;
			for (int64_t t = 0; t < p->size_h * p->size_w; t++)
				sum = fmaf(x[depthwise_at(p, q, t) + j], w[t * p->w_tap + j], sum);
			y[q * p->channels + j] = sum;
		}
	}
}

static void k_depthwise_gradient(
	const struct depthwise_row *p, const float *x, const float *dy, float *dw)
{
	for (int64_t t = 0; t < p->size_h * p->size_w; t++) {
		for (int64_t j = 0; j < p->channels; j++) {
			float *sum = dw + t * p->w_tap + j;
			for (int64_t q = 0; q < p->width; q++)
				*sum = fmaf(x[depthwise_at(p, q, t) + j], dy[q * p->channels + j],
					*sum);
		}
	}
}

static void k_sum_rows(const float *x, int64_t rows, int64_t n, float *sum)
{
	for (int64_t r = 0; r < rows; r++)
		for (int64_t i = 0; i < n; i++)
			sum[i] += x[r * n + i];
}

const struct kernels kernels_scalar = {
	.name = "scalar",
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
