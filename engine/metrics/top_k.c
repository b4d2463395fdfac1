/* top_k.c - TopKCategoricalAccuracy and SparseTopKCategoricalAccuracy: whether fewer than k outputs
 * are larger than that of the right class. */
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
	int64_t k = ((const struct conf *)conf)->k, width = shape_elements(&r->output);

	if (k > width)
		return error_at(err, ERROR_INVALID, "/k",
			"k is %" PRId64 "; the network has %" PRId64 " outputs", k, width);
	*ret = (struct metric_plan){ .n_counts = ACCURACY_COUNTS };
	return true;
}

static void top_sample(const struct metric_sample *s)
{
	int64_t wanted = s->target ? metric_largest(s->target, s->width) : s->label, larger = 0;

	for (int64_t j = 0; j < s->width; j++)
		larger += s->y[j] > s->y[wanted];
	s->counts[ACCURACY_RIGHT] +=
		isfinite(s->y[wanted]) && larger < ((const struct conf *)s->conf)->k;
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
	.plan = top_plan,
	.sample = top_sample,
	.result = accuracy_result,
};
