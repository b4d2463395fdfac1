/* cosine_decay_restarts.c - Keras's CosineDecayRestarts (Loshchilov and Hutter, arXiv:1608.03983):
 * period i is first_decay_steps t_mul^i long and begins at initial_learning_rate m_mul^i:
 *   rate = initial_learning_rate ((1 - alpha) m_mul^i (1 + cos(pi f)) / 2 + alpha),
 * f being how much of the period has passed. */
#include "engine/schedule.h"

#include "engine/math64.h"
#include "engine/optimizers/power.h"

struct conf {
	struct schedule_warmup warmup;
	double initial_learning_rate, t_mul, m_mul, alpha;
	int64_t first_decay_steps;
};

static const struct param params[] = {
	SCHEDULE_INITIAL(struct conf),
	SCHEDULE_STEPS(struct conf, first_decay_steps, "steps of the first period"),
	PARAM_FLOAT(struct conf, t_mul, 2, 1, 1e6, 0, "how much longer the next period is"),
	PARAM_FLOAT(struct conf, m_mul, 1, 0, 1e6, 0, "how much higher the next period begins"),
	PARAM_FLOAT(struct conf, alpha, 0, 0, 1, 0, "what is left at its end, as a share"),
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

/* First periods that are over when period i begins: 1 + t + … + t^(i-1). */
static double periods_before(double t_mul, int64_t i)
{
	return t_mul == 1 ? (double)i : (power(t_mul, i) - 1.0) / (t_mul - 1.0);
}

/* The period at work. The logarithm may miss it by one where the period has just begun or is about
 * to end. */
static int64_t period_of(double t_mul, double passed)
{
	if (t_mul == 1)
		return (int64_t)passed;
	int64_t i = (int64_t)(math64_log(1.0 + passed * (t_mul - 1.0)) / math64_log(t_mul));
	while (i > 0 && periods_before(t_mul, i) > passed)
		i--;
	while (periods_before(t_mul, i + 1) <= passed)
		i++;
	return i;
}

static double restarts_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;
	double passed = (double)step / (double)c->first_decay_steps;
	int64_t i = period_of(c->t_mul, passed);
	double f = (passed - periods_before(c->t_mul, i)) / power(c->t_mul, i);
	double cosine = 0.5 * power(c->m_mul, i) * (1.0 + math64_cos_pi(f < 1 ? f : 1));

	return c->initial_learning_rate * ((1.0 - c->alpha) * cosine + c->alpha);
}

const struct schedule_class schedule_cosine_decay_restarts = {
	.class = { "CosineDecayRestarts", "falls along half a cosine, again and again", params,
		sizeof(struct conf) },
	.rate = restarts_rate,
	.warms_up = true,
};
