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

/* u_1 u_2 … u_step. Once it is below 2^-60, taking it from 1 changes nothing. */
static double momentum_product(const struct adam_conf *c, int64_t step)
{
	double product = 1.0;

	for (int64_t t = 1; t <= step && product > 0x1p-60; t++)
		product *= momentum_at(c, t);
	return product;
}

static void nadam_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct adam_conf *c = conf;
	double now = momentum_at(c, step), next = momentum_at(c, step + 1);
	double product = momentum_product(c, step);

	adam_constants(c, s);
	s->rate = (float)rate;
	s->share_mean = (float)(next / (1.0 - product * next));
	s->share_gradient = (float)((1.0 - now) / (1.0 - product));
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
