/* adam.c - Adam: Kingma and Ba, arXiv:1412.6980, section 2 (the efficient form of its last
 * paragraph), as Keras writes it. */
#include "engine/optimizer.h"

#include "base/param.h"
#include "engine/optimizers/power.h"

#include <math.h>

struct conf {
	double learning_rate, beta_1, beta_2, epsilon;
};

static const struct param params[] = {
	PARAM_FLOAT(
		struct conf, learning_rate, 0.001, 0, INFINITY, PARAM_ABOVE_MIN, "size of a step"),
	PARAM_FLOAT(struct conf, beta_1, 0.9, 0, 1, PARAM_BELOW_MAX,
		"decay of the mean of the gradients"),
	PARAM_FLOAT(struct conf, beta_2, 0.999, 0, 1, PARAM_BELOW_MAX,
		"decay of the mean of their squares"),
	PARAM_FLOAT(struct conf, epsilon, 1e-7, 0, INFINITY, PARAM_ABOVE_MIN,
		"keeps the division finite"),
	PARAM_END,
};

static const char *const *adam_slots(const void *conf)
{
	static const char *const names[] = { "m", "v", NULL };

	(void)conf; /* always both */
	return names;
}

static double adam_learning_rate(const void *conf)
{
	return ((const struct conf *)conf)->learning_rate;
}

static void adam_begin(const void *conf, int64_t step, union optimizer_step *ret)
{
	const struct conf *c = conf;
	double correction = sqrt(1.0 - power(c->beta_2, step)) / (1.0 - power(c->beta_1, step));

	ret->adam = (struct adam_step){
		.one_minus_beta_1 = (float)(1.0 - c->beta_1),
		.one_minus_beta_2 = (float)(1.0 - c->beta_2),
		.alpha = (float)(c->learning_rate * correction),
		.epsilon = (float)c->epsilon,
	};
}

static void adam_update(const struct kernels *k, const union optimizer_step *s, const float *g,
	int64_t n, float *w, float *const *slots)
{
	k->adam(&s->adam, g, n, w, slots[0], slots[1]);
}

const struct optimizer_class optimizer_adam = {
	.name = "Adam",
	.doc = "steps scaled by running means of the gradient and its square (Kingma and Ba 2015)",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = adam_slots,
	.learning_rate = adam_learning_rate,
	.begin = adam_begin,
	.update = adam_update,
};
