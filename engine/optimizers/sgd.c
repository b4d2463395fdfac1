/* sgd.c - gradient descent, with momentum (Polyak 1964) or Nesterov's (Sutskever et al., ICML
 * 2013), in Keras's form. */
#include "engine/optimizer.h"

#include "base/param.h"

#include <math.h>

struct conf {
	double learning_rate, momentum;
	bool nesterov;
};

static const struct param params[] = {
	PARAM_FLOAT(
		struct conf, learning_rate, 0.01, 0, INFINITY, PARAM_ABOVE_MIN, "size of a step"),
	PARAM_FLOAT(struct conf, momentum, 0, 0, 1, 0, "how much of the last step is taken again"),
	PARAM_BOOL(struct conf, nesterov, false, "look ahead along the momentum before stepping"),
	PARAM_END,
};

static const char *const *sgd_slots(const void *conf)
{
	static const char *const none[] = { NULL }, *const one[] = { "momentum", NULL };

	return ((const struct conf *)conf)->momentum > 0 ? one : none;
}

static double sgd_learning_rate(const void *conf)
{
	return ((const struct conf *)conf)->learning_rate;
}

static void sgd_begin(const void *conf, int64_t step, union optimizer_step *ret)
{
	const struct conf *c = conf;

	(void)step; /* every step is alike */
	ret->sgd = (struct sgd_step){
		.learning_rate = (float)c->learning_rate,
		.momentum = (float)c->momentum,
		.nesterov = c->nesterov,
	};
}

static void sgd_update(const struct kernels *k, const union optimizer_step *s, const float *g,
	int64_t n, float *w, float *const *slots)
{
	k->sgd(&s->sgd, g, n, w, s->sgd.momentum > 0 ? slots[0] : NULL);
}

const struct optimizer_class optimizer_sgd = {
	.name = "SGD",
	.doc = "gradient descent, with momentum if asked for",
	.params = params,
	.conf_size = sizeof(struct conf),
	.slots = sgd_slots,
	.learning_rate = sgd_learning_rate,
	.begin = sgd_begin,
	.update = sgd_update,
};
