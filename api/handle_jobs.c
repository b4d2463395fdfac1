/* handle_jobs.c - submit, list, show, delete, cancel, pause, resume. */
#include "api/handlers.h"

#include "api/job_view.h"
#include "api/spec.h"
#include "base/clock.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { JOBS_LIMIT_DEFAULT = 50, IDEMPOTENCY_KEY_BYTES_MAX = 255 };

static const char *job_id_of(const struct api_call *call)
{
	return call->target.segments[2];
}

static void wake(const struct api *a)
{
	a->backend->wake(a->backend->ctx);
}

/* --- submit ---------------------------------------------------------------------------- */

/* A key may be sent as it is, or quoted as the draft standard wants it: both mean the same. */
static bool read_key(struct api_call *call, struct api_response *r,
	char ret_key[static IDEMPOTENCY_KEY_BYTES_MAX + 1])
{
	const char *sent = call->head.header[HEADER_IDEMPOTENCY_KEY];
	size_t size = strlen(sent);

	if (size >= 2 && sent[0] == '"' && sent[size - 1] == '"') {
		sent++;
		size -= 2;
	}
	bool printable = true;
	for (size_t i = 0; i < size; i++)
		printable = printable && sent[i] > 0x20 && sent[i] < 0x7f && sent[i] != '"' &&
			    sent[i] != '\\';
	if (size == 0 || size > IDEMPOTENCY_KEY_BYTES_MAX || !printable) {
		answer_status(call, r, 400,
			"Idempotency-Key must be 1 to %d printable characters without blanks and "
			"quotes",
			IDEMPOTENCY_KEY_BYTES_MAX);
		return false;
	}
	memcpy(ret_key, sent, size);
	ret_key[size] = '\0';
	return true;
}

/* A spec that was accepted, with everything that is kept of it. */
struct submission {
	struct spec *spec;
	struct dataset dataset;
	struct plan *plan;
	struct buffer spec_text, forecast_text;
};

static void submission_done(struct submission *s)
{
	plan_free(s->plan);
	spec_free(s->spec);
	buffer_done(&s->spec_text);
	buffer_done(&s->forecast_text);
}

/* All refusals of a job happen here. false: r is the answer; in both cases the caller frees with
 * submission_done. */
static bool submission_check(struct api_call *call, struct api_response *r, struct submission *ret)
{
	struct problems problems = { .count = 0 };
	struct error err;

	*ret = (struct submission){ .spec = NULL };
	buffer_init(&ret->spec_text, ANSWER_BYTES_MAX);
	buffer_init(&ret->forecast_text, ANSWER_BYTES_MAX);
	AUTO_FREE(json_free) struct json_document *document = call_json(call, r);
	if (!document)
		return false;
	ret->spec = spec_parse(json_root(document), &problems);
	if (!ret->spec) {
		answer_problems(call, r, &problems);
		return false;
	}
	if (!datasets_find(call->api->db, ret->spec->dataset, &ret->dataset, &err)) {
		/* The job is what is wrong: no such data set is not a page that is missing. */
		if (err.code == ERROR_NOT_FOUND)
			(void)problem_at(&problems, "/dataset", "%s", err.text);
		else
			(void)problems_add(&problems, &err);
		answer_problems(call, r, &problems);
		return false;
	}
	ret->plan = spec_plan(
		ret->spec, &ret->dataset, atomic_load(&call->api->memory_bytes), &problems);
	if (!ret->plan) {
		answer_problems(call, r, &problems);
		return false;
	}
	spec_print(ret->spec, &ret->spec_text);
	spec_print_forecast(ret->spec, ret->plan, &ret->dataset, &ret->forecast_text);
	if (!buffer_ok(&ret->spec_text, &err) || !buffer_ok(&ret->forecast_text, &err)) {
		answer_error(call, r, &err);
		return false;
	}
	return true;
}

static void answer_forecast(struct api_response *r, const struct submission *s)
{
	struct json_writer w;

	answer_json(r, 200, &w);
	json_open_object(&w, NULL);
	json_put_string(&w, "object", "forecast");
	json_put_raw(&w, "spec", s->spec_text.data);
	json_put_raw(&w, "forecast", s->forecast_text.data);
	json_close_object(&w);
}

static void store(
	struct api_call *call, struct api_response *r, struct submission *s, const char *key)
{
	const struct spec *spec = s->spec;
	struct job job = {
		.created_at = clock_wall_ms(),
		.priority = spec->priority,
		.epochs = spec->epochs,
		.steps_per_epoch = spec_steps(spec, &s->dataset),
		.dataset_digest = s->dataset.digest,
		.spec = s->spec_text.data,
		.forecast = s->forecast_text.data,
		.metadata = spec->metadata,
	};
	char body_digest[DIGEST_TEXT_BYTES], id[JOB_ID_BYTES];
	struct error err;

