/* optimizer.h - what an optimizer is to the engine: one file in optimizers/, one row in registry.c.
 */
#pragma once

#include "engine/kernels/kernels.h"

#include <stddef.h>

enum { OPTIMIZER_SLOTS_MAX = 4 };

/* One step's scalars: worked out once, in double, before the threads begin. */
union optimizer_step {
	struct adam_step adam;
	struct sgd_step sgd;
};

struct optimizer_class {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size;
	/* The names of what is kept for each weight, NULL at the end. */
	const char *const *(*slots)(const void *conf);
	double (*learning_rate)(const void *conf);
	/* step counts from 1 */
	void (*begin)(const void *conf, int64_t step, union optimizer_step *ret);
	void (*update)(const struct kernels *k, const union optimizer_step *s, const float *g,
		int64_t n, float *w, float *const *slots);
};
