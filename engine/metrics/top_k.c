/* top_k.c - TopKCategoricalAccuracy and SparseTopKCategoricalAccuracy: whether fewer than k outputs
 * are larger than that of the right class, so that all which are equal to the k-th largest count.
 * An output that is not finite is never among them. Targets as those of categorical_accuracy.c. */
#include "engine/metrics/accuracy.h"

#include <inttypes.h>
#include <math.h>

struct conf {
	int64_t k;
};

static const struct param params[] = {
	PARAM_INT(struct conf, k, 5, 1, 65536, "how many of the largest outputs count"),
	PARAM_END,
};

static bool top_plan(const void *conf, const struct metric_request *r, struct metric_plan *ret,
	struct error *err)
{
	int64_t k = ((const struct conf *)conf)->k, classes = metric_depth(&r->output);

	if (!accuracy_needs_classes(r, err))
		return false;
	if (k > classes)
		return error_at(err, ERROR_INVALID, "/k",
			"k is %" PRId64 "; allowed: at most the network's %" PRId64 " outputs", k,
			classes);
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS };
	return true;
}

static bool sparse_top_plan(const void *conf, const struct metric_request *r,
	struct metric_plan *ret, struct error *err)
{
	return metric_needs_labels(r, "top_k_categorical_accuracy", err) &&
	       top_plan(conf, r, ret, err);
}

static void top_sample(const struct metric_sample *s)
{
	int64_t k = ((const struct conf *)s->conf)->k;

	for (int64_t at = 0; at < s->width; at += s->depth) {
		float wanted = s->y[at + accuracy_class(s, at)];
		int64_t larger = 0;
		for (int64_t j = 0; j < s->depth; j++)
			larger += s->y[at + j] > wanted;
		s->counts[ACCURACY_RIGHT] += isfinite(wanted) && larger < k;
	}
	s->counts[ACCURACY_OF] += s->width / s->depth;
}

const struct metric_class metric_top_k_categorical_accuracy = {
	.name = "top_k_categorical_accuracy",
	.doc = "share of the samples whose class is among the k largest outputs",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = top_plan,
	.sample = top_sample,
	.result = accuracy_result,
};

const struct metric_class metric_sparse_top_k_categorical_accuracy = {
	.name = "sparse_top_k_categorical_accuracy",
	.doc = "the same for targets that are class numbers",
	.params = params,
	.conf_size = sizeof(struct conf),
	.higher_is_better = true,
	.plan = sparse_top_plan,
	.sample = top_sample,
	.result = accuracy_result,
};
