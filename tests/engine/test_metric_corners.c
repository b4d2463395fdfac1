/* test_metric_corners.c - metrics by hand: where their formulas have corners, what no training can
 * bring about, and what they refuse. */
#include "network.h"

#include "engine/metric.h"
#include "engine/plan.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* --- corners ---------------------------------------------------------------------------------- */

/* Values of floats against the same in double. */
static const double tolerance = 1e-6;

static double worked(const char *metric, const struct shape *output, int n, const float *y,
	const float *targets, const int32_t *labels)
{
	enum { SUMS_MAX = 512 };
	struct metric_plan plan;
	struct error err = { 0 };
	int64_t counts[SUMS_MAX] = { 0 }, width = shape_elements(output);
	double sums[SUMS_MAX] = { 0 }, value_sums[SUMS_MAX] = { 0 };
	float values[SUMS_MAX];
	AUTO_FREE(model_free) struct model *m = model_new();

	network_metric(m, metric);
	const struct metric_class *class = m->metrics[0].class;
	const struct metric_request request = { .output = *output, .labels = labels };
	if (!class->plan(m->metrics[0].conf, &request, &plan, &err))
		fail_msg("%s: %s", metric, err.text);
	assert_true(plan.n_counts <= SUMS_MAX && plan.n_values <= SUMS_MAX);
	for (int i = 0; i < n; i++) {
		class->sample(&(struct metric_sample){ .conf = m->metrics[0].conf,
			.width = width,
			.depth = metric_depth(output),
			.y = y + i * width,
			.target = labels ? NULL : targets + i * width,
			.label = labels ? labels[i] : 0,
			.counts = counts,
			.values = values });
		for (int k = 0; k < plan.n_values; k++)
			value_sums[k] += (double)values[k];
	}
	for (int k = 0; k < plan.n_counts; k++)
		sums[k] = (double)counts[k];
	return class->result(m->metrics[0].conf, width, n, sums, value_sums);
}

