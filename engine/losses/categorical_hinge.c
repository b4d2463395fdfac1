/* categorical_hinge.c - loss = max(1 + max((1 - t) y) - sum(t y), 0) along the last axis, the mean
 * over the other axes. Labels stand for rows of 0 with a 1 at their place. */
#include "engine/losses/common.h"

#include <math.h>

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_classes("categorical_hinge", r, ret, err);
}

/* The target of value j of row `row` of sample i. */
static float target_of(const struct loss_step *s, int64_t i, int64_t row, int64_t j)
{
	if (s->labels)
		return s->labels[i] == j ? 1.0f : 0.0f;
	return s->targets[i * s->width + row * s->depth + j];
}

/* Sums are in double, in the order of the outputs; of equal maxima the first one counts. */
static double row_run(const struct loss_step *s, int64_t i, int64_t row, float scale)
{
	int64_t at = i * s->width + row * s->depth, largest = 0;
	double right = 0, wrong = -INFINITY;

	for (int64_t j = 0; j < s->depth; j++) {
		double t = (double)target_of(s, i, row, j), y = (double)s->y[at + j];
		right += t * y;
		if (!((1 - t) * y <= wrong)) {
			wrong = (1 - t) * y;
			largest = j;
		}
	}
	double loss = 1 + wrong - right;
	for (int64_t j = 0; s->dy && j < s->depth; j++) {
		float t = target_of(s, i, row, j);
		float slope = (j == largest ? 1.0f - t : 0.0f) - t;
		s->dy[at + j] = loss > 0 ? scale * slope : 0.0f;
	}
	return loss < 0 ? 0 : loss;
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

const struct loss_class loss_categorical_hinge = {
	.name = "categorical_hinge",
	.doc = "what is left to a margin of 1 between the right class and the best other one",
	.plan = loss_plan,
	.run = loss_run,
};
