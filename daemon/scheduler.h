/* scheduler.h - decides what runs: highest priority first, then the oldest, inside the memory
 * budget, and lends the cores.
 *
 * One thread, woken whenever a row of jobs may have changed or a worker ended; it acts on what the
 * database says, so a wake too many costs a look and nothing else. A job that does not fit the
 * memory left waits, and those behind it wait too: a large job is not starved by small ones. All
 * functions may be called from any thread, except new, start, stop and free (the owner's). */
#pragma once

#include "api/backend.h"
#include "storage/database.h"

enum { SCHEDULER_WORKERS_MAX = 64 /* jobs that run at the same time, at most one a core */ };

struct scheduler;

struct scheduler_options {
	struct database *db;  /* borrowed for life */
	const char *isa;      /* borrowed for life; as in struct trainer_options */
	int threads;          /* cores to lend, at least 1 */
	int64_t memory_bytes; /* what the plans of running jobs may need together */
};

struct scheduler *scheduler_new(
	const struct scheduler_options *options, struct error *err) MUST_CHECK;
/* From now on jobs run. */
bool scheduler_start(struct scheduler *s, struct error *err) MUST_CHECK;
/* Stops every running job at its next step, with a checkpoint, queued again, and waits for that. */
void scheduler_stop(struct scheduler *s);
/* Stopped, or never started; accepts NULL. */
void scheduler_free(struct scheduler *s);
DEFINE_AUTO_FREE(struct scheduler, scheduler_free)

void scheduler_wake(struct scheduler *s);
/* Other limits from now on; running jobs keep what they have until they end, but share the new
 * number of cores. */
void scheduler_set_limits(struct scheduler *s, int threads, int64_t memory_bytes);

bool scheduler_progress(struct scheduler *s, const char *job_id, struct live_progress *ret);
/* cores, memory_bytes and memory_used_bytes of `ret`; the rest is left alone. */
void scheduler_server(struct scheduler *s, struct server_info *ret);
/* false: the scheduler has not moved since the last call, or a worker is stuck. For the watchdog,
 * which is one thread. */
bool scheduler_is_alive(struct scheduler *s);
