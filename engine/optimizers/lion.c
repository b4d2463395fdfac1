/* lion.c - Lion: Chen et al., arXiv:2302.06675, algorithm 2. */
#include "engine/optimizer.h"

struct conf {
	struct optimizer_conf common;
	double beta_1, beta_2;
};

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	PARAM_FLOAT(struct conf, beta_1, 0.9, 0, 1, PARAM_ABOVE_MIN,
		"how much of the mean decides the direction"),
	PARAM_FLOAT(struct conf, beta_2, 0.99, 0, 1, 0, "decay of the mean of the gradients"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static const char *const *lion_slots(const void *conf)
{
	static const char *const names[] = { "m", NULL };

	(void)conf; /* always one */
	return names;
}

static enum update_rule lion_rule(const void *conf)
{
	(void)conf;
	return UPDATE_LION;
}

static void lion_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct conf *c = conf;

	(void)step; /* every step is alike */
	s->rate = (float)rate;
	s->take_1 = (float)(1.0 - c->beta_1);
	s->take_2 = (float)(1.0 - c->beta_2);
}

const struct optimizer_class optimizer_lion = {
	.name = "Lion",
	.doc = "steps of one size in the direction of the mean gradient (Chen et al. 2023)",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = lion_slots,
	.rule = lion_rule,
	.begin = lion_begin,
};
