/* conv2d.h - two-dimensional convolution (cross-correlation, as Keras's): what it is to a gemm. For
 * Conv2D and its fused pair.
 *
 *   x (N,H,W,C)  w (R,S,C,K)  b (K)  y (N,P,Q,K), t the stride, d the dilation:
 *   y[p,q,k]    = b[k] + sum_{r,s,c} x[p t + r d, q t + s d, c] w[r,s,c,k]
 *   dw[r,s,c,k] = sum_{n,p,q} x[n, p t + r d, q t + s d, c] dy[n,p,q,k]
 *   dx[h,w,c]   = sum_{r,s,k} e[h + r d, w + s d, k] w[R-1-r, S-1-s, c, k],  e = dy with d
 * and (S-1) d zeros around. With strides, dx falls into t x t phases, each of every t-th position
 * and the taps that lead there, every t-th one: of each it is that sum. In groups, C and K are
 * those of one group, which has its own channels of x, w and y; w is (R,S,C,K) with the K of all
 * groups. In NHWC the S C values under a kernel's row are one run, so nothing is copied but a
 * padded image; dilation and groups cut it into S runs. The rows of the gemm lie anywhere, at
 * offsets that are worked out once (the table): of output positions, kernel values, input
 * positions. */
#pragma once

#include "engine/layers/common.h"

struct conv2d_conf {
	int64_t filters;
	int64_t kernel_size[2];
	int64_t strides[2];
	int padding;
	int64_t dilation_rate[2];
	int64_t groups;
	int activation;
	bool use_bias;
	struct weight_conf kernel, bias;
};

enum { CONV2D_KERNEL, CONV2D_BIAS };

struct conv2d_geometry {
	struct window_axis h, w; /* size: R and S. out: positions that are worked out */
	int64_t dilation_h, dilation_w;
	int64_t rows; /* of output that one gemm makes: its positions stand in the table */
	int64_t groups;
	int64_t in, out; /* channels of all groups */
	int64_t x_row;   /* floats of a padded row of x */
	int64_t kernel;  /* values of w for one k: R S C */
	bool pads;
	int64_t e_height, e_row; /* of e: rows, floats a row */
};

/* Keras's checks of the arguments, then the geometry. */
bool conv2d_geometry_plan(const struct conv2d_conf *c, const struct shape *in,
	struct conv2d_geometry *ret, struct error *err);
/* The rest of a geometry whose axes, dilation, groups and channels are set. */
void conv2d_geometry_finish(struct conv2d_geometry *g);
/* Weights, table and scratch; `more` floats of scratch are the caller's, behind conv2d's own.
 * `kernel` and `bias` stand in the layer's conf, which the plan borrows: c may be a copy. false:
 * too large. */
bool conv2d_plan_memory(const struct conv2d_conf *c, const struct weight_conf *kernel,
	const struct weight_conf *bias, const struct conv2d_geometry *g, int64_t more,
	struct layer_plan *ret, struct error *err);
void conv2d_fill_table(const struct conv2d_geometry *g, int32_t *table);

/* The parts of a thread's scratch. */
float *conv2d_scratch_e(const struct layer_step *s, const struct conv2d_geometry *g);
float *conv2d_scratch_turned(const struct layer_step *s, const struct conv2d_geometry *g);
float *conv2d_scratch_more(const struct layer_step *s, const struct conv2d_geometry *g);

/* Before the first conv2d_input of a pass: clears the border. */
void conv2d_clear_border(const struct layer_step *s, const struct conv2d_geometry *g);
/* One sample, x, padded in scratch where there is padding. */
const float *conv2d_input(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *x);

/* y = the rows first_row … first_row + g->rows of output. bias may be NULL. */
void conv2d_forward_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, const float *bias, float *y);
/* dw = or += what those rows' dy give, of one image or of several that adjoin, all rows of each. */
void conv2d_kernel_gradient_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	const float *x, int64_t first_row, int64_t images, const float *dy, bool add, float *dw);

/* Before the first gradient of the input in a pass: clears e, turns the kernel round. */
void conv2d_begin_input_gradient(const struct layer_step *s, const struct conv2d_geometry *g);
/* Writes g->rows rows of dy into e. */
void conv2d_spread_rows(const struct layer_step *s, const struct conv2d_geometry *g,
	int64_t first_row, const float *dy);
/* dx of one sample, from e, begun with bias, which may be NULL. */
void conv2d_input_gradient(
	const struct layer_step *s, const struct conv2d_geometry *g, const float *bias, float *dx);

/* Forward and backward of a layer that is a convolution and nothing else. */
void conv2d_forward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end);
void conv2d_backward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end);
