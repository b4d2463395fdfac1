/* trainer_layout.h - what a trainer holds, for the files of the trainer alone. */
#pragma once

#include "engine/crew.h"
#include "engine/plan_layout.h"
#include "engine/run.h"
#include "engine/trainer.h"
#include "engine/trial.h"

enum trainer_phase {
	PHASE_DATA,
	PHASE_FORWARD,
	PHASE_LOSS,
	PHASE_BACKWARD,
	PHASE_UPDATE,
	PHASE_COUNT,
};

/* What other threads may read while training goes on. */
struct trainer_published {
	_Atomic int64_t epoch, step, samples, steps_total;
	_Atomic double loss, metrics[MODEL_METRICS_MAX], samples_per_second;
	atomic_bool validating;
};

/* Where what metrics and callbacks remember stands in the trainer's memory; behind these the sums
 * of the metrics in this epoch, then each callback's own; last, if a callback keeps the best
 * weights, 1 once there are any. */
enum {
	MEMORY_STOPPED,       /* 1 + index of the callback that ended the training; 0: none has */
	MEMORY_LEARNING_RATE, /* that a callback has set; 0: none has */
	MEMORY_SUMS,
};

struct trainer {
	struct trainer_options options;
	struct data validation; /* if options.validation */
	const struct kernels *kernels;
	struct run *run;
	struct crew *crew;
	atomic_int threads; /* that the next step may use */
	struct trainer_state state;
	double *memory;
	int n_memory;
	double *validation_sums; /* of the metrics */
	int64_t *confusion;      /* NULL: the plan has no classes */
	struct trainer_published published;

	/* The step at work: written before the crew begins, read by all. */
	const struct data *data;
	const struct shuffle *order;
	struct shuffle shuffle;
	int64_t first; /* position of the batch's first sample in the epoch */
	int stage;     /* of the plan */
	int step_threads;
	struct trial streams; /* of threads that do or do not share a cache */
	struct optimizer_step optimizer_step;
	int64_t phase_ns[PHASE_COUNT]; /* of thread 0 */

	int64_t rate_ns;      /* when samples_per_second was last worked out */
	int64_t rate_samples; /* since then */
};

/* Batch `step` (from 0) of an epoch: its first sample, and their number. */
int64_t trainer_batch_count(const struct trainer *t, int64_t step, int64_t *ret_first);
int64_t trainer_steps_in_epoch(const struct trainer *t);

/* Memory of callback `index`. */
double *trainer_callback_memory(const struct trainer *t, int index);
/* Copies the weights to where the best are kept, or back if there are any. */
void trainer_keep_best(struct trainer *t);
void trainer_restore_best(struct trainer *t);

/* Shows where the trainer stands, and that it lives. */
void trainer_publish(struct trainer *t);
void trainer_count_samples(struct trainer *t, int64_t samples);
