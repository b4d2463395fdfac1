/* huber.c - loss = mean over the outputs of d²/2 where |d| <= delta, delta (|d| - delta/2) beyond,
 * d = y - t: Huber, "Robust estimation of a location parameter", 1964. */
#include "engine/losses/common.h"

#include <math.h>

struct conf {
	double delta;
};

static const struct param params[] = {
	PARAM_FLOAT(struct conf, delta, 1, 0, INFINITY, PARAM_ABOVE_MIN,
		"the difference from which on the loss grows evenly"),
	PARAM_END,
};

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	(void)conf; /* any delta will do */
	return loss_plan_values("huber", r, /* labels_below= */ 0, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct loss_sum sum = {
		.function = LOSS_HUBER, .p = { (float)c->delta }, .divisor = s->width
	};

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_huber = {
	.name = "huber",
	.doc = "squares of small differences, absolute values of large ones",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
