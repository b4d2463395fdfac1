/* test_epochs.c - an epoch is one transaction, kept by its bits, and the same when it is trained
 * again. */
#include "fixture.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static struct error e;

static bool store(struct fixture *f, const struct epoch *epoch, const void *bytes, size_t size)
{
	struct checkpoint_data checkpoint = checkpoint_example(epoch->epoch, bytes, size);

	return jobs_store_epoch(f->db, job_id(1), epoch, &checkpoint, &e);
}

static struct epoch_list epochs_of(struct fixture *f)
{
	struct epoch_list l;

	assert_done(epochs_list(f->db, job_id(1), &l, &e), &e);
	return l;
}

static int64_t step_of(struct fixture *f, int64_t *ret_epoch)
{
	struct job job;

	assert_done(jobs_find(f->db, job_id(1), &job, &e), &e);
	*ret_epoch = job.epoch;
	job_done(&job);
	return job.step;
}

/* --- storing -------------------------------------------------------------------------- */

static void an_epoch_comes_back_as_it_was_stored(void **state)
{
	struct fixture *f = *state;

	job_start(f->db, 1);
	for (int i = 1; i <= 20; i++) {
		struct epoch epoch = epoch_example(i);
		epoch.n_metrics = i % 5;
		assert_done(store(f, &epoch, "weights", 7), &e);
	}
	struct epoch_list l = epochs_of(f);
	assert_int_equal(l.n_epochs, 20);
	for (int i = 1; i <= 20; i++) {
		struct epoch expected = epoch_example(i), *got = &l.epochs[i - 1];
		assert_int_equal(got->epoch, i);
		assert_int_equal(got->step, 10 * i);
		assert_int_equal(got->n_metrics, i % 5);
		for (int m = 0; m < got->n_metrics; m++) {
			assert_string_equal(got->metrics[m].name, expected.metrics[m].name);
			assert_true(got->metrics[m].value == expected.metrics[m].value);
		}
		assert_true(got->learning_rate == 0.001);
		assert_true(got->seconds == 2.5 && got->samples_per_second == 24000);
		assert_memory_equal(
			got->phase_seconds, expected.phase_seconds, sizeof got->phase_seconds);
	}
	epoch_list_done(&l);
}

static void any_double_comes_back_by_its_bits(void **state)
{
	static const double values[] = { 0.0, -0.0, 1.0 / 3, 4.9e-324, -2.2250738585072009e-308,
		1.7976931348623157e308, INFINITY, -INFINITY, NAN };
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);

	job_start(f->db, 1);
	epoch.n_metrics = 0;
	for (size_t i = 0; i < COUNT_OF(values); i++) {
		struct metric *m = &epoch.metrics[epoch.n_metrics++];
		*m = (struct metric){ .value = values[i] };
		m->name[0] = (char)('a' + i);
	}
	epoch.learning_rate = -0.0;
	epoch.seconds = NAN;
	assert_done(store(f, &epoch, "weights", 7), &e);
	struct epoch_list l = epochs_of(f);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		assert_memory_equal(&l.epochs[0].metrics[i].value, &values[i], sizeof values[i]);
	assert_true(signbit(l.epochs[0].learning_rate));
	assert_true(isnan(l.epochs[0].seconds));
	epoch_list_done(&l);
}

static void a_confusion_matrix_comes_back_as_it_was_stored(void **state)
{
	struct fixture *f = *state;
	struct epoch with = epoch_example(1), without = epoch_example(2);
	struct confusion m;

	job_start(f->db, 1);
	assert_refused(confusions_find(f->db, job_id(1), 0, &m, &e), &e, ERROR_NOT_FOUND,
		"no epoch has a confusion matrix");
	without.confusion = NULL;
	assert_done(store(f, &with, "weights", 7), &e);
	assert_done(store(f, &without, "weights", 7), &e);
	for (int64_t epoch = 0; epoch <= 1; epoch++) { /* 0: the newest that there is */
		assert_done(confusions_find(f->db, job_id(1), epoch, &m, &e), &e);
		assert_int_equal(m.epoch, 1);
		assert_int_equal(m.classes, with.classes);
		assert_memory_equal(m.counts, with.confusion, 9 * sizeof *m.counts);
		confusion_done(&m);
	}
	assert_refused(confusions_find(f->db, job_id(1), 2, &m, &e), &e, ERROR_NOT_FOUND,
		"epoch 2 has no confusion matrix");
	assert_refused(
		confusions_find(f->db, job_id(2), 1, &m, &e), &e, ERROR_NOT_FOUND, job_id(2));
	assert_int_equal(raw_int(f->file, "SELECT length(counts) FROM confusions"), 18);
}

