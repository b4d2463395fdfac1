/* checkpoints.c - opaque bytes in pieces of 1 MiB, handed out only if they are what was stored. See
 * jobs.h. */
#include "storage/private.h"

#include "base/clock.h"
#include "base/digest.h"
#include "storage/event_data.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { PIECE_BYTES = 1 << 20 };

void checkpoint_list_done(struct checkpoint_list *l)
{
	free(l->checkpoints);
	*l = (struct checkpoint_list){ 0 };
}

/* --- storing -------------------------------------------------------------------------- */

/* All finished epochs' are kept and one in mid-epoch, while it is the newest. One that was found
 * damaged stays until its job goes: its pages are not to be trusted, not even for deleting it. */
static bool needless_delete(struct connection *c, const char *id, int64_t step, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"DELETE FROM checkpoints WHERE job_id = ?1 "
		"AND rejected = 0 AND (finished_epoch = 0 OR step = ?2)");
	query_bind_text(&q, id);
	query_bind_int(&q, step);
	return query_run(&q, err);
}

static bool row_insert(
	struct connection *c, const char *id, const struct checkpoint *row, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"INSERT INTO checkpoints (job_id, epoch, step, finished_epoch, bytes, sha256, "
		"created_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)");
	query_bind_text(&q, id);
	query_bind_int(&q, row->epoch);
	query_bind_int(&q, row->step);
	query_bind_int(&q, row->finished_epoch);
	query_bind_int(&q, row->bytes);
	query_bind_text(&q, row->sha256);
	query_bind_int(&q, row->created_at);
	return query_run(&q, err);
}

static bool pieces_insert(
	struct connection *c, int64_t number, const struct checkpoint_data *data, struct error *err)
{
	struct query q;
	const char *bytes = data->bytes;

	for (size_t at = 0; at < data->size; at += PIECE_BYTES) {
		size_t left = data->size - at;
		query_begin(&q, c,
			"INSERT INTO checkpoint_pieces (checkpoint, piece, bytes) "
			"VALUES (?1, ?2, ?3)");
		query_bind_int(&q, number);
		query_bind_int(&q, (int64_t)(at / PIECE_BYTES));
		query_bind_blob(&q, bytes + at, left < PIECE_BYTES ? left : PIECE_BYTES);
		if (!query_run(&q, err))
			return false;
	}
	return true;
}

/* The job's step is that of the last checkpoint that counts. */
static bool step_refresh(struct connection *c, const char *id, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"UPDATE jobs SET version = version + 1, step = (SELECT ifnull(max(step), 0) "
		"FROM checkpoints WHERE job_id = ?1 AND rejected = 0) WHERE id = ?1");
	query_bind_text(&q, id);
	return query_run(&q, err);
}

bool checkpoint_store(struct database *db, const char *id, const struct checkpoint_data *data,
	const char *sha256, struct error *err)
{
	struct connection *c = &db->writer;
	struct checkpoint row = {
		.epoch = data->epoch,
		.step = data->step,
		.bytes = (int64_t)data->size,
		.created_at = clock_wall_ms(),
		.finished_epoch = data->finished_epoch,
	};

	assert(data->size > 0); /* 0 bytes stand for "none" */
	memcpy(row.sha256, sha256, sizeof row.sha256);
	return needless_delete(c, id, row.step, err) && row_insert(c, id, &row, err) &&
	       pieces_insert(c, sqlite3_last_insert_rowid(c->handle), data, err) &&
	       step_refresh(c, id, err) && event_add_checkpoint(db, id, "checkpoint", &row, err);
}

/* --- finding -------------------------------------------------------------------------- */

#define CHECKPOINT_COLUMNS "number, epoch, step, bytes, created_at, finished_epoch, sha256"

struct stored {
	int64_t number; /* 0: none */
	struct checkpoint row;
};

static void stored_read(struct query *q, struct stored *ret)
{
	ret->number = query_int(q, 0);
	ret->row.epoch = query_int(q, 1);
	ret->row.step = query_int(q, 2);
	ret->row.bytes = query_int(q, 3);
	ret->row.created_at = query_int(q, 4);
	ret->row.finished_epoch = query_int(q, 5) != 0;
	query_copy_into(q, 6, ret->row.sha256, sizeof ret->row.sha256);
}

/* Reads the first row, if there is one, and ends the query. */
static bool stored_find(struct query *q, struct stored *ret, struct error *err)
{
	*ret = (struct stored){ 0 };
	if (query_next(q))
		stored_read(q, ret);
	return query_end(q, err);
}

static bool find_last(struct connection *c, const char *id, struct stored *ret, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"SELECT " CHECKPOINT_COLUMNS " FROM checkpoints WHERE job_id = ?1 AND rejected = 0 "
		"ORDER BY step DESC LIMIT 1");
	query_bind_text(&q, id);
	return stored_find(&q, ret, err);
}

