/* rules.h - how an optimizer changes a weight, value by value: Keras's formulas, in Keras's order.
 *
 * Included once in each table's file, as elementwise.h. One function a rule, one row a rule in
 * UPDATE_RULES; the scalars of a step are worked out by engine/optimizers/. */
#pragma once

#include "engine/kernels/kernels.h"

#include <math.h>

/* m = m + (x - m) take, a running mean in which x has the share `take`. */
static inline float moved(float m, float x, float take)
{
	return fmaf(x - m, take, m);
}

static void rule_sgd(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	(void)slots;
	for (int64_t i = 0; i < n; i++)
		w[i] = fmaf(-s->rate, g[i], w[i]);
}

static void rule_sgd_momentum(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict v = slots[0];

	for (int64_t i = 0; i < n; i++) {
		float step = s->rate * g[i];
		v[i] = fmaf(s->momentum, v[i], -step);
		w[i] += s->nesterov ? fmaf(s->momentum, v[i], -step) : v[i];
	}
}

static void rule_adam(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	const float a = s->take_1, b = s->take_2, alpha = s->rate, epsilon = s->epsilon;
	float *restrict m = slots[0], *restrict v = slots[1];

	for (int64_t i = 0; i < n; i++) {
		m[i] = moved(m[i], g[i], a);
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), b, v[i]);
		w[i] -= m[i] * alpha / (sqrtf(v[i]) + epsilon);
	}
}

static void rule_amsgrad(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict m = slots[0], *restrict v = slots[1], *restrict most = slots[2];

	for (int64_t i = 0; i < n; i++) {
		m[i] = moved(m[i], g[i], s->take_1);
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_2, v[i]);
		most[i] = v[i] > most[i] ? v[i] : most[i];
		w[i] -= m[i] * s->rate / (sqrtf(most[i]) + s->epsilon);
	}
}

static void rule_nadam(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict m = slots[0], *restrict v = slots[1];

	for (int64_t i = 0; i < n; i++) {
		m[i] = moved(m[i], g[i], s->take_1);
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_2, v[i]);
		float ahead = fmaf(s->share_mean, m[i], s->share_gradient * g[i]);
		w[i] -= ahead * s->rate / (sqrtf(v[i] * s->correction) + s->epsilon);
	}
}

static void rule_adamax(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict m = slots[0], *restrict u = slots[1];

	for (int64_t i = 0; i < n; i++) {
		float kept = s->keep_2 * u[i], size = fabsf(g[i]);
		m[i] = moved(m[i], g[i], s->take_1);
		u[i] = kept > size ? kept : size;
		w[i] -= s->rate * m[i] / (u[i] + s->epsilon);
	}
}

static void rule_rmsprop(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict v = slots[0];

	for (int64_t i = 0; i < n; i++) {
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_1, v[i]);
		w[i] -= s->rate * g[i] / sqrtf(v[i] + s->epsilon);
	}
}

static void rule_rmsprop_centered(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict v = slots[0], *restrict mean = slots[1];

	for (int64_t i = 0; i < n; i++) {
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_1, v[i]);
		mean[i] = moved(mean[i], g[i], s->take_1);
		w[i] -= s->rate * g[i] / sqrtf(fmaf(-mean[i], mean[i], v[i]) + s->epsilon);
	}
}

static void rule_rmsprop_momentum(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict v = slots[0], *restrict step = slots[1];

	for (int64_t i = 0; i < n; i++) {
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_1, v[i]);
		step[i] = fmaf(s->momentum, step[i], s->rate * g[i] / sqrtf(v[i] + s->epsilon));
		w[i] -= step[i];
	}
}

static void rule_rmsprop_centered_momentum(const struct update_step *s, const float *restrict g,
	int64_t n, float *restrict w, float *const *slots)
{
	float *restrict v = slots[0], *restrict mean = slots[1], *restrict step = slots[2];

	for (int64_t i = 0; i < n; i++) {
		v[i] = fmaf(fmaf(g[i], g[i], -v[i]), s->take_1, v[i]);
		mean[i] = moved(mean[i], g[i], s->take_1);
		float variance = fmaf(-mean[i], mean[i], v[i]);
		step[i] = fmaf(s->momentum, step[i], s->rate * g[i] / sqrtf(variance + s->epsilon));
		w[i] -= step[i];
	}
}

static void rule_adagrad(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict sum = slots[0];

	for (int64_t i = 0; i < n; i++) {
		sum[i] = fmaf(g[i], g[i], sum[i]);
		w[i] -= s->rate * g[i] / sqrtf(sum[i] + s->epsilon);
	}
}

static void rule_adadelta(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict gradients = slots[0], *restrict steps = slots[1];

	for (int64_t i = 0; i < n; i++) {
		gradients[i] = fmaf(fmaf(g[i], g[i], -gradients[i]), s->take_1, gradients[i]);
		float step = sqrtf(steps[i] + s->epsilon) * g[i] / sqrtf(gradients[i] + s->epsilon);
		steps[i] = fmaf(fmaf(step, step, -steps[i]), s->take_1, steps[i]);
		w[i] = fmaf(-s->rate, step, w[i]);
	}
}

static void rule_lion(const struct update_step *s, const float *restrict g, int64_t n,
	float *restrict w, float *const *slots)
{
	float *restrict m = slots[0];

	for (int64_t i = 0; i < n; i++) {
		float towards = moved(m[i], g[i], s->take_1);
		float sign = (float)(towards > 0.0f) - (float)(towards < 0.0f);
		w[i] = fmaf(-s->rate, sign, w[i]);
		m[i] = moved(m[i], g[i], s->take_2);
	}
}

#define UPDATE_RULES                                                                               \
	.update = {                                                                                \
		[UPDATE_SGD] = rule_sgd,                                                           \
		[UPDATE_SGD_MOMENTUM] = rule_sgd_momentum,                                         \
		[UPDATE_ADAM] = rule_adam,                                                         \
		[UPDATE_AMSGRAD] = rule_amsgrad,                                                   \
		[UPDATE_NADAM] = rule_nadam,                                                       \
		[UPDATE_ADAMAX] = rule_adamax,                                                     \
		[UPDATE_RMSPROP] = rule_rmsprop,                                                   \
		[UPDATE_RMSPROP_CENTERED] = rule_rmsprop_centered,                                 \
		[UPDATE_RMSPROP_MOMENTUM] = rule_rmsprop_momentum,                                 \
		[UPDATE_RMSPROP_CENTERED_MOMENTUM] = rule_rmsprop_centered_momentum,               \
		[UPDATE_ADAGRAD] = rule_adagrad,                                                   \
		[UPDATE_ADADELTA] = rule_adadelta,                                                 \
		[UPDATE_LION] = rule_lion,                                                         \
	}
