/* fault.h - makes the n-th call of something fail, once or from then on. One thread.
 *
 * A test arms it with n = 1, 2, 3 … and runs what it tests until nothing failed any more: then
 * every call has failed once. */
#pragma once

#include <stdbool.h>

struct fault {
	int countdown; /* calls up to and including the one that fails; 0: none will */
	bool lasting;  /* all later ones fail too */
	int hits;      /* calls that have failed since it was armed */
};

static inline void fault_arm(struct fault *f, int nth, bool lasting)
{
	*f = (struct fault){ .countdown = nth, .lasting = lasting };
}

/* The calls that failed since fault_arm. */
static inline int fault_disarm(struct fault *f)
{
	int hits = f->hits;

	*f = (struct fault){ 0 };
	return hits;
}

/* Called by what may fail: whether it must now. A breakpoint here shows the call. */
static inline bool fault_now(struct fault *f)
{
	if (f->countdown == 0 || (f->countdown > 1 && f->countdown-- > 1))
		return false;
	if (!f->lasting)
		f->countdown = 0;
	f->hits++;
	return true;
}
