/* trainer.h - the training loop: the engine's boundary.
 *
 * One trainer belongs to one worker thread; trainer_run is called there and returns when the job is
 * done, was told to stop, or failed. The loop allocates nothing and takes no lock while it
 * computes; it polls the stop flag between steps. The result depends on the plan, the data and the
 * seed alone. */
#pragma once

#include "base/error.h"
#include "engine/augment.h"
#include "engine/callback.h"
#include "engine/data.h"
#include "engine/plan.h"

#include <stdatomic.h>
#include <stdint.h>

struct trainer;

/* What becomes of the samples that are left when an epoch is cut into batches. */
enum trainer_last_batch {
	TRAINER_LAST_KEEP,  /* they are a smaller batch, as in Keras */
	TRAINER_LAST_DROP,  /* they are left out in this epoch */
	TRAINER_LAST_MERGE, /* the batch before takes them in */
};

struct trainer_options {
	const struct plan *plan;       /* borrowed until trainer_free */
	struct data train;             /* borrowed likewise */
	const struct data *validation; /* NULL: none. Borrowed likewise */
	int64_t epochs;                /* at least 1 */
	int64_t batch_size; /* 0: the plan's. With TRAINER_LAST_MERGE the plan's must have
			     * room for what is merged: trainer_batch_most */
	enum trainer_last_batch last_batch;
	int64_t steps_per_epoch; /* 0: all; else an epoch ends after so many */
	int64_t validation_freq; /* epochs from one validation to the next; 0: 1. The last of
				  * `epochs` is always validated; any other in which a callback
				  * stops need not be */
	const struct callbacks *callbacks; /* NULL: none. Borrowed likewise. The plan's keeps_best
					    * must be theirs */
	const float *class_weight;      /* NULL: all 1; else how much the loss of a training sample
					 * counts, by its label. As many as labels. Borrowed */
	const struct augments *augment; /* of training samples; NULL: none. Borrowed likewise */
	uint64_t seed;
	bool shuffle;    /* a new order every epoch */
	int threads_max; /* threads the trainer makes, its caller included; at least 1 */
	const char *isa; /* "scalar", "avx2", "avx512", "avx512bf16", "neon"; NULL: the best */
};

/* The most samples of a step: what the plan must be made for. */
int64_t trainer_batch_most(int64_t samples, int64_t batch_size, enum trainer_last_batch last_batch);
/* Batches that an epoch is cut into; 0: not even one is whole. */
int64_t trainer_steps(int64_t samples, int64_t batch_size, enum trainer_last_batch last_batch);

/* What can be refused before the data are there: batches, callbacks, augmentation. Of the data only
 * the count and the labels of train are looked at, and whether there is validation. */
bool trainer_check(const struct trainer_options *options, struct error *err) MUST_CHECK;

/* Checks the data against the plan (counts, label range), allocates everything, draws the initial
 * weights. NULL: refused, or no memory. */
struct trainer *trainer_new(const struct trainer_options *options, struct error *err) MUST_CHECK;
void trainer_free(struct trainer *t);
DEFINE_AUTO_FREE(struct trainer, trainer_free)

/* How many of its threads the next step may use, 1 … threads_max. Any thread may call it at any
 * time. */
void trainer_set_threads(struct trainer *t, int threads);

/* Sums so far of the epoch in progress. Any thread may call it at any time; the fields are of one
 * recent step. */
struct trainer_progress {
	int64_t epoch; /* counts from 1 */
	int64_t step;  /* steps done in this epoch */
	int64_t steps_per_epoch;
	int64_t samples; /* done in this epoch */
	double loss;     /* running mean of this epoch, as the metrics: the model's */
	struct {
		char name[MODEL_NAME_BYTES];
		double value;
	} metrics[MODEL_METRICS_MAX];
	int n_metrics;
	bool validating;
};
void trainer_progress(const struct trainer *t, struct trainer_progress *ret);