static bool find_epoch(
	struct connection *c, const char *id, int64_t epoch, struct stored *ret, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"SELECT " CHECKPOINT_COLUMNS " FROM checkpoints WHERE job_id = ?1 AND rejected = 0 "
		"AND finished_epoch = 1 AND epoch = ?2 ORDER BY step DESC LIMIT 1");
	query_bind_text(&q, id);
	query_bind_int(&q, epoch);
	return stored_find(&q, ret, err);
}

/* The epoch with a checkpoint and the smallest value of a metric, the earliest of equals; 0: no
 * number among them. */
static bool best_epoch(
	struct connection *c, const char *id, const char *metric, int64_t *ret, struct error *err)
{
	struct query q;
	int64_t epoch = 0;
	double best = NAN;

	query_begin(&q, c,
		"SELECT epoch, value_bits FROM metrics JOIN checkpoints USING (job_id, epoch) "
		"WHERE job_id = ?1 AND metrics.name = ?2 AND finished_epoch = 1 AND rejected = 0 "
		"ORDER BY epoch");
	query_bind_text(&q, id);
	query_bind_text(&q, metric);
	while (query_next(&q)) {
		double value = query_bits(&q, 1);
		if (!isnan(value) && (isnan(best) || value < best)) {
			best = value;
			epoch = query_int(&q, 0);
		}
	}
	if (!query_end(&q, err))
		return false;
	*ret = epoch;
	return true;
}

static bool find_best(struct connection *c, const char *id, struct stored *ret, struct error *err)
{
	int64_t epoch;

	if (!best_epoch(c, id, "val_loss", &epoch, err) ||
		(epoch == 0 && !best_epoch(c, id, "loss", &epoch, err)))
		return false;
	return find_epoch(c, id, epoch, ret, err); /* none of epoch 0 */
}

static bool find(struct connection *c, const char *id, enum checkpoint_which which, int64_t epoch,
	struct stored *ret, struct error *err)
{
	switch (which) {
	case CHECKPOINT_LAST:
		return find_last(c, id, ret, err);
	case CHECKPOINT_BEST:
		return find_best(c, id, ret, err);
	case CHECKPOINT_EPOCH:
		return find_epoch(c, id, epoch, ret, err);
	}
	assert(false);
	return false;
}

/* --- reading -------------------------------------------------------------------------- */

/* Whether the pieces have the size that the row says. Asked before memory is, since a damaged row
 * may say anything. */
static void pieces_measure(
	struct query *q, struct connection *c, const struct stored *s, bool *ret_fits)
{
	query_begin(q, c,
		"SELECT ifnull(sum(length(bytes)), 0) FROM checkpoint_pieces "
		"WHERE checkpoint = ?1");
	query_bind_int(q, s->number);
	*ret_fits = query_next(q) && s->row.bytes > 0 && query_int(q, 0) == s->row.bytes;
}

static void pieces_copy(
	struct query *q, struct connection *c, const struct stored *s, char *ret_bytes)
{
	size_t at = 0, size;

	query_begin(
		q, c, "SELECT bytes FROM checkpoint_pieces WHERE checkpoint = ?1 ORDER BY piece");
	query_bind_int(q, s->number);
	while (query_next(q)) {
		const void *piece = query_blob(q, 0, &size);
		if (!piece || size > (size_t)s->row.bytes - at) {
			query_fail(q, SQLITE_CORRUPT);
			return;
		}
		memcpy(ret_bytes + at, piece, size);
		at += size;
	}
	if (at != (size_t)s->row.bytes)
		query_fail(q, SQLITE_CORRUPT);
}

/* Ends a query of pieces. A damaged page is damage to this checkpoint, not a failure to read it. */
static bool pieces_end(struct query *q, bool *damaged, struct error *err)
{
	*damaged = (q->result & 0xff) == SQLITE_CORRUPT;
	return query_end(q, *damaged ? NULL : err) || *damaged;
}

/* false: it could not be read. *ret_bytes is NULL when it is not what was stored. */
static bool load(struct connection *c, const struct stored *s, void **ret_bytes, struct error *err)
{
	struct query q;
	char sha256[DIGEST_TEXT_BYTES];
	bool fits, damaged;

	*ret_bytes = NULL;
	pieces_measure(&q, c, s, &fits);
	if (!pieces_end(&q, &damaged, err))
		return false;
	if (damaged || !fits)
		return true;
	char *bytes = malloc((size_t)s->row.bytes);
	if (!bytes)
		return error_no_memory(err);
	pieces_copy(&q, c, s, bytes);
	if (!pieces_end(&q, &damaged, err)) {
		free(bytes);
		return false;
	}
	if (!damaged)
		digest_of(bytes, (size_t)s->row.bytes, sha256);
	if (damaged || strcmp(sha256, s->row.sha256) != 0)
		free(bytes);
	else
		*ret_bytes = bytes;
	return true;
}

