/* test_store.c - the data-set store while its own calls to the file system fail: write, fsync,
 * linkat and the rest. */
#include "scenario.h"

#include "fault_disk.h"
#include "fault_files.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

static const char *const data_steps[] = { "upload", "replace", "read data sets", "digest", "sweep",
	"delete the data set" };

static const struct step *step_named(const char *name)
{
	for (int i = 0; i < n_steps; i++) {
		if (strcmp(steps[i].name, name) == 0)
			return &steps[i];
	}
	fail_msg("no step %s", name);
	return NULL;
}

static bool run_with_fault(
	struct database *db, const struct step *step, int nth, int why, int *ret_hits)
{
	e = (struct error){ 0 };
	fault_files_errno = why;
	fault_arm(&fault_files, nth, false);
	bool done = step->run(db, &e);
	*ret_hits = fault_disarm(&fault_files);
	return done;
}

static enum error_code code_of(int why)
{
	return why == ENOSPC || why == EDQUOT || why == EFBIG ? ERROR_NO_SPACE
	       : why == ENOMEM                                ? ERROR_NO_MEMORY
							      : ERROR_IO;
}

/* Runs the step with the n-th call failing, n = 1, 2 … until none fails any more. */
static void torture(struct fixture *f, const struct step *step, int why)
{
	struct trial t;
	char now[65];

	trial_begin(&t, f, step);
	for (int nth = 1, hits = 1; hits; nth++) {
		trial_reset(&t);
		bool done = run_with_fault(f->db, step, nth, why, &hits);
		if (!done && e.code != code_of(why))
			fail_msg("%s, %s: code %d, %s", step->name, fault_files_call, e.code,
				e.text);
		assert_true(done || hits);
		/* Without a sweep: what failed has cleaned up after itself, if it was not that
		 * which failed. */
		assert_done(database_digest(f->db, now, &e), &e);
		if (strcmp(now, done ? t.after : t.before) != 0 &&
			strcmp(fault_files_call, "unlinkat") != 0)
			fail_msg("%s, %s: something is left", step->name, fault_files_call);
		trial_check(&t, done, nth);
	}
	trial_end(&t);
	assert_int_equal(fault_files_retries,
		0); /* a second fsync could succeed for what the first has lost */
}

static void torture_all(struct fixture *f)
{
	static const int whys[] = { EIO, ENOSPC, EDQUOT, ENOMEM };

	for (size_t w = 0; w < COUNT_OF(whys); w++) {
		for (size_t i = 0; i < COUNT_OF(data_steps); i++)
			torture(f, step_named(data_steps[i]), whys[w]);
	}
}

static void each_call_fails(void **state)
{
	torture_all(*state);
}

static void each_call_fails_where_every_file_needs_a_name(void **state)
{
	fault_files_without_unnamed = true;
	torture_all(*state);
	fault_files_without_unnamed = false;
}

/* A power cut at any moment: the bytes are on the disk before their name is, and the name before
 * the row. */
static void bytes_are_synced_before_their_name_and_both_before_the_row(void **state)
{
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ 6 });

	fault_files_trace[0] = '\0';
	assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &part, &e), &e);
	assert_string_equal(fault_files_trace, "openat write fsync mmap64 fstatat64 linkat fsync");

	fault_files_trace[0] = '\0';
	fault_files_errno = EIO;
	fault_arm(&fault_files, 7, false);
	assert_refused(part_upload(f->db, "toy", DATASET_X_TEST, "ABCDEF", &part, &e), &e, ERROR_IO,
		"folder");
	assert_int_equal(fault_disarm(&fault_files), 1);
	assert_string_equal(
		fault_files_trace, "openat write fsync mmap64 fstatat64 linkat fsync unlinkat");
	struct dataset d;
	assert_done(datasets_find(f->db, "toy", &d, &e), &e);
	assert_false(d.parts[DATASET_X_TEST].present);
}

static void a_write_may_be_short_or_interrupted(void **state)
{
	static const char text[] = "abcdefghijklmnopqrstuvwxyz";
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ sizeof text });
	struct dataset_map map;

	fault_files_dribble = true;
	assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, text, &part, &e), &e);
	fault_files_dribble = false;
	assert_done(dataset_map_open(f->db, &part, &map, &e), &e);
	assert_int_equal(map.size, sizeof text);
	assert_memory_equal(map.bytes, text, sizeof text);
	dataset_map_close(&map);
}

