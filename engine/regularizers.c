/* regularizers.c - see regularizers.h. */
#include "engine/regularizers.h"

#include <math.h>

struct l1_conf {
	double l1;
};
struct l2_conf {
	double l2;
};
struct l1l2_conf {
	double l1, l2;
};

/* Beyond it the gradient would not be a float any more. */
#define FACTOR_MAX 1e9

static const struct param l1_params[] = {
	PARAM_FLOAT(
		struct l1_conf, l1, 0.01, 0, FACTOR_MAX, 0, "of the sum of the absolute values"),
	PARAM_END,
};
static const struct param l2_params[] = {
	PARAM_FLOAT(struct l2_conf, l2, 0.01, 0, FACTOR_MAX, 0, "of the sum of the squares"),
	PARAM_END,
};
static const struct param l1l2_params[] = {
	PARAM_FLOAT(struct l1l2_conf, l1, 0, 0, FACTOR_MAX, 0, "of the sum of the absolute values"),
	PARAM_FLOAT(struct l1l2_conf, l2, 0, 0, FACTOR_MAX, 0, "of the sum of the squares"),
	PARAM_END,
};

static struct regularizer_terms l1_terms(const void *conf)
{
	return (struct regularizer_terms){ .l1 = ((const struct l1_conf *)conf)->l1 };
}

static struct regularizer_terms l2_terms(const void *conf)
{
	return (struct regularizer_terms){ .l2 = ((const struct l2_conf *)conf)->l2 };
}

static struct regularizer_terms l1l2_terms(const void *conf)
{
	const struct l1l2_conf *c = conf;

	return (struct regularizer_terms){ c->l1, c->l2 };
}

static const struct regularizer_class {
	struct param_class class;
	struct regularizer_terms (*terms)(const void *conf);
} l1 = { { "L1", "l1 times the sum of the absolute values", l1_params, sizeof(struct l1_conf) },
	l1_terms },
  l2 = { { "L2", "l2 times the sum of the squares", l2_params, sizeof(struct l2_conf) }, l2_terms },
  l1l2 = { { "L1L2", "both", l1l2_params, sizeof(struct l1l2_conf) }, l1l2_terms };

static const struct param_class *const classes[] = { &l1.class, &l2.class, &l1l2.class, NULL };

const struct param_family regularizer_family = { "regularizers", "regularizer", classes };

struct regularizer_terms regularizer_terms(const struct param_variant *v)
{
	if (v->index < 0)
		return (struct regularizer_terms){ 0 };
	/* The class is the first member of each row. */
	const struct regularizer_class *c = (const void *)classes[v->index];
	return c->terms(param_variant_conf(v));
}

double regularizer_penalty(const struct param_variant *v, const float *w, int64_t n)
{
	const struct regularizer_terms t = regularizer_terms(v);
	double absolutes = 0, squares = 0;

	for (int64_t i = 0; i < n; i++) {
		absolutes += fabs((double)w[i]);
		squares += (double)w[i] * (double)w[i];
	}
	return t.l1 * absolutes + t.l2 * squares;
}

void regularizer_gradient(const struct param_variant *v, const float *w, float *g, int64_t n)
{
	const struct regularizer_terms t = regularizer_terms(v);
	const float l1_factor = (float)t.l1, twice_l2 = (float)(2 * t.l2);

	for (int64_t i = 0; i < n; i++) {
		float side = w[i] > 0 ? l1_factor : w[i] < 0 ? -l1_factor : 0.0f;
		g[i] = fmaf(twice_l2, w[i], g[i]) + side;
	}
}
