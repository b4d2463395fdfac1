/* accuracy.c - "accuracy" chooses as Keras does: of one output, whether it is on the right side of
 * 1/2; of several, whether the largest is the right one. */
#include "engine/metrics/accuracy.h"

static bool accuracy_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf, (void)err; /* goes with anything */
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS,
		.wants_probabilities = shape_elements(&r->output) == 1 };
	return true;
}

static void accuracy_sample(const struct metric_sample *s)
{
	s->counts[ACCURACY_RIGHT] +=
		s->width == 1 ? accuracy_of_sides(s, 0.5f) : accuracy_of_classes(s);
}

const struct metric_class metric_accuracy = {
	.name = "accuracy",
	.doc = "share of the samples that are right",
	.higher_is_better = true,
	.plan = accuracy_plan,
	.sample = accuracy_sample,
	.result = accuracy_result,
};
