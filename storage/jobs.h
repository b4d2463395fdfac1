/* jobs.h - jobs, their states and legal moves, their epochs. See database.h for threads and
 * durability. Strings in a struct that a find or list function fills belong to that struct: free it
 * with its own function. */
#pragma once

#include "storage/database.h"

enum job_status {
	/* These may still change … */
	JOB_QUEUED,
	JOB_RUNNING,
	JOB_PAUSING,
	JOB_PAUSED,
	JOB_CANCELLING,
	/* … these are final. */
	JOB_CANCELLED,
	JOB_SUCCEEDED,
	JOB_FAILED,
	JOB_STATUS_COUNT,
};
extern const char *const job_status_names[]; /* "queued" …, NULL at the end */

/* The table of legal moves; a trigger in SQL holds the same. */
bool job_move_legal(enum job_status from, enum job_status to);
bool job_status_final(enum job_status status);

enum { JOB_ID_BYTES = 27, JOB_NAME_BYTES = 65, JOB_ATTEMPTS_MAX = 3, JOB_LIST_MAX = 200 };

struct job {
	char id[JOB_ID_BYTES]; /* ULID: sorts by time of submission */
	char name[JOB_NAME_BYTES];
	enum job_status status;
	int64_t priority;                            /* higher goes first */
	int64_t created_at, started_at, finished_at; /* wall clock, ms; 0 = not yet */
	int64_t attempts;                            /* starts so far */
	int64_t version;                             /* grows with every change: the ETag */
	int64_t epoch, epochs;                       /* finished, wanted */
	int64_t step;                                /* optimizer steps in the last checkpoint */
	int64_t steps_per_epoch;
	char *dataset_digest; /* of the data set it was submitted for, as it was then; NULL: none */
	char *spec;           /* JSON text with every default; opaque here */
	char *forecast;       /* JSON text; opaque here */
	char *metadata;       /* JSON text; opaque here */
	char *error;          /* why it failed; NULL otherwise */
};
void job_done(struct job *j); /* frees what a struct job holds, not the struct */

/* Idempotency-Key: kept with the job; `body_digest` is that of the request's body. */
struct job_key {
	const char *key; /* NULL: none was given */
	const char *body_digest;
};
enum job_insert_result {
	JOB_INSERT_FAILED,
	JOB_INSERT_NEW,
	JOB_INSERT_SAME,
	JOB_INSERT_KEY_REUSED
};
/* Stores a new job (id, created_at, name, priority, spec … are the caller's; status becomes queued)
 * with its first event. JOB_INSERT_SAME: the key is known with that body, ret_id is the first job.
 * _KEY_REUSED: with another body. ERROR_CONFLICT: no data set has job->dataset_digest (any more);
 * from here on until the job is final none may change that has it. */
enum job_insert_result jobs_insert(struct database *db, const struct job *job,
	const struct job_key *key, char ret_id[static JOB_ID_BYTES], struct error *err) MUST_CHECK;

bool jobs_find(struct database *db, const char *id, struct job *ret, struct error *err) MUST_CHECK;

struct job_list {
	struct job *jobs;
	int n_jobs;
	bool has_more;
};
/* Newest first; `status` < 0: all; `after`: the last id of the page before, or NULL. limit 1 …
 * JOB_LIST_MAX. */
bool jobs_list(struct database *db, int status, const char *after, int limit, struct job_list *ret,
	struct error *err) MUST_CHECK;
void job_list_done(struct job_list *l);
bool jobs_count(struct database *db, int64_t ret_counts[static JOB_STATUS_COUNT],
	struct error *err) MUST_CHECK;

/* The queued jobs in the order in which they should run: priority, then oldest. */
bool jobs_queued(
	struct database *db, int limit, struct job_list *ret, struct error *err) MUST_CHECK;

/* Moves a job, if the move is legal from where it is now (ERROR_CONFLICT says where it is); writes
 * the event. `reason` is shown in the event (NULL: none) and, for JOB_FAILED, which must have one,
 * kept as the job's error. started_at, finished_at and attempts follow from the move: to RUNNING
 * counts an attempt. */
bool jobs_move(struct database *db, const char *id, enum job_status to, const char *reason,
	struct error *err) MUST_CHECK;
/* What a user asks for; each becomes the right move from the state the job is in, or
 * ERROR_CONFLICT. cancel: queued, paused → cancelled; running, pausing → cancelling. pause: queued
 * → paused; running → pausing. resume: paused → queued; pausing stays a conflict. cancel of a
 * cancelling and pause of a pausing or paused job: true, nothing changes. */
