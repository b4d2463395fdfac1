/* test_checkpoints.c - which checkpoints are kept, which one is handed out, and that no damaged one
 * ever is. */
#include "fixture.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

enum { PIECE = 1 << 20 };

/* Epoch `number` with a checkpoint of `size` bytes made from the seed `number`. */
static void store_epoch(struct database *db, int number, size_t size)
{
	struct epoch epoch = epoch_example(number);
	unsigned char *bytes = bytes_example(size, (unsigned)number);
	struct checkpoint_data checkpoint = checkpoint_example(number, bytes, size);

	assert_done(jobs_store_epoch(db, job_id(1), &epoch, &checkpoint, &e), &e);
	free(bytes);
}

static void store_middle(struct database *db, int64_t step)
{
	struct checkpoint_data c = {
		.bytes = "middle", .size = 6, .epoch = step / 10, .step = step
	};

	assert_done(jobs_store_epoch(db, job_id(1), NULL, &c, &e), &e);
}

static bool read_one(
	struct database *db, enum checkpoint_which which, int64_t epoch, struct checkpoint *ret)
{
	void *bytes;

	if (!checkpoints_read(db, job_id(1), which, epoch, ret, &bytes, &e))
		return false;
	free(bytes);
	return true;
}

static int64_t step_of(struct database *db, enum checkpoint_which which, int64_t epoch)
{
	struct checkpoint c;

	assert_done(read_one(db, which, epoch, &c), &e);
	return c.step;
}

/* --- bytes ---------------------------------------------------------------------------- */

static void bytes_of_any_size_come_back(void **state)
{
	static const size_t sizes[] = { 1, 7, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE,
		3 * PIECE + 5 };
	struct fixture *f = *state;

	job_start(f->db, 1);
	for (size_t i = 0; i < COUNT_OF(sizes); i++)
		store_epoch(f->db, (int)i + 1, sizes[i]);
	fixture_close(f);
	fixture_open(f);
	for (size_t i = 0; i < COUNT_OF(sizes); i++) {
		struct checkpoint c;
		void *bytes;
		unsigned char *expected = bytes_example(sizes[i], (unsigned)i + 1);
		assert_done(checkpoints_read(f->db, job_id(1), CHECKPOINT_EPOCH, (int64_t)i + 1, &c,
				    &bytes, &e),
			&e);
		assert_int_equal(c.bytes, sizes[i]);
		assert_int_equal(c.epoch, i + 1);
		assert_int_equal(c.step, 10 * (i + 1));
		assert_true(c.finished_epoch);
		assert_int_equal(strlen(c.sha256), 64);
		assert_memory_equal(bytes, expected, sizes[i]);
		free(bytes);
		free(expected);
	}
	assert_int_equal(raw_int(f->file, "SELECT count(*) FROM checkpoint_pieces"),
		1 + 1 + 1 + 1 + 2 + 3 + 4);
}

/* --- which ---------------------------------------------------------------------------- */

static void every_finished_epochs_is_kept_and_the_newest_in_mid_epoch(void **state)
{
	struct fixture *f = *state;
	struct checkpoint_list l;
	static const int64_t steps[] = { 10, 20, 28 };

	job_start(f->db, 1);
	store_middle(f->db, 3);
	store_middle(f->db, 7);
	store_epoch(f->db, 1, 10);
	store_middle(f->db, 15);
	store_epoch(f->db, 2, 10);
	store_middle(f->db, 24);
	store_middle(f->db, 28);
	assert_done(checkpoints_list(f->db, job_id(1), &l, &e), &e);
	assert_int_equal(l.n_checkpoints, COUNT_OF(steps));
	for (size_t i = 0; i < COUNT_OF(steps); i++) {
		assert_int_equal(l.checkpoints[i].step, steps[i]);
		assert_int_equal(l.checkpoints[i].finished_epoch, i < 2);
		assert_true(l.checkpoints[i].created_at > 1600000000000);
	}
	checkpoint_list_done(&l);
	/* No piece of a removed one is left. */
	assert_int_equal(raw_int(f->file, "SELECT count(*) FROM checkpoint_pieces"), 3);
	assert_int_equal(step_of(f->db, CHECKPOINT_LAST, 0), 28);
	assert_int_equal(step_of(f->db, CHECKPOINT_EPOCH, 1), 10);
}

