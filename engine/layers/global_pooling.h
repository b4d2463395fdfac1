/* global_pooling.h - one value a channel out of all places of a sample.
 *   x (N,H,W,C) or (N,steps,C)   y (N,C), or with keepdims (N,1,1,C) or (N,1,C) */
#pragma once

#include "engine/layers/common.h"

struct global_pooling_conf {
	bool keepdims;
};
extern const struct param global_pooling_params[];

/* rank: of the input that the layer `name` takes, 2 or 3. */
bool global_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err);

/* In global_average_pooling2d.c and global_max_pooling2d.c, for their neighbours in one dimension.
 */
void global_average_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end);
void global_average_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end);
bool global_max_pooling_plan(const struct layer_request *r, const char *name, int rank,
	struct layer_plan *ret, struct error *err);
void global_max_pooling_forward(const struct layer_step *s, int64_t begin, int64_t end);
void global_max_pooling_backward(const struct layer_step *s, int64_t begin, int64_t end);
