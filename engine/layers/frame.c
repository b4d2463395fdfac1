/* frame.c - see frame.h. */
#include "engine/layers/frame.h"

#include <string.h>

struct frame frame_of(const int64_t margins[static 4], const struct shape *inner)
{
	int64_t row = inner->dim[1] * inner->dim[2], before = margins[2] * inner->dim[2],
		after = margins[3] * inner->dim[2];

	return (struct frame){ .rows = inner->dim[0],
		.row = row,
		.above = margins[0] * (before + row + after),
		.below = margins[1] * (before + row + after),
		.before = before,
		.after = after };
}

int64_t frame_values(const struct frame *f)
{
	return f->above + f->rows * (f->before + f->row + f->after) + f->below;
}

static float *clear(float *at, int64_t n)
{
	memset(at, 0, (size_t)n * sizeof *at);
	return at + n;
}

void frame_fill(const struct frame *f, const float *inner, float *outer)
{
	outer = clear(outer, f->above);
	for (int64_t i = 0; i < f->rows; i++, inner += f->row) {
		outer = clear(outer, f->before);
		memcpy(outer, inner, (size_t)f->row * sizeof *outer);
		outer = clear(outer + f->row, f->after);
	}
	(void)clear(outer, f->below);
}

void frame_take(const struct frame *f, const float *outer, float *inner)
{
	image_crop(outer + f->above + f->before, f->rows, f->row, f->before + f->row + f->after,
		inner);
}
