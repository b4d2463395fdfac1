/* auc.c - AUC: the area under the curve of true against false positives (ROC), or of precision
 * against recall (PR), over thresholds that cut [0, 1] evenly. ROC: trapezoids; PR: Davis and
 * Goadrich, "The relationship between precision-recall and ROC curves", ICML 2006, as Keras
 * interpolates it. All outputs together. */
#include "engine/math64.h"
#include "engine/metric.h"

enum curve { ROC, PR };
static const char *const curves[] = { "ROC", "PR", NULL };

enum { THRESHOLDS_MAX = 2000 };

struct conf {
	int64_t num_thresholds;
	int curve;
};

static const struct param params[] = {
	PARAM_INT(struct conf, num_thresholds, 200, 3, THRESHOLDS_MAX, "points of the curve"),
	PARAM_CHOICE(struct conf, curve, ROC, curves, "which curve"),
	PARAM_END,
};

/* For each interval between thresholds: outputs that should say no, and that should say yes. */
enum { NO, YES, COUNTS };

static bool auc_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)r, (void)err; /* goes with anything */
	*ret = (struct metric_plan){
		.n_counts = COUNTS * (int)((const struct conf *)conf)->num_thresholds,
		.wants_probabilities = true,
	};
	return true;
}

/* Threshold i is i / (n - 1), the first a little below 0 and the last a little above 1. An output
 * lies above thresholds 0 … its interval. */
static int64_t interval_of(float y, int64_t n)
{
	double place = (double)y * (double)(n - 1);

	if (!(place > 0))
		return 0;
	if (place > (double)(n - 1))
		return n - 2;
	int64_t whole = (int64_t)place;
	return place > (double)whole ? whole : whole - 1;
}

static void auc_sample(const struct metric_sample *s)
{
	int64_t n = ((const struct conf *)s->conf)->num_thresholds;

	for (int64_t j = 0; j < s->width; j++)
		s->counts[COUNTS * interval_of(s->y[j], n) +
			  (metric_target(s, j) > 0.5f ? YES : NO)]++;
}

/* The area between two thresholds: tp, p are true positives and all that said yes at the upper one;
 * more_* what the lower one adds; wanted: all that should. Precision is (tp + k slope) / …, which
 * integrates to slope (more_tp + intercept log(ratio)). */
static double pr_area(double tp, double p, double more_tp, double more_p, double wanted)
{
	double slope = metric_share(more_tp, more_p), intercept = tp - slope * p;
	double ratio = p > 0 ? (p + more_p) / p : 1.0;

	return metric_share(slope * (more_tp + intercept * math64_log(ratio)), wanted);
}

static double auc_result(const void *conf, int64_t width, int64_t samples, const double *counts,
	const double *values)
{
	const struct conf *c = conf;
	double yes = 0, no = 0, tp = 0, fp = 0, area = 0;

	(void)width, (void)samples, (void)values;
	for (int64_t i = 0; i < c->num_thresholds; i++) {
		no += counts[COUNTS * i + NO];
		yes += counts[COUNTS * i + YES];
	}
	for (int64_t i = c->num_thresholds; i-- > 0;) {
		double more_tp = counts[COUNTS * i + YES], more_fp = counts[COUNTS * i + NO];
		if (c->curve == ROC)
			area += metric_share(more_fp, no) * metric_share(tp + more_tp / 2, yes);
		else
			area += pr_area(tp, tp + fp, more_tp, more_tp + more_fp, yes);
		tp += more_tp;
		fp += more_fp;
	}
	return area;
}

const struct metric_class metric_auc = {
	.name = "auc",
	.doc = "area under the ROC or the precision-recall curve",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = auc_plan,
	.sample = auc_sample,
	.result = auc_result,
};
