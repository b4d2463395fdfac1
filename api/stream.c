/* stream.c - see stream.h. */
#include "api/stream.h"

#include "api/job_view.h"
#include "base/clock.h"

#include <stdlib.h>
#include <string.h>

enum {
	STREAM_EVENTS_MAX = 64,  /* a read */
	STREAM_RUNNING_MAX = 32, /* jobs whose steps are told */
};
#define STREAM_STEP_NS (200 * INT64_C(1000000)) /* steps of one job: at most five a second */
#define STREAM_PING_NS (15 * INT64_C(1000000000))

struct running {
	char id[JOB_ID_BYTES];
	int64_t epochs;
	int64_t epoch, step; /* told last */
};

struct api_stream {
	struct api *api;
	char job_id[JOB_ID_BYTES]; /* "": all jobs */
	int64_t after;
	bool greeted;
	bool look;     /* a status may have changed: ask which jobs run */
	bool is_final; /* nothing more will happen to this job */
	bool behind;   /* there are more events than one read took */
	struct running running[STREAM_RUNNING_MAX];
	int n_running;
	int64_t step_due_ns, ping_due_ns;
};

struct api_stream *stream_new(struct api *a, const char *job_id, int64_t after, struct error *err)
{
	struct api_stream *s = calloc(1, sizeof *s);

	if (!s) {
		(void)error_no_memory(err);
		return NULL;
	}
	s->api = a;
	if (job_id)
		memcpy(s->job_id, job_id, sizeof s->job_id);
	s->after = after;
	s->look = true;
	s->ping_due_ns = clock_monotonic_ns() + STREAM_PING_NS;
	return s;
}

void api_stream_free(struct api_stream *s)
{
	free(s);
}

int64_t api_stream_due_ns(const struct api_stream *s)
{
	if (s->behind || s->look)
		return 0;
	return s->n_running && s->step_due_ns < s->ping_due_ns ? s->step_due_ns : s->ping_due_ns;
}

/* --- which jobs run -------------------------------------------------------------------- */

static void watch(struct api_stream *s, const struct job *job)
{
	struct running *r = &s->running[s->n_running];

	if (!job_view_works(job->status) || s->n_running == STREAM_RUNNING_MAX)
		return;
	*r = (struct running){ .epochs = job->epochs };
	memcpy(r->id, job->id, sizeof r->id);
	s->n_running++;
}

static bool look_at_all(struct api_stream *s, struct error *err)
{
	static const enum job_status working[] = { JOB_RUNNING, JOB_PAUSING, JOB_CANCELLING };

	for (size_t i = 0; i < COUNT_OF(working); i++) {
		struct job_list list;
		if (!jobs_list(s->api->db, (int)working[i], NULL, STREAM_RUNNING_MAX, &list, err))
			return false;
		for (int k = 0; k < list.n_jobs; k++)
			watch(s, &list.jobs[k]);
		job_list_done(&list);
	}
	return true;
}

static bool look_at_one(struct api_stream *s, struct error *err)
{
	struct job job;

	if (!jobs_find(s->api->db, s->job_id, &job, err))
		return false; /* also when it was deleted: then there is nothing more to tell */
	s->is_final = job_status_final(job.status);
	watch(s, &job);
	job_done(&job);
	return true;
}

static bool look(struct api_stream *s, struct error *err)
{
	s->look = false;
	s->n_running = 0;
	return s->job_id[0] ? look_at_one(s, err) : look_at_all(s, err);
}

/* --- writing --------------------------------------------------------------------------- */

static void begin_event(struct buffer *out, const char *type, int64_t id)
{
	buffer_printf(out, "event: %s\n", type);
	if (id)
		buffer_printf(out, "id: %lld\n", (long long)id);
	buffer_add_text(out, "data: ");
}

/* What storage wrote is an object on one line; whose it is and when it happened go in front of its
 * members. */
static void write_event(const struct event *e, struct buffer *out)
{
	struct json_writer w;

	begin_event(out, e->type, e->id);
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "job_id", e->job_id);
	json_put_time(&w, "created_at", e->created_at);
	buffer_printf(out, "%s%s\n\n", strcmp(e->data, "{}") == 0 ? "" : ",", e->data + 1);
}

static void write_step(
	const struct running *r, const struct live_progress *live, struct buffer *out)
{
	struct json_writer w;

	begin_event(out, "step", 0);
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "job_id", r->id);
	job_view_step(live, r->epochs, &w);
	json_close_object(&w);
	buffer_add_text(out, "\n\n");
}

static bool tell_events(struct api_stream *s, struct buffer *out, struct error *err)
{
	struct event_list list;

	if (!events_list(s->api->db, s->job_id[0] ? s->job_id : NULL, s->after, STREAM_EVENTS_MAX,
		    &list, err))
		return false;
	for (int i = 0; i < list.n_events; i++) {
		write_event(&list.events[i], out);
		s->after = list.events[i].id;
		s->look = s->look || strcmp(list.events[i].type, "status") == 0;
	}
	s->behind = list.n_events == STREAM_EVENTS_MAX;
	event_list_done(&list);
	return true;
}

static void tell_steps(struct api_stream *s, int64_t now_ns, struct buffer *out)
{
	const struct backend *b = s->api->backend;
	struct live_progress live;

	if (now_ns < s->step_due_ns)
		return;
	s->step_due_ns = now_ns + STREAM_STEP_NS;
	for (struct running *r = s->running; r < s->running + s->n_running; r++) {
		if (!b->progress(b->ctx, r->id, &live) ||
			(live.trainer.epoch == r->epoch && live.trainer.step == r->step))
			continue;
		write_step(r, &live, out);
		r->epoch = live.trainer.epoch;
		r->step = live.trainer.step;
	}
}

bool api_stream_read(struct api_stream *s, struct buffer *out)
{
	int64_t now_ns = clock_monotonic_ns();
	size_t before = out->size;
	struct error err;

	if (!s->greeted)
		buffer_add_text(out, "retry: 2000\n\n");
	s->greeted = true;
	/* In this order: a job that is final now has no events after those that are read next. */
	if ((s->look && !look(s, &err)) || !tell_events(s, out, &err) || !buffer_ok(out, &err))
		return false;
	if (s->is_final && !s->behind)
		return false;
	tell_steps(s, now_ns, out);
	if (out->size == before && now_ns >= s->ping_due_ns) {
		buffer_add_text(out, ": ping\n\n");
		s->look = true; /* a job that was deleted in the meantime ends its stream */
	}
	if (out->size > before)
		s->ping_due_ns = now_ns + STREAM_PING_NS;
	return true;
}
