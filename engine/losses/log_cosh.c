/* log_cosh.c - loss = mean over the outputs of log(cosh(y - t)). */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("log_cosh", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_LOG_COSH, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_log_cosh = {
	.name = "log_cosh",
	.doc = "mean of log(cosh) of the differences: squares near 0, absolute values far out",
	.plan = loss_plan,
	.run = loss_run,
};
