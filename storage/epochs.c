/* epochs.c - a job's epochs: stored once, and compared ever after. See jobs.h. */
#include "storage/private.h"

#include "base/digest.h"
#include "storage/confusions.h"
#include "storage/event_data.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

void epoch_list_done(struct epoch_list *l)
{
	free(l->epochs);
	*l = (struct epoch_list){ 0 };
}

/* --- reading -------------------------------------------------------------------------- */

#define EPOCH_COLUMNS                                                                              \
	"epoch, step, learning_rate_bits, seconds, samples_per_second, data_seconds, "             \
	"forward_seconds, loss_seconds, backward_seconds, update_seconds"

static void epoch_read(struct query *q, struct epoch *ret)
{
	ret->epoch = query_int(q, 0);
	ret->step = query_int(q, 1);
	ret->learning_rate = query_bits(q, 2);
	ret->seconds = query_real(q, 3);
	ret->samples_per_second = query_real(q, 4);
	for (int i = 0; i < PHASE_COUNT; i++)
		ret->phase_seconds[i] = query_real(q, 5 + i);
}

/* Columns `column` and the next: name and value. */
static void metric_read(struct query *q, int column, struct epoch *ret)
{
	if (ret->n_metrics == METRIC_MAX) {
		query_fail(q, SQLITE_CORRUPT);
		return;
	}
	struct metric *m = &ret->metrics[ret->n_metrics++];
	query_copy_into(q, column, m->name, sizeof m->name);
	m->value = query_bits(q, column + 1);
}

static bool epochs_read(
	struct connection *c, const char *id, struct epoch_list *list, struct error *err)
{
	struct query q;

	query_begin(&q, c, "SELECT " EPOCH_COLUMNS " FROM epochs WHERE job_id = ?1 ORDER BY epoch");
	query_bind_text(&q, id);
	while (query_next(&q)) {
		struct epoch *e = list_add((void **)&list->epochs, list->n_epochs, sizeof *e);
		if (!e) {
			query_fail(&q, SQLITE_NOMEM);
			break;
		}
		list->n_epochs++;
		epoch_read(&q, e);
	}
	return query_end(&q, err);
}

/* Both lists are in the order of the epochs, so one pass brings them together. */
static bool metrics_read(
	struct connection *c, const char *id, struct epoch_list *list, struct error *err)
{
	struct query q;
	int i = 0;

	query_begin(&q, c,
		"SELECT epoch, name, value_bits FROM metrics WHERE job_id = ?1 "
		"ORDER BY epoch, position");
	query_bind_text(&q, id);
	while (query_next(&q)) {
		while (i < list->n_epochs && list->epochs[i].epoch != query_int(&q, 0))
			i++;
		if (i == list->n_epochs)
			query_fail(&q, SQLITE_CORRUPT); /* a foreign key says that there is one */
		else
			metric_read(&q, 1, &list->epochs[i]);
	}
	return query_end(&q, err);
}

static bool list_epochs(
	struct connection *c, const char *id, struct epoch_list *ret, struct error *err)
{
	struct job_state job;
	struct epoch_list list = { 0 };

	if (!job_state_read(c, id, &job, err))
		return false;
	if (!epochs_read(c, id, &list, err) || !metrics_read(c, id, &list, err)) {
		epoch_list_done(&list);
		return false;
	}
	*ret = list;
	return true;
}

bool epochs_list(struct database *db, const char *id, struct epoch_list *ret, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, list_epochs(c, id, ret, err));
}

/* --- storing -------------------------------------------------------------------------- */

static bool epoch_insert(
	struct connection *c, const char *id, const struct epoch *e, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"INSERT INTO epochs (job_id, " EPOCH_COLUMNS ") "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)");
	query_bind_text(&q, id);
	query_bind_int(&q, e->epoch);
	query_bind_int(&q, e->step);
	query_bind_bits(&q, e->learning_rate);
	query_bind_real(&q, e->seconds);
	query_bind_real(&q, e->samples_per_second);
	for (int i = 0; i < PHASE_COUNT; i++)
		query_bind_real(&q, e->phase_seconds[i]);
	return query_run(&q, err);
}

static bool metric_insert(struct connection *c, const char *id, const struct epoch *e, int position,
	struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"INSERT INTO metrics (job_id, epoch, position, name, value_bits) "
		"VALUES (?1, ?2, ?3, ?4, ?5)");
	query_bind_text(&q, id);
	query_bind_int(&q, e->epoch);
	query_bind_int(&q, position);
	query_bind_text(&q, e->metrics[position].name);
	query_bind_bits(&q, e->metrics[position].value);
	return query_run(&q, err);
}

static bool epoch_store(struct database *db, struct connection *c, const char *id,
	const struct epoch *e, struct error *err)
{
	if (!epoch_insert(c, id, e, err))
		return false;
	for (int i = 0; i < e->n_metrics; i++) {
		if (!metric_insert(c, id, e, i, err))
			return false;
	}
	return confusion_store(c, id, e, err) && event_add_epoch(db, id, e, err);
}

/* --- comparing: what is trained again must come out the same -------------------------- */

static bool epoch_find(
	struct connection *c, const char *id, int64_t epoch, struct epoch *ret, struct error *err)
{
	struct query q;

