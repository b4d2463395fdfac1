/* rmsprop.c - RMSprop: Tieleman and Hinton, "Neural networks for machine learning", lecture 6.5,
 * 2012; centered: Graves, arXiv:1308.0850, eq. 38. */
#include "engine/optimizer.h"

struct conf {
	struct optimizer_conf common;
	double rho, momentum, epsilon;
	bool centered;
};

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	PARAM_FLOAT(struct conf, rho, 0.9, 0, 1, PARAM_BELOW_MAX,
		"decay of the mean of the squared gradients"),
	PARAM_FLOAT(struct conf, momentum, 0, 0, 1, 0, "how much of the last step is taken again"),
	PARAM_FLOAT(struct conf, epsilon, 1e-7, 0, INFINITY, PARAM_ABOVE_MIN,
		"keeps the division finite"),
	PARAM_BOOL(struct conf, centered, false,
		"divide by the variance of the gradient, not by the mean of its square"),
	OPTIMIZER_PARAMS(NAN),
	PARAM_END,
};

/* [centered][with momentum] */
static const char *const *rmsprop_slots(const void *conf)
{
	static const char *const names[2][2][4] = {
		{ { "velocity", NULL }, { "velocity", "momentum", NULL } },
		{ { "velocity", "average_gradient", NULL },
			{ "velocity", "average_gradient", "momentum", NULL } },
	};
	const struct conf *c = conf;

	return names[c->centered][c->momentum > 0];
}

static enum update_rule rmsprop_rule(const void *conf)
{
	static const enum update_rule rules[2][2] = {
		{ UPDATE_RMSPROP, UPDATE_RMSPROP_MOMENTUM },
		{ UPDATE_RMSPROP_CENTERED, UPDATE_RMSPROP_CENTERED_MOMENTUM },
	};
	const struct conf *c = conf;

	return rules[c->centered][c->momentum > 0];
}

static void rmsprop_begin(const void *conf, double rate, int64_t step, struct update_step *s)
{
	const struct conf *c = conf;

	(void)step; /* every step is alike */
	s->rate = (float)rate;
	s->take_1 = (float)(1.0 - c->rho);
	s->momentum = (float)c->momentum;
	s->epsilon = (float)c->epsilon;
}

const struct optimizer_class optimizer_rmsprop = {
	.name = "RMSprop",
	.doc = "steps divided by the root of the mean squared gradient (Tieleman and Hinton 2012)",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = rmsprop_slots,
	.rule = rmsprop_rule,
	.begin = rmsprop_begin,
};
