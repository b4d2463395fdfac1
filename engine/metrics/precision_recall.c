/* precision_recall.c - Precision and Recall over all outputs, each of which says yes or no: true
 * positives among those that said yes, or among those that should have. */
#include "engine/metric.h"

struct conf {
	double threshold;
};

/* Keras calls it thresholds and takes several; a job has one. */
static const struct param params[] = {
	{ .name = "thresholds",
		.doc = "an output above it says yes",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_ABOVE_MIN | PARAM_BELOW_MAX,
		.offset = offsetof(struct conf, threshold),
		.def = 0.5,
		.min = 0,
		.max = 1 },
	PARAM_END,
};

enum { BOTH, SAID, WANTED, COUNTS };

static bool pr_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf, (void)r, (void)err; /* goes with anything */
	*ret = (struct metric_plan){ .n_counts = COUNTS, .wants_probabilities = true };
	return true;
}

static void pr_sample(const struct metric_sample *s)
{
	float threshold = (float)((const struct conf *)s->conf)->threshold;

	for (int64_t j = 0; j < s->width; j++) {
		bool said = s->y[j] > threshold, wanted = metric_target(s, j) > 0.5f;
		s->counts[BOTH] += said && wanted;
		s->counts[SAID] += said;
		s->counts[WANTED] += wanted;
	}
}

static double precision_result(const void *conf, int64_t width, int64_t samples,
	const double *counts, const double *values)
{
	(void)conf, (void)width, (void)samples, (void)values;
	return metric_share(counts[BOTH], counts[SAID]);
}

static double recall_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	(void)conf, (void)width, (void)samples, (void)values;
	return metric_share(counts[BOTH], counts[WANTED]);
}

const struct metric_class metric_precision = {
	.name = "precision",
	.doc = "share of the outputs that say yes and are right",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = pr_plan,
	.sample = pr_sample,
	.result = precision_result,
};

const struct metric_class metric_recall = {
	.name = "recall",
	.doc = "share of the outputs that should say yes and do",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = pr_plan,
	.sample = pr_sample,
	.result = recall_result,
};
