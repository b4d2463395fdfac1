/* f1_score.c - F1Score: the harmonic mean of precision and recall of each output, and their mean.
 * Without a threshold the largest output says yes, as Keras has it; the first of several. */
#include "engine/metric.h"

#include <inttypes.h>
#include <math.h>

enum average { MACRO, MICRO, WEIGHTED };
static const char *const averages[] = { "macro", "micro", "weighted", NULL };

struct conf {
	int average;
	double threshold;
};

static const struct param params[] = {
	PARAM_CHOICE(struct conf, average, MACRO, averages,
		"over classes alike; over all outputs; over classes by their samples"),
	PARAM_FLOAT(struct conf, threshold, NAN, 0, 1,
		PARAM_ABOVE_MIN | PARAM_BELOW_MAX | PARAM_NULLABLE,
		"an output above it says yes; null: the largest does"),
	PARAM_END,
};

/* For each class. */
enum { BOTH, SAID, WANTED, COUNTS };
enum { CLASSES_MAX = 4096 };

static bool f1_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	int64_t width = shape_elements(&r->output);

	if (width == 1 && isnan(((const struct conf *)conf)->threshold))
		return error_at(err, ERROR_INVALID, "/threshold",
			"the network has 1 output, which is always the largest; give a threshold, "
			"as 0.5");
	if (width > CLASSES_MAX)
		return error_at(err, ERROR_INVALID, "",
			"the network has %" PRId64 " outputs; allowed: at most %d", width,
			CLASSES_MAX);
	*ret = (struct metric_plan){ .n_counts = COUNTS * (int)width, .wants_probabilities = true };
	return true;
}

static void f1_sample(const struct metric_sample *s)
{
	double threshold = ((const struct conf *)s->conf)->threshold;
	int64_t largest = metric_largest(s->y, s->width);

	for (int64_t j = 0; j < s->width; j++) {
		bool said = isnan(threshold) ? j == largest : s->y[j] > (float)threshold;
		bool wanted = metric_target(s, j) > 0.5f;
		s->counts[COUNTS * j + BOTH] += said && wanted;
		s->counts[COUNTS * j + SAID] += said;
		s->counts[COUNTS * j + WANTED] += wanted;
	}
}

static double f1(double both, double said, double wanted)
{
	return metric_share(2 * both, said + wanted);
}

static double f1_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	enum average average = (enum average)((const struct conf *)conf)->average;
	double both = 0, said = 0, wanted = 0, sum = 0;

	(void)samples, (void)values;
	for (int64_t j = 0; j < width; j++) {
		const double *c = counts + COUNTS * j;
		both += c[BOTH];
		said += c[SAID];
		wanted += c[WANTED];
		sum += f1(c[BOTH], c[SAID], c[WANTED]) * (average == WEIGHTED ? c[WANTED] : 1);
	}
	if (average == MICRO)
		return f1(both, said, wanted);
	return metric_share(sum, average == WEIGHTED ? wanted : (double)width);
}

const struct metric_class metric_f1_score = {
	.name = "f1_score",
	.doc = "harmonic mean of precision and recall",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = f1_plan,
	.sample = f1_sample,
	.result = f1_result,
};