static const struct {
	const char *name, *metric;
	struct shape output;
	int n;
	float y[12];
	bool has_labels;
	float targets[12];
	int32_t labels[6];
	double wanted;
} corners[] = {
	{ "the first of two largest is the answer", "accuracy", { 1, { 3 } }, 2,
		{ 4, 4, 2, 4, 4, 2 }, true, { 0 }, { 0, 1 }, 0.5 },
	{ "an output on the threshold says no", "accuracy", { 1, { 1 } }, 4, { .5, .5, .75, .25 },
		false, { 0, 1, 1, 0 }, { 0 }, 0.75 },
	{ "a target on 1/2 is a no", "binary_accuracy", { 1, { 2 } }, 1, { .1f, .9f }, false,
		{ .5, .5 }, { 0 }, 0.5 },
	{ "an axis of one output is no class", "accuracy", { 2, { 2, 1 } }, 1, { .1f, .9f }, false,
		{ 1, 1 }, { 0 }, 0.5 },
	{ "rows are judged by themselves", "categorical_accuracy", { 2, { 2, 3 } }, 1,
		{ 1, 2, 3, 9, 7, 8 }, false, { 0, 0, 1, 0, 1, 0 }, { 0 }, 0.5 },
	{ "labels stand for rows", "categorical_accuracy", { 1, { 3 } }, 2, { 1, 2, 3, 3, 2, 1 },
		true, { 0 }, { 2, 1 }, 0.5 },
	{ "all that are equal to the k-th count", "top_k_categorical_accuracy k=2", { 1, { 4 } }, 3,
		{ 1, 3, 3, 3, 1, 3, 3, 3, 3, 2, 1, 0 }, true, { 0 }, { 3, 0, 1 }, 2 / 3. },
	{ "NaN is never among the largest", "sparse_top_k_categorical_accuracy k=3", { 1, { 3 } },
		2, { NAN, 1, 2, NAN, 1, 2 }, true, { 0 }, { 0, 1 }, 0.5 },
	{ "infinity neither", "top_k_categorical_accuracy k=1", { 1, { 2 } }, 2,
		{ INFINITY, 0, 1, 0 }, true, { 0 }, { 0, 0 }, 0.5 },
	{ "nobody says yes", "precision", { 1, { 1 } }, 2, { .1f, .2f }, false, { 1, 0 }, { 0 },
		0 },
	{ "nobody should", "recall", { 1, { 1 } }, 2, { .9f, .2f }, false, { 0, 0 }, { 0 }, 0 },
	{ "a class that nobody names has an F1 of 0", "f1_score", { 1, { 3 } }, 2,
		{ 3, 2, 1, 3, 2, 1 }, true, { 0 }, { 0, 1 }, (2 / 3. + 0 + 0) / 3 },
	{ "micro: of all outputs together", "f1_score average=micro", { 1, { 3 } }, 2,
		{ 3, 2, 1, 3, 2, 1 }, true, { 0 }, { 0, 1 }, 0.5 },
	{ "weighted: by the samples of each class", "f1_score average=weighted", { 1, { 3 } }, 3,
		{ 3, 2, 1, 3, 2, 1, 3, 2, 1 }, true, { 0 }, { 0, 0, 1 }, 2 * 0.8 / 3 },
	{ "a root", "root_mean_squared_error", { 1, { 2 } }, 2, { 1, 2, 3, 4 }, false,
		{ 1, 2, 3, 0 }, { 0 }, 2 },
	{ "no variance, nothing explained", "r2_score", { 1, { 1 } }, 3, { .1f, .2f, .3f }, false,
		{ .1f, .1f, .1f }, { 0 }, 0 },
	{ "far from 0: 1 - 4 / 5", "r2_score", { 1, { 1 } }, 4, { 10001, 10002, 10003, 10004 },
		false, { 10000, 10001, 10002, 10003 }, { 0 }, 0.2 },
	{ "worse than the mean", "r2_score", { 1, { 1 } }, 2, { 1, 0 }, false, { 0, 1 }, { 0 },
		-3 },
	{ "4 of 6 pairs are in order", "auc", { 1, { 1 } }, 5, { .9f, .8f, .5f, .3f, .1f }, false,
		{ 1, 0, 1, 0, 0 }, { 0 }, 5 / 6. },
	{ "in one interval: as good as chance", "auc num_thresholds=3", { 1, { 1 } }, 4,
		{ .6f, .7f, .8f, .9f }, false, { 0, 0, 1, 1 }, { 0 }, 0.5 },
	{ "the ends of [0, 1]", "auc", { 1, { 1 } }, 2, { 0, 1 }, false, { 0, 1 }, { 0 }, 1 },
	{ "nobody should say yes", "auc curve=PR", { 1, { 1 } }, 2, { .2f, .7f }, false, { 0, 0 },
		{ 0 }, 0 },
	{ "all who should are above all others", "auc curve=PR", { 1, { 1 } }, 4,
		{ .9f, .8f, .2f, .1f }, false, { 1, 1, 0, 0 }, { 0 }, 1 },
};

static void test_corners(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(corners); i++) {
		double seen = worked(corners[i].metric, &corners[i].output, corners[i].n,
			corners[i].y, corners[i].targets,
			corners[i].has_labels ? corners[i].labels : NULL);
		if (!(fabs(seen - corners[i].wanted) <= tolerance))
			fail_msg("%s (%s): %.9g, wanted %.9g", corners[i].name, corners[i].metric,
				seen, corners[i].wanted);
	}
}

/* --- refusals --------------------------------------------------------------------------------- */

