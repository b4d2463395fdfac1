/* poisson.c - loss = mean over the outputs of y - t log(y + 1e-7): the negative
 * logarithm of the Poisson probability of t at mean y, less what depends on t alone. */
#include "engine/losses/common.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* has no arguments */
	return loss_plan_values("poisson", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct loss_sum sum = { .function = LOSS_POISSON, .divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_poisson = {
	.name = "poisson",
	.doc = "how unlikely counts are by a Poisson distribution whose mean is the output",
	.plan = loss_plan,
	.run = loss_run,
};
