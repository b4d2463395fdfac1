/* worker.c - see worker.h. */
#include "daemon/worker.h"

#include "base/clock.h"
#include "daemon/checkpoint.h"
#include "daemon/float_mode.h"
#include "daemon/log.h"
#include "storage/events.h"

#include <assert.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Within an epoch a checkpoint is stored this long after the start, and then after twice as long
 * each time, up to the longest: a daemon that is killed again and again still gets on, one that
 * runs in peace stores few. */
enum { WORKER_CHECKPOINT_FIRST_MS = 250, WORKER_CHECKPOINT_LONGEST_MS = 60000 };

enum {
	WORKER_RETRY_SECONDS = 5,  /* between two tries to store what the disk had no room for */
	WORKER_ALIVE_SECONDS = 30, /* what a step may take on any machine … */
	WORKER_ALIVE_FLOPS = 100000000, /* … and one second more for each of these */
};

struct worker {
	struct task *task;             /* const while the thread runs */
	struct worker_options options; /* const */
	int threads_max;               /* const: what this job can use */
	pthread_t thread;
	atomic_bool stop;    /* polled by the trainer between steps */
	atomic_bool storing; /* between two steps, at the database */
	atomic_bool ended;

	pthread_mutex_t lock; /* rank 3, after the scheduler's; guards the next six */
	pthread_cond_t told;  /* `why` or `leaving` changed */
	enum worker_stop why;
	bool leaving;            /* the daemon stops: do not wait for anything */
	struct trainer *trainer; /* NULL while it is being made; then const */
	int threads;
	double validation_seconds; /* of the last epoch */
	double epoch_rate;         /* its samples a second; 0: none has ended here */

	/* The thread's own until it has ended. */
	int64_t stored_step;     /* of the newest checkpoint; 0: none, or the very beginning */
	int64_t resumed_samples; /* of the first epoch here that an earlier process trained */
	int64_t checkpoint_due_ns, checkpoint_wait_ms; /* the next one within an epoch */
	bool gave_up; /* told to stop while an epoch could not be stored */
	bool put_back;

	/* The watchdog's own. */
	int64_t beat, beat_ns; /* the last heartbeat, and when it was seen to change */
};

static void worker_log(const struct worker *w, enum log_level level, const char *event,
	const char *status, const char *error)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_text(&l, "job", w->task->job.id);
	log_text(&l, "status", status);
	log_text(&l, "error", error);
	log_end(&l);
}

/* --- being told ---------------------------------------------------------------------------- */

void worker_stop(struct worker *w, enum worker_stop why)
{
	(void)pthread_mutex_lock(&w->lock);
	if (why > w->why)
		w->why = why;
	if (why == WORKER_SHUTDOWN)
		w->leaving = true;
	(void)pthread_cond_signal(&w->told);
	(void)pthread_mutex_unlock(&w->lock);
	atomic_store(&w->stop, true);
}

static enum worker_stop worker_why(struct worker *w)
{
	(void)pthread_mutex_lock(&w->lock);
	enum worker_stop why = w->why;
	(void)pthread_mutex_unlock(&w->lock);
	return why;
}

/* Waits for better times. false: something else than `known` is wanted now, or the daemon stops. */
static bool worker_wait(struct worker *w, enum worker_stop known)
{
	struct timespec until;

	(void)clock_gettime(CLOCK_MONOTONIC, &until); /* cannot fail for this clock */
	until.tv_sec += WORKER_RETRY_SECONDS;
	(void)pthread_mutex_lock(&w->lock);
	while (w->why == known && !w->leaving &&
		pthread_cond_timedwait(&w->told, &w->lock, &until) == 0)
		;
	bool same = w->why == known && !w->leaving;
	(void)pthread_mutex_unlock(&w->lock);
	return same;
}

/* --- storing ------------------------------------------------------------------------------- */

