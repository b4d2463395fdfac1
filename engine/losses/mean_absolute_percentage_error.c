/* mean_absolute_percentage_error.c - loss = mean over the outputs of 100 |y - t| / max(|t|, 1e-7).
 */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values(
		"mean_absolute_percentage_error", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_PERCENTAGE, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_mean_absolute_percentage_error = {
	.name = "mean_absolute_percentage_error",
	.alias = "mape",
	.doc = "mean of the absolute differences in percent of the target",
	.plan = loss_plan,
	.run = loss_run,
};
