/* polynomial_decay.c - Keras's PolynomialDecay: rate = (initial_learning_rate - end_learning_rate)
 * (1 - s / d)^power + end_learning_rate, s = min(step, d), d = decay_steps. With `cycle` it starts
 * again, longer each time: s = step, d = decay_steps max(1, ceil(step / decay_steps)). */
#include "engine/schedule.h"

#include "engine/math64.h"

struct conf {
	struct schedule_warmup warmup;
	double initial_learning_rate, end_learning_rate, power;
	int64_t decay_steps;
	bool cycle;
};

static const struct param params[] = {
	SCHEDULE_INITIAL(struct conf),
	SCHEDULE_STEPS(struct conf, decay_steps, "steps to the last rate"),
	PARAM_FLOAT(struct conf, end_learning_rate, 0.0001, 0, INFINITY, 0, "the last rate"),
	PARAM_FLOAT(struct conf, power, 1, 0, 1e6, PARAM_ABOVE_MIN, "of the polynomial"),
	PARAM_BOOL(struct conf, cycle, false, "start again beyond the last step"),
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

static double polynomial_decay_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;
	double s = (double)step, d = (double)c->decay_steps;

	if (!c->cycle)
		s = s < d ? s : d;
	else if (step > 0)
		d *= ceil(s / d);
	return (c->initial_learning_rate - c->end_learning_rate) *
		       math64_pow(1.0 - s / d, c->power) +
	       c->end_learning_rate;
}

const struct schedule_class schedule_polynomial_decay = {
	.class = { "PolynomialDecay", "falls to a last rate along a polynomial", params,
		sizeof(struct conf) },
	.rate = polynomial_decay_rate,
	.warms_up = true,
};
