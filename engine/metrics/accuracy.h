/* accuracy.h - how often a sample is right, in Keras's three ways and by itself. */
#pragma once

#include "engine/metric.h"

/* One count: the samples (or, of several outputs of 0 or 1, the outputs) that are right. */
enum { ACCURACY_RIGHT, ACCURACY_COUNTS };

static inline double accuracy_result(const void *conf, int64_t width, int64_t samples,
	const double *counts, const double *values)
{
	(void)conf, (void)width, (void)values;
	return metric_share(counts[ACCURACY_RIGHT], (double)samples);
}

/* Whether the first largest output is that of the label, or of the largest target. */
static inline bool accuracy_of_classes(const struct metric_sample *s)
{
	int64_t wanted = s->target ? metric_largest(s->target, s->width) : s->label;

	return metric_largest(s->y, s->width) == wanted;
}

/* How many outputs are on the same side of the threshold as their targets are of 1/2. */
static inline int64_t accuracy_of_sides(const struct metric_sample *s, float threshold)
{
	int64_t right = 0;

	for (int64_t j = 0; j < s->width; j++)
		right += (s->y[j] > threshold) == (metric_target(s, j) > 0.5f);
	return right;
}
