/* run.h - the memory of one plan at work. Its steps return void; they are called by several threads
 * at a time, each for its own samples or tasks, with a border (crew_run) between the two phases of
 * a step: by samples:     run_gather, run_forward, run_loss, run_backward on whole chunks; by
 * parameters:  run_update on tasks. */
#pragma once

#include "base/error.h"
#include "engine/data.h"
#include "engine/optimizer.h"
#include "engine/plan.h"
#include "engine/shuffle.h"

struct run;

/* NULL: no memory. The plan is borrowed until run_free. */
struct run *run_new(const struct plan *plan, const struct kernels *kernels, int threads,
	struct error *err) MUST_CHECK;
void run_free(struct run *r);
DEFINE_AUTO_FREE(struct run, run_free)

/* Draws the first weights and sets the optimizer's slots to 0. */
void run_initialize(struct run *r, uint64_t seed);

/* Before a step: the number of samples in its batch, for all threads. */
void run_set_count(struct run *r, int64_t count);
/* The samples [begin, end) of piece `piece` of `pieces`: whole chunks, except at the batch's end.
 */
void run_share(const struct run *r, int piece, int pieces, int64_t *ret_begin, int64_t *ret_end);

/* Fetches positions first + begin … first + end of the data's order (NULL: as stored) as the
 * batch's [begin, end). */
void run_gather(struct run *r, const struct data *data, const struct shuffle *order, int64_t first,
	int64_t begin, int64_t end);
void run_forward(struct run *r, int thread, int64_t begin, int64_t end);
void run_loss(struct run *r, bool with_gradient, int64_t begin, int64_t end);
void run_backward(struct run *r, int thread, int64_t begin, int64_t end);
/* Piece `piece` of `pieces` of the tasks: gradients of tiled weights, sums of partial gradients,
 * optimizer. */
void run_update(struct run *r, int thread, int piece, int pieces, const union optimizer_step *step);

/* After all threads' run_loss: sums over the batch, in the order of the samples. */
void run_results(const struct run *r, double *ret_loss_sum, int64_t *ret_correct);
bool run_has_accuracy(const struct run *r);

/* Weight `index` of the plan: its values, and those of slot `slot`. */
float *run_weight(const struct run *r, int index);
float *run_slot(const struct run *r, int index, int slot);
/* The gradient of weight `index` that the last step's update used: for tests of the engine. */
void run_gradient(struct run *r, int index, float *ret);
