/* events.c - see events.h. */
#include "storage/events.h"

#include "storage/event_data.h"
#include "storage/private.h"

#include <assert.h>
#include <stdlib.h>

enum { EVENTS_LIMIT_MAX = 1000 };

void event_list_done(struct event_list *l)
{
	for (int i = 0; i < l->n_events; i++)
		free(l->events[i].data);
	free(l->events);
	*l = (struct event_list){ 0 };
}

static void event_read(struct query *q, struct event *ret)
{
	ret->id = query_int(q, 0);
	query_copy_into(q, 1, ret->job_id, sizeof ret->job_id);
	query_copy_into(q, 2, ret->type, sizeof ret->type);
	ret->created_at = query_int(q, 3);
	ret->data = query_copy(q, 4);
}

static void events_of_all_begin(struct query *q, struct connection *c, int64_t after, int limit)
{
	query_begin(q, c,
		"SELECT id, job_id, type, created_at, data FROM events WHERE id > ?1 ORDER BY id "
		"LIMIT ?2");
	query_bind_int(q, after);
	query_bind_int(q, limit);
}

static void events_of_job_begin(
	struct query *q, struct connection *c, const char *job_id, int64_t after, int limit)
{
	query_begin(q, c,
		"SELECT id, job_id, type, created_at, data FROM events WHERE job_id = ?1 "
		"AND id > ?2 ORDER BY id LIMIT ?3");
	query_bind_text(q, job_id);
	query_bind_int(q, after);
	query_bind_int(q, limit);
}

static bool events_read(struct query *q, struct event_list *ret, struct error *err)
{
	struct event_list list = { 0 };

	while (query_next(q)) {
		struct event *e = list_add((void **)&list.events, list.n_events, sizeof *e);
		if (!e) {
			query_fail(q, SQLITE_NOMEM);
			break;
		}
		list.n_events++;
		event_read(q, e);
	}
	if (!query_end(q, err)) {
		event_list_done(&list);
		return false;
	}
	*ret = list;
	return true;
}

bool events_list(struct database *db, const char *job_id, int64_t after, int limit,
	struct event_list *ret, struct error *err)
{
	struct query q;

	assert(limit >= 1 && limit <= EVENTS_LIMIT_MAX);
	struct connection *c = read_begin(db, err);
	if (!c)
		return false;
	if (job_id)
		events_of_job_begin(&q, c, job_id, after, limit);
	else
		events_of_all_begin(&q, c, after, limit);
	return read_end(db, c, events_read(&q, ret, err));
}

bool events_last_id(struct database *db, int64_t *ret, struct error *err)
{
	struct query q;
	struct connection *c = read_begin(db, err);

	if (!c)
		return false;
	/* Not max(id): the last event may have gone with its job. */
	query_begin(&q, c, "SELECT seq FROM sqlite_sequence WHERE name = 'events'");
	int64_t last = query_next(&q) ? query_int(&q, 0) : 0;
	bool good = query_end(&q, err);
	if (good)
		*ret = last;
	return read_end(db, c, good);
}

static bool log_store(struct database *db, struct connection *c, const char *job_id,
	const char *text, struct error *err)
{
	struct job_state job;

	return job_state_read(c, job_id, &job, err) && event_add_log(db, job_id, text, err);
}

bool events_log(struct database *db, const char *job_id, const char *text, struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c && write_end(db, log_store(db, c, job_id, text, err), err);
}