static void store_with_losses(struct database *db, int number, double loss, double val_loss)
{
	struct epoch epoch = epoch_example(number);
	struct checkpoint_data checkpoint = checkpoint_example(number, "weights", 7);

	epoch.metrics[0].value = loss;
	epoch.metrics[2].value = val_loss;
	assert_done(jobs_store_epoch(db, job_id(1), &epoch, &checkpoint, &e), &e);
}

static void the_best_has_the_smallest_val_loss_the_earliest_of_equals(void **state)
{
	static const double val_losses[] = { 0.5, NAN, 0.25, 0.25, INFINITY };
	struct fixture *f = *state;

	job_start(f->db, 1);
	for (int i = 0; i < 5; i++)
		store_with_losses(f->db, i + 1, 1.0 / (i + 1), val_losses[i]);
	assert_int_equal(step_of(f->db, CHECKPOINT_BEST, 0), 30);
}

static void without_a_val_loss_the_best_has_the_smallest_loss(void **state)
{
	static const double losses[] = { NAN, 0.75, 0.5, 0.625 };
	struct fixture *f = *state;

	job_start(f->db, 1);
	for (int i = 0; i < 4; i++)
		store_with_losses(f->db, i + 1, losses[i], NAN);
	assert_int_equal(step_of(f->db, CHECKPOINT_BEST, 0), 30);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct checkpoint c;
	struct checkpoint_list l;
	void *bytes;

	assert_refused(read_one(f->db, CHECKPOINT_LAST, 0, &c), &e, ERROR_NOT_FOUND, job_id(1));
	assert_refused(checkpoints_list(f->db, job_id(1), &l, &e), &e, ERROR_NOT_FOUND, job_id(1));
	assert_refused(checkpoints_resume(f->db, job_id(1), &c, &bytes, &e), &e, ERROR_NOT_FOUND,
		job_id(1));
	job_start(f->db, 1);
	assert_refused(
		read_one(f->db, CHECKPOINT_LAST, 0, &c), &e, ERROR_NOT_FOUND, "no checkpoint yet");
	store_with_losses(f->db, 1, NAN, NAN);
	assert_refused(read_one(f->db, CHECKPOINT_BEST, 0, &c), &e, ERROR_NOT_FOUND, "is a number");
	assert_refused(read_one(f->db, CHECKPOINT_EPOCH, 2, &c), &e, ERROR_NOT_FOUND, "epoch 2");
	assert_refused(read_one(f->db, CHECKPOINT_EPOCH, 0, &c), &e, ERROR_NOT_FOUND, "epoch 0");
}

/* --- damage --------------------------------------------------------------------------- */

enum { SMALL = 100 };

/* What going on gives: the step, after checking that the bytes are those of that epoch; 0: from the
 * beginning. */
static int64_t resume(struct database *db, size_t size)
{
	struct checkpoint c;
	void *bytes;

	assert_done(checkpoints_resume(db, job_id(1), &c, &bytes, &e), &e);
	if (c.bytes == 0) {
		assert_null(bytes);
		return 0;
	}
	unsigned char *expected = bytes_example(size, (unsigned)c.epoch);
	assert_int_equal(c.bytes, size);
	assert_memory_equal(bytes, expected, size);
	free(expected);
	free(bytes);
	return c.step;
}

static void resume_begins_at_the_beginning_without_a_checkpoint(void **state)
{
	struct fixture *f = *state;

	job_start(f->db, 1);
	assert_int_equal(resume(f->db, SMALL), 0);
	assert_int_equal(event_count(f->db, 1, "checkpoint_rejected"), 0);
}

static void resume_goes_on_from_the_newest(void **state)
{
	struct fixture *f = *state;

	job_start(f->db, 1);
	store_epoch(f->db, 1, SMALL);
	store_epoch(f->db, 2, SMALL);
	assert_int_equal(resume(f->db, SMALL), 20);
	assert_int_equal(event_count(f->db, 1, "checkpoint_rejected"), 0);
}

