/* job_moves.c - which moves of a job are legal, and how a user's wish becomes one. See jobs.h. */
#include "storage/private.h"

#include "base/clock.h"
#include "storage/event_data.h"

#include <assert.h>
#include <stdlib.h>

const char *const job_status_names[] = {
	[JOB_QUEUED] = "queued",
	[JOB_RUNNING] = "running",
	[JOB_PAUSING] = "pausing",
	[JOB_PAUSED] = "paused",
	[JOB_CANCELLING] = "cancelling",
	[JOB_CANCELLED] = "cancelled",
	[JOB_SUCCEEDED] = "succeeded",
	[JOB_FAILED] = "failed",
	[JOB_STATUS_COUNT] = NULL,
};

#define TO(status) (1u << JOB_##status)

/* The trigger jobs_move_legally in migrations/ holds the same table; tests/storage compares them.
 */
static const unsigned legal_moves[JOB_STATUS_COUNT] = {
	/* `failed` without having run: what it needs is gone. */
	[JOB_QUEUED] = TO(RUNNING) | TO(PAUSED) | TO(CANCELLED) | TO(FAILED),
	/* `queued`: the daemon died or was stopped. `paused`: the pause came with a checkpoint. */
	[JOB_RUNNING] =
		TO(QUEUED) | TO(PAUSING) | TO(PAUSED) | TO(CANCELLING) | TO(SUCCEEDED) | TO(FAILED),
	/* It may end before it sees the wish. */
	[JOB_PAUSING] = TO(QUEUED) | TO(PAUSED) | TO(CANCELLING) | TO(SUCCEEDED) | TO(FAILED),
	[JOB_PAUSED] = TO(QUEUED) | TO(CANCELLED),
	[JOB_CANCELLING] = TO(CANCELLED) | TO(SUCCEEDED) | TO(FAILED),
};

bool job_move_legal(enum job_status from, enum job_status to)
{
	assert((unsigned)from < JOB_STATUS_COUNT && (unsigned)to < JOB_STATUS_COUNT);
	return legal_moves[from] >> to & 1;
}

bool job_status_final(enum job_status status)
{
	assert((unsigned)status < JOB_STATUS_COUNT);
	return legal_moves[status] == 0;
}

bool job_move_store(struct database *db, const char *id, enum job_status from, enum job_status to,
	const char *reason, struct error *err)
{
	struct query q;
	int64_t now = clock_wall_ms();

	assert(to != JOB_FAILED || reason);
	if (!job_move_legal(from, to))
		return error_set(err, ERROR_CONFLICT, "the job is %s and cannot become %s",
			job_status_names[from], job_status_names[to]);
	query_begin(&q, &db->writer,
		"UPDATE jobs SET status = ?2, version = version + 1, attempts = attempts + ?3, "
		"started_at = iif(?3 AND started_at = 0, ?4, started_at), "
		"finished_at = iif(?5, ?4, 0), error = ?6 WHERE id = ?1");
	query_bind_text(&q, id);
	query_bind_text(&q, job_status_names[to]);
	query_bind_int(&q, to == JOB_RUNNING);
	query_bind_int(&q, now);
	query_bind_int(&q, job_status_final(to));
	query_bind_text(&q, to == JOB_FAILED ? reason : NULL);
	return query_run(&q, err) && event_add_status(db, id, to, reason, err);
}

static bool move(struct database *db, struct connection *c, const char *id, enum job_status to,
	const char *reason, struct error *err)
{
	struct job_state job;

	return job_state_read(c, id, &job, err) &&
	       job_move_store(db, id, job.status, to, reason, err);
}

bool jobs_move(struct database *db, const char *id, enum job_status to, const char *reason,
	struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c && write_end(db, move(db, c, id, to, reason, err), err);
}

/* --- what a user asks for ------------------------------------------------------------- */

struct wish {
	const char *verb;
	unsigned done_in;                     /* states in which there is nothing to do */
	unsigned from;                        /* states from which it moves … */
	enum job_status to[JOB_STATUS_COUNT]; /* … and where to */
};

