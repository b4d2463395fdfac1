/* norm.h - what LayerNormalization and GroupNormalization have in common: gamma, by which the
 * normalized values are multiplied, and beta, which is added, one a channel, both optional. */
#pragma once

#include "engine/layers/common.h"

struct norm_conf {
	int64_t axis;
	double epsilon;
	bool center, scale;
	struct weight_conf beta, gamma;
};

/* The rows of a conf that begins with a struct norm_conf. */
#define NORM_PARAMS                                                                                \
	PARAM_LAST_AXIS(struct norm_conf, axis),                                                   \
		PARAM_FLOAT(struct norm_conf, epsilon, 0.001, 0, 1e30, PARAM_ABOVE_MIN,            \
			"keeps the division finite"),                                              \
		PARAM_BOOL(struct norm_conf, center, true, "learn beta, which is added"),          \
		PARAM_BOOL(struct norm_conf, scale, true, "learn gamma, by which is multiplied"),  \
		WEIGHT_PARAMS(struct norm_conf, beta, INITIALIZER_ZEROS),                          \
		WEIGHT_PARAMS(struct norm_conf, gamma, INITIALIZER_ONES)

/* The output, and the weights. false: the axis is not the last one. */
bool norm_plan(const struct norm_conf *c, const struct shape *in, struct layer_plan *ret,
	struct error *err);

/* Which of the weights is which; -1: there is none. */
static inline int norm_gamma(const struct norm_conf *c)
{
	return c->scale ? 0 : -1;
}
static inline int norm_beta(const struct norm_conf *c)
{
	return c->center ? c->scale : -1;
}

/* The weight, or `room` (n floats) full of what stands for one that there is not. */
const float *norm_weight(
	const struct layer_step *s, int weight, float instead, int64_t n, float *room);
