/* nadam.c - Nadam: Adam with Nesterov's momentum: Dozat, "Incorporating Nesterov momentum into
 * Adam", ICLR workshop 2016, section 2.4, with its schedule u_t = beta_1 (1 - 0.5 * 0.96^t). */
#include "engine/optimizers/adam.h"

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	ADAM_PARAMS,
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static const char *const *nadam_slots(const void *conf)
{
	(void)conf; /* always both */
	return adam_slot_names;
}

static enum update_rule nadam_rule(const void *conf)
{
	(void)conf;
	return UPDATE_NADAM;
}

static double momentum_at(const struct adam_conf *c, int64_t step)
{
	return c->beta_1 * (1.0 - 0.5 * power(0.96, step));
}

/* Brings the product u_1 u_2 … up to that step: by one factor from the step before, by all of them
 * in a job that goes on from a checkpoint, in the same order. Once it is below 2^-60, taking it
 * from 1 changes nothing. */
static void multiply_momenta(const struct adam_conf *c, int64_t step, struct update_step *s)
{
	if (s->factors == 0)
		s->product = 1.0;
	while (s->factors < step && s->product > 0x1p-60)
		s->product *= momentum_at(c, ++s->factors);
}

static void nadam_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct adam_conf *c = conf;
	double now = momentum_at(c, step), next = momentum_at(c, step + 1);

	adam_constants(c, s);
	multiply_momenta(c, step, s);
	s->rate = (float)rate;
	s->share_mean = (float)(next / (1.0 - s->product * next));
	s->share_gradient = (float)((1.0 - now) / (1.0 - s->product));
	s->correction = (float)(1.0 / (1.0 - power(c->beta_2, step)));
}

const struct optimizer_class optimizer_nadam = {
	.name = "Nadam",
	.doc = "Adam with Nesterov's momentum (Dozat 2016)",
	.params = params,
	.conf_size = sizeof(struct adam_conf),
	.slots = nadam_slots,
	.rule = nadam_rule,
	.begin = nadam_begin,
};