static void a_damaged_confusion_matrix_is_not_given_out(void **state)
{
	/* Cut, one count too many, a number that does not end, one of more than 63 bits. */
	static const char *const spoils[] = {
		"UPDATE confusions SET counts = CAST(substr(counts, 1, 17) AS BLOB)",
		"UPDATE confusions SET counts = CAST(counts || x'00' AS BLOB)",
		"UPDATE confusions SET counts = CAST(substr(counts, 1, 17) || x'80' AS BLOB)",
		("UPDATE confusions SET counts = CAST(substr(counts, 1, 13) || "
		 "x'ffffffffffffffffff01' AS BLOB)"),
	};
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);
	struct confusion m;

	job_start(f->db, 1);
	assert_done(store(f, &epoch, "weights", 7), &e);
	raw_run(f->file, "CREATE TABLE kept AS SELECT counts FROM confusions");
	for (size_t i = 0; i < COUNT_OF(spoils); i++) {
		raw_run(f->file, spoils[i]);
		assert_refused(confusions_find(f->db, job_id(1), 1, &m, &e), &e, ERROR_IO, "");
		raw_run(f->file, "UPDATE confusions SET counts = (SELECT counts FROM kept)");
	}
	assert_done(confusions_find(f->db, job_id(1), 1, &m, &e), &e);
	confusion_done(&m);
}

static void a_confusion_matrix_goes_with_its_job(void **state)
{
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);

	job_start(f->db, 1);
	assert_done(store(f, &epoch, "weights", 7), &e);
	assert_done(jobs_move(f->db, job_id(1), JOB_SUCCEEDED, NULL, &e), &e);
	assert_done(jobs_delete(f->db, job_id(1), &e), &e);
	assert_int_equal(raw_int(f->file, "SELECT count(*) FROM confusions"), 0);
}

static void progress_follows(void **state)
{
	struct fixture *f = *state;
	int64_t epoch;
	struct checkpoint_data mid = { .bytes = "mid", .size = 3, .epoch = 1, .step = 14 };

	job_start(f->db, 1);
	assert_int_equal(step_of(f, &epoch), 0);
	struct epoch first = epoch_example(1);
	assert_done(store(f, &first, "weights", 7), &e);
	assert_int_equal(step_of(f, &epoch), 10);
	assert_int_equal(epoch, 1);
	assert_done(jobs_store_epoch(f->db, job_id(1), NULL, &mid, &e), &e);
	assert_int_equal(step_of(f, &epoch), 14);
	assert_int_equal(epoch, 1);
	struct epoch second = epoch_example(2); /* without a checkpoint */
	assert_done(jobs_store_epoch(f->db, job_id(1), &second, NULL, &e), &e);
	assert_int_equal(step_of(f, &epoch), 14);
	assert_int_equal(epoch, 2);
}

static void its_events_say_what_was_stored(void **state)
{
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(3);

	job_start(f->db, 1);
	for (int i = 1; i <= 2; i++) {
		struct epoch before = epoch_example(i);
		assert_done(store(f, &before, "weights", 7), &e);
	}
	epoch.metrics[2].value = NAN;
	epoch.metrics[3].value = 1e300;
	assert_done(store(f, &epoch, "weights", 7), &e);
	char *data = event_data_of(f->db, 1, 1, "epoch");
	assert_string_equal(data,
		"{\"epoch\":3,\"step\":30,\"loss\":0.3333333333333333,\"accuracy\":0."
		"8333333333333334,"
		"\"val_loss\":null,\"val_accuracy\":1e+300,\"learning_rate\":0.001,\"seconds\":2.5,"
		"\"samples_per_second\":24000}");
	free(data);
	data = event_data_of(f->db, 1, 0, "checkpoint");
	assert_string_equal(data,
		"{\"epoch\":3,\"step\":30,\"bytes\":7,\"sha256\":"
		"\"9a129038d9a00aed0cf6a7ea059ca50a813449061ab87848cf1a13eafdf33b2c\"}");
	free(data);
}

