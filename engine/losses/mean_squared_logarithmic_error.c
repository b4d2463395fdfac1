/* mean_squared_logarithmic_error.c - loss = mean over the outputs of (log(1 + y) - log(1 + t))²,
 * y and t being at least 1e-7. */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values(
		"mean_squared_logarithmic_error", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_SQUARED_LOGARITHMIC, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_mean_squared_logarithmic_error = {
	.name = "mean_squared_logarithmic_error",
	.alias = "msle",
	.doc = "mean of the squared differences between the logarithms of 1 + output and 1 + "
	       "target",
	.plan = loss_plan,
	.run = loss_run,
};
