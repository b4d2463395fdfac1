/* constant.c - ConstantSchedule: one rate, for a warm-up in front of it. */
#include "engine/schedule.h"

struct conf {
	struct schedule_warmup warmup;
	double learning_rate;
};

static const struct param params[] = {
	{ .name = "learning_rate",
		.doc = "rate of every step",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED | PARAM_ABOVE_MIN,
		.offset = offsetof(struct conf, learning_rate),
		.max = INFINITY },
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

static double constant_rate(const void *conf, int64_t step)
{
	(void)step; /* every step is alike */
	return ((const struct conf *)conf)->learning_rate;
}

const struct schedule_class schedule_constant = {
	.class = { "ConstantSchedule", "one rate, after a warm-up", params, sizeof(struct conf) },
	.rate = constant_rate,
	.warms_up = true,
};