	id_new(job.created_at, job.id);
	static_assert(sizeof job.name == sizeof spec->name, "a name is copied whole");
	memcpy(job.name, spec->name, sizeof job.name);
	digest_of(call->body.data, call->body.size, body_digest);
	switch (jobs_insert(call->api->db, &job, &(struct job_key){ key, body_digest }, id, &err)) {
	case JOB_INSERT_NEW:
		wake(call->api);
		job_view_answer(call, r, 201, id);
		return;
	case JOB_INSERT_SAME:
		job_view_answer(call, r, 200, id);
		return;
	case JOB_INSERT_KEY_REUSED:
		(void)error_set(&err, ERROR_CONFLICT,
			"the Idempotency-Key \"%s\" was used for another body; its job is %s", key,
			id);
		break;
	case JOB_INSERT_FAILED:
		break;
	}
	answer_error(call, r, &err);
}

void handle_jobs_submit(struct api_call *call, struct api_response *r)
{
	const char *dry_run = gate_parameter(&call->target, "dry_run");
	char key[IDEMPOTENCY_KEY_BYTES_MAX + 1];
	bool has_key = call->head.header[HEADER_IDEMPOTENCY_KEY] != NULL;
	struct submission s;

	if (dry_run && strcmp(dry_run, "true") != 0 && strcmp(dry_run, "false") != 0) {
		answer_status(call, r, 400, "the query parameter dry_run must be true or false");
		return;
	}
	if (has_key && !read_key(call, r, key))
		return;
	if (submission_check(call, r, &s)) {
		if (dry_run && strcmp(dry_run, "true") == 0)
			answer_forecast(r, &s);
		else
			store(call, r, &s, has_key ? key : NULL);
	}
	submission_done(&s);
}

/* --- list and show --------------------------------------------------------------------- */

static bool read_status(struct api_call *call, struct api_response *r, int *ret)
{
	const char *text = gate_parameter(&call->target, "status");

	*ret = -1;
	if (!text)
		return true;
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		if (strcmp(job_status_names[i], text) == 0)
			*ret = i;
	if (*ret >= 0)
		return true;
	answer_status(call, r, 400,
		"the query parameter status must be queued, running, pausing, paused, cancelling, "
		"cancelled, "
		"succeeded or failed");
	return false;
}

void handle_jobs_list(struct api_call *call, struct api_response *r)
{
	const char *after = gate_parameter(&call->target, "after");
	struct job_list list;
	struct json_writer w;
	struct error err;
	int64_t limit;
	int status;
	bool ok = true;

	if (!read_status(call, r, &status) ||
		!call_integer(call, r, "limit", 1, JOB_LIST_MAX, JOBS_LIMIT_DEFAULT, &limit))
		return;
	if (!jobs_list(call->api->db, status, after, (int)limit, &list, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_list_begin(r, &w);
	for (int i = 0; ok && i < list.n_jobs; i++)
		ok = job_view_write(call->api, &list.jobs[i], &w, NULL, &err);
	answer_list_end(&w, list.has_more, list.n_jobs ? list.jobs[list.n_jobs - 1].id : NULL);
	if (!ok)
		answer_error(call, r, &err);
	job_list_done(&list);
}

/* The row's version names what is stored; a running job also moves without a row being written. */
void handle_job_show(struct api_call *call, struct api_response *r)
{
	struct live_progress live;
	struct json_writer w;
	struct job job;
	struct error err;

	if (!jobs_find(call->api->db, job_id_of(call), &job, &err)) {
		answer_error(call, r, &err);
		return;
	}
	if (!job_view_live(call->api, &job, &live))
		live.trainer = (struct trainer_progress){ .epoch = 0 };
	answer_json(r, 200, &w);
	if (!answer_unchanged(call, r, "%lld-%lld.%lld", (long long)job.version,
		    (long long)live.trainer.epoch, (long long)live.trainer.step) &&
		!job_view_write(call->api, &job, &w, NULL, &err))
		answer_error(call, r, &err);
	job_done(&job);
}

/* --- what changes a job ---------------------------------------------------------------- */

void handle_job_delete(struct api_call *call, struct api_response *r)
{
	struct error err;

	if (!jobs_delete(call->api->db, job_id_of(call), &err)) {
		answer_error(call, r, &err);
		return;
	}
	wake(call->api);
	answer_empty(r, 204);
}

static void act(struct api_call *call, struct api_response *r,
	bool (*action)(struct database *db, const char *id, struct error *err))
{
	struct error err;

	if (!action(call->api->db, job_id_of(call), &err)) {
		answer_error(call, r, &err);
		return;
	}
	wake(call->api);
	job_view_answer(call, r, 202, job_id_of(call));
}

void handle_job_cancel(struct api_call *call, struct api_response *r)
{
	act(call, r, jobs_cancel);
}

void handle_job_pause(struct api_call *call, struct api_response *r)
{
	act(call, r, jobs_pause);
}

void handle_job_resume(struct api_call *call, struct api_response *r)
{
	act(call, r, jobs_resume);
}
