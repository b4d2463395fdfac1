/* sql.c - see sql.h. */
#include "storage/sql.h"

#include <assert.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool disk_is_full(int system_errno)
{
	return system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG;
}

bool connection_error(const struct connection *c, int result, struct error *err)
{
	int primary = result & 0xff;
	const char *text = c->handle && sqlite3_extended_errcode(c->handle) == result
				   ? sqlite3_errmsg(c->handle)
				   : sqlite3_errstr(result);

	if (primary == SQLITE_NOMEM || result == SQLITE_IOERR_NOMEM)
		return error_no_memory(err);
	if (primary == SQLITE_FULL || (primary == SQLITE_IOERR && c->handle &&
					      disk_is_full(sqlite3_system_errno(c->handle))))
		return error_set(err, ERROR_NO_SPACE, "the disk that holds the database is full");
	if (primary == SQLITE_BUSY || primary == SQLITE_LOCKED)
		return error_set(err, ERROR_BUSY,
			"another program holds the database's lock for more than %d ms",
			SQL_BUSY_TIMEOUT_MS);
	if (primary == SQLITE_TOOBIG)
		return error_set(
			err, ERROR_TOO_LARGE, "a value is too large for the database: %s", text);
	if (primary == SQLITE_CONSTRAINT)
		return error_set(err, ERROR_CONFLICT, "the database refuses it: %s", text);
	if (primary == SQLITE_CORRUPT || primary == SQLITE_NOTADB)
		return error_set(err, ERROR_IO, "the database is damaged: %s (SQLite's code %d)",
			text, result);
	return error_set(err, ERROR_IO,
		"the database cannot be read or written: %s (SQLite's code %d)", text, result);
}

/* --- connections ---------------------------------------------------------------------- */

/* foreign_keys and what follows it hold for a connection, not for the file, so each connection sets
 * them. */
static const char pragmas_all[] = "PRAGMA foreign_keys = ON;"
				  "PRAGMA trusted_schema = OFF;"
				  "PRAGMA cell_size_check = ON;"
				  "PRAGMA mmap_size = 0;"
				  "PRAGMA temp_store = MEMORY;";
/* secure_delete FAST: Debian's default ON writes zeros over every page of a removed checkpoint. */
static const char pragmas_writer[] = "PRAGMA synchronous = FULL;"
				     "PRAGMA secure_delete = FAST;"
				     "PRAGMA journal_size_limit = 67108864;";
/* A reader's cache is small (KiB): it reads checkpoints once, and rows that fit a few pages. */
static const char pragmas_reader[] = "PRAGMA query_only = ON;"
				     "PRAGMA cache_size = -512;";