	*ret = (struct epoch){ 0 };
	query_begin(&q, c, "SELECT " EPOCH_COLUMNS " FROM epochs WHERE job_id = ?1 AND epoch = ?2");
	query_bind_text(&q, id);
	query_bind_int(&q, epoch);
	if (query_next(&q))
		epoch_read(&q, ret);
	if (!query_end(&q, err))
		return false;
	query_begin(&q, c,
		"SELECT name, value_bits FROM metrics WHERE job_id = ?1 AND epoch = ?2 "
		"ORDER BY position");
	query_bind_text(&q, id);
	query_bind_int(&q, epoch);
	while (query_next(&q))
		metric_read(&q, 0, ret);
	return query_end(&q, err);
}

static bool value_same(
	int64_t epoch, const char *name, double stored, double now, struct error *err)
{
	int64_t stored_bits = sql_bits_of(stored), now_bits = sql_bits_of(now);

	if (stored_bits == now_bits)
		return true;
	return error_set(err, ERROR_IO,
		"determinism: epoch %" PRId64
		" was trained again and %s came out as %.17g (0x%016" PRIx64
		"), not as the stored %.17g (0x%016" PRIx64
		"): suspect this machine's memory or CPU",
		epoch, name, now, (uint64_t)now_bits, stored, (uint64_t)stored_bits);
}

static bool metrics_same(const struct epoch *stored, const struct epoch *now, struct error *err)
{
	if (stored->n_metrics != now->n_metrics)
		return error_set(err, ERROR_IO,
			"determinism: epoch %" PRId64 " has %d metrics, not the stored %d",
			now->epoch, now->n_metrics, stored->n_metrics);
	for (int i = 0; i < now->n_metrics; i++) {
		const struct metric *a = &stored->metrics[i], *b = &now->metrics[i];
		if (strcmp(a->name, b->name) != 0)
			return error_set(err, ERROR_IO,
				"determinism: metric %d of epoch %" PRId64
				" is %s, not the stored %s",
				i + 1, now->epoch, b->name, a->name);
		if (!value_same(now->epoch, b->name, a->value, b->value, err))
			return false;
	}
	return true;
}

/* seconds, samples_per_second and phase_seconds are measurements: the first ones stay. */
static bool epoch_same(
	struct connection *c, const char *id, const struct epoch *now, struct error *err)
{
	struct epoch stored;

	if (!epoch_find(c, id, now->epoch, &stored, err))
		return false;
	if (stored.step != now->step)
		return error_set(err, ERROR_IO,
			"determinism: epoch %" PRId64 " ended at step %" PRId64
			", not at the stored %" PRId64,
			now->epoch, now->step, stored.step);
	return value_same(now->epoch, "learning_rate", stored.learning_rate, now->learning_rate,
		       err) &&
	       metrics_same(&stored, now, err) && confusion_same(c, id, now, err);
}

/* --- the transaction ------------------------------------------------------------------ */

static bool progress_store(
	struct connection *c, const char *id, int64_t epoch, bool checkpointed, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"UPDATE jobs SET epoch = max(epoch, ?2), crashes = iif(?3, 0, crashes), "
		"version = version + 1 WHERE id = ?1");
	query_bind_text(&q, id);
	query_bind_int(&q, epoch);
	query_bind_int(&q, checkpointed);
	return query_run(&q, err);
}

static bool may_store(const struct job_state *job, const struct epoch *epoch, struct error *err)
{
	if (job->status != JOB_RUNNING && job->status != JOB_PAUSING &&
		job->status != JOB_CANCELLING)
		return error_set(err, ERROR_CONFLICT, "the job is %s and cannot store an epoch",
			job_status_names[job->status]);
	if (epoch &&
		(epoch->epoch < 1 || epoch->epoch > job->epoch + 1 || epoch->epoch > job->epochs))
		return error_set(err, ERROR_CONFLICT,
			"epoch %" PRId64 " cannot follow epoch %" PRId64 " of %" PRId64,
			epoch->epoch, job->epoch, job->epochs);
	return true;
}

static bool store(struct database *db, struct connection *c, const char *id,
	const struct epoch *epoch, const struct checkpoint_data *checkpoint, const char *sha256,
	struct error *err)
{
	struct job_state job;

	if (!job_state_read(c, id, &job, err) || !may_store(&job, epoch, err))
		return false;
	if (epoch) {
		bool known = epoch->epoch <= job.epoch;
		if (!(known ? epoch_same(c, id, epoch, err) : epoch_store(db, c, id, epoch, err)))
			return false;
	}
	if (checkpoint && !checkpoint_store(db, id, checkpoint, sha256, err))
		return false;
	return progress_store(c, id, epoch ? epoch->epoch : 0, checkpoint != NULL, err);
}

bool jobs_store_epoch(struct database *db, const char *id, const struct epoch *epoch,
	const struct checkpoint_data *checkpoint, struct error *err)
{
	char sha256[DIGEST_TEXT_BYTES] = "";

	assert(epoch || checkpoint);
	assert(!epoch || (epoch->n_metrics >= 0 && epoch->n_metrics <= METRIC_MAX));
	/* Before the writer is taken: it takes milliseconds. */
	if (checkpoint)
		digest_of(checkpoint->bytes, checkpoint->size, sha256);
	struct connection *c = write_begin(db, err);
	return c && write_end(db, store(db, c, id, epoch, checkpoint, sha256, err), err);
}
