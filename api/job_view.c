/* job_view.c - see job_view.h. */
#include "api/job_view.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- metrics --------------------------------------------------------------------------- */

/* These four are always there, null while unknown, so that a client needs no test for them. */
static const char *const usual_metrics[] = { "loss", "accuracy", "val_loss", "val_accuracy" };

static const struct metric *find_metric(const struct epoch *epoch, const char *name)
{
	for (int i = 0; epoch && i < epoch->n_metrics; i++)
		if (strcmp(epoch->metrics[i].name, name) == 0)
			return &epoch->metrics[i];
	return NULL;
}

double job_view_metric(const struct epoch *epoch, const char *name)
{
	const struct metric *m = find_metric(epoch, name);

	return m ? m->value : NAN;
}

static bool is_usual(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(usual_metrics); i++)
		if (strcmp(usual_metrics[i], name) == 0)
			return true;
	return false;
}

void job_view_metrics(const struct epoch *epoch, struct json_writer *w)
{
	for (size_t i = 0; i < COUNT_OF(usual_metrics); i++)
		json_put_number(w, usual_metrics[i], job_view_metric(epoch, usual_metrics[i]));
	for (int i = 0; epoch && i < epoch->n_metrics; i++)
		if (!is_usual(epoch->metrics[i].name))
			json_put_number(w, epoch->metrics[i].name, epoch->metrics[i].value);
}

static const struct epoch *smallest(const struct epoch_list *list, const char *metric)
{
	const struct epoch *best = NULL;

	for (int i = 0; i < list->n_epochs; i++) {
		double value = job_view_metric(&list->epochs[i], metric);
		if (!isnan(value) && (!best || value < job_view_metric(best, metric)))
			best = &list->epochs[i];
	}
	return best;
}

const struct epoch *job_view_best(const struct epoch_list *list)
{
	const struct epoch *best = smallest(list, "val_loss");

	return best ? best : smallest(list, "loss");
}

const struct epoch *job_view_validated(const struct epoch_list *list)
{
	for (int i = list->n_epochs - 1; i >= 0; i--)
		if (find_metric(&list->epochs[i], "val_loss"))
			return &list->epochs[i];
	return NULL;
}

/* --- where it stands ------------------------------------------------------------------- */

bool job_view_works(enum job_status status)
{
	return status == JOB_RUNNING || status == JOB_PAUSING || status == JOB_CANCELLING;
}

bool job_view_live(struct api *a, const struct job *job, struct live_progress *ret)
{
	return job_view_works(job->status) && a->backend->progress(a->backend->ctx, job->id, ret);
}

static bool live_has(const struct trainer_progress *t, const char *metric)
{
	for (int i = 0; i < t->n_metrics; i++)
		if (strcmp(t->metrics[i].name, metric) == 0)
			return true;
	return false;
}

void job_view_step(const struct live_progress *live, int64_t epochs, struct json_writer *w)
{
	const struct trainer_progress *t = &live->trainer;

	json_put_integer(w, "epoch", t->epoch);
	json_put_integer(w, "epochs", epochs);
	json_put_integer(w, "step", t->step);
	json_put_integer(w, "steps_per_epoch", t->steps_per_epoch);
	json_put_number(w, "loss", t->step ? t->loss : NAN);
	/* Always there, null while unknown, as in a job's metrics. */
	if (!live_has(t, "accuracy"))
		json_put_null(w, "accuracy");
	for (int i = 0; i < t->n_metrics; i++)
		json_put_number(w, t->metrics[i].name, t->step ? t->metrics[i].value : NAN);
	json_put_bool(w, "validating", t->validating);
	json_put_number(w, "samples_per_second", live->samples_per_second);
	json_put_number(w, "eta_seconds", live->eta_seconds);
}

/* Epochs that are finished, and steps done in the one after them: what is done of the whole is
 * (epoch + step / steps_per_epoch) / epochs. */
