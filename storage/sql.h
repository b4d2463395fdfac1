/* sql.h - SQLite with its errors told once. Private to storage/.
 *
 * A query is begun, bound, stepped and read without asking after each call whether it went well:
 *the first failure sticks, everything after it does nothing, and query_end tells it. So a reader
 *sees
 *
 *	query_begin(&q, c, "SELECT name FROM jobs WHERE id = ?");
 *	query_bind_text(&q, id);
 *	if (query_next(&q))
 *		… query_text(&q, 0) …
 *	return query_end(&q, err);
 *
 * A connection and its queries belong to one thread at a time. Everything bound is borrowed until
 *query_end. */
#pragma once

#include "base/error.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STATEMENTS_CACHED_MAX = 64, SQL_BUSY_TIMEOUT_MS = 5000 };

struct connection {
	sqlite3 *handle;
	sqlite3_stmt *roll_back; /* NULL until connection_settle */
	struct {
		const char *sql; /* a string that lives for good: compared by address */
		sqlite3_stmt *statement;
	} cached[STATEMENTS_CACHED_MAX];
	int n_cached;
};

enum connection_kind { CONNECTION_WRITER, CONNECTION_READER };

/* The writer makes the file if there is none; a reader can neither write nor checkpoint. On failure
 * the connection is as after connection_done. */
bool connection_open(struct connection *c, const char *path, enum connection_kind kind,
	struct error *err) MUST_CHECK;
void connection_done(struct connection *c); /* accepts a zeroed one */

/* To be called when no setting will change any more, before the first transaction: each change
 * makes SQLite prepare its statements again, and a ROLLBACK must not need memory when memory is
 * what ran out. */
bool connection_settle(struct connection *c, struct error *err) MUST_CHECK;
/* Ends the transaction under way, if there is one, as if it had not begun. */
void connection_roll_back(struct connection *c);
/* Ends the transaction under way, if there is one, as if it had not begun. */
void connection_roll_back(struct connection *c);
/* One statement or several that give no rows and take no values. */
bool connection_run(struct connection *c, const char *sql, struct error *err) MUST_CHECK;
/* Tells what SQLite's result code means to a user; false. */
bool connection_error(const struct connection *c, int result, struct error *err);

struct query {
	struct connection *on;
	sqlite3_stmt *statement;
	int result; /* SQLITE_OK, or the first failure */
	int n_bound;
	bool is_cached;
};

/* `sql` is a string literal: its statement is kept for the next time. */
void query_begin(struct query *q, struct connection *on, const char *sql);
/* The same for a text that was put together. */
void query_begin_once(struct query *q, struct connection *on, const char *sql);

/* Each binds the next parameter. */
void query_bind_int(struct query *q, int64_t value);
void query_bind_real(struct query *q, double value); /* NAN becomes NULL */
void query_bind_bits(
	struct query *q, double value); /* any double, by its 64 bits; all NANs become one */
void query_bind_text(struct query *q, const char *text); /* NULL: NULL */
void query_bind_blob(struct query *q, const void *bytes, size_t size);

/* true: there is a row to read; false: no more, or a failure. */
bool query_next(struct query *q);

/* Of the row, column counts from 0. Pointers are borrowed until the next query_next or query_end.
 */
int64_t query_int(struct query *q, int column);
double query_real(struct query *q, int column); /* NULL is NAN */
double query_bits(struct query *q, int column);
const char *query_text(struct query *q, int column); /* NULL for NULL, and on failure */
const void *query_blob(struct query *q, int column, size_t *ret_size);
char *query_copy(struct query *q, int column); /* the caller frees; NULL for NULL, and on failure */
/* A text that a field of the program's structs holds; a longer one means that the file is damaged.
 */
void query_copy_into(struct query *q, int column, char *ret_text, size_t size);

void query_fail(struct query *q,
	int result); /* for what only the caller can see: SQLITE_NOMEM, SQLITE_CORRUPT */
/* Ends the query in any case. false: something failed since query_begin. */
bool query_end(struct query *q, struct error *err) MUST_CHECK;
/* Steps a query that gives no rows to its end. */
bool query_run(struct query *q, struct error *err) MUST_CHECK;

/* The 64 bits under which a double is stored and compared. */
int64_t sql_bits_of(double value);
