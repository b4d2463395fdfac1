/* test_threads.c - many threads at once: each writes its own job, all read everything, and nothing
 * is lost or torn. Built with -Db_sanitize=thread it is the proof of the locking. */
#include "fixture.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

enum { WRITERS = 4, READERS = 6, EPOCHS = 5 };

static atomic_int rings;
static atomic_bool stop;

static void ring(void *ctx)
{
	(void)ctx;
	atomic_fetch_add(&rings, 1);
}

struct task {
	struct database *db;
	int number;
	char id[JOB_ID_BYTES];
	struct error e;
	bool good;
	pthread_t thread;
};

static bool write_job(struct task *t)
{
	struct job job = {
		.epochs = EPOCHS, .steps_per_epoch = 10, .spec = (char *)(uintptr_t) "{}"
	};
	char id[JOB_ID_BYTES], bytes[6];

	memcpy(job.id, t->id, sizeof job.id);
	if (jobs_insert(t->db, &job, NULL, id, &t->e) != JOB_INSERT_NEW ||
		!jobs_move(t->db, id, JOB_RUNNING, NULL, &t->e))
		return false;
	for (int i = 1; i <= EPOCHS; i++) {
		struct epoch epoch = epoch_example(i);
		memset(bytes, t->number, sizeof bytes);
		struct checkpoint_data c = checkpoint_example(i, bytes, sizeof bytes);
		struct dataset_part part = part_example("uint8", 1, (int64_t[]){ sizeof bytes });
		if (!jobs_store_epoch(t->db, id, &epoch, &c, &t->e) ||
			!part_upload(t->db, "shared", DATASET_X_TRAIN, bytes, &part, &t->e))
			return false;
	}
	return jobs_move(t->db, id, JOB_SUCCEEDED, NULL, &t->e);
}

static void *writer(void *arg)
{
	struct task *t = arg;

	t->good = write_job(t);
	return NULL;
}

/* An epoch is there with its checkpoint and its metrics, or not at all. */
static bool read_job(struct task *t, const char *id)
{
	struct epoch_list l;
	struct checkpoint c;
	void *bytes;

	if (!epochs_list(t->db, id, &l, &t->e))
		return t->e.code == ERROR_NOT_FOUND;
	int n = l.n_epochs;
	bool whole = n == 0 || l.epochs[n - 1].n_metrics == 4;
	epoch_list_done(&l);
	if (!whole || n == 0)
		return whole;
	if (!checkpoints_read(t->db, id, CHECKPOINT_EPOCH, n, &c, &bytes, &t->e))
		return false;
	free(bytes);
	return c.step == 10 * n;
}

static void *reader(void *arg)
{
	struct task *t = arg;
	struct job_list jobs;
	struct event_list events;
	int64_t after = 0;

	t->good = true;
	do {
		t->good = read_job(t, t->id) && jobs_list(t->db, -1, NULL, 10, &jobs, &t->e);
		if (t->good)
			job_list_done(&jobs);
		if (!t->good || !events_list(t->db, NULL, after, 10, &events, &t->e))
			return NULL;
		for (int i = 0; i < events.n_events; i++) {
			t->good &= events.events[i].id > after;
			after = events.events[i].id;
		}
		event_list_done(&events);
	} while (t->good && !atomic_load(&stop));
	return NULL;
}

static void writers_and_readers_do_not_disturb_each_other(void **state)
{
	struct fixture *f = *state;
	struct task tasks[WRITERS + READERS] = { 0 };
	struct error e;
	int64_t last;

	database_on_events(f->db, ring, NULL);
	for (int i = 0; i < WRITERS + READERS; i++) {
		struct task *t = &tasks[i];
		t->db = f->db;
		t->number = i % WRITERS;
		memcpy(t->id, job_id(t->number), sizeof t->id);
		assert_int_equal(
			pthread_create(&t->thread, NULL, i < WRITERS ? writer : reader, t), 0);
	}
	for (int i = 0; i < WRITERS + READERS; i++) {
		if (i == WRITERS)
			atomic_store(&stop, true);
		assert_int_equal(pthread_join(tasks[i].thread, NULL), 0);
		assert_done(tasks[i].good, &tasks[i].e);
	}
	/* A job: queued, running, an epoch and a checkpoint each, succeeded; one bell a
	 * transaction. */
	assert_done(events_last_id(f->db, &last, &e), &e);
	assert_int_equal(last, WRITERS * (3 + 2 * EPOCHS));
	assert_int_equal(rings, WRITERS * (3 + EPOCHS));
	for (int i = 0; i < WRITERS; i++)
		assert_int_equal(job_status_of(f->db, i), JOB_SUCCEEDED);
	raw_check(f->file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			writers_and_readers_do_not_disturb_each_other, fixture_begin, fixture_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
