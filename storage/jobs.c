/* jobs.c - jobs as rows: insert, find, list, change, delete. Moves are in job_moves.c. See jobs.h.
 */
#include "storage/private.h"

#include "storage/event_data.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

void job_done(struct job *j)
{
	free(j->dataset_digest);
	free(j->spec);
	free(j->forecast);
	free(j->metadata);
	free(j->error);
	j->dataset_digest = j->spec = j->forecast = j->metadata = j->error = NULL;
}

void job_list_done(struct job_list *l)
{
	for (int i = 0; i < l->n_jobs; i++)
		job_done(&l->jobs[i]);
	free(l->jobs);
	*l = (struct job_list){ 0 };
}

bool job_not_found(const char *id, struct error *err)
{
	return error_set(err, ERROR_NOT_FOUND, "there is no job \"%.64s\"", id);
}

enum job_status job_status_read(struct query *q, int column)
{
	const char *name = query_text(q, column);

	for (int i = 0; name && i < JOB_STATUS_COUNT; i++) {
		if (strcmp(name, job_status_names[i]) == 0)
			return (enum job_status)i;
	}
	query_fail(q, SQLITE_CORRUPT); /* the table's CHECK lets no other name in */
	return JOB_FAILED;
}

bool job_state_read(struct connection *c, const char *id, struct job_state *ret, struct error *err)
{
	struct query q;
	struct job_state state = { 0 };

	query_begin(&q, c, "SELECT status, epoch, epochs FROM jobs WHERE id = ?1");
	query_bind_text(&q, id);
	bool found = query_next(&q);
	if (found) {
		state.status = job_status_read(&q, 0);
		state.epoch = query_int(&q, 1);
		state.epochs = query_int(&q, 2);
	}
	if (!query_end(&q, err))
		return false;
	if (!found)
		return job_not_found(id, err);
	*ret = state;
	return true;
}

/* --- inserting ------------------------------------------------------------------------ */

/* Whether a request with this key was accepted before. */
static bool key_find(struct connection *c, const struct job_key *key, enum job_insert_result *ret,
	char ret_id[static JOB_ID_BYTES], struct error *err)
{
	struct query q;

	query_begin(&q, c, "SELECT job_id, body_digest = ?2 FROM job_keys WHERE key = ?1");
	query_bind_text(&q, key->key);
	query_bind_text(&q, key->body_digest);
	*ret = JOB_INSERT_NEW;
	if (query_next(&q)) {
		*ret = query_int(&q, 1) ? JOB_INSERT_SAME : JOB_INSERT_KEY_REUSED;
		query_copy_into(&q, 0, ret_id, JOB_ID_BYTES);
	}
	return query_end(&q, err);
}

static bool key_store(
	struct connection *c, const struct job_key *key, const char *id, struct error *err)
{
	struct query q;

	query_begin(&q, c, "INSERT INTO job_keys (key, body_digest, job_id) VALUES (?1, ?2, ?3)");
	query_bind_text(&q, key->key);
	query_bind_text(&q, key->body_digest);
	query_bind_text(&q, id);
	return query_run(&q, err);
}

/* Between planning the job and storing it the data set may have changed; afterwards it no longer
 * can. */
static bool dataset_is_there(struct connection *c, const char *digest, struct error *err)
{
	struct query q;

	query_begin(&q, c, "SELECT 1 FROM datasets WHERE digest = ?1");
	query_bind_text(&q, digest);
	bool found = query_next(&q);
	if (!query_end(&q, err))
		return false;
	return found || error_set(err, ERROR_CONFLICT,
				"the job's data set was changed or deleted while the job was "
				"submitted: submit it again");
}

static bool job_store(struct connection *c, const struct job *job, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"INSERT INTO jobs (id, name, status, priority, created_at, epochs, "
		"steps_per_epoch, dataset_digest, spec, forecast, metadata) "
		"VALUES (?1, ?2, 'queued', ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)");
	query_bind_text(&q, job->id);
	query_bind_text(&q, job->name);
	query_bind_int(&q, job->priority);
	query_bind_int(&q, job->created_at);
	query_bind_int(&q, job->epochs);
	query_bind_int(&q, job->steps_per_epoch);
	query_bind_text(&q, job->dataset_digest);
	query_bind_text(&q, job->spec);
	query_bind_text(&q, job->forecast);
	query_bind_text(&q, job->metadata);
	return query_run(&q, err);
}

