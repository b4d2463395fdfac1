/* categorical_accuracy.c - CategoricalAccuracy and SparseCategoricalAccuracy: whether the largest
 * output is that of the right class; targets are rows, or class numbers. */
#include "engine/metrics/accuracy.h"

static bool classes_plan(
	const struct metric_request *r, bool labels, struct metric_plan *ret, struct error *err)
{
	if (r->labels != labels)
		return error_at(err, ERROR_INVALID, "",
			"needs targets that are %s; those here are %s",
			labels ? "class numbers" : "rows", labels ? "rows" : "class numbers");
	if (shape_elements(&r->output) < 2)
		return error_at(err, ERROR_INVALID, "",
			"needs an output for each class; the network has 1: take binary_accuracy");
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS };
	return true;
}

static bool dense_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf; /* has no arguments */
	return classes_plan(r, false, ret, err);
}

static bool sparse_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf; /* has no arguments */
	return classes_plan(r, true, ret, err);
}

static void classes_sample(const struct metric_sample *s)
{
	s->counts[ACCURACY_RIGHT] += accuracy_of_classes(s);
}

const struct metric_class metric_categorical_accuracy = {
	.name = "categorical_accuracy",
	.doc = "share of the samples whose largest output is that of the largest target",
	.higher_is_better = true,
	.plan = dense_plan,
	.sample = classes_sample,
	.result = accuracy_result,
};

const struct metric_class metric_sparse_categorical_accuracy = {
	.name = "sparse_categorical_accuracy",
	.doc = "share of the samples whose largest output is that of their class",
	.higher_is_better = true,
	.plan = sparse_plan,
	.sample = classes_sample,
	.result = accuracy_result,
};
