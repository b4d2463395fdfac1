/* inverse_time_decay.c - Keras's InverseTimeDecay: rate = initial_learning_rate / (1 + decay_rate
 * p), p = step / decay_steps; with `staircase` p is rounded down. */
#include "engine/schedule.h"

struct conf {
	struct schedule_warmup warmup;
	double initial_learning_rate, decay_rate;
	int64_t decay_steps;
	bool staircase;
};

static const struct param params[] = {
	SCHEDULE_INITIAL(struct conf),
	SCHEDULE_STEPS(struct conf, decay_steps, "steps in which the rate decays once"),
	{ .name = "decay_rate",
		.doc = "how fast it decays",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, decay_rate),
		.max = INFINITY },
	PARAM_BOOL(struct conf, staircase, false, "decay at once every decay_steps steps"),
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

static double inverse_time_decay_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;
	double p = (double)step / (double)c->decay_steps;

	if (c->staircase)
		p = floor(p);
	return c->initial_learning_rate / (1.0 + c->decay_rate * p);
}

const struct schedule_class schedule_inverse_time_decay = {
	.class = { "InverseTimeDecay", "divided by a number that grows with the step", params,
		sizeof(struct conf) },
	.rate = inverse_time_decay_rate,
	.warms_up = true,
};