static enum job_insert_result insert(struct database *db, struct connection *c,
	const struct job *job, const struct job_key *key, char ret_id[static JOB_ID_BYTES],
	struct error *err)
{
	bool keyed = key && key->key;
	enum job_insert_result seen = JOB_INSERT_NEW;

	if (keyed && !key_find(c, key, &seen, ret_id, err))
		return JOB_INSERT_FAILED;
	if (seen != JOB_INSERT_NEW)
		return seen;
	if (job->dataset_digest && !dataset_is_there(c, job->dataset_digest, err))
		return JOB_INSERT_FAILED;
	if (!job_store(c, job, err) || (keyed && !key_store(c, key, job->id, err)) ||
		!event_add_status(db, job->id, JOB_QUEUED, NULL, err))
		return JOB_INSERT_FAILED;
	memcpy(ret_id, job->id, JOB_ID_BYTES);
	return JOB_INSERT_NEW;
}

enum job_insert_result jobs_insert(struct database *db, const struct job *job,
	const struct job_key *key, char ret_id[static JOB_ID_BYTES], struct error *err)
{
	char id[JOB_ID_BYTES] = "";

	assert(strlen(job->id) == JOB_ID_BYTES - 1);
	struct connection *c = write_begin(db, err);
	if (!c)
		return JOB_INSERT_FAILED;
	enum job_insert_result result = insert(db, c, job, key, id, err);
	if (!write_end(db, result != JOB_INSERT_FAILED, err))
		return JOB_INSERT_FAILED;
	memcpy(ret_id, id, sizeof id);
	return result;
}

/* --- reading -------------------------------------------------------------------------- */

#define JOB_COLUMNS                                                                                \
	"id, name, status, priority, created_at, started_at, finished_at, attempts, version, "     \
	"epoch, "                                                                                  \
	"epochs, step, steps_per_epoch, dataset_digest, spec, forecast, metadata, error"

static void job_read(struct query *q, struct job *ret)
{
	query_copy_into(q, 0, ret->id, sizeof ret->id);
	query_copy_into(q, 1, ret->name, sizeof ret->name);
	ret->status = job_status_read(q, 2);
	ret->priority = query_int(q, 3);
	ret->created_at = query_int(q, 4);
	ret->started_at = query_int(q, 5);
	ret->finished_at = query_int(q, 6);
	ret->attempts = query_int(q, 7);
	ret->version = query_int(q, 8);
	ret->epoch = query_int(q, 9);
	ret->epochs = query_int(q, 10);
	ret->step = query_int(q, 11);
	ret->steps_per_epoch = query_int(q, 12);
	ret->dataset_digest = query_copy(q, 13);
	ret->spec = query_copy(q, 14);
	ret->forecast = query_copy(q, 15);
	ret->metadata = query_copy(q, 16);
	ret->error = query_copy(q, 17);
}

static bool job_find(struct connection *c, const char *id, struct job *ret, struct error *err)
{
	struct query q;
	struct job job = { 0 };

	query_begin(&q, c, "SELECT " JOB_COLUMNS " FROM jobs WHERE id = ?1");
	query_bind_text(&q, id);
	bool found = query_next(&q);
	if (found)
		job_read(&q, &job);
	if (!query_end(&q, err)) {
		job_done(&job);
		return false;
	}
	if (!found)
		return job_not_found(id, err);
	*ret = job;
	return true;
}

bool jobs_find(struct database *db, const char *id, struct job *ret, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, job_find(c, id, ret, err));
}

/* The query asks for one more than `limit`, which tells whether there are more. */
static bool jobs_read(struct query *q, int limit, struct job_list *ret, struct error *err)
{
	struct job_list list = { 0 };

	while (query_next(q)) {
		if (list.n_jobs == limit) {
			list.has_more = true;
			break;
		}
		struct job *job = list_add((void **)&list.jobs, list.n_jobs, sizeof *job);
		if (!job) {
			query_fail(q, SQLITE_NOMEM);
			break;
		}
		list.n_jobs++;
		job_read(q, job);
	}
	if (!query_end(q, err)) {
		job_list_done(&list);
		return false;
	}
	*ret = list;
	return true;
}

