/* adamax.c - Adamax: Adam with the largest gradient in place of the mean of squares: Kingma and Ba,
 * arXiv:1412.6980, section 7.1. */
#include "engine/optimizers/adam.h"

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	ADAM_PARAMS,
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static const char *const *adamax_slots(const void *conf)
{
	static const char *const names[] = { "m", "u", NULL };

	(void)conf; /* always both */
	return names;
}

static enum update_rule adamax_rule(const void *conf)
{
	(void)conf;
	return UPDATE_ADAMAX;
}

static void adamax_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct adam_conf *c = conf;

	adam_constants(c, s);
	s->rate = (float)(rate / (1.0 - power(c->beta_1, step)));
}

const struct optimizer_class optimizer_adamax = {
	.name = "Adamax",
	.doc = "Adam scaled by the largest gradient (Kingma and Ba 2015)",
	.params = params,
	.conf_size = sizeof(struct adam_conf),
	.slots = adamax_slots,
	.rule = adamax_rule,
	.begin = adamax_begin,
};
