/* depthwise.h - the convolution that keeps channels apart, for DepthwiseConv2D and SeparableConv2D.
 *
 *   x (N,H,W,C)  w (R,S,C,M)  y (N,P,Q,C M), t the stride, d the dilation:
 *   y[p,q,cM+m] = b[cM+m] + sum_{r,s} x[p t + r d, q t + s d, c] w[r,s,c,m]
 *   dw[r,s,c,m] = sum_{n,p,q} x[n, p t + r d, q t + s d, c] dy[n,p,q,cM+m]
 *   dx[h,w,c]   = sum_m sum_{r,s} e[h + r d, w + s d, cM+m] w[R-1-r, S-1-s, c, m],  e = dy, its
 * values t apart, (R-1) d and (S-1) d zeros around. Where M is above 1 each channel of x is written
 * M times, so that all three are one loop over C M channels. w is the layer's weight 0. */
#pragma once

#include "engine/layers/common.h"

/* What a layer's conf begins with. */
struct depthwise_conf {
	int64_t kernel_size[2];
	int64_t strides[2];
	int64_t dilation_rate[2];
	int64_t depth_multiplier;
	int padding;
	struct weight_conf depthwise;
};

struct depthwise_geometry {
	struct window_axis h, w; /* size: R and S */
	int64_t dilation_h, dilation_w;
	int64_t in, multiplier, channels; /* C, M, C M */
	bool copies;             /* x is padded, or its channels are repeated, in scratch */
	int64_t x_row;           /* floats of a row of that */
	int64_t e_height, e_row; /* of e: rows, floats a row */
};

enum { DEPTHWISE_KERNEL };

bool depthwise_geometry_plan(const struct depthwise_conf *c, const struct shape *in,
	struct depthwise_geometry *ret, struct error *err);
/* That of a layer whose plan was accepted. */
struct depthwise_geometry depthwise_geometry_of(const struct layer_step *s);
struct weight_plan depthwise_kernel(
	const struct depthwise_geometry *g, const char *name, const struct depthwise_conf *c);
/* The functions below need so much scratch; what a caller needs for itself lies behind it. */
int64_t depthwise_scratch_floats(const struct depthwise_geometry *g);

/* Before the first forward, and before the first backward of a pass: clears what lies around x, or
 * around x and dy. */
void depthwise_begin_forward(const struct layer_step *s, const struct depthwise_geometry *g);
void depthwise_begin_backward(const struct layer_step *s, const struct depthwise_geometry *g);
/* One sample. bias may be NULL. */
void depthwise_forward(const struct layer_step *s, const struct depthwise_geometry *g,
	const float *x, const float *bias, float *y);
/* One sample: dw = or += its gradient of the kernel; sets dx unless it is NULL. */
void depthwise_backward(const struct layer_step *s, const struct depthwise_geometry *g,
	const float *x, const float *dy, bool add, float *dw, float *dx);
