/* accuracy.c - "accuracy" chooses as Keras does: where the last axis has one output, whether that
 * is on the right side of 1/2; where it has several, whether the largest is the right one. */
#include "engine/metrics/accuracy.h"

static bool accuracy_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf, (void)err; /* goes with anything */
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS,
		.wants_probabilities = metric_depth(&r->output) == 1 };
	return true;
}

static void accuracy_sample(const struct metric_sample *s)
{
	if (s->depth == 1)
		accuracy_count_sides(s, 0.5f);
	else
		accuracy_count_classes(s);
}

const struct metric_class metric_accuracy = {
	.name = "accuracy",
	.doc = "share of the samples that are right",
	.higher_is_better = true,
	.plan = accuracy_plan,
	.sample = accuracy_sample,
	.result = accuracy_result,
};