/* Ways of damaging the checkpoint of step 20, on a closed database. */
static const char *const damages[] = {
	"UPDATE checkpoint_pieces SET bytes = zeroblob(100) WHERE checkpoint = 2",
	"UPDATE checkpoint_pieces SET bytes = substr(bytes, 1, 99) WHERE checkpoint = 2",
	"UPDATE checkpoint_pieces SET bytes = CAST(bytes || 'x' AS BLOB) WHERE checkpoint = 2",
	"UPDATE checkpoint_pieces SET bytes = (SELECT bytes FROM checkpoint_pieces WHERE "
	"checkpoint = 1) "
	"WHERE checkpoint = 2",
	"UPDATE checkpoint_pieces SET bytes = x'' WHERE checkpoint = 2",
	"DELETE FROM checkpoint_pieces WHERE checkpoint = 2",
	"UPDATE checkpoints SET sha256 = '00' WHERE number = 2",
	"UPDATE checkpoints SET sha256 = upper(sha256) WHERE number = 2",
	"UPDATE checkpoints SET bytes = 99 WHERE number = 2",
	"UPDATE checkpoints SET bytes = 9223372036854775807 WHERE number = 2",
};

static void a_damaged_one_is_never_handed_out_and_the_one_before_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(damages); i++) {
		void *own;
		struct checkpoint c;
		assert_int_equal(fixture_begin(&own), 0);
		struct fixture *f = own;
		job_start(f->db, 1);
		store_epoch(f->db, 1, SMALL);
		store_epoch(f->db, 2, SMALL);
		fixture_close(f);
		raw_run(f->file, damages[i]);
		fixture_open(f);
		if (read_one(f->db, CHECKPOINT_LAST, 0, &c))
			fail_msg("read after %s", damages[i]);
		assert_refused(false, &e, ERROR_IO, "step 20 is damaged");
		if (resume(f->db, SMALL) != 10)
			fail_msg("resumed elsewhere after %s", damages[i]);
		assert_int_equal(event_count(f->db, 1, "checkpoint_rejected"), 1);
		/* From now on the one before is the last, and nothing more is said. */
		assert_int_equal(step_of(f->db, CHECKPOINT_LAST, 0), 10);
		assert_int_equal(resume(f->db, SMALL), 10);
		assert_int_equal(event_count(f->db, 1, "checkpoint_rejected"), 1);
		assert_int_equal(fixture_end(&own), 0);
	}
}

static void the_event_says_which_was_rejected_and_progress_follows(void **state)
{
	struct fixture *f = *state;
	struct job job;

	job_start(f->db, 1);
	store_epoch(f->db, 1, SMALL);
	store_epoch(f->db, 2, SMALL);
	fixture_close(f);
	raw_run(f->file, damages[0]);
	fixture_open(f);
	(void)resume(f->db, SMALL);
	char *data = event_data_of(f->db, 1, 0, "checkpoint_rejected");
	assert_non_null(strstr(data, "{\"epoch\":2,\"step\":20,\"bytes\":100,\"sha256\":\""));
	free(data);
	assert_done(jobs_find(f->db, job_id(1), &job, &e), &e);
	assert_int_equal(job.step, 10);
	assert_int_equal(job.epoch, 2); /* its metrics are stored, and will be compared */
	job_done(&job);
}

static void when_all_are_damaged_it_begins_at_the_beginning_and_stores_anew(void **state)
{
	struct fixture *f = *state;

	job_start(f->db, 1);
	store_epoch(f->db, 1, SMALL);
	store_epoch(f->db, 2, SMALL);
	fixture_close(f);
	raw_run(f->file, "UPDATE checkpoint_pieces SET bytes = zeroblob(100)");
	fixture_open(f);
	assert_int_equal(resume(f->db, SMALL), 0);
	assert_int_equal(event_count(f->db, 1, "checkpoint_rejected"), 2);
	store_epoch(f->db, 1, SMALL);
	assert_int_equal(resume(f->db, SMALL), 10);
	store_epoch(f->db, 2, SMALL);
	assert_int_equal(resume(f->db, SMALL), 20);
	struct checkpoint_list l;
	assert_done(checkpoints_list(f->db, job_id(1), &l, &e), &e);
	assert_int_equal(l.n_checkpoints, 2);
	checkpoint_list_done(&l);
}

