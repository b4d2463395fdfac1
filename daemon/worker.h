/* worker.h - one running job on a thread of its own: from its last checkpoint to its end, or to
 * where it is stopped.
 *
 * Made, told and freed by the scheduler's thread; progress may be read from any thread while the
 * worker exists. */
#pragma once

#include "api/backend.h"
#include "daemon/task.h"

/* Why a worker should stop at its next step; a later name wins over an earlier one. */
enum worker_stop {
	WORKER_GO_ON,
	WORKER_SHUTDOWN, /* checkpoint, then queued: the next daemon goes on */
	WORKER_PAUSE,    /* checkpoint, then paused */
	WORKER_CANCEL,   /* cancelled */
};

struct worker_options {
	struct database *db; /* borrowed until worker_free */
	const char *isa;     /* as in struct trainer_options */
	int threads_max;     /* cores that this daemon may lend */
	/* Called on the worker's thread as its last act; must not block. */
	void (*ended)(void *ctx);
	void *ctx;
};

struct worker;
/* Moves the job to running (an attempt is counted before anything can go wrong) and starts. Takes
 * the task over, also on failure. NULL with ERROR_CONFLICT: the job is not queued any more. */
struct worker *worker_start(
	struct task *task, const struct worker_options *options, struct error *err) MUST_CHECK;
/* Waits for the thread: it must have ended, or been told to stop. Accepts NULL. */
void worker_free(struct worker *w);

bool worker_has_ended(const struct worker *w);
/* After the end: the machine was short of something (memory, disk), so the job is queued again; it
 * should not start at once. */
bool worker_was_put_back(const struct worker *w);

const struct task *worker_task(const struct worker *w);
void worker_stop(struct worker *w, enum worker_stop why);
/* How many threads it can use, and may use from its next step on. */
int worker_threads_max(const struct worker *w);
void worker_set_threads(struct worker *w, int threads);

/* false: the training has not begun yet. */
bool worker_progress(struct worker *w, struct live_progress *ret);
/* false: it should have finished a step by now, and has not. For one thread, the watchdog's. */
bool worker_is_alive(struct worker *w);