static void epoch_metric(struct epoch *row, const char *before, const char *name, double value)
{
	struct metric *m = &row->metrics[row->n_metrics++];

	assert(row->n_metrics <= METRIC_MAX && strlen(before) + strlen(name) < sizeof m->name);
	memcpy(m->name, before, strlen(before));
	memcpy(m->name + strlen(before), name, strlen(name) + 1);
	m->value = value;
}

static void epoch_fill(struct epoch *row, const struct worker *w, const struct trainer_epoch *e)
{
	int64_t trained_here = e->samples - w->resumed_samples;

	*row = (struct epoch){
		.epoch = e->epoch,
		.step = e->step,
		.learning_rate = e->learning_rate,
		.seconds = e->seconds,
		.samples_per_second =
			e->train_seconds > 0 ? (double)trained_here / e->train_seconds : 0,
	};
	static_assert(sizeof row->phase_seconds == sizeof e->phase_seconds, "one list of phases");
	memcpy(row->phase_seconds, e->phase_seconds, sizeof row->phase_seconds);
	const struct model *m = w->task->spec->model;
	epoch_metric(row, "", "loss", e->loss);
	for (int i = 0; i < m->n_metrics; i++)
		epoch_metric(row, "", m->metrics[i].name, e->metrics[i]);
	if (!e->validated)
		return;
	row->confusion = e->confusion;
	row->classes = e->classes;
	epoch_metric(row, "val_", "loss", e->val_loss);
	for (int i = 0; i < m->n_metrics; i++)
		epoch_metric(row, "val_", m->metrics[i].name, e->val_metrics[i]);
}

/* Where the trainer stands becomes a checkpoint, together with the epoch that ended there (NULL:
 * none did). */
static bool worker_store(struct worker *w, const struct epoch *row, struct error *err)
{
	struct buffer bytes = { 0 };
	struct trainer_state state;

	trainer_get_state(w->trainer, &state);
	bool ok = checkpoint_save(w->trainer, &bytes, err);
	if (ok) {
		struct checkpoint_data checkpoint = {
			.bytes = bytes.data,
			.size = bytes.size,
			.epoch = state.epoch,
			.step = state.step,
			.finished_epoch = row != NULL,
		};
		ok = jobs_store_epoch(w->options.db, w->task->job.id, row, &checkpoint, err);
	}
	buffer_done(&bytes);
	if (ok)
		w->stored_step = state.step;
	return ok;
}

static void worker_log_epoch(const struct worker *w, const struct epoch *row)
{
	struct log_line l;

	log_begin(&l, LOG_LEVEL_INFO, "epoch");
	log_text(&l, "job", w->task->job.id);
	log_integer(&l, "epoch", row->epoch);
	for (int i = 0; i < row->n_metrics; i++)
		log_number(&l, row->metrics[i].name, row->metrics[i].value);
	log_number(&l, "seconds", row->seconds);
	log_number(&l, "samples_per_second", row->samples_per_second);
	log_end(&l);
}

static void worker_checkpoint_later(struct worker *w)
{
	w->checkpoint_due_ns = clock_monotonic_ns() + w->checkpoint_wait_ms * 1000000;
}

/* The trainer's epoch handler. While the disk is full the job stands here and tries again: what was
 * trained is not lost, and the job goes on by itself once there is room. */
static bool worker_on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct worker *w = ctx;
	struct epoch row;
	bool ok;

	epoch_fill(&row, w, e);
	atomic_store(&w->storing, true);
	while (!(ok = worker_store(w, &row, err)) && !task_error_is_final(err)) {
		worker_log(w, LOG_LEVEL_WARNING, "checkpoint_waits", NULL, err->text);
		if (!worker_wait(w, WORKER_GO_ON)) {
			w->gave_up = true;
			break;
		}
	}
	atomic_store(&w->storing, false);
	if (!ok)
		return false;
	w->resumed_samples = 0;
	worker_checkpoint_later(w);
	(void)pthread_mutex_lock(&w->lock);
	w->validation_seconds = e->seconds - e->train_seconds;
	w->epoch_rate = row.samples_per_second;
	(void)pthread_mutex_unlock(&w->lock);
	worker_log_epoch(w, &row);
	return true;
}

