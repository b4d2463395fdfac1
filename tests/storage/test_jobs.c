/* test_jobs.c - jobs as rows: submit once, find, page, queue, change, delete. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error e;

static void a_job_comes_back_as_it_was_submitted(void **state)
{
	struct fixture *f = *state;
	struct job job = job_example(1), found;
	char id[JOB_ID_BYTES];

	job.priority = -7;
	job.metadata = (char *)(uintptr_t) "{\"note\":\"\xc3\xa4\"}";
	assert_done(jobs_insert(f->db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
	assert_done(jobs_find(f->db, id, &found, &e), &e);
	assert_string_equal(found.id, job.id);
	assert_string_equal(found.name, "mnist-cnn");
	assert_int_equal(found.status, JOB_QUEUED);
	assert_int_equal(found.priority, -7);
	assert_int_equal(found.created_at, job.created_at);
	assert_int_equal(found.started_at, 0);
	assert_int_equal(found.finished_at, 0);
	assert_int_equal(found.attempts, 0);
	assert_int_equal(found.epoch, 0);
	assert_int_equal(found.epochs, 100);
	assert_int_equal(found.step, 0);
	assert_int_equal(found.steps_per_epoch, 10);
	assert_null(found.dataset_digest);
	assert_string_equal(found.spec, job.spec);
	assert_string_equal(found.forecast, job.forecast);
	assert_string_equal(found.metadata, job.metadata);
	assert_null(found.error);
	assert_int_equal(event_count(f->db, 1, "status"), 1);
	job_done(&found);
}

static void a_job_that_is_not_there_is_not_found(void **state)
{
	struct fixture *f = *state;
	struct job job;
	static const char *const ids[] = { "", "x", "' OR 1=1 --", "01ARZ3NDEKTSV4RRFFQ69G0001",
		"01arz3ndektsv4rrffq69g0001" };

	job_insert(f->db, 2);
	for (size_t i = 0; i < COUNT_OF(ids); i++)
		assert_refused(jobs_find(f->db, ids[i], &job, &e), &e, ERROR_NOT_FOUND, ids[i]);
}

static void an_id_is_given_once(void **state)
{
	struct fixture *f = *state;
	struct job job = job_example(1);
	char id[JOB_ID_BYTES];

	job_insert(f->db, 1);
	assert_refused(jobs_insert(f->db, &job, NULL, id, &e) != JOB_INSERT_FAILED, &e,
		ERROR_CONFLICT, "jobs.id");
}

/* --- Idempotency-Key ------------------------------------------------------------------ */

static enum job_insert_result submit(
	struct fixture *f, int number, const char *key, const char *body, char *id)
{
	struct job job = job_example(number);
	struct job_key k = { .key = key, .body_digest = body };

	return jobs_insert(f->db, &job, &k, id, &e);
}

static void a_key_makes_submitting_twice_submit_once(void **state)
{
	struct fixture *f = *state;
	char id[JOB_ID_BYTES], before[65], after[65];

	assert_int_equal(submit(f, 1, "key", "body", id), JOB_INSERT_NEW);
	assert_string_equal(id, job_id(1));
	assert_done(database_digest(f->db, before, &e), &e);

	assert_int_equal(submit(f, 2, "key", "body", id), JOB_INSERT_SAME);
	assert_string_equal(id, job_id(1));
	assert_int_equal(submit(f, 3, "key", "other body", id), JOB_INSERT_KEY_REUSED);
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);

	assert_int_equal(submit(f, 4, "other key", "body", id), JOB_INSERT_NEW);
	assert_int_equal(submit(f, 5, NULL, NULL, id), JOB_INSERT_NEW);
	assert_int_equal(submit(f, 6, NULL, NULL, id), JOB_INSERT_NEW);
}

static void a_key_outlives_the_daemon_and_goes_with_its_job(void **state)
{
	struct fixture *f = *state;
	char id[JOB_ID_BYTES];

	assert_int_equal(submit(f, 1, "key", "body", id), JOB_INSERT_NEW);
	fixture_close(f);
	fixture_open(f);
	assert_int_equal(submit(f, 2, "key", "body", id), JOB_INSERT_SAME);
	assert_done(jobs_delete(f->db, job_id(1), &e), &e);
	assert_int_equal(submit(f, 2, "key", "body", id), JOB_INSERT_NEW);
	assert_string_equal(id, job_id(2));
}

/* --- the data set --------------------------------------------------------------------- */

