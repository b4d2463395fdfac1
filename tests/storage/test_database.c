/* test_database.c - opening, refusing to open, migrating, transactions, the bell. */
#include "fixture.h"

#include "storage/schema.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

static unsigned mode_of(const char *directory, const char *name)
{
	char path[160];
	struct stat s;

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	assert_int_equal(stat(path, &s), 0);
	return s.st_mode & 0777;
}

static bool exists(const char *directory, const char *name)
{
	char path[160];

	(void)snprintf(path, sizeof path, "%s/%s", directory, name);
	return access(path, F_OK) == 0;
}

/* The file's bytes; the caller frees. */
static char *slurp(const char *path, size_t *ret_size)
{
	FILE *in = fopen(path, "rb");
	struct stat s;

	assert_non_null(in);
	assert_int_equal(fstat(fileno(in), &s), 0);
	char *bytes = malloc((size_t)s.st_size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)s.st_size, in), s.st_size);
	(void)fclose(in);
	*ret_size = (size_t)s.st_size;
	return bytes;
}

static void spill(const char *path, const char *bytes, size_t size)
{
	FILE *out = fopen(path, "wb");

	assert_non_null(out);
	assert_int_equal(fwrite(bytes, 1, size, out), size);
	assert_int_equal(fclose(out), 0);
}

/* --- opening -------------------------------------------------------------------------- */

static void a_fresh_directory_becomes_a_private_database(void **state)
{
	struct fixture *f = *state;

	assert_done(database_probe(f->db, &e), &e);
	assert_int_equal(mode_of(f->directory, "."), 0700);
	assert_int_equal(mode_of(f->directory, "epochd.db"), 0600);
	assert_int_equal(mode_of(f->directory, "epochd.db-wal"), 0600);
	assert_int_equal(mode_of(f->directory, "datasets"), 0700);
	assert_int_equal(raw_int(f->file, "PRAGMA user_version"), database_version());
	assert_int_equal(raw_int(f->file, "PRAGMA application_id"), 0x45504f43);
}

static void every_table_is_strict(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(
		raw_int(f->file, "SELECT count(*) FROM pragma_table_list WHERE schema = 'main' "
				 "AND name NOT LIKE 'sqlite_%' AND NOT strict"),
		0);
}

static int64_t int_of(struct connection *c, const char *sql)
{
	struct query q;

	query_begin_once(&q, c, sql);
	assert_true(query_next(&q));
	int64_t value = query_int(&q, 0);
	assert_done(query_end(&q, &e), &e);
	return value;
}

static void each_connection_is_set_up(void **state)
{
	static const struct {
		const char *pragma;
		int64_t writer, reader;
	} cases[] = {
		{ "PRAGMA synchronous", 2, 2 },
		{ "PRAGMA foreign_keys", 1, 1 },
		{ "PRAGMA trusted_schema", 0, 0 },
		{ "PRAGMA cell_size_check", 1, 1 },
		{ "PRAGMA query_only", 0, 1 },
		{ "PRAGMA wal_autocheckpoint", 1000, 0 },
		{ "PRAGMA journal_size_limit", 67108864, -1 },
	};
	static const struct {
		int option, writer, reader;
	} switches[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1, 1 },
		{ SQLITE_DBCONFIG_DQS_DML, 0, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0, 0 },
		{ SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, 1 },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		if (int_of(&f->db->writer, cases[i].pragma) != cases[i].writer)
			fail_msg("the writer: %s", cases[i].pragma);
		for (int r = 0; r < DATABASE_READERS; r++) {
			if (int_of(&f->db->readers[r], cases[i].pragma) != cases[i].reader)
				fail_msg("reader %d: %s", r, cases[i].pragma);
		}
	}
	for (size_t i = 0; i < COUNT_OF(switches); i++) {
		int on;
		(void)sqlite3_db_config(f->db->writer.handle, switches[i].option, -1, &on);
		assert_int_equal(on, switches[i].writer);
		(void)sqlite3_db_config(f->db->readers[0].handle, switches[i].option, -1, &on);
		assert_int_equal(on, switches[i].reader);
	}
}

static void a_reader_cannot_write(void **state)
{
	struct fixture *f = *state;

	assert_refused(connection_run(&f->db->readers[0], "UPDATE heartbeat SET beat = 7", &e), &e,
		ERROR_IO, "readonly");
}

static void what_was_stored_is_there_when_it_is_opened_again(void **state)
{
	struct fixture *f = *state;
	char before[65], after[65];

	job_insert(f->db, 1);
	assert_done(database_digest(f->db, before, &e), &e);
	fixture_close(f);
	assert_false(
		exists(f->directory, "epochd.db-wal")); /* the last to close has folded it in */
	fixture_open(f);
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);
	raw_check(f->file);
}

