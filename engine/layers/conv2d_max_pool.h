/* conv2d_max_pool.h - a convolution and the pooling after it, in one pass. */
#pragma once

#include "engine/layer.h"

/* The fused class if `next` is a MaxPooling2D whose windows neither overlap nor leave the image,
 * and the convolution is in one group, not dilated, ends in relu or nothing and is not worked by
 * Winograd's way; else NULL. */
const struct layer_class *conv2d_max_pool_fuse(
	const struct layer_request *r, const struct layer_class *next);
