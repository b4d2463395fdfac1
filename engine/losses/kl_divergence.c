/* kl_divergence.c - loss = sum over the last axis of t log(t / y), both between 1e-7 and 1; the
 * mean over the other axes: Kullback and Leibler, 1951. */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("kl_divergence", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_DIVERGENCE, .divisor = s->width / s->depth };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_kl_divergence = {
	.name = "kl_divergence",
	.alias = "kld",
	.doc = "how far the distribution of the output is from that of the target",
	.plan = loss_plan,
	.run = loss_run,
};
