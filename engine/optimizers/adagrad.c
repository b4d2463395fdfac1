/* adagrad.c - Adagrad: Duchi, Hazan and Singer, JMLR 12 (2011), section 1.1, eq. 1 with a diagonal
 * matrix. */
#include "engine/optimizer.h"

struct conf {
	struct optimizer_conf common;
	double initial_accumulator_value, epsilon;
};

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	PARAM_FLOAT(struct conf, initial_accumulator_value, 0.1, 0, INFINITY, 0,
		"where the sum of the squared gradients begins"),
	PARAM_FLOAT(struct conf, epsilon, 1e-7, 0, INFINITY, PARAM_ABOVE_MIN,
		"keeps the division finite"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static const char *const *adagrad_slots(const void *conf)
{
	static const char *const names[] = { "accumulator", NULL };

	(void)conf; /* always one */
	return names;
}

static double adagrad_slot_start(const void *conf)
{
	return ((const struct conf *)conf)->initial_accumulator_value;
}

static enum update_rule adagrad_rule(const void *conf)
{
	(void)conf;
	return UPDATE_ADAGRAD;
}

static void adagrad_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	(void)step; /* every step is alike */
	s->rate = (float)rate;
	s->epsilon = (float)((const struct conf *)conf)->epsilon;
}

const struct optimizer_class optimizer_adagrad = {
	.name = "Adagrad",
	.doc = "steps divided by the root of all squared gradients so far (Duchi et al. 2011)",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = adagrad_slots,
	.slot_start = adagrad_slot_start,
	.rule = adagrad_rule,
	.begin = adagrad_begin,
};
