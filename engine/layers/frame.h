/* frame.h - an image in the middle of a larger one: what ZeroPadding2D and Cropping2D do, each the
 * other's gradient. */
#pragma once

#include "engine/layers/common.h"

/* One inner image; sizes in floats, but for the rows. */
struct frame {
	int64_t rows, row; /* of the inner image */
	int64_t above, below, before, after;
};

/* margins: top, bottom, left, right, in places; inner: the shape of the inner image. */
struct frame frame_of(const int64_t margins[static 4], const struct shape *inner);
/* The floats of the outer image. */
int64_t frame_values(const struct frame *f);

/* outer = inner with zeros around it. */
void frame_fill(const struct frame *f, const float *inner, float *outer);
/* inner = what lies in the middle of outer. */
void frame_take(const struct frame *f, const float *outer, float *inner);
