/* mean_squared_error.c - loss = mean over the outputs of (y - t)².
 * Keras's mean is over the last axis and then over the rest; with equal rows that is the mean over
 * all. */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("mean_squared_error", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_SQUARED, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_mean_squared_error = {
	.name = "mean_squared_error",
	.alias = "mse",
	.doc = "mean of the squared differences between output and target",
	.plan = loss_plan,
	.run = loss_run,
};
