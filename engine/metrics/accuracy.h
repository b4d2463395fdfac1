/* accuracy.h - how often a network is right, for the metrics that count that. What is right or
 * wrong is an output of 0 or 1, or a row of outputs of which the largest names a class: rows lie
 * along the last axis, as Keras has it. */
#pragma once

#include "engine/metric.h"

enum { ACCURACY_RIGHT, ACCURACY_OF, ACCURACY_COUNTS };

static inline double accuracy_result(const void *conf, int64_t width, int64_t samples,
	const double *counts, const double *values)
{
	(void)conf, (void)width, (void)samples, (void)values;
	return metric_share(counts[ACCURACY_RIGHT], counts[ACCURACY_OF]);
}

/* Whether the last axis names classes at all: of one output the class would be no place in it. */
static inline bool accuracy_needs_classes(const struct metric_request *r, struct error *err)
{
	return metric_depth(&r->output) > 1 ||
	       error_at(err, ERROR_INVALID, "",
		       "needs an output for each class; the network has 1: take binary_accuracy");
}

/* The class of the row that begins at output `at`: the label, or the first largest target. */
static inline int64_t accuracy_class(const struct metric_sample *s, int64_t at)
{
	return s->target ? metric_largest(s->target + at, s->depth) : s->label;
}

/* Counts the rows whose first largest output is that of their class. */
static inline void accuracy_count_classes(const struct metric_sample *s)
{
	for (int64_t at = 0; at < s->width; at += s->depth)
		s->counts[ACCURACY_RIGHT] +=
			metric_largest(s->y + at, s->depth) == accuracy_class(s, at);
	s->counts[ACCURACY_OF] += s->width / s->depth;
}

/* Counts the outputs that are on the same side of the threshold as their targets are of 1/2. */
static inline void accuracy_count_sides(const struct metric_sample *s, float threshold)
{
	for (int64_t j = 0; j < s->width; j++)
		s->counts[ACCURACY_RIGHT] += (s->y[j] > threshold) == (metric_target(s, j) > 0.5f);
	s->counts[ACCURACY_OF] += s->width;
}