/* The data set was replaced between the plan and the submission: the plan is for other data. */
static void a_job_for_a_data_set_that_is_no_longer_there_is_refused(void **state)
{
	struct fixture *f = *state;
	struct job job = job_example(1);
	struct dataset_part part = part_example("uint8", 2, (int64_t[]){ 2, 3 });
	struct dataset d;
	char id[JOB_ID_BYTES];

	assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &part, &e), &e);
	assert_done(datasets_find(f->db, "toy", &d, &e), &e);
	job.dataset_digest = (char *)(uintptr_t) "0000";
	assert_refused(jobs_insert(f->db, &job, NULL, id, &e) != JOB_INSERT_FAILED, &e,
		ERROR_CONFLICT, "data set");
	job.dataset_digest = d.digest;
	assert_done(jobs_insert(f->db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
}

/* --- lists ---------------------------------------------------------------------------- */

static void the_list_goes_by_pages_from_the_newest(void **state)
{
	struct fixture *f = *state;
	struct job_list l;
	int next = 6;
	char after[JOB_ID_BYTES] = "";

	assert_done(jobs_list(f->db, -1, NULL, 3, &l, &e), &e);
	assert_int_equal(l.n_jobs, 0);
	assert_false(l.has_more);
	job_list_done(&l);
	for (int i = 0; i < 7; i++)
		job_insert(f->db, (i * 3) % 7); /* in some order */
	do {
		assert_done(jobs_list(f->db, -1, after[0] ? after : NULL, 3, &l, &e), &e);
		for (int i = 0; i < l.n_jobs; i++)
			assert_string_equal(l.jobs[i].id, job_id(next--));
		assert_int_equal(l.has_more, next >= 0);
		memcpy(after, l.jobs[l.n_jobs - 1].id, sizeof after);
		bool more = l.has_more;
		job_list_done(&l);
		if (!more)
			break;
	} while (true);
	assert_int_equal(next, -1);
}

static void a_page_goes_on_after_a_job_that_was_deleted(void **state)
{
	struct fixture *f = *state;
	struct job_list l;

	for (int i = 0; i < 4; i++)
		job_insert(f->db, i);
	assert_done(jobs_delete(f->db, job_id(2), &e), &e);
	assert_done(jobs_list(f->db, -1, job_id(2), JOB_LIST_MAX, &l, &e), &e);
	assert_int_equal(l.n_jobs, 2);
	assert_string_equal(l.jobs[0].id, job_id(1));
	assert_string_equal(l.jobs[1].id, job_id(0));
	assert_false(l.has_more);
	job_list_done(&l);
}

static void the_list_and_the_counts_go_by_status(void **state)
{
	struct fixture *f = *state;
	struct job_list l;
	int64_t counts[JOB_STATUS_COUNT];

	for (int i = 0; i < 5; i++)
		job_insert(f->db, i);
	assert_done(jobs_pause(f->db, job_id(1), &e), &e);
	assert_done(jobs_pause(f->db, job_id(3), &e), &e);
	assert_done(jobs_cancel(f->db, job_id(4), &e), &e);

	assert_done(jobs_list(f->db, JOB_PAUSED, NULL, 1, &l, &e), &e);
	assert_int_equal(l.n_jobs, 1);
	assert_true(l.has_more);
	assert_string_equal(l.jobs[0].id, job_id(3));
	job_list_done(&l);
	assert_done(jobs_list(f->db, JOB_PAUSED, job_id(3), 1, &l, &e), &e);
	assert_string_equal(l.jobs[0].id, job_id(1));
	assert_false(l.has_more);
	job_list_done(&l);
	assert_done(jobs_list(f->db, JOB_FAILED, NULL, 1, &l, &e), &e);
	assert_int_equal(l.n_jobs, 0);
	job_list_done(&l);

	assert_done(jobs_count(f->db, counts, &e), &e);
	for (int s = 0; s < JOB_STATUS_COUNT; s++)
		assert_int_equal(counts[s], s == JOB_QUEUED   ? 2
					    : s == JOB_PAUSED ? 2
							      : s == JOB_CANCELLED);
}

static void the_queue_is_by_priority_then_by_submission(void **state)
{
	struct fixture *f = *state;
	static const int submitted[] = { 5, 1, 4, 2,
		3 }; /* clocks jump: ids are not the order of arrival */
	static const int64_t priorities[] = { 0, 10, 0, -1, 10 };
	static const int queue[] = { 1, 3, 5, 4, 2 };
	struct job_list l;
	char id[JOB_ID_BYTES];

	for (size_t i = 0; i < COUNT_OF(submitted); i++) {
		struct job job = job_example(submitted[i]);
		job.priority = priorities[i];
		assert_done(jobs_insert(f->db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
	}
	job_start(f->db, 9);
	assert_done(jobs_queued(f->db, 10, &l, &e), &e);
	assert_int_equal(l.n_jobs, 5);
	for (int i = 0; i < l.n_jobs; i++)
		assert_string_equal(l.jobs[i].id, job_id(queue[i]));
	job_list_done(&l);
	assert_done(jobs_queued(f->db, 2, &l, &e), &e);
	assert_int_equal(l.n_jobs, 2);
	job_list_done(&l);
}

/* --- changing and deleting ------------------------------------------------------------ */

static void a_patch_changes_what_it_names_and_the_etag(void **state)
{
	struct fixture *f = *state;
	struct job before, after;
	const int64_t priority = 0, high = 5;
	const struct job_patch patches[] = {
		{ .name = "renamed" },
		{ .priority = &high },
		{ .metadata = "{\"a\":\"b\"}" },
		{ .name = "again", .priority = &priority, .metadata = "{}" },
	};

	job_insert(f->db, 1);
	for (size_t i = 0; i < COUNT_OF(patches); i++) {
		const struct job_patch *p = &patches[i];
		assert_done(jobs_find(f->db, job_id(1), &before, &e), &e);
		assert_done(jobs_patch(f->db, job_id(1), p, &e), &e);
		assert_done(jobs_find(f->db, job_id(1), &after, &e), &e);
		assert_string_equal(after.name, p->name ? p->name : before.name);
		assert_int_equal(after.priority, p->priority ? *p->priority : before.priority);
		assert_string_equal(after.metadata, p->metadata ? p->metadata : before.metadata);
		assert_int_equal(after.version, before.version + 1);
		job_done(&before);
		job_done(&after);
	}
	assert_done(jobs_patch(f->db, job_id(1), &(struct job_patch){ 0 }, &e), &e);
	assert_done(jobs_find(f->db, job_id(1), &after, &e), &e);
	assert_int_equal(after.version, 5);
	job_done(&after);
	assert_refused(
		jobs_patch(f->db, job_id(2), &patches[0], &e), &e, ERROR_NOT_FOUND, job_id(2));
}

/* Every table but the ones that have nothing to do with jobs. */
static int64_t rows_of_jobs(struct fixture *f)
{
	return raw_int(f->file,
		"SELECT (SELECT count(*) FROM jobs) + (SELECT count(*) FROM job_keys) + "
		"(SELECT count(*) FROM epochs) + (SELECT count(*) FROM metrics) + "
		"(SELECT count(*) FROM checkpoints) + (SELECT count(*) FROM checkpoint_pieces) + "
		"(SELECT count(*) FROM events)");
}

static void delete_takes_everything_along(void **state)
{
	struct fixture *f = *state;
	char id[JOB_ID_BYTES];

	job_insert(f->db, 2);
	int64_t others = rows_of_jobs(f);
	assert_int_equal(submit(f, 1, "key", "body", id), JOB_INSERT_NEW);
	assert_done(jobs_move(f->db, id, JOB_RUNNING, NULL, &e), &e);
	for (int i = 1; i <= 3; i++) {
		struct epoch epoch = epoch_example(i);
		struct checkpoint_data checkpoint = checkpoint_example(i, "weights", 7);
		assert_done(jobs_store_epoch(f->db, id, &epoch, &checkpoint, &e), &e);
	}
	assert_true(rows_of_jobs(f) > others + 25);
	assert_refused(jobs_delete(f->db, id, &e), &e, ERROR_CONFLICT, "running");
	assert_done(jobs_move(f->db, id, JOB_SUCCEEDED, NULL, &e), &e);
	assert_done(jobs_delete(f->db, id, &e), &e);
	assert_int_equal(rows_of_jobs(f), others);
	raw_check(f->file);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_job_comes_back_as_it_was_submitted),
		TEST(a_job_that_is_not_there_is_not_found),
		TEST(an_id_is_given_once),
		TEST(a_key_makes_submitting_twice_submit_once),
		TEST(a_key_outlives_the_daemon_and_goes_with_its_job),
		TEST(a_job_for_a_data_set_that_is_no_longer_there_is_refused),
		TEST(the_list_goes_by_pages_from_the_newest),
		TEST(a_page_goes_on_after_a_job_that_was_deleted),
		TEST(the_list_and_the_counts_go_by_status),
		TEST(the_queue_is_by_priority_then_by_submission),
		TEST(a_patch_changes_what_it_names_and_the_etag),
		TEST(delete_takes_everything_along),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
