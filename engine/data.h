/* data.h - the samples that a run trains on, as the engine sees them.
 *
 * Borrowed, read-only memory (a mapped file, say) that must stay as it is while a plan, run or
 * trainer uses it. */
#pragma once

#include "engine/shape.h"

#include <stdint.h>

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
	/* NULL: sample i is the i-th that is stored; else it is number index[i]. */
	const int32_t *index;
	/* NULL: all 1; else how much each stored sample's loss counts. */
	const float *weights;
	int64_t classes; /* 1 + the largest label; 0 when y are not labels */
};

/* Where sample i is stored. */
static inline int64_t data_stored(const struct data *d, int64_t i)
{
	return d->index ? d->index[i] : i;
}

/* The label that is stored there. */
static inline int64_t data_label(const struct data *d, int64_t stored)
{
	return d->y_type == DATA_U8 ? ((const uint8_t *)d->y)[stored]
				    : ((const int32_t *)d->y)[stored];
}