/* --- training again ------------------------------------------------------------------- */

static void the_same_epoch_again_changes_nothing_but_the_checkpoint(void **state)
{
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1), again = epoch_example(1);
	struct checkpoint checkpoint;
	void *bytes;

	job_start(f->db, 1);
	epoch.metrics[0].value = again.metrics[0].value = NAN;
	again.metrics[0].value = -NAN; /* CPUs differ in which NAN they make */
	assert_done(store(f, &epoch, "weights", 7), &e);
	again.seconds = 99;
	again.samples_per_second = 99;
	again.phase_seconds[0] = 99;
	assert_done(store(f, &again, "WEIGHTS", 7), &e);

	struct epoch_list l = epochs_of(f);
	assert_int_equal(l.n_epochs, 1);
	assert_true(l.epochs[0].seconds == 2.5 && l.epochs[0].samples_per_second == 24000);
	assert_true(l.epochs[0].phase_seconds[0] == 0.125);
	epoch_list_done(&l);
	assert_int_equal(event_count(f->db, 1, "epoch"), 1);
	assert_int_equal(event_count(f->db, 1, "checkpoint"), 2);
	assert_done(checkpoints_read(f->db, job_id(1), CHECKPOINT_LAST, 0, &checkpoint, &bytes, &e),
		&e);
	assert_memory_equal(bytes, "WEIGHTS", 7);
	free(bytes);
}

/* Each of these is one bit off, or one thing more or less. */
static void spoil_metric(struct epoch *epoch)
{
	epoch->metrics[2].value = nextafter(epoch->metrics[2].value, 2);
}
static void spoil_zero(struct epoch *epoch)
{
	epoch->metrics[3].value = -0.0;
}
static void spoil_rate(struct epoch *epoch)
{
	epoch->learning_rate = 0.002;
}
static void spoil_step(struct epoch *epoch)
{
	epoch->step++;
}
static void spoil_count(struct epoch *epoch)
{
	epoch->n_metrics--;
}
static void spoil_name(struct epoch *epoch)
{
	epoch->metrics[1].name[0] = 'A';
}

static void spoil_matrix(struct epoch *epoch)
{
	static const int64_t other[] = { 980, 0, 1, 127, 128, 16382, 16385, 5, (1LL << 35) - 1 };

	epoch->confusion = other;
}
static void spoil_classes(struct epoch *epoch)
{
	epoch->classes = 2;
}
static void drop_matrix(struct epoch *epoch)
{
	epoch->confusion = NULL;
}

static void another_result_raises_the_alarm_and_stores_nothing(void **state)
{
	static const struct {
		void (*spoil)(struct epoch *epoch);
		const char *words;
	} cases[] = {
		{ spoil_metric,
			"determinism: epoch 1 was trained again and val_loss came out as "
			"1.2500000000000002 "
			"(0x3ff4000000000001), not as the stored 1.25 (0x3ff4000000000000)" },
		{ spoil_zero,
			"val_accuracy came out as -0 (0x8000000000000000), not as the stored 0 " },
		{ spoil_rate, "learning_rate came out as 0.002" },
		{ spoil_step, "determinism: epoch 1 ended at step 11, not at the stored 10" },
		{ spoil_count, "determinism: epoch 1 has 3 metrics, not the stored 4" },
		{ spoil_name,
			"determinism: metric 2 of epoch 1 is Accuracy, not the stored accuracy" },
		{ spoil_matrix, "determinism: epoch 1 was trained again and took 16382 samples of "
				"class 1 for "
				"class 2, not the stored 16383" },
		{ spoil_classes,
			"epoch 1 has a confusion matrix of 2 classes, not of the stored 3" },
		{ drop_matrix, "epoch 1 has a confusion matrix of 0 classes" },
	};
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);
	char before[65], after[65];

	job_start(f->db, 1);
	epoch.metrics[3].value = 0.0;
	assert_done(store(f, &epoch, "weights", 7), &e);
	assert_done(database_digest(f->db, before, &e), &e);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct epoch again = epoch;
		cases[i].spoil(&again);
		assert_refused(store(f, &again, "WEIGHTS", 7), &e, ERROR_IO, cases[i].words);
		assert_done(database_digest(f->db, after, &e), &e);
		assert_string_equal(before, after);
	}
}