static bool connection_configure(struct connection *c, enum connection_kind kind, struct error *err)
{
	sqlite3 *h = c->handle;
	bool reader = kind == CONNECTION_READER;

	/* None of these can fail for an open connection. */
	(void)sqlite3_busy_timeout(h, SQL_BUSY_TIMEOUT_MS);
	(void)sqlite3_db_config(h, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	(void)sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
	(void)sqlite3_db_config(h, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
	(void)sqlite3_db_config(h, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, (int)reader, NULL);
	(void)sqlite3_limit(h, SQLITE_LIMIT_ATTACHED, 0);
	if (reader) {
		int rc = sqlite3_wal_autocheckpoint(h, 0);
		if (rc != SQLITE_OK)
			return connection_error(c, rc, err);
	}
	return connection_run(c, pragmas_all, err) &&
	       connection_run(c, reader ? pragmas_reader : pragmas_writer, err);
}

bool connection_open(
	struct connection *c, const char *path, enum connection_kind kind, struct error *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
		    (kind == CONNECTION_READER ? SQLITE_OPEN_READONLY
					       : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE);

	*c = (struct connection){ 0 };
	int rc = sqlite3_open_v2(path, &c->handle, flags, NULL);
	bool good =
		rc == SQLITE_OK ? connection_configure(c, kind, err) : connection_error(c, rc, err);
	if (!good)
		connection_done(c);
	return good;
}

void connection_done(struct connection *c)
{
	for (int i = 0; i < c->n_cached; i++)
		(void)sqlite3_finalize(c->cached[i].statement); /* repeats an error that was told */
	(void)sqlite3_finalize(c->roll_back);
	int rc = sqlite3_close(c->handle);
	assert(rc == SQLITE_OK); /* no statement of ours is left */
	*c = (struct connection){ 0 };
}

bool connection_settle(struct connection *c, struct error *err)
{
	int rc = sqlite3_prepare_v3(
		c->handle, "ROLLBACK", -1, SQLITE_PREPARE_PERSISTENT, &c->roll_back, NULL);

	return rc == SQLITE_OK || connection_error(c, rc, err);
}

void connection_roll_back(struct connection *c)
{
	/* After some failures SQLite has rolled back by itself. */
	if (sqlite3_get_autocommit(c->handle))
		return;
	int rc = sqlite3_step(c->roll_back);
	assert(rc == SQLITE_DONE &&
		sqlite3_get_autocommit(c->handle)); /* needs neither disk nor memory */
	(void)sqlite3_reset(c->roll_back);
}

bool connection_run(struct connection *c, const char *sql, struct error *err)
{
	int rc = sqlite3_exec(c->handle, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || connection_error(c, rc, err);
}

/* --- queries -------------------------------------------------------------------------- */

static void query_prepare(struct query *q, const char *sql, unsigned flags)
{
	q->result = sqlite3_prepare_v3(q->on->handle, sql, -1, flags, &q->statement, NULL);
	assert(q->statement || q->result != SQLITE_OK);
}

void query_begin(struct query *q, struct connection *on, const char *sql)
{
	*q = (struct query){ .on = on };
	for (int i = 0; i < on->n_cached; i++) {
		if (on->cached[i].sql == sql) {
			q->statement = on->cached[i].statement;
			q->is_cached = true;
			assert(!sqlite3_stmt_busy(q->statement));
			return;
		}
	}
	query_prepare(q, sql, SQLITE_PREPARE_PERSISTENT);
	if (q->result != SQLITE_OK || on->n_cached == STATEMENTS_CACHED_MAX)
		return;
	on->cached[on->n_cached].sql = sql;
	on->cached[on->n_cached++].statement = q->statement;
	q->is_cached = true;
}

void query_begin_once(struct query *q, struct connection *on, const char *sql)
{
	*q = (struct query){ .on = on };
	query_prepare(q, sql, 0);
}

void query_fail(struct query *q, int result)
{
	if (q->result == SQLITE_OK)
		q->result = result;
}

/* A wrong index is a mistake in this program, not in the world. */
static void query_bound(struct query *q, int result)
{
	assert(result != SQLITE_RANGE && result != SQLITE_MISUSE);
	query_fail(q, result);
}

void query_bind_int(struct query *q, int64_t value)
{
	if (q->result == SQLITE_OK)
		query_bound(q, sqlite3_bind_int64(q->statement, ++q->n_bound, value));
}

void query_bind_real(struct query *q, double value)
{
	if (q->result == SQLITE_OK)
		query_bound(q, sqlite3_bind_double(q->statement, ++q->n_bound, value));
}

int64_t sql_bits_of(double value)
{
	int64_t bits;

	/* Which NAN an operation gives differs between CPUs; the number of a job must not. */
	if (isnan(value))
		value = NAN;
	memcpy(&bits, &value, sizeof bits);
	return bits;
}

void query_bind_bits(struct query *q, double value)
{
	query_bind_int(q, sql_bits_of(value));
}

void query_bind_text(struct query *q, const char *text)
{
	if (q->result == SQLITE_OK)
		query_bound(
			q, sqlite3_bind_text(q->statement, ++q->n_bound, text, -1, SQLITE_STATIC));
}

void query_bind_blob(struct query *q, const void *bytes, size_t size)
{
	if (q->result == SQLITE_OK)
		query_bound(q, sqlite3_bind_blob64(
				       q->statement, ++q->n_bound, bytes, size, SQLITE_STATIC));
}

bool query_next(struct query *q)
{
	if (q->result != SQLITE_OK)
		return false;
	int rc = sqlite3_step(q->statement);
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		query_fail(q, rc);
	return false;
}

int64_t query_int(struct query *q, int column)
{
	return sqlite3_column_int64(q->statement, column);
}

double query_real(struct query *q, int column)
{
	if (sqlite3_column_type(q->statement, column) == SQLITE_NULL)
		return NAN;
	return sqlite3_column_double(q->statement, column);
}

double query_bits(struct query *q, int column)
{
	int64_t bits = query_int(q, column);
	double value;

	memcpy(&value, &bits, sizeof value);
	return value;
}

const char *query_text(struct query *q, int column)
{
	if (sqlite3_column_type(q->statement, column) == SQLITE_NULL)
		return NULL;
	const char *text = (const char *)sqlite3_column_text(q->statement, column);
	if (!text)
		query_fail(q,
			SQLITE_NOMEM); /* the only way in which a text that is there is not given */
	return text;
}

const void *query_blob(struct query *q, int column, size_t *ret_size)
{
	const void *bytes = sqlite3_column_blob(q->statement, column);

	/* No bytes is NULL too, so the size decides whether that was a failure. */
	*ret_size = (size_t)sqlite3_column_bytes(q->statement, column);
	if (!bytes && *ret_size)
		query_fail(q, SQLITE_NOMEM);
	return bytes;
}

char *query_copy(struct query *q, int column)
{
	const char *text = query_text(q, column);

	if (!text)
		return NULL;
	char *copy = strdup(text);
	if (!copy)
		query_fail(q, SQLITE_NOMEM);
	return copy;
}

void query_copy_into(struct query *q, int column, char *ret_text, size_t size)
{
	const char *text = query_text(q, column);
	int n = snprintf(ret_text, size, "%s", text ? text : "");

	if (n < 0 || (size_t)n >= size)
		query_fail(q, SQLITE_CORRUPT);
}

bool query_end(struct query *q, struct error *err)
{
	bool good = q->result == SQLITE_OK || connection_error(q->on, q->result, err);

	/* Both repeat the result of the last step, which is in q->result. */
	if (q->is_cached) {
		(void)sqlite3_reset(q->statement);
		(void)sqlite3_clear_bindings(q->statement);
	} else {
		(void)sqlite3_finalize(q->statement);
	}
	return good;
}

bool query_run(struct query *q, struct error *err)
{
	bool row = query_next(q);

	assert(!row);
	return query_end(q, err);
}
