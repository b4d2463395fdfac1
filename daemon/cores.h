/* cores.h - how the cores are lent to the running jobs. Pure; any thread.
 * The number of threads never changes what a job computes, so cores move between jobs from step to
 * step. */
#pragma once

#include <stdint.h>

struct cores_claim {
	int64_t priority; /* higher goes first */
	int threads_max;  /* what the job can use, at least 1 */
	int threads;      /* written: what it gets, at least 1 */
};

/* Each job gets one core; the rest goes to the highest priority first, evenly among equals, the
 * older one (earlier in the list) first. `cores` is at least `n`, or else some cores are shared. */
void cores_share(struct cores_claim *claims, int n, int cores);