static void write_progress(
	const struct job *job, const struct live_progress *live, struct json_writer *w)
{
	/* A worker that has just stored its epoch may still show it as the one under way. */
	bool ahead = live && live->trainer.epoch > job->epoch;
	int64_t epoch = ahead ? live->trainer.epoch - 1 : job->epoch;
	int64_t stored = job->step - job->epoch * job->steps_per_epoch;

	json_open_object(w, "progress");
	json_put_integer(w, "epoch", epoch);
	json_put_integer(w, "epochs", job->epochs);
	json_put_integer(w, "step", ahead ? live->trainer.step : stored);
	json_put_integer(w, "steps_per_epoch", job->steps_per_epoch);
	json_put_number(w, "samples_per_second", live ? live->samples_per_second : NAN);
	json_put_number(w, "eta_seconds", live ? live->eta_seconds : NAN);
	json_close_object(w);
}

static void show_metric(struct epoch *shown, const char *name, double value)
{
	int i = 0;

	while (i < shown->n_metrics && strcmp(shown->metrics[i].name, name) != 0)
		i++;
	if (i == shown->n_metrics)
		shown->n_metrics++;
	(void)snprintf(shown->metrics[i].name, sizeof shown->metrics[i].name, "%s", name);
	shown->metrics[i].value = value;
}

/* A running job's own metrics are those of the epoch under way; those of the validation come at an
 * epoch's end and stay until the next that is validated. */
static void write_metrics(
	const struct epoch_list *list, const struct live_progress *live, struct json_writer *w)
{
	const struct epoch *validated = job_view_validated(list);
	struct epoch shown = { .n_metrics = 0 };

	if (list->n_epochs)
		shown = list->epochs[list->n_epochs - 1];
	for (int i = 0; validated && i < validated->n_metrics; i++)
		if (strncmp(validated->metrics[i].name, "val_", strlen("val_")) == 0)
			show_metric(
				&shown, validated->metrics[i].name, validated->metrics[i].value);
	if (live && live->trainer.step) {
		show_metric(&shown, "loss", live->trainer.loss);
		for (int i = 0; i < live->trainer.n_metrics; i++)
			show_metric(&shown, live->trainer.metrics[i].name,
				live->trainer.metrics[i].value);
	}
	json_open_object(w, "metrics");
	job_view_metrics(&shown, w);
	json_close_object(w);
}

static void write_best(const struct epoch *best, struct json_writer *w)
{
	if (!best) {
		json_put_null(w, "best");
		return;
	}
	json_open_object(w, "best");
	json_put_integer(w, "epoch", best->epoch);
	job_view_metrics(best, w);
	json_close_object(w);
}

/* --- the job --------------------------------------------------------------------------- */

static void write_head(const struct job *job, struct json_writer *w)
{
	json_put_string(w, "object", "job");
	json_put_string(w, "id", job->id);
	json_put_string(w, "name", job->name);
	json_put_string(w, "status", job_status_names[job->status]);
	json_put_integer(w, "priority", job->priority);
	json_put_time(w, "created_at", job->created_at);
	json_put_time(w, "started_at", job->started_at);
	json_put_time(w, "finished_at", job->finished_at);
	json_put_raw(w, "spec", job->spec);
}

bool job_view_write(struct api *a, const struct job *job, struct json_writer *w, const char *key,
	struct error *err)
{
	struct epoch_list epochs = { .n_epochs = 0 };
	struct live_progress live;
	bool is_live = job_view_live(a, job, &live);

	if (job->epoch && !epochs_list(a->db, job->id, &epochs, err))
		return false;
	json_open_object(w, key);
	write_head(job, w);
	write_progress(job, is_live ? &live : NULL, w);
	write_metrics(&epochs, is_live ? &live : NULL, w);
	write_best(job_view_best(&epochs), w);
	json_put_integer(w, "attempts", job->attempts);
	json_put_string(w, "error", job->error);
	json_put_raw(w, "metadata", job->metadata ? job->metadata : "{}");
	json_put_string(w, "dataset_digest", job->dataset_digest);
	json_put_raw(w, "forecast", job->forecast ? job->forecast : "null");
	json_close_object(w);
	epoch_list_done(&epochs);
	return true;
}

void job_view_answer(struct api_call *call, struct api_response *r, int status, const char *id)
{
	struct json_writer w;
	struct job job;
	struct error err;

	if (!jobs_find(call->api->db, id, &job, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_json(r, status, &w);
	if (status == 201)
		answer_header(r, "Location: /v1/jobs/%s", job.id);
	if (!job_view_write(call->api, &job, &w, NULL, &err))
		answer_error(call, r, &err);
	job_done(&job);
}