/* One finished epoch. */
struct trainer_epoch {
	int64_t epoch; /* counts from 1 */
	int64_t step;  /* steps since the start of the job */
	/* Over the training samples as they were seen, and over the validation data: NAN without
	 * them. Of the model's metrics. */
	double loss, metrics[MODEL_METRICS_MAX];
	double val_loss, val_metrics[MODEL_METRICS_MAX];
	/* [label][predicted] of the validation data, classes x classes; NULL: not validated in this
	 * epoch, targets are no labels of outputs, or there are more than 256 classes. Borrowed for
	 * the call. */
	const int64_t *confusion;
	int64_t classes;
	bool validated; /* false: not in this epoch */
	bool stops;     /* a callback ended the training: no epoch follows */
	double learning_rate;
	double seconds; /* of this epoch, validation included; only of the part run in this process
			 */
	double train_seconds;    /* the same without validation */
	int64_t samples;         /* trained in this epoch */
	double phase_seconds[5]; /* data, forward, loss, backward, update: shares of train_seconds
				    as thread 0 saw them */
};
extern const char *const trainer_phase_names[5];

/* Everything that a trainer needs to go on, as named tensors that borrow the trainer's memory. The
 * order is fixed. Weights come first: "<layer>/kernel", "<layer>/bias"; then the optimizer's slots:
 * "optimizer/<slot>/<layer>/kernel"; then the best weights, if a callback keeps them:
 * "best/<layer>/kernel"; last, if there is any, what metrics and callbacks remember: "memory",
 * whose bytes are those of doubles. */
struct trainer_tensor {
	char name[160];
	struct shape shape;
	float *values;
	bool is_weight;
};
int trainer_tensor_count(const struct trainer *t);
void trainer_tensor(const struct trainer *t, int index, struct trainer_tensor *ret);

/* The rest of the state: where the trainer stands. Plain numbers; written to and read from a
 * checkpoint as they are. */
struct trainer_state {
	int64_t epoch;         /* epochs finished */
	int64_t step_in_epoch; /* steps done in the epoch after it; 0 at an epoch's end */
	int64_t step;          /* steps, each of a batch, since the start */
	int64_t epoch_samples; /* done in the unfinished epoch */
	double epoch_loss_sum;
};
void trainer_get_state(const struct trainer *t, struct trainer_state *ret);
/* Which of the job's callbacks has ended the training, in this process or before it; -1: none has.
 */
int trainer_stopped_by(const struct trainer *t);
/* Goes on from there; the caller has filled the tensors. false: the state does not fit this job. */
bool trainer_set_state(
	struct trainer *t, const struct trainer_state *state, struct error *err) MUST_CHECK;

/* Called on the trainer's thread; what is handed over is borrowed for the call. */
struct trainer_events {
	/* After each epoch, validation included. The trainer stands at the epoch's end, so its
	 * tensors and state are a checkpoint. false stops the training with that error: nothing may
	 * go on that was not stored. */
	bool (*epoch)(void *ctx, const struct trainer_epoch *epoch, struct error *err);
	/* After each step, or NULL. The trainer stands between two steps and can be saved. */
	void (*step)(void *ctx);
	void *ctx;
};

enum trainer_outcome {
	TRAINER_DONE,    /* all epochs done */
	TRAINER_STOPPED, /* the stop flag was set; the trainer stands between two steps and can be
			    saved */
	TRAINER_FAILED,  /* err says why: an event handler's error, or a loss that is not finite */
};
enum trainer_outcome trainer_run(struct trainer *t, const struct trainer_events *events,
	const atomic_bool *stop, struct error *err) MUST_CHECK;

/* Samples a second over the last steps, and the steps since the start: for a watchdog. Any thread.
 */
double trainer_samples_per_second(const struct trainer *t);
int64_t trainer_heartbeat(const struct trainer *t);

/* The kernel set that a trainer would use: "avx512" … NULL isa: the best of this CPU. NULL: this
 * CPU lacks it, or there is no such set. */
const char *trainer_isa(const char *isa);