/* The trainer's step handler. A checkpoint within an epoch is for the daemon's own crashes: one
 * that cannot be stored is not waited for. */
static void worker_on_step(void *ctx)
{
	struct worker *w = ctx;
	struct error err;

	if (clock_monotonic_ns() < w->checkpoint_due_ns)
		return;
	atomic_store(&w->storing, true);
	if (!worker_store(w, NULL, &err))
		worker_log(w, LOG_LEVEL_WARNING, "checkpoint", NULL, err.text);
	atomic_store(&w->storing, false);
	w->checkpoint_wait_ms *= 2;
	if (w->checkpoint_wait_ms > WORKER_CHECKPOINT_LONGEST_MS)
		w->checkpoint_wait_ms = WORKER_CHECKPOINT_LONGEST_MS;
	worker_checkpoint_later(w);
}

/* --- the end ------------------------------------------------------------------------------- */

/* A user may have asked for something just when the job ends otherwise; then what was asked for
 * decides. */
static enum job_status worker_asked(const struct worker *w, enum job_status otherwise)
{
	struct job row;
	struct error err;

	if (!jobs_find(w->options.db, w->task->job.id, &row, &err))
		return otherwise;
	enum job_status now = row.status;
	job_done(&row);
	return now == JOB_CANCELLING ? JOB_CANCELLED : now == JOB_PAUSING ? JOB_PAUSED : otherwise;
}

static void worker_move(struct worker *w, enum job_status to, const char *reason)
{
	struct error err;

	while (!jobs_move(w->options.db, w->task->job.id, to, reason, &err)) {
		enum job_status asked = err.code == ERROR_CONFLICT ? worker_asked(w, to) : to;

		if (asked != to) {
			to = asked;
			reason = NULL;
			continue;
		}
		worker_log(w, LOG_LEVEL_ERROR, "job", job_status_names[to], err.text);
		/* When the daemon stops meanwhile, the next start finds the job running and puts it
		 * back. */
		if (err.code == ERROR_CONFLICT || err.code == ERROR_NOT_FOUND ||
			!worker_wait(w, worker_why(w)))
			return;
	}
	worker_log(w, LOG_LEVEL_NOTICE, "job", job_status_names[to], reason);
}

/* Told to stop: with a checkpoint of this very step; if it cannot be stored, the last must do. */
static void worker_end_stopped(struct worker *w)
{
	enum worker_stop why = worker_why(w);
	struct trainer_state state;
	struct error err;

	trainer_get_state(w->trainer, &state);
	if (why != WORKER_CANCEL && !w->gave_up && state.step > w->stored_step &&
		!worker_store(w, NULL, &err))
		worker_log(w, LOG_LEVEL_WARNING, "checkpoint", NULL, err.text);
	if (why == WORKER_CANCEL)
		worker_move(w, JOB_CANCELLED, NULL);
	else if (why == WORKER_PAUSE)
		worker_move(w, JOB_PAUSED, NULL);
	else
		worker_move(w, worker_asked(w, JOB_QUEUED), "the server stops");
}

/* What ended the training may have been told to an earlier process. */
static void worker_end_done(struct worker *w)
{
	int by = trainer_stopped_by(w->trainer);
	struct trainer_state state;
	char reason[160];

	if (by < 0) {
		worker_move(w, JOB_SUCCEEDED, NULL);
		return;
	}
	const struct callback *c = &w->task->spec->callbacks.callbacks[by];
	bool validation = false;
	const char *metric = callback_monitored(c, &validation);
	trainer_get_state(w->trainer, &state);
	(void)snprintf(reason, sizeof reason,
		"stopped by %s after epoch %lld: %s%s did not improve any more", c->class->name,
		(long long)state.epoch, validation ? "val_" : "", metric);
	worker_move(w, JOB_SUCCEEDED, reason);
}

static void worker_end_failed(struct worker *w, const struct error *err)
{
	w->put_back = !task_error_is_final(err);
	worker_move(w, w->put_back ? worker_asked(w, JOB_QUEUED) : JOB_FAILED, err->text);
}