static bool none_found(enum checkpoint_which which, int64_t epoch, struct error *err)
{
	if (which == CHECKPOINT_EPOCH)
		return error_set(
			err, ERROR_NOT_FOUND, "the job has no checkpoint of epoch %" PRId64, epoch);
	if (which == CHECKPOINT_BEST)
		return error_set(err, ERROR_NOT_FOUND,
			"the job has no checkpoint of an epoch whose loss is a number");
	return error_set(err, ERROR_NOT_FOUND, "the job has no checkpoint yet");
}

static bool read_checkpoint(struct connection *c, const char *id, enum checkpoint_which which,
	int64_t epoch, struct checkpoint *ret, void **ret_bytes, struct error *err)
{
	struct job_state job;
	struct stored s;
	void *bytes;

	if (!job_state_read(c, id, &job, err) || !find(c, id, which, epoch, &s, err))
		return false;
	if (s.number == 0)
		return none_found(which, epoch, err);
	if (!load(c, &s, &bytes, err))
		return false;
	if (!bytes)
		return error_set(err, ERROR_IO,
			"the checkpoint of step %" PRId64
			" is damaged: its bytes do not match their sha256 %s",
			s.row.step, s.row.sha256);
	*ret = s.row;
	*ret_bytes = bytes;
	return true;
}

bool checkpoints_read(struct database *db, const char *id, enum checkpoint_which which,
	int64_t epoch, struct checkpoint *ret, void **ret_bytes, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, read_checkpoint(c, id, which, epoch, ret, ret_bytes, err));
}

static bool list_checkpoints(
	struct connection *c, const char *id, struct checkpoint_list *ret, struct error *err)
{
	struct query q;
	struct job_state job;
	struct checkpoint_list list = { 0 };

	if (!job_state_read(c, id, &job, err))
		return false;
	query_begin(&q, c,
		"SELECT " CHECKPOINT_COLUMNS " FROM checkpoints WHERE job_id = ?1 AND rejected = 0 "
		"ORDER BY step");
	query_bind_text(&q, id);
	while (query_next(&q)) {
		struct checkpoint *place =
			list_add((void **)&list.checkpoints, list.n_checkpoints, sizeof *place);
		if (!place) {
			query_fail(&q, SQLITE_NOMEM);
			break;
		}
		struct stored s;
		stored_read(&q, &s);
		*place = s.row;
		list.n_checkpoints++;
	}
	if (!query_end(&q, err)) {
		checkpoint_list_done(&list);
		return false;
	}
	*ret = list;
	return true;
}

bool checkpoints_list(
	struct database *db, const char *id, struct checkpoint_list *ret, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, list_checkpoints(c, id, ret, err));
}

/* --- going on ------------------------------------------------------------------------- */

/* The newest that was not rejected; s->number == 0: there is none. */
static bool resume_load(
	struct connection *c, const char *id, struct stored *s, void **ret_bytes, struct error *err)
{
	struct job_state job;

	*ret_bytes = NULL;
	return job_state_read(c, id, &job, err) && find_last(c, id, s, err) &&
	       (s->number == 0 || load(c, s, ret_bytes, err));
}

static bool mark_rejected(struct connection *c, const char *id, int64_t number, struct error *err)
{
	struct query q;

	query_begin(&q, c, "UPDATE checkpoints SET rejected = 1 WHERE number = ?1");
	query_bind_int(&q, number);
	return query_run(&q, err) && step_refresh(c, id, err);
}

static bool reject(struct database *db, const char *id, const struct stored *s, struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c &&
	       write_end(db,
		       mark_rejected(c, id, s->number, err) &&
			       event_add_checkpoint(db, id, "checkpoint_rejected", &s->row, err),
		       err);
}

bool checkpoints_resume(struct database *db, const char *id, struct checkpoint *ret,
	void **ret_bytes, struct error *err)
{
	struct stored s;
	void *bytes;

	/* Ends: each round rejects one for good. Between reading and rejecting nobody else writes
	 * this job's checkpoints, since a job runs on one worker. */
	for (;;) {
		struct connection *c = read_begin(db, err);
		if (!c || !read_end(db, c, resume_load(c, id, &s, &bytes, err)))
			return false;
		if (s.number == 0 || bytes)
			break;
		if (!reject(db, id, &s, err))
			return false;
	}
	*ret = s.row;
	*ret_bytes = bytes;
	return true;
}