/* --- refusals ------------------------------------------------------------------------- */

static void epochs_come_in_order(void **state)
{
	static const int64_t wrong[] = { 0, -1, 3, 4, 101, INT64_MAX };
	struct fixture *f = *state;

	job_start(f->db, 1);
	struct epoch first = epoch_example(1);
	assert_done(store(f, &first, "weights", 7), &e);
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		struct epoch epoch = epoch_example(1);
		epoch.epoch = wrong[i];
		assert_refused(store(f, &epoch, "weights", 7), &e, ERROR_CONFLICT,
			"cannot follow epoch 1 of 100");
	}
}

static void a_job_has_no_more_epochs_than_it_wants(void **state)
{
	struct fixture *f = *state;
	struct job job = job_example(1);
	char id[JOB_ID_BYTES];

	job.epochs = 1;
	assert_done(jobs_insert(f->db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
	assert_done(jobs_move(f->db, id, JOB_RUNNING, NULL, &e), &e);
	struct epoch first = epoch_example(1), second = epoch_example(2);
	assert_done(store(f, &first, "weights", 7), &e);
	assert_refused(store(f, &second, "weights", 7), &e, ERROR_CONFLICT,
		"epoch 2 cannot follow epoch 1 of 1");
}

static void only_a_job_at_work_stores(void **state)
{
	static const enum job_status moves[] = { JOB_RUNNING, JOB_PAUSING, JOB_CANCELLING,
		JOB_CANCELLED };
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);

	job_insert(f->db, 1);
	assert_refused(store(f, &epoch, "weights", 7), &e, ERROR_CONFLICT, "queued");
	for (size_t i = 0; i < COUNT_OF(moves); i++) {
		assert_done(jobs_move(f->db, job_id(1), moves[i], NULL, &e), &e);
		if (job_status_final(moves[i]))
			assert_refused(
				store(f, &epoch, "weights", 7), &e, ERROR_CONFLICT, "cancelled");
		else
			assert_done(store(f, &epoch, "weights", 7), &e);
	}
}

static void a_job_that_is_not_there_has_no_epochs(void **state)
{
	struct fixture *f = *state;
	struct epoch epoch = epoch_example(1);
	struct epoch_list l;

	assert_refused(store(f, &epoch, "weights", 7), &e, ERROR_NOT_FOUND, job_id(1));
	assert_refused(epochs_list(f->db, job_id(1), &l, &e), &e, ERROR_NOT_FOUND, job_id(1));
	job_insert(f->db, 1);
	l = epochs_of(f);
	assert_int_equal(l.n_epochs, 0);
	epoch_list_done(&l);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(an_epoch_comes_back_as_it_was_stored),
		TEST(any_double_comes_back_by_its_bits),
		TEST(a_confusion_matrix_comes_back_as_it_was_stored),
		TEST(a_damaged_confusion_matrix_is_not_given_out),
		TEST(a_confusion_matrix_goes_with_its_job),
		TEST(progress_follows),
		TEST(its_events_say_what_was_stored),
		TEST(the_same_epoch_again_changes_nothing_but_the_checkpoint),
		TEST(another_result_raises_the_alarm_and_stores_nothing),
		TEST(epochs_come_in_order),
		TEST(a_job_has_no_more_epochs_than_it_wants),
		TEST(only_a_job_at_work_stores),
		TEST(a_job_that_is_not_there_has_no_epochs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
