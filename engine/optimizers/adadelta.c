/* adadelta.c - Adadelta: Zeiler, arXiv:1212.5701, algorithm 1. */
#include "engine/optimizer.h"

struct conf {
	struct optimizer_conf common;
	double rho, epsilon;
};

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	PARAM_FLOAT(struct conf, rho, 0.95, 0, 1, PARAM_BELOW_MAX,
		"decay of the means of squared gradients and steps"),
	PARAM_FLOAT(struct conf, epsilon, 1e-7, 0, INFINITY, PARAM_ABOVE_MIN,
		"keeps the division finite, and lets the first step be more than nothing"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static const char *const *adadelta_slots(const void *conf)
{
	static const char *const names[] = { "accumulated_gradients", "accumulated_steps", NULL };

	(void)conf; /* always both */
	return names;
}

static enum update_rule adadelta_rule(const void *conf)
{
	(void)conf;
	return UPDATE_ADADELTA;
}

static void adadelta_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct conf *c = conf;

	(void)step; /* every step is alike */
	s->rate = (float)rate;
	s->take_1 = (float)(1.0 - c->rho);
	s->epsilon = (float)c->epsilon;
}

const struct optimizer_class optimizer_adadelta = {
	.name = "Adadelta",
	.doc = "steps in the units of the steps before (Zeiler 2012)",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = adadelta_slots,
	.rule = adadelta_rule,
	.begin = adadelta_begin,
};
