/* squared_hinge.c - loss = mean over the outputs of max(1 - t y, 0)², t being -1 or 1. A target of
 * 0 stands for -1, so labels of 0 and 1 will do. */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("squared_hinge", r, /* labels_below= */ 2, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_SQUARED_HINGE, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_squared_hinge = {
	.name = "squared_hinge",
	.doc = "mean of the squares of what is left to a margin of 1; targets are -1 or 1, or 0 or "
	       "1",
	.plan = loss_plan,
	.run = loss_run,
};
