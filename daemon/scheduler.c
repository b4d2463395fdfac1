/* scheduler.c - see scheduler.h. */
#include "daemon/scheduler.h"

#include "base/clock.h"
#include "daemon/cores.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/worker.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { SCHEDULER_RETRY_SECONDS = 5 /* after the machine failed us: memory, disk, database */ };

struct slot {
	struct worker *worker;
	int64_t priority; /* as the row had it at the last look */
};

struct scheduler {
	struct database *db; /* const */
	const char *isa;     /* const */
	pthread_t thread;

	/* The scheduler thread's own. */
	struct task *next; /* the first job of the queue, made ready: it waits for memory */
	int64_t retry_ns;  /* nothing is started before; 0: no wait */
	char status[64];   /* what the service manager was told last */

	/* Rank 2: a worker's is taken under it, never the database's. Guards what follows. */
	pthread_mutex_t lock;
	pthread_cond_t bell;
	bool woken, stopping;
	int threads;
	int64_t memory_bytes;
	/* Changed by the scheduler thread alone, which therefore reads them without the lock. */
	struct slot slots[SCHEDULER_WORKERS_MAX];
	int n_slots;
	int64_t turns;      /* of the loop */
	int64_t turns_seen; /* by the watchdog */
};

struct limits {
	int threads;
	int64_t memory_bytes;
};

static struct limits scheduler_limits(struct scheduler *s)
{
	(void)pthread_mutex_lock(&s->lock);
	struct limits l = { s->threads, s->memory_bytes };
	(void)pthread_mutex_unlock(&s->lock);
	return l;
}

void scheduler_wake(struct scheduler *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->woken = true;
	(void)pthread_cond_signal(&s->bell);
	(void)pthread_mutex_unlock(&s->lock);
}

static void on_worker_ended(void *ctx)
{
	scheduler_wake(ctx);
}

static void scheduler_retry_later(struct scheduler *s, const char *event, const struct error *err)
{
	log_error(LOG_LEVEL_WARNING, event, err);
	s->retry_ns = clock_monotonic_ns() + (int64_t)SCHEDULER_RETRY_SECONDS * 1000000000;
}

/* --- the running jobs ---------------------------------------------------------------------- */

static void scheduler_reap(struct scheduler *s)
{
	for (int i = s->n_slots; i-- > 0;) {
		struct worker *w = s->slots[i].worker;

		if (!worker_has_ended(w))
			continue;
		if (worker_was_put_back(w))
			s->retry_ns = clock_monotonic_ns() +
				      (int64_t)SCHEDULER_RETRY_SECONDS * 1000000000;
		(void)pthread_mutex_lock(&s->lock);
		s->n_slots--;
		memmove(&s->slots[i], &s->slots[i + 1],
			(size_t)(s->n_slots - i) * sizeof s->slots[0]);
		(void)pthread_mutex_unlock(&s->lock);
		worker_free(w);
	}
}

/* What users asked of the running jobs: they wrote it into the rows. */
static void scheduler_attend(struct scheduler *s)
{
	for (int i = 0; i < s->n_slots; i++) {
		struct slot *slot = &s->slots[i];
		struct job row;
		struct error err;

		if (!jobs_find(s->db, worker_task(slot->worker)->job.id, &row, &err)) {
			scheduler_retry_later(s, "scheduler", &err);
			continue;
		}
		slot->priority = row.priority;
		if (row.status == JOB_PAUSING)
			worker_stop(slot->worker, WORKER_PAUSE);
		else if (row.status == JOB_CANCELLING)
			worker_stop(slot->worker, WORKER_CANCEL);
		job_done(&row);
	}
}

static void scheduler_lend_cores(struct scheduler *s, int threads)
{
	struct cores_claim claims[SCHEDULER_WORKERS_MAX];

	for (int i = 0; i < s->n_slots; i++)
		claims[i] = (struct cores_claim){ s->slots[i].priority,
			worker_threads_max(s->slots[i].worker), 0 };
	cores_share(claims, s->n_slots, threads);
	for (int i = 0; i < s->n_slots; i++)
		worker_set_threads(s->slots[i].worker, claims[i].threads);
}

static int64_t scheduler_memory_used(const struct scheduler *s)
{
	int64_t bytes = 0;

	for (int i = 0; i < s->n_slots; i++)
		bytes += worker_task(s->slots[i].worker)->forecast.total_bytes;
	return bytes;
}

