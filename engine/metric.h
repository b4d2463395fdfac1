/* metric.h - what a metric is to the engine: one file in metrics/, one row in registry.c.
 *
 * A metric sees one sample after the other, in any order and on any thread. What it adds up is
 * either whole numbers (counts: the order of additions does not matter) or up to n_values floats a
 * sample, which the run adds up in double in the order of the samples. So a metric is the same
 * bits for any number of threads, batch or part. */
#pragma once

#include "base/error.h"
#include "base/param.h"
#include "engine/shape.h"

#include <stdbool.h>
#include <stdint.h>

struct metric_request {
	struct shape output; /* of the network, one sample */
	bool labels;         /* targets are class numbers; else rows as wide as the output */
};

struct metric_plan {
	int n_counts, n_values;
	bool wants_probabilities; /* y after the activation that the loss may have taken over */
};

struct metric_sample {
	const void *conf;
	int64_t width;       /* floats of the output */
	int64_t depth;       /* floats along its last axis: classes */
	const float *y;      /* the output; probabilities only where they are wanted */
	const float *target; /* as wide as the output; NULL: label */
	int32_t label;
	int64_t *counts; /* adds to them */
	float *values;   /* sets them: one sample's share of the sums */
};

/* All functions are pure but for what they are handed, and may be called by any thread. */
struct metric_class {
	const char *name, *doc; /* Keras's name as it stands in a history: "accuracy" */
	const struct param *params;
	size_t conf_size;
	bool higher_is_better; /* what a callback's mode "auto" takes it for */
	/* false: refused; err->pointer is relative to the metric ("/k"). */
	bool (*plan)(const void *conf, const struct metric_request *r, struct metric_plan *ret,
		struct error *err);
	void (*sample)(const struct metric_sample *s);
	/* The metric of `samples` samples (1 or more), from the sums of counts and values; width as
	 * above. */
	double (*result)(const void *conf, int64_t width, int64_t samples, const double *counts,
		const double *values);
};

/* What is wanted of output j: a label is a one among zeros, or itself if there is one output. */
static inline float metric_target(const struct metric_sample *s, int64_t j)
{
	if (s->target)
		return s->target[j];
	return s->width == 1 ? (float)s->label : (float)(s->label == j);
}

/* Outputs along the last axis: classes. */
static inline int64_t metric_depth(const struct shape *output)
{
	return output->rank ? output->dim[output->rank - 1] : 1;
}

/* For metrics of class numbers alone; `otherwise` is the one for rows. */
static inline bool metric_needs_labels(
	const struct metric_request *r, const char *otherwise, struct error *err)
{
	return r->labels || error_at(err, ERROR_INVALID, "",
				    "needs targets that are class numbers; those here are rows: "
				    "take %s",
				    otherwise);
}

/* The first largest of n values. */
static inline int64_t metric_largest(const float *values, int64_t n)
{
	int64_t largest = 0;

	for (int64_t j = 1; j < n; j++)
		if (values[j] > values[largest])
			largest = j;
	return largest;
}

/* a / b, and 0 where nothing was counted, as Keras's divide_no_nan. */
static inline double metric_share(double a, double b)
{
	return b != 0 ? a / b : 0.0;
}