bool jobs_list(struct database *db, int status, const char *after, int limit, struct job_list *ret,
	struct error *err)
{
	struct query q;
	const char *below = after ? after : "~"; /* sorts after every id */

	assert(status < JOB_STATUS_COUNT && limit >= 1 && limit <= JOB_LIST_MAX);
	struct connection *c = read_begin(db, err);
	if (!c)
		return false;
	if (status < 0)
		query_begin(&q, c,
			"SELECT " JOB_COLUMNS " FROM jobs WHERE id < ?1 ORDER BY id DESC LIMIT ?2");
	else
		query_begin(&q, c,
			"SELECT " JOB_COLUMNS " FROM jobs WHERE id < ?1 AND status = ?3 "
			"ORDER BY id DESC LIMIT ?2");
	query_bind_text(&q, below);
	query_bind_int(&q, limit + 1);
	if (status >= 0)
		query_bind_text(&q, job_status_names[status]);
	return read_end(db, c, jobs_read(&q, limit, ret, err));
}

bool jobs_queued(struct database *db, int limit, struct job_list *ret, struct error *err)
{
	struct query q;

	assert(limit >= 1);
	struct connection *c = read_begin(db, err);
	if (!c)
		return false;
	query_begin(&q, c,
		"SELECT " JOB_COLUMNS " FROM jobs WHERE status = 'queued' "
		"ORDER BY priority DESC, number LIMIT ?1");
	query_bind_int(&q, (int64_t)limit + 1);
	return read_end(db, c, jobs_read(&q, limit, ret, err));
}

static bool count(
	struct connection *c, int64_t ret_counts[static JOB_STATUS_COUNT], struct error *err)
{
	struct query q;
	int64_t counts[JOB_STATUS_COUNT] = { 0 };

	query_begin(&q, c, "SELECT status, count(*) FROM jobs GROUP BY status");
	while (query_next(&q))
		counts[job_status_read(&q, 0)] = query_int(&q, 1);
	if (!query_end(&q, err))
		return false;
	memcpy(ret_counts, counts, sizeof counts);
	return true;
}

bool jobs_count(struct database *db, int64_t ret_counts[static JOB_STATUS_COUNT], struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, count(c, ret_counts, err));
}

/* --- changing and deleting ------------------------------------------------------------ */

static bool patch_store(
	struct connection *c, const char *id, const struct job_patch *patch, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"UPDATE jobs SET name = ifnull(?2, name), priority = iif(?3, ?4, priority), "
		"metadata = ifnull(?5, metadata), version = version + 1 WHERE id = ?1");
	query_bind_text(&q, id);
	query_bind_text(&q, patch->name);
	query_bind_int(&q, patch->priority != NULL);
	query_bind_int(&q, patch->priority ? *patch->priority : 0);
	query_bind_text(&q, patch->metadata);
	return query_run(&q, err);
}

static bool patch_job(
	struct connection *c, const char *id, const struct job_patch *patch, struct error *err)
{
	struct job_state job;

	if (!job_state_read(c, id, &job, err))
		return false;
	if (!patch->name && !patch->priority && !patch->metadata)
		return true;
	return patch_store(c, id, patch, err);
}

bool jobs_patch(
	struct database *db, const char *id, const struct job_patch *patch, struct error *err)
{
	assert(!patch->name || strlen(patch->name) < JOB_NAME_BYTES);
	struct connection *c = write_begin(db, err);

	return c && write_end(db, patch_job(c, id, patch, err), err);
}

static bool delete_job(struct connection *c, const char *id, struct error *err)
{
	struct query q;
	struct job_state job;

	if (!job_state_read(c, id, &job, err))
		return false;
	if (job.status == JOB_RUNNING || job.status == JOB_PAUSING || job.status == JOB_CANCELLING)
		return error_set(err, ERROR_CONFLICT,
			"the job is %s: cancel it and wait until it is cancelled",
			job_status_names[job.status]);
	/* Everything that refers to it goes along, by ON DELETE CASCADE. */
	query_begin(&q, c, "DELETE FROM jobs WHERE id = ?1");
	query_bind_text(&q, id);
	return query_run(&q, err);
}

bool jobs_delete(struct database *db, const char *id, struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c && write_end(db, delete_job(c, id, err), err);
}