bool jobs_cancel(struct database *db, const char *id, struct error *err) MUST_CHECK;
bool jobs_pause(struct database *db, const char *id, struct error *err) MUST_CHECK;
bool jobs_resume(struct database *db, const char *id, struct error *err) MUST_CHECK;
/* Changes what is not NULL. */
struct job_patch {
	const char *name;
	const int64_t *priority;
	const char *metadata;
};
bool jobs_patch(struct database *db, const char *id, const struct job_patch *patch,
	struct error *err) MUST_CHECK;
/* Removes a job with all it stored. ERROR_CONFLICT while it is running, pausing or cancelling. */
bool jobs_delete(struct database *db, const char *id, struct error *err) MUST_CHECK;

/* At start: running, pausing and cancelling jobs of a daemon that died go back to queued, paused,
 * cancelled, each with an event; a job with JOB_ATTEMPTS_MAX crashes since its last checkpoint
 * becomes failed with that reason. */
bool jobs_recover(struct database *db, int *ret_requeued, struct error *err) MUST_CHECK;

/* --- epochs and checkpoints ----------------------------------------------------------- */

enum { METRIC_MAX = 34, PHASE_COUNT = 5 }; /* metrics: 16 and the loss, twice */
struct metric {
	char name[72];
	double value; /* any double, NAN and infinities included: stored by its bits */
};
struct epoch {
	int64_t epoch, step; /* count from 1; optimizer steps since the start */
	struct metric metrics[METRIC_MAX];
	int n_metrics;
	double learning_rate;
	double seconds, samples_per_second;
	double phase_seconds[PHASE_COUNT];
	/* Of the validation data: [label][predicted], classes x classes; NULL: there is none.
	 * Borrowed on the way in; in what a list function fills it is NULL. */
	const int64_t *confusion;
	int64_t classes; /* 2 … 1000 can be stored; the engine makes at most 256 */
};
struct epoch_list {
	struct epoch *epochs;
	int n_epochs;
};

/* A checkpoint on its way in: opaque bytes, kept in pieces of 1 MiB, with their sha256. */
struct checkpoint_data {
	const void *bytes;
	size_t size;
	int64_t epoch;       /* epochs finished */
	int64_t step;        /* optimizer steps */
	bool finished_epoch; /* false: taken in the middle of an epoch */
};

/* One transaction: the epoch's metrics and confusion matrix (NULL: none, a checkpoint in
 * mid-epoch), its checkpoint (NULL: none), the job's progress, the events. ERROR_CONFLICT if the
 * job is not running, pausing or cancelling, or the epoch is neither stored already nor the next
 * one. Training again what is already stored must give the same metrics, learning rate and matrix
 * by their bits: otherwise ERROR_IO "determinism…". Measured seconds may differ; the first ones
 * stay. All checkpoints of finished epochs are kept, and one in mid-epoch until the next is stored.
 */
bool jobs_store_epoch(struct database *db, const char *id, const struct epoch *epoch,
	const struct checkpoint_data *checkpoint, struct error *err) MUST_CHECK;
bool epochs_list(
	struct database *db, const char *id, struct epoch_list *ret, struct error *err) MUST_CHECK;
void epoch_list_done(struct epoch_list *l);

/* What became of the validation samples of an epoch. */
struct confusion {
	int64_t epoch, classes;
	int64_t *counts; /* [label][predicted], classes x classes; owned */
};
/* epoch 0: of the newest that has one. ERROR_NOT_FOUND: there is none. */
bool confusions_find(struct database *db, const char *id, int64_t epoch, struct confusion *ret,
	struct error *err) MUST_CHECK;
void confusion_done(struct confusion *m); /* accepts a zeroed one */

struct checkpoint {
	int64_t epoch, step, bytes, created_at;
	bool finished_epoch;
	char sha256[65];
};
struct checkpoint_list {
	struct checkpoint *checkpoints;
	int n_checkpoints;
};
bool checkpoints_list(struct database *db, const char *id, struct checkpoint_list *ret,
	struct error *err) MUST_CHECK;
void checkpoint_list_done(struct checkpoint_list *l);

/* Which checkpoint: the last one, the best (smallest val_loss, else loss; the earliest of equals),
 * or that of an epoch. */
enum checkpoint_which { CHECKPOINT_LAST, CHECKPOINT_BEST, CHECKPOINT_EPOCH };
/* Reads one whole and checks its sha256. The caller frees *ret_bytes. One that does not match its
 * digest is never handed out: ERROR_IO. */
bool checkpoints_read(struct database *db, const char *id, enum checkpoint_which which,
	int64_t epoch, struct checkpoint *ret, void **ret_bytes, struct error *err) MUST_CHECK;
/* The newest one that is whole, for going on: skips damaged ones, each with an event
 * `checkpoint_rejected`. ret->bytes == 0: there is none, begin at the beginning. */
bool checkpoints_resume(struct database *db, const char *id, struct checkpoint *ret,
	void **ret_bytes, struct error *err) MUST_CHECK;
