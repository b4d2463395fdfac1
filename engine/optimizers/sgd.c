/* sgd.c - gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al., ICML
 * 2013), in Keras's form. */
#include "engine/optimizer.h"

struct conf {
	struct optimizer_conf common;
	double momentum;
	bool nesterov;
};

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.01),
	PARAM_FLOAT(struct conf, momentum, 0, 0, 1, 0, "how much of the last step is taken again"),
	PARAM_BOOL(struct conf, nesterov, false, "look ahead along the momentum before stepping"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

static bool has_momentum(const void *conf)
{
	return ((const struct conf *)conf)->momentum > 0;
}

static const char *const *sgd_slots(const void *conf)
{
	static const char *const none[] = { NULL }, *const one[] = { "momentum", NULL };

	return has_momentum(conf) ? one : none;
}

static enum update_rule sgd_rule(const void *conf)
{
	return has_momentum(conf) ? UPDATE_SGD_MOMENTUM : UPDATE_SGD;
}

static void sgd_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct conf *c = conf;

	(void)step; /* every step is alike */
	s->rate = (float)rate;
	s->momentum = (float)c->momentum;
	s->nesterov = c->nesterov;
}

const struct optimizer_class optimizer_sgd = {
	.name = "SGD",
	.doc = "gradient descent, with momentum if asked for",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = sgd_slots,
	.rule = sgd_rule,
	.begin = sgd_begin,
};
