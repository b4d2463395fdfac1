/* events.h - what happened, in order. Rows are written by the functions that change something, in
 * their transaction; this is how they are read. See database.h for threads. */
#pragma once

#include "storage/jobs.h"

struct event {
	int64_t id; /* grows; the Last-Event-ID */
	char job_id[JOB_ID_BYTES];
	char type[24];      /* "status", "epoch", "checkpoint", "checkpoint_rejected", "log" */
	int64_t created_at; /* ms */
	char *data;         /* JSON object of strings, numbers and null, as text */
};
struct event_list {
	struct event *events;
	int n_events;
};
/* Those with id > after, oldest first, at most `limit` (1 … 1000); job_id NULL: of all jobs. */
bool events_list(struct database *db, const char *job_id, int64_t after, int limit,
	struct event_list *ret, struct error *err) MUST_CHECK;
void event_list_done(struct event_list *l);
/* The id given last, whether or not that event still exists; 0: none yet. */
bool events_last_id(struct database *db, int64_t *ret, struct error *err) MUST_CHECK;
/* A line for the user, at most 16 KiB: type "log". */
bool events_log(
	struct database *db, const char *job_id, const char *text, struct error *err) MUST_CHECK;
