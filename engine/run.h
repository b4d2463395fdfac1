/* run.h - the memory of one plan at work.
 *
 * A training step goes through the plan's stages, each of them through the parts of the batch:
 *   run_set_batch
 *   for each stage, for each part:
 *       run_set_part
 *       by samples: run_gather, run_forward, run_loss, run_backward, run_collect on whole chunks
 *       run_combine
 *       by parameters, in the last stage: run_gradients on tasks
 *   if the plan needs norms: run_norms, and by parameters: run_update on tasks
 * The functions by samples and by parameters are called by several threads at a time, each for its
 * own samples or tasks, with a border (crew_run) between; the others by one. All return void. */
#pragma once

#include "base/error.h"
#include "engine/augment.h"
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

/* Draws the first weights and sets the optimizer's slots to their first values; a mean of the
 * weights is the weights then. The seed is that of all that is random later, too. */
void run_initialize(struct run *r, uint64_t seed);

/* Then: lets layers measure the data they will be trained on. */
void run_adapt(struct run *r, const struct data *train);

/* Before a step: the number of samples in its batch; training: whether layers behave as in
 * training, and which step it is (from 0). */
void run_set_batch(struct run *r, int64_t count, bool training, int64_t step);
/* Before a step: how its samples, images, are augmented (NULL: not at all; borrowed), and in which
 * epoch, from 1. */
void run_set_augments(struct run *r, const struct augments *augments, int64_t epoch);
/* Before a step: whether its update writes the weights past the caches, which is faster where the
 * threads' cores share none. The bits are the same. */
void run_set_streams(struct run *r, bool streams);
int run_parts(const struct run *r); /* of this batch */
/* Before anything is done with a part: parts count from 0. */
void run_set_part(struct run *r, int part);
/* The samples [begin, end) of piece `piece` of `pieces` of this part: whole chunks, except at the
 * batch's end. */
void run_share(const struct run *r, int piece, int pieces, int64_t *ret_begin, int64_t *ret_end);
/* The end of the chunk of this part that begins at sample `begin`, at most `end`. */
int64_t run_chunk_end(const struct run *r, int64_t begin, int64_t end);

/* Before a batch of that data is gathered: how much each label counts, or NULL. */
void run_set_weights(struct run *r, const struct data *data, const float *class_weight);
/* Fetches the samples of the batch that begins at position `first` of the data's order (NULL: as
 * stored): this part's [begin, end). */
void run_gather(struct run *r, int thread, const struct data *data, const struct shuffle *order,
	int64_t first, int64_t begin, int64_t end);
/* Through the layers [from, to), backward from above. */
void run_forward(struct run *r, int thread, int from, int to, int64_t begin, int64_t end);
void run_loss(struct run *r, bool with_gradient, int64_t begin, int64_t end);
void run_metrics(struct run *r, int thread, int64_t begin, int64_t end);
void run_backward(struct run *r, int thread, int from, int to, int64_t begin, int64_t end);
/* What stands at the end of a stage, if anything does: see struct plan_stage. */
void run_collect(struct run *r, int thread, int stage, int64_t begin, int64_t end);
void run_combine(struct run *r, int stage);
/* Piece `piece` of `pieces` of the tasks: the gradients of this part; at the last part also the
 * optimizer's step, unless norms must be known first. */
void run_gradients(
	struct run *r, int thread, int piece, int pieces, const struct optimizer_step *step);
/* The norms of the gradients. */
void run_norms(struct run *r, const struct optimizer_step *step);
/* The optimizer's step where norms were needed. */
void run_update(
	struct run *r, int thread, int piece, int pieces, const struct optimizer_step *step);
/* What the regularizers cost: as the step's run_gradients found the weights, or as they are now. */
double run_step_penalty(const struct run *r);
double run_penalty(const struct run *r);
/* After the optimizer's step: brings constrained weight `piece` of run_constrained into its bounds.
 */
int run_constrained(const struct run *r);
void run_constrain(struct run *r, int piece);
/* Sets the weights to their running means, if the optimizer keeps them. */
void run_overwrite_with_means(struct run *r);

/* What was counted over any number of batches. */
struct run_totals {
	double loss;        /* summed over the samples */
	double *sums;       /* the plan's n_counts + n_values: of all metrics */
	int64_t *confusion; /* NULL, or the plan's classes²: [label][predicted] */
};
/* After all threads' run_loss and run_metrics: adds those of this part, in the order of the
 * samples. */
void run_results(struct run *r, struct run_totals *t);
/* The first layer whose output has a number that is not finite in this part; -1: none. */
int run_first_not_finite(const struct run *r);
/* Metric `metric` of the model, from the sums of that many samples. */
double run_metric(const struct run *r, int metric, const double *sums, int64_t samples);

/* Weight `index` of the plan: its values, the best ones if the plan keeps them, and those of slot
 * `slot`. */
float *run_weight(const struct run *r, int index);
float *run_best(const struct run *r, int index);
float *run_slot(const struct run *r, int index, int slot);
/* The gradient of weight `index` that the last step's update used: for tests of the engine. */
void run_gradient(struct run *r, int index, float *ret);
