/* time_decay.c - Keras's ExponentialDecay and InverseTimeDecay, of p = step / decay_steps, which is
 * rounded down with `staircase`:
 *   rate = initial_learning_rate decay_rate^p
 *   rate = initial_learning_rate / (1 + decay_rate p) */
#include "engine/schedule.h"

#include "engine/math64.h"

struct conf {
	struct schedule_warmup warmup;
	double initial_learning_rate, decay_rate;
	int64_t decay_steps;
	bool staircase;
};

#define PARAMS(decay_rate_max)                                                                     \
	SCHEDULE_INITIAL(struct conf),                                                             \
		SCHEDULE_STEPS(struct conf, decay_steps, "steps in which the rate decays once"),   \
		{ .name = "decay_rate",                                                            \
			.doc = "how fast it decays",                                               \
			.type = PARAM_TYPE_FLOAT,                                                  \
			.flags = PARAM_REQUIRED,                                                   \
			.offset = offsetof(struct conf, decay_rate),                               \
			.max = decay_rate_max },                                                   \
		PARAM_BOOL(                                                                        \
			struct conf, staircase, false, "decay at once every decay_steps steps"),   \
		SCHEDULE_WARMUP(struct conf), PARAM_END

static const struct param exponential_params[] = { PARAMS(1) };
static const struct param inverse_params[] = { PARAMS(INFINITY) };

static double passed(const struct conf *c, int64_t step)
{
	double p = (double)step / (double)c->decay_steps;

	return c->staircase ? floor(p) : p;
}

static double exponential_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;

	return c->initial_learning_rate * math64_pow(c->decay_rate, passed(c, step));
}

static double inverse_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;

	return c->initial_learning_rate / (1.0 + c->decay_rate * passed(c, step));
}

const struct schedule_class schedule_exponential_decay = {
	.class = { "ExponentialDecay", "multiplied by decay_rate in decay_steps steps",
		exponential_params, sizeof(struct conf) },
	.rate = exponential_rate,
	.warms_up = true,
};

const struct schedule_class schedule_inverse_time_decay = {
	.class = { "InverseTimeDecay", "divided by a number that grows with the step",
		inverse_params, sizeof(struct conf) },
	.rate = inverse_rate,
	.warms_up = true,
};