/* --- the queue ----------------------------------------------------------------------------- */

/* A queued job that can never run fails now. */
static bool scheduler_fail(struct scheduler *s, const char *id, const struct error *why)
{
	struct log_line l;
	struct error err;

	if (!jobs_move(s->db, id, JOB_FAILED, why->text, &err)) {
		scheduler_retry_later(s, "scheduler", &err);
		return false;
	}
	log_begin(&l, LOG_LEVEL_NOTICE, "job");
	log_text(&l, "job", id);
	log_text(&l, "status", job_status_names[JOB_FAILED]);
	log_text(&l, "error", why->text);
	log_end(&l);
	return true;
}

/* Makes the first job of the queue s->next. false: there is none, or not now. */
static bool scheduler_look(struct scheduler *s, const struct limits *limits)
{
	for (;;) {
		struct job_list queue;
		struct error err;
		char id[JOB_ID_BYTES] = "";

		if (!jobs_queued(s->db, 1, &queue, &err)) {
			scheduler_retry_later(s, "scheduler", &err);
			return false;
		}
		if (queue.n_jobs)
			memcpy(id, queue.jobs[0].id, sizeof id);
		job_list_done(&queue);
		if (*id && s->next && strcmp(s->next->job.id, id) == 0 &&
			s->next->forecast.total_bytes <= limits->memory_bytes)
			return true;
		task_free(s->next);
		s->next = NULL;
		if (!*id)
			return false;
		s->next = task_new(s->db, id, limits->memory_bytes, &err);
		if (s->next)
			return true;
		if (!task_error_is_final(&err)) {
			scheduler_retry_later(s, "scheduler", &err);
			return false;
		}
		if (!scheduler_fail(s, id, &err))
			return false;
	}
}

static bool scheduler_start_next(struct scheduler *s, const struct limits *limits)
{
	struct worker_options options = {
		.db = s->db,
		.isa = s->isa,
		.threads_max = limits->threads,
		.ended = on_worker_ended,
		.ctx = s,
	};
	int64_t priority = s->next->job.priority;
	struct error err;
	struct worker *w = worker_start(s->next, &options, &err);

	s->next = NULL;
	if (!w && err.code != ERROR_CONFLICT && err.code != ERROR_NOT_FOUND) {
		scheduler_retry_later(s, "scheduler", &err);
		return false;
	}
	if (w) {
		(void)pthread_mutex_lock(&s->lock);
		s->slots[s->n_slots++] = (struct slot){ w, priority };
		(void)pthread_mutex_unlock(&s->lock);
	}
	return true;
}

static void scheduler_admit(struct scheduler *s, const struct limits *limits)
{
	int workers_max =
		limits->threads < SCHEDULER_WORKERS_MAX ? limits->threads : SCHEDULER_WORKERS_MAX;

	if (s->retry_ns > clock_monotonic_ns())
		return;
	s->retry_ns = 0;
	while (s->n_slots < workers_max && scheduler_look(s, limits)) {
		int64_t left = limits->memory_bytes - scheduler_memory_used(s);

		if (s->next->forecast.total_bytes > left || !scheduler_start_next(s, limits))
			return;
	}
}

/* --- the loop ------------------------------------------------------------------------------ */

static void scheduler_tell(struct scheduler *s)
{
	int64_t counts[JOB_STATUS_COUNT];
	char status[sizeof s->status];
	struct error err;

	if (!jobs_count(s->db, counts, &err))
		return; /* the status line is a courtesy; whoever needs the database says so */
	(void)snprintf(status, sizeof status, "%d running, %lld queued", s->n_slots,
		(long long)counts[JOB_QUEUED]);
	if (strcmp(status, s->status) == 0)
		return;
	memcpy(s->status, status, sizeof status);
	notify_status(status);
}

/* Until somebody wakes us, or it is time to try again. false: stop. */
static bool scheduler_sleep(struct scheduler *s)
{
	struct timespec until = { s->retry_ns / 1000000000, s->retry_ns % 1000000000 };

	(void)pthread_mutex_lock(&s->lock);
	s->turns++;
	while (!s->woken && !s->stopping) {
		if (!s->retry_ns)
			(void)pthread_cond_wait(&s->bell, &s->lock);
		else if (pthread_cond_timedwait(&s->bell, &s->lock, &until) != 0)
			break;
	}
	s->woken = false;
	bool go_on = !s->stopping;
	(void)pthread_mutex_unlock(&s->lock);
	return go_on;
}

