/* run_layout.h - what a run holds, for run.c and run_update.c alone. */
#pragma once

#include "engine/plan_layout.h"
#include "engine/run.h"

struct run {
	const struct plan *plan;
	const struct kernels *kernels;
	char *mapping; /* with room to begin on a huge page */
	size_t mapping_bytes;
	char *block;
	int threads;
	uint64_t seed;
	int64_t batch_count;      /* samples of the batch at work */
	int64_t first, count;     /* of them, the part at work */
	struct layer_step *steps; /* [thread][layer] */
	const float *class_weight;
	const struct augments *augments; /* NULL: samples are used as they are */
	int64_t augments_epoch;
	bool weighted; /* samples count differently */
	bool streams;  /* weights, past the caches */
};

static inline void *run_at(const struct run *r, size_t offset)
{
	return r->block + offset;
}

static inline float *run_scratch(const struct run *r, int thread)
{
	return run_at(r, r->plan->block_bytes + (size_t)thread * r->plan->scratch_bytes);
}

static inline bool run_is_last_part(const struct run *r)
{
	return r->first + r->count == r->batch_count;
}
