/* cosine_similarity.c - loss = -(t y) / (|t| |y|) along the last axis, the mean over the other
 * axes: -1 where both point in one direction. A length below 1e-7 counts as that, as in Keras.
 * d loss / dy = -(u - v (u v)) / |y|,  u = t / |t|, v = y / |y| */
#include "engine/losses/common.h"

#include <math.h>

static const double square_min = 1e-14; /* of a length */

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("cosine_similarity", r, /* labels_below= */ 0, ret, err);
}

static float target_of(const struct loss_step *s, int64_t i, int64_t at)
{
	return s->labels ? (float)s->labels[i] : s->targets[at];
}

/* Sums are in double, in the order of the outputs. */
static double row_run(const struct loss_step *s, int64_t i, int64_t row, float scale)
{
	int64_t at = i * s->width + row * s->depth;
	double tt = 0, yy = 0, ty = 0;

	for (int64_t j = 0; j < s->depth; j++) {
		double t = (double)target_of(s, i, at + j), y = (double)s->y[at + j];
		tt += t * t;
		yy += y * y;
		ty += t * y;
	}
	double t_length = sqrt(tt < square_min ? square_min : tt),
	       y_length = sqrt(yy < square_min ? square_min : yy);
	double cosine = ty / (t_length * y_length);
	/* A length that is held at its least does not change with y. */
	double along = yy < square_min ? 0 : cosine / y_length;
	for (int64_t j = 0; s->dy && j < s->depth; j++) {
		double t = (double)target_of(s, i, at + j), y = (double)s->y[at + j];
		s->dy[at + j] = scale * (float)((along * y - t / t_length) / y_length);
	}
	return -cosine;
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	int64_t rows = s->width / s->depth;

	for (int64_t i = begin; i < end; i++) {
		double total = 0;
		for (int64_t row = 0; row < rows; row++)
			total += row_run(s, i, row, s->scale / (float)rows);
		s->loss[i] = (float)(total / (double)rows);
	}
}

const struct loss_class loss_cosine_similarity = {
	.name = "cosine_similarity",
	.doc = "minus the cosine of the angle between output and target",
	.plan = loss_plan,
	.run = loss_run,
};