static void scheduler_wait_for_worker(struct scheduler *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->turns++;
	while (!s->woken)
		(void)pthread_cond_wait(&s->bell, &s->lock);
	s->woken = false;
	(void)pthread_mutex_unlock(&s->lock);
}

static void *scheduler_main(void *ctx)
{
	struct scheduler *s = ctx;

	do {
		struct limits limits = scheduler_limits(s);

		scheduler_reap(s);
		scheduler_attend(s);
		scheduler_admit(s, &limits);
		scheduler_lend_cores(s, limits.threads);
		scheduler_tell(s);
	} while (scheduler_sleep(s));

	for (int i = 0; i < s->n_slots; i++)
		worker_stop(s->slots[i].worker, WORKER_SHUTDOWN);
	for (scheduler_reap(s); s->n_slots; scheduler_reap(s))
		scheduler_wait_for_worker(s);
	return NULL;
}

/* --- from outside -------------------------------------------------------------------------- */

struct scheduler *scheduler_new(const struct scheduler_options *options, struct error *err)
{
	struct scheduler *s = calloc(1, sizeof *s);
	pthread_condattr_t monotonic;

	assert(options->threads >= 1);
	if (!s) {
		(void)error_no_memory(err);
		return NULL;
	}
	s->db = options->db;
	s->isa = options->isa;
	s->threads = options->threads;
	s->memory_bytes = options->memory_bytes;
	/* None of these can fail on Linux with these arguments. */
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->bell, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return s;
}

bool scheduler_start(struct scheduler *s, struct error *err)
{
	int failed = pthread_create(&s->thread, NULL, scheduler_main, s);

	return !failed ||
	       error_set(err, ERROR_NO_MEMORY, "no thread for the scheduler: %s", strerror(failed));
}

void scheduler_stop(struct scheduler *s)
{
	(void)pthread_mutex_lock(&s->lock);
	s->stopping = true;
	(void)pthread_cond_signal(&s->bell);
	(void)pthread_mutex_unlock(&s->lock);
	(void)pthread_join(s->thread, NULL);
}

void scheduler_free(struct scheduler *s)
{
	if (!s)
		return;
	assert(s->n_slots == 0);
	task_free(s->next);
	(void)pthread_cond_destroy(&s->bell);
	(void)pthread_mutex_destroy(&s->lock);
	free(s);
}

void scheduler_set_limits(struct scheduler *s, int threads, int64_t memory_bytes)
{
	(void)pthread_mutex_lock(&s->lock);
	s->threads = threads;
	s->memory_bytes = memory_bytes;
	(void)pthread_mutex_unlock(&s->lock);
	scheduler_wake(s);
}

bool scheduler_progress(struct scheduler *s, const char *job_id, struct live_progress *ret)
{
	bool found = false;

	(void)pthread_mutex_lock(&s->lock);
	for (int i = 0; !found && i < s->n_slots; i++)
		found = strcmp(worker_task(s->slots[i].worker)->job.id, job_id) == 0 &&
			worker_progress(s->slots[i].worker, ret);
	(void)pthread_mutex_unlock(&s->lock);
	return found;
}

void scheduler_server(struct scheduler *s, struct server_info *ret)
{
	(void)pthread_mutex_lock(&s->lock);
	ret->cores = s->threads;
	ret->memory_bytes = s->memory_bytes;
	ret->memory_used_bytes = scheduler_memory_used(s);
	(void)pthread_mutex_unlock(&s->lock);
}

bool scheduler_is_alive(struct scheduler *s)
{
	(void)pthread_mutex_lock(&s->lock);
	bool alive = s->turns != s->turns_seen;
	s->turns_seen = s->turns;
	for (int i = 0; i < s->n_slots; i++)
		alive = worker_is_alive(s->slots[i].worker) && alive;
	s->woken = true; /* a turn to be seen by the next call */
	(void)pthread_cond_signal(&s->bell);
	(void)pthread_mutex_unlock(&s->lock);
	return alive;
}