static void a_second_daemon_is_refused(void **state)
{
	struct fixture *f = *state;

	assert_refused(database_open(f->directory, &e) != NULL, &e, ERROR_BUSY,
		"in use by another epochd");
	assert_done(database_probe(f->db, &e), &e);
	fixture_close(f);
	fixture_open(f); /* the lock went with the first */
}

static void a_directory_that_is_not_there_is_refused(void **state)
{
	(void)state;
	assert_refused(database_open("/nonexistent/state", &e) != NULL, &e, ERROR_IO,
		"/nonexistent/state");
	assert_refused(database_open("/dev/null", &e) != NULL, &e, ERROR_IO, "Not a directory");
}

static void a_file_that_is_a_link_is_refused(void **state)
{
	struct fixture *f = *state;
	char elsewhere[160];

	fixture_close(f);
	(void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere.db", f->directory);
	assert_int_equal(rename(f->file, elsewhere), 0);
	assert_int_equal(symlink(elsewhere, f->file), 0);
	assert_refused(database_open(f->directory, &e) != NULL, &e, ERROR_IO, "epochd.db");
}

/* --- what is not ours is not touched --------------------------------------------------- */

static void refused_and_untouched(struct fixture *f, enum error_code code, const char *words)
{
	size_t size, size_after;
	char *bytes = slurp(f->file, &size);

	assert_refused(database_open(f->directory, &e) != NULL, &e, code, words);
	char *after = slurp(f->file, &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(bytes, after, size);
	free(bytes);
	free(after);
}

static void a_newer_database_is_refused_and_untouched(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	raw_run(f->file, "PRAGMA user_version = 1000000");
	refused_and_untouched(f, ERROR_INVALID, "1000000");
}

/* As a newer daemon that was killed leaves it: what makes it newer is still in the WAL. */
static void a_newer_database_that_crashed_is_refused_and_untouched(void **state)
{
	struct fixture *f = *state;
	char copy[64], from[128], to[128];
	struct connection c;

	fixture_close(f);
	raw_open(f->file, &c);
	assert_done(connection_run(&c, "PRAGMA user_version = 1000000", &e), &e);
	directory_make(copy);
	directory_copy(f->directory, copy);
	connection_done(&c);

	struct fixture crashed = { 0 };
	(void)snprintf(crashed.directory, sizeof crashed.directory, "%s", copy);
	(void)snprintf(crashed.file, sizeof crashed.file, "%s/epochd.db", copy);
	(void)snprintf(from, sizeof from, "%s/epochd.db-wal", copy);
	(void)snprintf(to, sizeof to, "%s/epochd.db-wal.before", copy);
	size_t size, size_after;
	char *wal = slurp(from, &size);
	assert_true(size > 0);
	refused_and_untouched(&crashed, ERROR_INVALID, "1000000");
	char *after = slurp(from, &size_after);
	assert_int_equal(size, size_after);
	assert_memory_equal(wal, after, size);
	free(wal);
	free(after);
	directory_remove(copy);
}

static void another_programs_database_is_refused_and_untouched(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	raw_run(f->file, "PRAGMA application_id = 77");
	refused_and_untouched(f, ERROR_INVALID, "another program");
}

static void a_file_that_is_no_database_is_refused_and_untouched(void **state)
{
	struct fixture *f = *state;
	char noise[8192];

	fixture_close(f);
	memset(noise, 'x', sizeof noise);
	spill(f->file, noise, sizeof noise);
	refused_and_untouched(f, ERROR_IO, "damaged");
}

/* A new, empty database in the place of one that was lost would look like a healthy start. */
static void a_lost_database_is_not_replaced(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	assert_int_equal(truncate(f->file, 0), 0);
	refused_and_untouched(f, ERROR_IO, "datasets is there");
	assert_int_equal(unlink(f->file), 0);
	assert_refused(database_open(f->directory, &e) != NULL, &e, ERROR_IO, "datasets is there");
	assert_false(exists(f->directory, "epochd.db"));
}

static void a_wal_without_its_database_is_not_thrown_away(void **state)
{
	struct fixture *f = *state;
	char path[160];

	fixture_close(f);
	assert_int_equal(unlink(f->file), 0);
	(void)snprintf(path, sizeof path, "%s/datasets", f->directory);
	assert_int_equal(rmdir(path), 0);
	(void)snprintf(path, sizeof path, "%s/epochd.db-wal", f->directory);
	spill(path, "frames", 6);
	assert_refused(
		database_open(f->directory, &e) != NULL, &e, ERROR_IO, "epochd.db-wal is there");
	assert_true(exists(f->directory, "epochd.db-wal"));
}

/* A daemon killed between making the file and its first transaction leaves an empty one. */
static void an_empty_file_alone_is_a_fresh_start(void **state)
{
	struct fixture *f = *state;
	char path[160];

	fixture_close(f);
	(void)snprintf(path, sizeof path, "%s/datasets", f->directory);
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(truncate(f->file, 0), 0);
	fixture_open(f);
	assert_done(database_probe(f->db, &e), &e);
}

/* --- migrations ----------------------------------------------------------------------- */

static const struct migration steps[] = {
	{ 1, "PRAGMA application_id = 0x45504f43; CREATE TABLE a (x INTEGER NOT NULL) STRICT;" },
	{ 2, "CREATE TABLE b (x INTEGER NOT NULL) STRICT; INSERT INTO b SELECT x + 1 FROM a;" },
	{ 3, "INSERT INTO b VALUES (30); INSERT INTO nowhere VALUES (1);" },
	{ 4, "DROP TABLE a;" },
};

static void connection_of(struct fixture *f, struct connection *c)
{
	char path[160];

	(void)snprintf(path, sizeof path, "%s/steps.db", f->directory);
	assert_done(connection_open(c, path, CONNECTION_WRITER, &e), &e);
}

static void a_database_takes_the_steps_that_it_lacks(void **state)
{
	struct connection c;

	connection_of(*state, &c);
	assert_done(schema_migrate(&c, steps, 1, &e), &e);
	assert_int_equal(int_of(&c, "PRAGMA user_version"), 1);
	assert_done(connection_run(&c, "INSERT INTO a VALUES (41)", &e), &e);
	assert_done(schema_migrate(&c, steps, 2, &e), &e);
	assert_int_equal(int_of(&c, "PRAGMA user_version"), 2);
	assert_done(schema_migrate(&c, steps, 2, &e), &e); /* nothing to do */

	struct query q;
	query_begin_once(&q, &c, "SELECT max(x), count(*) FROM b");
	assert_true(query_next(&q));
	assert_int_equal(query_int(&q, 0), 42);
	assert_int_equal(query_int(&q, 1), 1);
	assert_done(query_end(&q, &e), &e);
	assert_done(schema_examine(&c, 2, &e), &e);
	assert_refused(schema_examine(&c, 1, &e), &e, ERROR_INVALID, "version 2");
	connection_done(&c);
}

/* The parts of data sets were made anew in step 3: what stood there before must stand there still.
 */
static void a_database_of_version_2_keeps_its_data_sets(void **state)
{
	struct connection c;

	connection_of(*state, &c);
	assert_done(schema_migrate(&c, migrations, 2, &e), &e);
	assert_int_equal(int_of(&c, "PRAGMA user_version"), 2);
	assert_done(connection_run(&c,
			    "INSERT INTO datasets (name, created_at, updated_at, digest) "
			    "VALUES ('tiny', 1, 2, 'd'); INSERT INTO dataset_parts VALUES "
			    "('tiny', 3, 'uint8', 1, 8, 1, 1, 1, 1, 8, 's', 0, 2)",
			    &e),
		&e);
	assert_refused(connection_run(&c,
			       "INSERT INTO dataset_parts VALUES ('tiny', 4, 'float32', 1, 8, 1, "
			       "1, 1, 1, 32, 't', 0, 0)",
			       &e),
		&e, ERROR_CONFLICT, "CHECK");
	assert_done(schema_migrate(&c, migrations, n_migrations, &e), &e);
	assert_int_equal(int_of(&c, "SELECT dim_0 FROM dataset_parts WHERE part = 3"), 8);
	assert_int_equal(int_of(&c, "SELECT label_max FROM dataset_parts WHERE part = 3"), 2);
	assert_done(connection_run(&c,
			    "INSERT INTO dataset_parts VALUES ('tiny', 4, 'float32', 1, 8, 1, 1, "
			    "1, 1, 32, 't', 0, 0)",
			    &e),
		&e);
	assert_done(connection_run(&c, "DELETE FROM datasets", &e), &e); /* and its parts with it */
	assert_int_equal(int_of(&c, "SELECT count(*) FROM dataset_parts"), 0);
	connection_done(&c);
}

static void a_step_that_fails_leaves_the_one_before(void **state)
{
	struct connection c;
	struct query q;

	connection_of(*state, &c);
	assert_refused(schema_migrate(&c, steps, 4, &e), &e, ERROR_IO, "nowhere");
	connection_done(&c);
	connection_of(*state, &c);
	assert_int_equal(int_of(&c, "PRAGMA user_version"), 2);
	query_begin_once(&q, &c, "SELECT count(*) FROM b WHERE x = 30");
	assert_true(query_next(&q));
	assert_int_equal(query_int(&q, 0), 0);
	assert_done(query_end(&q, &e), &e);
	assert_done(connection_run(&c, "SELECT * FROM a", &e), &e); /* step 4 was not tried */
	connection_done(&c);
}

static void the_steps_in_the_program_are_numbered(void **state)
{
	(void)state;
	for (int i = 0; i < n_migrations; i++)
		assert_int_equal(migrations[i].version, i + 1);
	assert_int_equal(database_version(), n_migrations);
}

/* --- transactions --------------------------------------------------------------------- */

static void an_outside_lock_holder_makes_it_busy(void **state)
{
	struct fixture *f = *state;
	struct connection c;
	struct job job = job_example(1);
	char id[JOB_ID_BYTES];

	(void)sqlite3_busy_timeout(f->db->writer.handle, 10); /* not the 5 seconds of a daemon */
	raw_open(f->file, &c);
	assert_done(connection_run(&c, "BEGIN IMMEDIATE", &e), &e);
	assert_refused(jobs_insert(f->db, &job, NULL, id, &e) != JOB_INSERT_FAILED, &e, ERROR_BUSY,
		"lock");
	connection_done(&c);
	job_insert(f->db, 1);
}

struct bell {
	struct database *db;
	int rings;
	int64_t last_id; /* as the bell's own reading finds it */
};

static void ring(void *ctx)
{
	struct bell *b = ctx;

	b->rings++;
	/* No lock is held: both would hang otherwise. */
	assert_done(events_last_id(b->db, &b->last_id, &e), &e);
	assert_done(database_probe(b->db, &e), &e);
}

static void the_bell_rings_after_commit_when_there_are_new_events(void **state)
{
	struct fixture *f = *state;
	struct bell b = { .db = f->db };

	database_on_events(f->db, ring, &b);
	job_insert(f->db, 1);
	assert_int_equal(b.rings, 1);
	assert_int_equal(b.last_id, 1);
	assert_done(jobs_move(f->db, job_id(1), JOB_RUNNING, NULL, &e), &e);
	assert_int_equal(b.rings, 2);
	assert_int_equal(b.last_id, 2);

	/* Not for what adds no event, and not for what is refused. */
	assert_done(jobs_patch(f->db, job_id(1), &(struct job_patch){ .name = "other" }, &e), &e);
	assert_refused(
		jobs_move(f->db, job_id(1), JOB_RUNNING, NULL, &e), &e, ERROR_CONFLICT, "running");
	assert_int_equal(b.rings, 2);
	database_on_events(f->db, NULL, NULL);
	assert_done(jobs_pause(f->db, job_id(1), &e), &e);
	assert_int_equal(b.rings, 2);
}

static void the_digest_tells_whether_anything_changed(void **state)
{
	struct fixture *f = *state;
	char empty[65], before[65], after[65];

	assert_done(database_digest(f->db, empty, &e), &e);
	job_insert(f->db, 1);
	assert_done(database_digest(f->db, before, &e), &e);
	assert_string_not_equal(empty, before);

	assert_done(database_probe(f->db, &e), &e);
	assert_refused(jobs_resume(f->db, job_id(1), &e), &e, ERROR_CONFLICT, "queued");
	assert_refused(jobs_cancel(f->db, job_id(2), &e), &e, ERROR_NOT_FOUND, job_id(2));
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);

	assert_done(events_log(f->db, job_id(1), "hello", &e), &e);
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_not_equal(before, after);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_fresh_directory_becomes_a_private_database),
		TEST(every_table_is_strict),
		TEST(each_connection_is_set_up),
		TEST(a_reader_cannot_write),
		TEST(what_was_stored_is_there_when_it_is_opened_again),
		TEST(a_second_daemon_is_refused),
		TEST(a_directory_that_is_not_there_is_refused),
		TEST(a_file_that_is_a_link_is_refused),
		TEST(a_newer_database_is_refused_and_untouched),
		TEST(a_newer_database_that_crashed_is_refused_and_untouched),
		TEST(another_programs_database_is_refused_and_untouched),
		TEST(a_file_that_is_no_database_is_refused_and_untouched),
		TEST(a_lost_database_is_not_replaced),
		TEST(a_wal_without_its_database_is_not_thrown_away),
		TEST(an_empty_file_alone_is_a_fresh_start),
		TEST(a_database_takes_the_steps_that_it_lacks),
		TEST(a_database_of_version_2_keeps_its_data_sets),
		TEST(a_step_that_fails_leaves_the_one_before),
		TEST(the_steps_in_the_program_are_numbered),
		TEST(an_outside_lock_holder_makes_it_busy),
		TEST(the_bell_rings_after_commit_when_there_are_new_events),
		TEST(the_digest_tells_whether_anything_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
