/* private.h - what the files of storage/ share: the database, its transactions, small helpers.
 * Private to storage/. */
#pragma once

#include "storage/database.h"
#include "storage/jobs.h"
#include "storage/sql.h"

#include <pthread.h>

enum { DATABASE_READERS = 4 };

struct database {
	int directory; /* fd; its flock is held for life */
	int store;     /* fd of datasets/ */

	/* Rank 1. Guards the writer with its transaction, rings, bell and bell_ctx, and the names
	 * in the store. */
	pthread_mutex_t write_lock;
	struct connection writer;
	bool rings; /* the transaction under way has added events */
	void (*bell)(void *ctx);
	void *bell_ctx;

	/* Rank 2. Guards idle and n_idle; a reader that was handed out belongs to the thread that
	 * took it. */
	pthread_mutex_t read_lock;
	pthread_cond_t reader_back;
	struct connection readers[DATABASE_READERS];
	struct connection *idle[DATABASE_READERS];
	int n_idle;
};

/* --- transactions --------------------------------------------------------------------- */

/* Takes the writer and begins. NULL: it could not begin, and nothing is held. */
struct connection *write_begin(struct database *db, struct error *err) MUST_CHECK;
/* Commits if all went well so far, otherwise rolls back; gives the writer back and rings the bell
 * if there are new events. Returns true only after COMMIT; `err` is written if that fails. */
bool write_end(struct database *db, bool good, struct error *err) MUST_CHECK;

/* write_end in two steps, for who must do something between COMMIT and giving the writer back. */
bool write_finish(struct database *db, bool good, struct error *err) MUST_CHECK;
void write_leave(struct database *db, bool committed);

/* Takes a reader, waits if all are out, and begins: all that is read until read_end is of one
 * moment. NULL: nothing is held. */
struct connection *read_begin(struct database *db, struct error *err) MUST_CHECK;
/* Returns `good`, so that the caller can return read_end(db, c, …). */
bool read_end(struct database *db, struct connection *c, bool good);

/* --- lists ---------------------------------------------------------------------------- */

/* Makes room for one more item in a list that has grown by this function alone (its room is 8, 16,
 * 32 …). Returns the place of the new item, zeroed; NULL without memory, and the list is as before.
 */
void *list_add(void **items, int n_items, size_t item_size) MUST_CHECK;

/* --- files ---------------------------------------------------------------------------- */

/* "cannot <action> <name>: <what errno says>"; a full disk and no memory get codes of their own.
 * Returns false. */
bool file_error(struct error *err, int system_errno, const char *action, const char *name);

/* --- jobs ----------------------------------------------------------------------------- */

bool job_not_found(const char *id, struct error *err); /* false */
/* Inside a transaction: where a job stands. ERROR_NOT_FOUND if there is none of that id. */
struct job_state {
	enum job_status status;
	int64_t epoch, epochs; /* finished, wanted */
};
bool job_state_read(
	struct connection *c, const char *id, struct job_state *ret, struct error *err) MUST_CHECK;
/* Inside a transaction: the move, checked against the table, with its event. */
bool job_move_store(struct database *db, const char *id, enum job_status from, enum job_status to,
	const char *reason, struct error *err) MUST_CHECK;
/* The job_status of a text column; one that does not exist fails the query. */
enum job_status job_status_read(struct query *q, int column);

/* --- checkpoints ---------------------------------------------------------------------- */

/* Inside a transaction: stores one in place of those that it makes needless, with its event. */
bool checkpoint_store(struct database *db, const char *id, const struct checkpoint_data *data,
	const char *sha256, struct error *err) MUST_CHECK;
