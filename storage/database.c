/* database.c - opening, closing, transactions. See database.h and private.h. */
#include "storage/database.h"

#include "storage/private.h"
#include "storage/schema.h"
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define DATABASE_FILE "epochd.db"

int database_version(void)
{
	return migrations[n_migrations - 1].version;
}

/* --- opening -------------------------------------------------------------------------- */

/* The directory's fd, with its lock. Not a lock on the database file: closing any other fd of that
 * file would drop SQLite's own locks on it. */
static bool directory_lock(const char *directory, int *ret, struct error *err)
{
	int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return file_error(err, errno, "open the state directory", directory);
	*ret = fd;
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EWOULDBLOCK)
			return error_set(
				err, ERROR_BUSY, "%s is in use by another epochd", directory);
		return file_error(err, errno, "lock the state directory", directory);
	}
	if (fchmod(fd, 0700) < 0)
		return file_error(err, errno, "set the mode 0700 of", directory);
	return true;
}

/* Makes the file before SQLite does, since SQLite would make it readable for all; the WAL inherits
 * the mode. */
static bool database_file_make(int directory, struct error *err)
{
	int fd = openat(directory, DATABASE_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0)
		return file_error(err, errno, "open", DATABASE_FILE);
	bool good = fchmod(fd, 0600) == 0 && fsync(directory) == 0;
	int why = errno;
	(void)close(fd); /* nothing was written to it */
	return good || file_error(err, why, "prepare", DATABASE_FILE);
}

/* An empty database beside a store, or beside a WAL, is what is left of one that was lost. A new
 * one in its place would orphan what the user may still save, so the user decides. */
static bool refuse_over_remains(int directory, struct error *err)
{
	struct stat s;
	const char *remains = NULL;

	if (fstatat(directory, STORE_FOLDER, &s, AT_SYMLINK_NOFOLLOW) == 0)
		remains = STORE_FOLDER;
	else if (fstatat(directory, DATABASE_FILE "-wal", &s, AT_SYMLINK_NOFOLLOW) == 0 &&
		 s.st_size > 0)
		remains = DATABASE_FILE "-wal";
	if (!remains)
		return true;
	return error_set(err, ERROR_IO,
		DATABASE_FILE " is missing or empty, but %s is there: put the database back, "
			      "or move everything away to begin anew",
		remains);
}

static bool database_file_is_empty(int directory)
{
	struct stat s;

	return fstatat(directory, DATABASE_FILE, &s, AT_SYMLINK_NOFOLLOW) < 0 || s.st_size == 0;
}

static bool read_journal_mode(struct connection *c, struct error *err)
{
	struct query q;
	char mode[16] = "";

	query_begin_once(&q, c, "PRAGMA journal_mode = WAL");
	if (query_next(&q))
		query_copy_into(&q, 0, mode, sizeof mode);
	if (!query_end(&q, err))
		return false;
	if (sqlite3_stricmp(mode, "wal") != 0)
		return error_set(err, ERROR_IO,
			"the file system of the state directory cannot keep a write-ahead log: "
			"mode is %s",
			mode);
	return true;
}