/* --- the thread ---------------------------------------------------------------------------- */

static bool worker_resume(struct worker *w, struct trainer *trainer, struct error *err)
{
	struct checkpoint checkpoint;
	struct trainer_state state;
	void *bytes = NULL;
	char text[96];

	if (!checkpoints_resume(w->options.db, w->task->job.id, &checkpoint, &bytes, err))
		return false;
	bool ok = checkpoint.bytes == 0 ||
		  checkpoint_load(trainer, bytes, (size_t)checkpoint.bytes, err);
	free(bytes);
	if (!ok || checkpoint.bytes == 0)
		return ok;
	trainer_get_state(trainer, &state);
	w->stored_step = state.step;
	w->resumed_samples = state.epoch_samples;
	if (state.epoch == w->task->spec->epochs || trainer_stopped_by(trainer) >= 0)
		return true; /* there is nothing to go on with */
	(void)snprintf(text, sizeof text, "goes on in epoch %lld after step %lld of it",
		(long long)state.epoch + 1, (long long)state.step_in_epoch);
	return events_log(w->options.db, w->task->job.id, text, err);
}

static bool worker_prepare(struct worker *w, struct error *err)
{
	const struct task *t = w->task;
	struct trainer_options options;

	spec_trainer_options(t->spec, &options);
	options.plan = t->plan;
	options.train = t->train;
	options.validation = t->validates ? &t->validation : NULL;
	options.class_weight = t->class_weight;
	options.threads_max = w->threads_max;
	options.isa = w->options.isa;
	AUTO_FREE(trainer_free) struct trainer *trainer = trainer_new(&options, err);

	if (!trainer || !worker_resume(w, trainer, err))
		return false;
	(void)pthread_mutex_lock(&w->lock);
	trainer_set_threads(trainer, w->threads);
	w->trainer = STEAL(trainer);
	(void)pthread_mutex_unlock(&w->lock);
	return true;
}

static void *worker_main(void *ctx)
{
	struct worker *w = ctx;
	struct trainer_events events = {
		.epoch = worker_on_epoch, .step = worker_on_step, .ctx = w
	};
	struct error err = { 0 };

	/* The threads that the trainer makes inherit it. */
	assert(float_mode_is_ieee());
	if (!worker_prepare(w, &err)) {
		worker_end_failed(w, &err);
	} else {
		w->checkpoint_wait_ms = WORKER_CHECKPOINT_FIRST_MS;
		worker_checkpoint_later(w);
		enum trainer_outcome outcome = trainer_run(w->trainer, &events, &w->stop, &err);

		atomic_store(&w->storing, true);
		if (outcome == TRAINER_DONE)
			worker_end_done(w);
		else if (outcome == TRAINER_STOPPED || w->gave_up)
			worker_end_stopped(w);
		else
			worker_end_failed(w, &err);
	}
	atomic_store(&w->ended, true);
	w->options.ended(w->options.ctx);
	return NULL;
}

/* --- from outside -------------------------------------------------------------------------- */

static struct worker *worker_new(
	struct task *task, const struct worker_options *options, struct error *err)
{
	struct worker *w = calloc(1, sizeof *w);
	int64_t wanted = task->spec->threads;
	pthread_condattr_t monotonic;

	if (!w) {
		(void)error_no_memory(err);
		return NULL;
	}
	w->task = task;
	w->options = *options;
	w->threads_max =
		wanted > 0 && wanted < options->threads_max ? (int)wanted : options->threads_max;
	w->threads = 1;
	w->beat_ns = clock_monotonic_ns();
	/* None of these can fail on Linux with these arguments. */
	(void)pthread_mutex_init(&w->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&w->told, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	return w;
}

static void worker_destroy(struct worker *w)
{
	trainer_free(w->trainer);
	(void)pthread_cond_destroy(&w->told);
	(void)pthread_mutex_destroy(&w->lock);
	task_free(w->task);
	free(w);
}

struct worker *worker_start(
	struct task *task, const struct worker_options *options, struct error *err)
{
	struct worker *w = worker_new(task, options, err);