/* Flips a bit of a piece in place; a second time mends it. */
static void flip(struct connection *c, int piece, int at)
{
	sqlite3_blob *blob;
	char byte;

	assert_int_equal(
		sqlite3_blob_open(c->handle, "main", "checkpoint_pieces", "bytes", piece, 1, &blob),
		SQLITE_OK);
	assert_int_equal(sqlite3_blob_read(blob, &byte, 1, at), SQLITE_OK);
	byte = (char)(byte ^ (1 << at % 8));
	assert_int_equal(sqlite3_blob_write(blob, &byte, 1, at), SQLITE_OK);
	assert_int_equal(sqlite3_blob_close(blob), SQLITE_OK);
}

/* Each byte of a small checkpoint in turn, and of a large one here and there. */
static void no_flipped_byte_goes_unseen(void **state)
{
	static const struct {
		int64_t epoch;
		int piece, size, stride;
	} pieces[] = { { 1, 1, SMALL, 1 }, { 2, 2, PIECE, PIECE / 5 }, { 2, 3, PIECE, PIECE / 3 },
		{ 2, 4, SMALL, SMALL - 1 } };
	struct fixture *f = *state;
	struct connection c;
	struct checkpoint got;

	job_start(f->db, 1);
	store_epoch(f->db, 1, SMALL);
	store_epoch(f->db, 2, 2 * PIECE + SMALL);
	raw_open(f->file, &c);
	for (size_t i = 0; i < COUNT_OF(pieces); i++) {
		for (int at = 0; at < pieces[i].size; at += pieces[i].stride) {
			flip(&c, pieces[i].piece, at);
			if (read_one(f->db, CHECKPOINT_EPOCH, pieces[i].epoch, &got))
				fail_msg("byte %d of piece %d", at, pieces[i].piece);
			assert_refused(false, &e, ERROR_IO, "damaged");
			flip(&c, pieces[i].piece, at);
		}
		assert_done(read_one(f->db, CHECKPOINT_EPOCH, pieces[i].epoch, &got), &e);
	}
	connection_done(&c);
}

/* A byte of the file itself, below what SQL sees: the database is refused, or the checkpoint is, or
 * all is well. */
static void no_flipped_byte_of_the_file_gives_wrong_bytes(void **state)
{
	struct fixture *f = *state;
	struct stat s;
	int handed_out = 0, refused = 0;

	job_start(f->db, 1);
	store_epoch(f->db, 1, 20000);
	fixture_close(f);
	int fd = open(f->file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &s), 0);
	for (off_t at = 11; at < s.st_size; at += 997) {
		unsigned char byte, flipped;
		void *bytes = NULL;
		struct checkpoint c;
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		flipped = byte ^ 0x10;
		assert_int_equal(pwrite(fd, &flipped, 1, at), 1);
		struct database *db = database_open(f->directory, &e);
		if (db && checkpoints_read(db, job_id(1), CHECKPOINT_EPOCH, 1, &c, &bytes, &e)) {
			unsigned char *expected = bytes_example(20000, 1);
			assert_int_equal(c.bytes, 20000);
			assert_memory_equal(bytes, expected, 20000);
			free(expected);
			free(bytes);
			handed_out++;
		} else {
			refused++;
		}
		database_close(db);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	(void)close(fd);
	assert_true(refused >= 20000 / 997); /* at least the bytes of the checkpoint itself */
	assert_true(handed_out > refused);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(bytes_of_any_size_come_back),
		TEST(every_finished_epochs_is_kept_and_the_newest_in_mid_epoch),
		TEST(the_best_has_the_smallest_val_loss_the_earliest_of_equals),
		TEST(without_a_val_loss_the_best_has_the_smallest_loss),
		TEST(what_is_not_there_is_not_found),
		TEST(resume_begins_at_the_beginning_without_a_checkpoint),
		TEST(resume_goes_on_from_the_newest),
		cmocka_unit_test(a_damaged_one_is_never_handed_out_and_the_one_before_is),
		TEST(the_event_says_which_was_rejected_and_progress_follows),
		TEST(when_all_are_damaged_it_begins_at_the_beginning_and_stores_anew),
		TEST(no_flipped_byte_goes_unseen),
		TEST(no_flipped_byte_of_the_file_gives_wrong_bytes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
