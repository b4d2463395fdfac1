/* adam.c - Adam: Kingma and Ba, arXiv:1412.6980, section 2 (the efficient form of its last
 * paragraph), as Keras writes it; amsgrad: Reddi, Kale and Kumar, ICLR 2018, algorithm 2. */
#include "engine/optimizers/adam.h"

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	ADAM_PARAMS,
	PARAM_BOOL(
		struct adam_conf, amsgrad, false, "divide by the largest mean of squares so far"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

const char *const adam_slot_names[] = { "m", "v", NULL };

const char *const *adam_slots(const void *conf)
{
	static const char *const three[] = { "m", "v", "v_hat", NULL };

	return ((const struct adam_conf *)conf)->amsgrad ? three : adam_slot_names;
}

enum update_rule adam_rule(const void *conf)
{
	return ((const struct adam_conf *)conf)->amsgrad ? UPDATE_AMSGRAD : UPDATE_ADAM;
}

void adam_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct adam_conf *c = conf;
	double correction = sqrt(1.0 - power(c->beta_2, step)) / (1.0 - power(c->beta_1, step));

	adam_constants(c, s);
	s->rate = (float)(rate * correction);
}

const struct optimizer_class optimizer_adam = {
	.name = "Adam",
	.doc = "steps scaled by running means of the gradient and its square (Kingma and Ba 2015)",
	.params = params,
	.conf_size = sizeof(struct adam_conf),
	.slots = adam_slots,
	.rule = adam_rule,
	.begin = adam_begin,
};
