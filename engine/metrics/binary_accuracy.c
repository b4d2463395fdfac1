/* binary_accuracy.c - BinaryAccuracy: the share of outputs on the same side of a threshold as their
 * targets. */
#include "engine/metrics/accuracy.h"

struct conf {
	double threshold;
};

static const struct param params[] = {
	PARAM_FLOAT(struct conf, threshold, 0.5, 0, 1, PARAM_ABOVE_MIN | PARAM_BELOW_MAX,
		"an output above it says 1"),
	PARAM_END,
};

static bool binary_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf, (void)r, (void)err; /* goes with anything */
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS, .wants_probabilities = true };
	return true;
}

static void binary_sample(const struct metric_sample *s)
{
	accuracy_count_sides(s, (float)((const struct conf *)s->conf)->threshold);
}

const struct metric_class metric_binary_accuracy = {
	.name = "binary_accuracy",
	.doc = "share of the outputs on the right side of a threshold",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = binary_plan,
	.sample = binary_sample,
	.result = accuracy_result,
};
