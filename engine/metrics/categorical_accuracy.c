/* categorical_accuracy.c - CategoricalAccuracy and SparseCategoricalAccuracy: whether the largest
 * output is that of the right class. Targets of the first are rows, or class numbers that stand for
 * rows, as in categorical_crossentropy; those of the second are class numbers. */
#include "engine/metrics/accuracy.h"

static bool dense_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	(void)conf; /* has no arguments */
	if (!accuracy_needs_classes(r, err))
		return false;
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS };
	return true;
}

static bool sparse_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	return metric_needs_labels(r, "categorical_accuracy", err) && dense_plan(conf, r, ret, err);
}

static void classes_sample(const struct metric_sample *s)
{
	accuracy_count_classes(s);
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