static const struct wish wish_cancel = {
	.verb = "cancelled",
	.done_in = TO(CANCELLING),
	.from = TO(QUEUED) | TO(PAUSED) | TO(RUNNING) | TO(PAUSING),
	.to = { [JOB_QUEUED] = JOB_CANCELLED,
		[JOB_PAUSED] = JOB_CANCELLED,
		[JOB_RUNNING] = JOB_CANCELLING,
		[JOB_PAUSING] = JOB_CANCELLING },
};
static const struct wish wish_pause = {
	.verb = "paused",
	.done_in = TO(PAUSING) | TO(PAUSED),
	.from = TO(QUEUED) | TO(RUNNING),
	.to = { [JOB_QUEUED] = JOB_PAUSED, [JOB_RUNNING] = JOB_PAUSING },
};
static const struct wish wish_resume = {
	.verb = "resumed",
	.from = TO(PAUSED),
	.to = { [JOB_PAUSED] = JOB_QUEUED },
};

static bool grant(struct database *db, struct connection *c, const char *id,
	const struct wish *wish, struct error *err)
{
	struct job_state job;

	if (!job_state_read(c, id, &job, err))
		return false;
	if (wish->done_in >> job.status & 1)
		return true;
	if (!(wish->from >> job.status & 1))
		return error_set(err, ERROR_CONFLICT, "the job is %s and cannot be %s",
			job_status_names[job.status], wish->verb);
	return job_move_store(db, id, job.status, wish->to[job.status], NULL, err);
}

static bool fulfil(struct database *db, const char *id, const struct wish *wish, struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c && write_end(db, grant(db, c, id, wish, err), err);
}

bool jobs_cancel(struct database *db, const char *id, struct error *err)
{
	return fulfil(db, id, &wish_cancel, err);
}

bool jobs_pause(struct database *db, const char *id, struct error *err)
{
	return fulfil(db, id, &wish_pause, err);
}

bool jobs_resume(struct database *db, const char *id, struct error *err)
{
	return fulfil(db, id, &wish_resume, err);
}

/* --- after the daemon died ------------------------------------------------------------ */

struct orphan {
	char id[JOB_ID_BYTES];
	enum job_status status;
	int64_t crashes; /* this one counted */
};
struct orphan_list {
	struct orphan *orphans;
	int n_orphans;
};

static bool orphans_find(struct connection *c, struct orphan_list *ret, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"SELECT id, status, crashes + 1 FROM jobs "
		"WHERE status IN ('running', 'pausing', 'cancelling') ORDER BY number");
	while (query_next(&q)) {
		struct orphan *o = list_add((void **)&ret->orphans, ret->n_orphans, sizeof *o);
		if (!o) {
			query_fail(&q, SQLITE_NOMEM);
			break;
		}
		ret->n_orphans++;
		query_copy_into(&q, 0, o->id, sizeof o->id);
		o->status = job_status_read(&q, 1);
		o->crashes = query_int(&q, 2);
	}
	return query_end(&q, err);
}

static bool orphan_recover(
	struct database *db, const struct orphan *o, int *n_requeued, struct error *err)
{
	static const enum job_status home[JOB_STATUS_COUNT] = {
		[JOB_RUNNING] = JOB_QUEUED,
		[JOB_PAUSING] = JOB_PAUSED,
		[JOB_CANCELLING] = JOB_CANCELLED,
	};
	struct query q;
	enum job_status to = home[o->status];
	const char *reason = "the daemon stopped while the job was at work";

	if (o->status != JOB_CANCELLING && o->crashes >= JOB_ATTEMPTS_MAX) {
		to = JOB_FAILED;
		reason = "it has stopped the daemon 3 times at the same place";
		static_assert(JOB_ATTEMPTS_MAX == 3, "the reason names the number");
	}
	query_begin(&q, &db->writer, "UPDATE jobs SET crashes = ?2 WHERE id = ?1");
	query_bind_text(&q, o->id);
	query_bind_int(&q, o->crashes);
	if (!query_run(&q, err) || !job_move_store(db, o->id, o->status, to, reason, err))
		return false;
	*n_requeued += to == JOB_QUEUED;
	return true;
}

static bool recover(
	struct database *db, const struct orphan_list *list, int *n_requeued, struct error *err)
{
	for (int i = 0; i < list->n_orphans; i++) {
		if (!orphan_recover(db, &list->orphans[i], n_requeued, err))
			return false;
	}
	return true;
}

bool jobs_recover(struct database *db, int *ret_requeued, struct error *err)
{
	struct orphan_list list = { 0 };
	int n = 0;
	struct connection *c = write_begin(db, err);

	if (!c)
		return false;
	bool good = write_end(db, orphans_find(c, &list, err) && recover(db, &list, &n, err), err);
	free(list.orphans);
	if (good)
		*ret_requeued = n;
	return good;
}