/* A part of megabytes is read into memory, by calls that may fail. */
static void reading_a_large_part_fails_at_each_call(void **state)
{
	enum { SIZE = (2 << 20) + 1 };
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 2, (int64_t[]){ 1, SIZE });
	struct dataset_map map;
	unsigned char *bytes = bytes_example(SIZE, 1);
	int n_failed = 0;

	assert_done(part_upload(f->db, "large", DATASET_X_TRAIN, bytes, &part, &e), &e);
	for (int nth = 1, hits = 1; hits; nth++) {
		e = (struct error){ 0 };
		fault_files_errno = EIO;
		fault_arm(&fault_files, nth, false);
		bool done = dataset_map_open(f->db, &part, &map, &e);
		hits = fault_disarm(&fault_files);
		if (hits)
			assert_refused(done, &e, ERROR_IO, "cannot");
		n_failed += hits;
		if (done)
			dataset_map_close(&map);
	}
	assert_true(n_failed >= 4); /* openat, fstat, mmap, pread */

	fault_files_dribble = true;
	assert_done(dataset_map_open(f->db, &part, &map, &e), &e);
	fault_files_dribble = false;
	assert_memory_equal(map.bytes, bytes, SIZE);
	dataset_map_close(&map);
	free(bytes);
}

/* The file under a part's name is not what it should be, and an upload of the right one fails as
 * well. */
static void mending_a_file_fails_at_each_call(void **state)
{
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ 6 });
	struct dataset_map map;
	char path[192];

	assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &part, &e), &e);
	(void)snprintf(path, sizeof path, "%s/datasets/%s", f->directory, part.sha256);
	for (int nth = 1, hits = 1; hits; nth++) {
		assert_int_equal(chmod(path, 0600), 0);
		assert_int_equal(truncate(path, 5), 0);
		e = (struct error){ 0 };
		fault_files_errno = EIO;
		fault_arm(&fault_files, nth, false);
		bool done = part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &part, &e);
		hits = fault_disarm(&fault_files);
		if (!done)
			assert_refused(done, &e, ERROR_IO, "datasets");
		assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &part, &e), &e);
		assert_done(dataset_map_open(f->db, &part, &map, &e), &e);
		assert_memory_equal(map.bytes, "abcdef", 6);
		dataset_map_close(&map);
	}
}

/* What comes after a write that failed may not make up for it. */
static void an_upload_that_failed_once_cannot_be_committed(void **state)
{
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ 6 });
	struct upload *u = upload_begin(f->db, &e);

	assert_done(u != NULL, &e);
	assert_done(upload_write(u, "abc", 3, &e), &e);
	fault_files_errno = EIO;
	fault_arm(&fault_files, 1, false);
	assert_refused(upload_write(u, "xyz", 3, &e), &e, ERROR_IO, "datasets");
	assert_int_equal(fault_disarm(&fault_files), 1);
	assert_done(upload_write(u, "def", 3, &e), &e);
	assert_refused(upload_commit(u, "toy", DATASET_X_TRAIN, &part, &e), &e, ERROR_IO,
		"could not be written");
}

static void opening_fails_at_each_call(void **state)
{
	struct fixture *f = *state;
	char directory[64];

	fixture_close(f);
	for (int fresh = 0; fresh < 2; fresh++) {
		for (int nth = 1, hits = 1; hits; nth++) {
			directory_make(directory);
			if (!fresh)
				directory_copy(f->directory, directory);
			e = (struct error){ 0 };
			fault_files_errno = EIO;
			fault_arm(&fault_files, nth, false);
			struct database *db = database_open(directory, &e);
			hits = fault_disarm(&fault_files);
			assert_true(db || (hits && e.code == ERROR_IO));
			database_close(db);
			db = database_open(directory, &e);
			assert_done(db != NULL, &e);
			assert_done(database_probe(db, &e), &e);
			database_close(db);
			directory_remove(directory);
		}
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, scenario_begin, scenario_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_call_fails),
		TEST(each_call_fails_where_every_file_needs_a_name),
		TEST(bytes_are_synced_before_their_name_and_both_before_the_row),
		TEST(a_write_may_be_short_or_interrupted),
		TEST(reading_a_large_part_fails_at_each_call),
		TEST(mending_a_file_fails_at_each_call),
		TEST(an_upload_that_failed_once_cannot_be_committed),
		TEST(opening_fails_at_each_call),
	};

	scenario_use_memory();
	fault_disk_install(); /* for its syncs, which do nothing */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
