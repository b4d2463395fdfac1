/* data.h - the samples that a run trains on, as the engine sees them.
 *
 * Borrowed, read-only memory (a mapped file, say) that must stay as it is while a plan, run or
 * trainer uses it. */
#pragma once

#include "engine/shape.h"

enum data_type { DATA_U8, DATA_F32, DATA_I32 };

struct data {
	const void
		*x; /* count samples of `shape`, row-major. U8 is read as x / 255, F32 as it is */
	enum data_type x_type; /* DATA_U8 or DATA_F32 */
	struct shape shape;    /* of one sample; an image has rank 3 (height, width, channels) */
	const void *y;         /* count labels (U8 or I32), or count rows of `y_shape` (F32) */
	enum data_type y_type;
	struct shape y_shape; /* of one target; rank 0 for labels */
	int64_t count;        /* samples, at least 1 */
	int64_t classes;      /* 1 + the largest label; 0 when y are not labels */
};
