/* pooling.h - windows that slide over the places of a sample: the arguments and the geometry that
 * all poolings with a pool_size have in common.   x (N,H,W,C)  y (N,P,Q,C)
 *
 * In one dimension, (steps, channels), there is one row: H = P = 1. */
#pragma once

#include "engine/layers/common.h"

struct pooling_conf {
	/* Rows, columns; in one dimension the second place alone. */
	int64_t pool_size[2];
	int64_t strides[2]; /* PARAM_NULL: pool_size */
	int padding;
};
extern const struct param pooling1d_params[], pooling2d_params[];

struct pooling {
	struct window_axis h, w;
	int64_t channels;
	bool pads, covers, overlaps; /* covers: each place is in one window */
};
/* rank: of the input that the layer `name` takes, 2 or 3. Fills ret_plan->out and
 * flops_per_output. false: the input is of another rank, or a window does not fit it. */
bool pooling_plan(const struct layer_request *r, const char *name, int rank, struct pooling *ret,
	struct layer_plan *ret_plan, struct error *err);
/* That of a layer whose plan was accepted. */
struct pooling pooling_of(const struct layer_step *s);

/* Where the real values under a window begin and end, on one axis. */
static inline int64_t window_begin(const struct window_axis *a, int64_t place)
{
	int64_t begin = place * a->stride - a->before;
	return begin > 0 ? begin : 0;
}
static inline int64_t window_end(const struct window_axis *a, int64_t place)
{
	int64_t end = place * a->stride - a->before + a->size;
	return end < a->in ? end : a->in;
}

/* In max_pooling2d.c and average_pooling2d.c, for their neighbours in one dimension. */
bool max_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err);
void max_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end);
void max_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end);
void average_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end);
void average_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end);
