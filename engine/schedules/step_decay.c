/* step_decay.c - StepDecay: rate = initial_learning_rate drop^floor(step / every). */
#include "engine/schedule.h"

#include "engine/optimizers/power.h"

struct conf {
	struct schedule_warmup warmup;
	double initial_learning_rate, drop;
	int64_t every;
};

static const struct param params[] = {
	SCHEDULE_INITIAL(struct conf),
	PARAM_FLOAT(struct conf, drop, 0.5, 0, 1, 0, "by which the rate is multiplied"),
	SCHEDULE_STEPS(struct conf, every, "steps from drop to drop"),
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

static double step_decay_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;

	return c->initial_learning_rate * power(c->drop, step / c->every);
}

const struct schedule_class schedule_step_decay = {
	.class = { "StepDecay", "drops by a factor every so many steps", params,
		sizeof(struct conf) },
	.rate = step_decay_rate,
	.warms_up = true,
};
