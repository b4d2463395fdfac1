/* adam.h - what Adam and its kin have in common. */
#pragma once

#include "engine/optimizer.h"
#include "engine/optimizers/power.h"

struct adam_conf {
	struct optimizer_conf common;
	double beta_1, beta_2, epsilon;
	bool amsgrad; /* Adam and AdamW */
};

#define ADAM_PARAMS                                                                                \
	PARAM_FLOAT(struct adam_conf, beta_1, 0.9, 0, 1, PARAM_BELOW_MAX,                          \
		"decay of the mean of the gradients"),                                             \
		PARAM_FLOAT(struct adam_conf, beta_2, 0.999, 0, 1, PARAM_BELOW_MAX,                \
			"decay of the mean of their squares"),                                     \
		PARAM_FLOAT(struct adam_conf, epsilon, 1e-7, 0, INFINITY, PARAM_ABOVE_MIN,         \
			"keeps the division finite")

extern const char *const adam_slot_names[]; /* "m", "v" */

/* The scalars that do not depend on the step. */
static inline void adam_constants(const struct adam_conf *c, struct update_step *s)
{
	s->take_1 = (float)(1.0 - c->beta_1);
	s->take_2 = (float)(1.0 - c->beta_2);
	s->keep_2 = (float)c->beta_2;
	s->epsilon = (float)c->epsilon;
}

/* Those of Adam and AdamW. */
const char *const *adam_slots(const void *conf);
enum update_rule adam_rule(const void *conf);
void adam_begin(const void *conf, double rate, int64_t step, struct update_step *s);