static const struct {
	const char *metric;
	struct shape output;
	bool labels;
	const char *pointer, *text;
} refusals[] = {
	{ "sparse_categorical_accuracy", { 1, { 5 } }, false, "/metrics/1",
		"sparse_categorical_accuracy: needs targets that are class numbers; those here are "
		"rows: take categorical_accuracy" },
	{ "sparse_top_k_categorical_accuracy k=2 name=best", { 1, { 5 } }, false, "/metrics/1",
		"best: needs targets that are class numbers; those here are rows: take "
		"top_k_categorical_accuracy" },
	{ "categorical_accuracy", { 1, { 1 } }, false, "/metrics/1",
		"categorical_accuracy: needs an output for each class; the network has 1: take "
		"binary_accuracy" },
	{ "sparse_categorical_accuracy", { 1, { 1 } }, true, "/metrics/1", "take binary_accuracy" },
	{ "top_k_categorical_accuracy", { 1, { 4 } }, false, "/metrics/1/k",
		"top_k_categorical_accuracy: k is 5; allowed: at most the network's 4 outputs" },
	{ "top_k_categorical_accuracy k=4", { 2, { 2, 3 } }, false, "/metrics/1/k",
		"k is 4; allowed: at most the network's 3 outputs" },
	/* A label would be an index far behind the one output. */
	{ "top_k_categorical_accuracy k=1", { 1, { 1 } }, true, "/metrics/1",
		"top_k_categorical_accuracy: needs an output for each class; the network has 1: "
		"take binary_accuracy" },
	{ "sparse_top_k_categorical_accuracy k=1", { 1, { 1 } }, true, "/metrics/1",
		"take binary_accuracy" },
	{ "f1_score", { 1, { 1 } }, false, "/metrics/1/threshold",
		"f1_score: the network has 1 output, which is always the largest; give a "
		"threshold, as 0.5" },
	{ "f1_score", { 1, { 4097 } }, false, "/metrics/1",
		"f1_score: the network has 4097 outputs; allowed: at most 4096" },
	{ "r2_score", { 1, { 1025 } }, false, "/metrics/1",
		"r2_score: the network has 1025 outputs; allowed: at most 1024" },
};

static void test_what_a_metric_cannot_judge_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct error err = { 0 };
		bool labels = refusals[i].labels;
		AUTO_FREE(model_free)
		struct model *m =
			network_model("Activation activation=linear", "mean_squared_error", "SGD");
		network_metric(m, "mean_squared_error");
		network_metric(m, refusals[i].metric);
		AUTO_FREE(plan_free)
		struct plan *p = plan_new(m,
			&(struct plan_options){ .input = refusals[i].output,
				.target = labels ? (struct shape){ 0 } : refusals[i].output,
				.classes = labels ? 2 : 0,
				.batch_size = 1 },
			&err);
		if (p)
			fail_msg("%s was accepted", refusals[i].metric);
		if (strcmp(err.pointer, refusals[i].pointer) != 0 ||
			!strstr(err.text, refusals[i].text))
			fail_msg("%s: %s: %s", refusals[i].metric, err.pointer, err.text);
	}
}

static void test_names_of_metrics(void **state)
{
	static const struct {
		const char *metric, *text;
	} wrong[] = {
		{ "mse name=loss", "cannot be named \"loss\"" },
		{ "mse name=val_accuracy", "cannot be named \"val_accuracy\"" },
		{ "mse name=a/b", "not allowed" },
		{ "mse name=accuracy", "named twice" },
	};
	AUTO_FREE(model_free) struct model *m = model_new();

	(void)state;
	network_metric(m, "accuracy");
	network_metric(m, "mae name=mine");
	assert_int_equal(model_find_metric(m, "mine"), 1);
	assert_int_equal(model_find_metric(m, "mean_absolute_error"), -1);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct error err = { 0 };
		if (network_add_metric(m, wrong[i].metric, &err) ||
			!strstr(err.text, wrong[i].text))
			fail_msg("%s: %s", wrong[i].metric, err.text);
		assert_string_equal(err.pointer, "/name");
	}
	assert_int_equal(m->n_metrics, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corners),
		cmocka_unit_test(test_what_a_metric_cannot_judge_is_refused),
		cmocka_unit_test(test_names_of_metrics),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
