/* trial.h - which of two ways of doing a step is the faster just now. Both give the same bits.
 *
 * It is tried out again and again, since the answer changes: the cores of a virtual machine share a
 * cache, and a second later they do not. Of a cycle of steps the first ones are done in the second
 * way, the next ones in the first way, and all others in the one whose best step was shorter. A
 * struct of zeros is the start; its owner's thread alone. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TRIAL_STEPS = 6, TRIAL_CYCLE = 128 };

struct trial {
	int64_t step;
	int64_t best_ns[2];
};

/* Whether the next step is to be done in the second way. */
static inline bool trial_second(const struct trial *t)
{
	int64_t at = t->step % TRIAL_CYCLE;

	return at < TRIAL_STEPS || (at >= 2 * TRIAL_STEPS && t->best_ns[1] < t->best_ns[0]);
}

/* The step that trial_second was asked for took `ns`. One that follows another way finds the caches
 * as that one left them, and does not count. */
static inline void trial_add(struct trial *t, int64_t ns)
{
	int64_t at = t->step % TRIAL_CYCLE, *best = &t->best_ns[trial_second(t)];

	t->step++;
	if (at >= 2 * TRIAL_STEPS)
		return;
	if (at % TRIAL_STEPS == 0)
		*best = INT64_MAX;
	else if (ns < *best)
		*best = ns;
}