static bool writer_open(struct database *db, const char *path, struct error *err)
{
	struct connection *w = &db->writer;

	if (!connection_open(w, path, CONNECTION_WRITER, err))
		return false;
	/* Until it is known to be ours, not even its WAL may be folded in. */
	(void)sqlite3_db_config(w->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (!schema_examine(w, database_version(), err))
		return false;
	(void)sqlite3_db_config(w->handle, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
	return read_journal_mode(w, err) && schema_migrate(w, migrations, n_migrations, err);
}

static bool connections_open(struct database *db, const char *directory, struct error *err)
{
	char path[4096];
	int n = snprintf(path, sizeof path, "%s/" DATABASE_FILE, directory);

	if (n < 0 || (size_t)n >= sizeof path)
		return error_set(err, ERROR_INVALID,
			"the state directory's name is longer than %zu bytes",
			sizeof path - sizeof DATABASE_FILE);
	if (!writer_open(db, path, err) || !connection_settle(&db->writer, err))
		return false;
	for (int i = 0; i < DATABASE_READERS; i++) {
		if (!connection_open(&db->readers[i], path, CONNECTION_READER, err) ||
			!connection_settle(&db->readers[i], err))
			return false;
		db->idle[db->n_idle++] = &db->readers[i];
	}
	return true;
}

static struct database *database_new(void)
{
	struct database *db = calloc(1, sizeof *db);

	if (!db)
		return NULL;
	db->directory = db->store = -1;
	/* On Linux none of the three can fail with default attributes. */
	(void)pthread_mutex_init(&db->write_lock, NULL);
	(void)pthread_mutex_init(&db->read_lock, NULL);
	(void)pthread_cond_init(&db->reader_back, NULL);
	return db;
}

struct database *database_open(const char *directory, struct error *err)
{
	AUTO_FREE(database_close) struct database *db = database_new();

	if (!db) {
		(void)error_no_memory(err);
		return NULL;
	}
	if (!directory_lock(directory, &db->directory, err))
		return NULL;
	if (database_file_is_empty(db->directory) && !refuse_over_remains(db->directory, err))
		return NULL;
	if (!database_file_make(db->directory, err) || !connections_open(db, directory, err))
		return NULL;
	if (!store_open(db->directory, &db->store, err))
		return NULL;
	return STEAL(db);
}

void database_close(struct database *db)
{
	if (!db)
		return;
	/* The writer last: the last to close folds the WAL in, and readers may not. */
	for (int i = 0; i < DATABASE_READERS; i++)
		connection_done(&db->readers[i]);
	connection_done(&db->writer);
	(void)pthread_cond_destroy(&db->reader_back);
	(void)pthread_mutex_destroy(&db->read_lock);
	(void)pthread_mutex_destroy(&db->write_lock);
	if (db->store >= 0)
		(void)close(db->store); /* a folder: nothing to lose */
	if (db->directory >= 0)
		(void)close(db->directory); /* gives the lock back */
	free(db);
}

void database_on_events(struct database *db, void (*bell)(void *ctx), void *ctx)
{
	(void)pthread_mutex_lock(&db->write_lock);
	db->bell = bell;
	db->bell_ctx = ctx;
	(void)pthread_mutex_unlock(&db->write_lock);
}

/* --- transactions --------------------------------------------------------------------- */

static bool run(struct connection *c, const char *sql, struct error *err)
{
	struct query q;

	query_begin(&q, c, sql);
	return query_run(&q, err);
}

struct connection *write_begin(struct database *db, struct error *err)
{
	(void)pthread_mutex_lock(&db->write_lock);
	if (!run(&db->writer, "BEGIN IMMEDIATE", err)) {
		(void)pthread_mutex_unlock(&db->write_lock);
		return NULL;
	}
	db->rings = false;
	return &db->writer;
}

bool write_finish(struct database *db, bool good, struct error *err)
{
	/* A COMMIT that failed may still be found in the WAL after a crash: both outcomes are
	 * whole. It is never tried again, since a second fsync can report success for pages that
	 * the first one lost. */
	bool committed = good && run(&db->writer, "COMMIT", err);

	if (!committed)
		connection_roll_back(&db->writer);
	return committed;
}

void write_leave(struct database *db, bool committed)
{
	void (*bell)(void *ctx) = committed && db->rings ? db->bell : NULL;
	void *ctx = db->bell_ctx;

	(void)pthread_mutex_unlock(&db->write_lock);
	if (bell)
		bell(ctx);
}

bool write_end(struct database *db, bool good, struct error *err)
{
	bool committed = write_finish(db, good, err);

	write_leave(db, committed);
	return committed;
}

static struct connection *reader_take(struct database *db)
{
	(void)pthread_mutex_lock(&db->read_lock);
	while (db->n_idle == 0)
		(void)pthread_cond_wait(&db->reader_back, &db->read_lock);
	struct connection *c = db->idle[--db->n_idle];
	(void)pthread_mutex_unlock(&db->read_lock);
	return c;
}

static void reader_return(struct database *db, struct connection *c)
{
	(void)pthread_mutex_lock(&db->read_lock);
	db->idle[db->n_idle++] = c;
	(void)pthread_cond_signal(&db->reader_back);
	(void)pthread_mutex_unlock(&db->read_lock);
}

struct connection *read_begin(struct database *db, struct error *err)
{
	struct connection *c = reader_take(db);

	if (!run(c, "BEGIN", err)) {
		reader_return(db, c);
		return NULL;
	}
	return c;
}

bool read_end(struct database *db, struct connection *c, bool good)
{
	connection_roll_back(c); /* it has changed nothing */
	reader_return(db, c);
	return good;
}

bool database_probe(struct database *db, struct error *err)
{
	struct connection *c = write_begin(db, err);

	return c && write_end(db, run(c, "UPDATE heartbeat SET beat = beat + 1", err), err);
}