	if (!w) {
		task_free(task);
		return NULL;
	}
	if (!jobs_move(options->db, task->job.id, JOB_RUNNING, NULL, err)) {
		worker_destroy(w);
		return NULL;
	}
	int failed = pthread_create(&w->thread, NULL, worker_main, w);
	if (failed) {
		(void)error_set(
			err, ERROR_NO_MEMORY, "no thread to train on: %s", strerror(failed));
		struct error why;
		if (!jobs_move(options->db, task->job.id, JOB_QUEUED, err->text, &why))
			worker_log(
				w, LOG_LEVEL_ERROR, "job", job_status_names[JOB_QUEUED], why.text);
		worker_destroy(w);
		return NULL;
	}
	worker_log(w, LOG_LEVEL_NOTICE, "job", job_status_names[JOB_RUNNING], NULL);
	return w;
}

void worker_free(struct worker *w)
{
	if (!w)
		return;
	(void)pthread_join(w->thread, NULL);
	worker_destroy(w);
}

bool worker_has_ended(const struct worker *w)
{
	return atomic_load(&w->ended);
}

bool worker_was_put_back(const struct worker *w)
{
	assert(worker_has_ended(w));
	return w->put_back;
}

const struct task *worker_task(const struct worker *w)
{
	return w->task;
}

int worker_threads_max(const struct worker *w)
{
	return w->threads_max;
}

void worker_set_threads(struct worker *w, int threads)
{
	(void)pthread_mutex_lock(&w->lock);
	w->threads = threads;
	if (w->trainer)
		trainer_set_threads(w->trainer, threads);
	(void)pthread_mutex_unlock(&w->lock);
}

/* Trained in one epoch: all, unless the spec leaves some out. */
static double worker_epoch_samples(const struct worker *w)
{
	const struct spec *s = w->task->spec;
	int64_t all = w->task->train.count, most;

	if (s->steps_per_epoch != PARAM_NULL)
		most = s->steps_per_epoch * s->batch_size;
	else
		most = s->last_batch == TRAINER_LAST_DROP ? all - all % s->batch_size : all;
	return (double)(most < all ? most : all);
}

bool worker_progress(struct worker *w, struct live_progress *ret)
{
	(void)pthread_mutex_lock(&w->lock);
	const struct trainer *trainer = w->trainer; /* lives as long as the worker */
	double validation_seconds = w->validation_seconds, epoch_rate = w->epoch_rate;
	(void)pthread_mutex_unlock(&w->lock);
	if (!trainer)
		return false;
	trainer_progress(trainer, &ret->trainer);
	ret->samples_per_second = trainer_samples_per_second(trainer);
	/* Too early in this epoch to tell: as fast as the one before. */
	if (ret->samples_per_second <= 0)
		ret->samples_per_second = epoch_rate;
	double epochs_left = (double)(w->task->spec->epochs - ret->trainer.epoch) + 1;
	double samples_left = epochs_left * worker_epoch_samples(w) - (double)ret->trainer.samples;
	ret->eta_seconds = ret->samples_per_second > 0 ? samples_left / ret->samples_per_second +
								 epochs_left * validation_seconds
						       : NAN;
	return true;
}

bool worker_is_alive(struct worker *w)
{
	const struct task *t = w->task;
	int64_t now = clock_monotonic_ns();
	struct live_progress progress;
	double step_flops = (double)t->forecast.flops_per_sample * (double)t->spec->batch_size;
	double allowed = WORKER_ALIVE_SECONDS + step_flops / WORKER_ALIVE_FLOPS;

	if (!worker_progress(w, &progress) || progress.trainer.validating ||
		atomic_load(&w->storing)) {
		w->beat_ns = now;
		return true;
	}
	int64_t beat = trainer_heartbeat(w->trainer);
	if (beat != w->beat) {
		w->beat = beat;
		w->beat_ns = now;
	}
	return (double)(now - w->beat_ns) < allowed * 1e9;
}
