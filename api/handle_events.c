/* handle_events.c - events of one job or of all: as a list, or as a live stream when the client
 * accepts one. */
#include "api/handlers.h"

#include "api/negotiate.h"
#include "api/stream.h"

#include <stdlib.h>
#include <string.h>

/* storage gives at most 1000 at once; one more than the limit is asked for, to know whether there
 * are more. */
enum { EVENTS_LIMIT_DEFAULT = 100, EVENTS_LIMIT_MAX = 999 };

static void write_event(const struct event *e, struct json_writer *w)
{
	json_open_object(w, NULL);
	json_put_integer(w, "id", e->id);
	json_put_string(w, "job_id", e->job_id);
	json_put_string(w, "type", e->type);
	json_put_time(w, "created_at", e->created_at);
	json_put_raw(w, "data", e->data);
	json_close_object(w);
}

static void answer_list(
	struct api_call *call, struct api_response *r, const char *job_id, int64_t after)
{
	struct event_list list;
	struct json_writer w;
	struct error err;
	int64_t limit;

	if (!call_integer(call, r, "limit", 1, EVENTS_LIMIT_MAX, EVENTS_LIMIT_DEFAULT, &limit))
		return;
	if (!events_list(call->api->db, job_id, after, (int)limit + 1, &list, &err)) {
		answer_error(call, r, &err);
		return;
	}
	int n = list.n_events > limit ? (int)limit : list.n_events;
	answer_list_begin(r, &w);
	for (int i = 0; i < n; i++)
		write_event(&list.events[i], &w);
	answer_list_end_numbered(&w, list.n_events > n, n ? &list.events[n - 1].id : NULL);
	event_list_done(&list);
}

static void answer_stream(
	struct api_call *call, struct api_response *r, const char *job_id, int64_t after)
{
	struct error err;

	answer_begin(r, 200, "text/event-stream; charset=utf-8", 0);
	answer_header(r, "X-Accel-Buffering: no"); /* a proxy must not gather what is live */
	if (call->is_head)
		return;
	r->stream = stream_new(call->api, job_id, after, &err);
	if (!r->stream)
		answer_error(call, r, &err);
}

/* Where a stream goes on: after Last-Event-ID, else after ?after=, else as told by `fallback`. An
 * id from before the database was made anew would be a wait for ever: then from what is the last
 * one now. */
static bool read_after(
	struct api_call *call, struct api_response *r, bool live, bool from_now, int64_t *ret)
{
	const char *sent = live ? call->head.header[HEADER_LAST_EVENT_ID] : NULL;
	struct error err;
	int64_t last;

	if (!call_integer(call, r, "after", 0, NUMBER_MAX, live && from_now ? NUMBER_MAX : 0, ret))
		return false;
	if (sent && (!*sent || strlen(sent) > 18 || sent[strspn(sent, "0123456789")])) {
		answer_status(call, r, 400, "Last-Event-ID must be the id of an event: a number");
		return false;
	}
	if (sent)
		*ret = strtoll(sent, NULL, 10);
	if (!live)
		return true;
	if (!events_last_id(call->api->db, &last, &err)) {
		answer_error(call, r, &err);
		return false;
	}
	if (*ret > last)
		*ret = last;
	return true;
}

static void answer_events(struct api_call *call, struct api_response *r, const char *job_id)
{
	bool live = negotiate_names(call->head.header[HEADER_ACCEPT], "text/event-stream");
	int64_t after;

	/* One job's stream tells its whole story; of all jobs, only what is new, unless asked for
	 * more. */
	if (!read_after(call, r, live, job_id == NULL, &after))
		return;
	if (live)
		answer_stream(call, r, job_id, after);
	else
		answer_list(call, r, job_id, after);
	answer_header(r, "Vary: Accept");
}

void handle_job_events(struct api_call *call, struct api_response *r)
{
	struct job job;
	struct error err;

	if (!jobs_find(call->api->db, call->target.segments[2], &job, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_events(call, r, job.id);
	job_done(&job);
}

void handle_events(struct api_call *call, struct api_response *r)
{
	answer_events(call, r, NULL);
}
