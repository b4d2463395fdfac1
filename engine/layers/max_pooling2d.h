/* max_pooling2d.h - the conf of MaxPooling2D, for the pair that it is fused in. */
#pragma once

#include <stdint.h>

struct max_pooling2d_conf {
	int64_t pool_size[2];
	int64_t strides[2]; /* PARAM_NULL: pool_size */
	int padding;
};
