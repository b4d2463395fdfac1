/* scenario.c - see scenario.h. */
#include "scenario.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- steps that change ------------------------------------------------------------------ */

static bool submit(struct database *db, struct error *err)
{
	struct job job = job_example(1);
	struct job_key key = { .key = "key", .body_digest = "body" };
	char id[JOB_ID_BYTES];

	return jobs_insert(db, &job, &key, id, err) != JOB_INSERT_FAILED;
}

static bool start(struct database *db, struct error *err)
{
	return jobs_move(db, job_id(1), JOB_RUNNING, NULL, err);
}

static bool store(struct database *db, int number, bool finished, size_t size, struct error *err)
{
	struct epoch epoch = epoch_example(number);
	static unsigned char bytes[9000];
	struct checkpoint_data c = checkpoint_example(number, bytes, size);

	if (!finished) {
		c.step += 5;
		c.finished_epoch = false;
	}
	return jobs_store_epoch(db, job_id(1), finished ? &epoch : NULL, &c, err);
}

static bool first_epoch(struct database *db, struct error *err)
{
	return store(db, 1, true, 9000, err);
}

static bool middle(struct database *db, struct error *err)
{
	return store(db, 1, false, 5000, err);
}

static bool second_epoch(struct database *db, struct error *err)
{
	return store(db, 2, true, 9000, err);
}

static bool again(struct database *db, struct error *err)
{
	return store(db, 2, true, 8000, err);
}

static bool log_line(struct database *db, struct error *err)
{
	return events_log(db, job_id(1), "a line of the log", err);
}

static bool patch(struct database *db, struct error *err)
{
	const int64_t priority = 5;

	return jobs_patch(db, job_id(1),
		&(struct job_patch){ .name = "renamed", .priority = &priority }, err);
}

static bool upload(struct database *db, struct error *err)
{
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ 6 });

	return part_upload(db, "toy", DATASET_Y_TRAIN, "abcdef", &part, err);
}

static bool replace(struct database *db, struct error *err)
{
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ 6 });

	return part_upload(db, "toy", DATASET_Y_TRAIN, "ABCDEF", &part, err);
}

static bool submit_with_data(struct database *db, struct error *err)
{
	struct job job = job_example(2);
	struct dataset d;
	char id[JOB_ID_BYTES];

	if (!datasets_find(db, "toy", &d, err))
		return false;
	job.dataset_digest = d.digest;
	return jobs_insert(db, &job, NULL, id, err) != JOB_INSERT_FAILED;
}

static bool pause_first(struct database *db, struct error *err)
{
	return jobs_pause(db, job_id(1), err);
}

static bool recover(struct database *db, struct error *err)
{
	int requeued;

	return jobs_recover(db, &requeued, err);
}

static bool cancel_second(struct database *db, struct error *err)
{
	return jobs_cancel(db, job_id(2), err);
}

/* Job 9 comes with two checkpoints, and the newer is damaged. */
static bool go_on(struct database *db, struct error *err)
{
	struct checkpoint c;
	void *bytes;

	if (!checkpoints_resume(db, job_id(9), &c, &bytes, err))
		return false;
	assert_int_equal(c.step, 10);
	assert_memory_equal(bytes, "weights", 7);
	free(bytes);
	return true;
}

static bool delete_second(struct database *db, struct error *err)
{
	return jobs_delete(db, job_id(2), err);
}

static bool delete_data(struct database *db, struct error *err)
{
	return datasets_delete(db, "toy", err);
}

/* --- steps that read -------------------------------------------------------------------- */

static bool read_jobs(struct database *db, struct error *err)
{
	struct job job;
	struct job_list l;
	int64_t counts[JOB_STATUS_COUNT];

	if (!jobs_find(db, job_id(1), &job, err))
		return false;
	assert_string_equal(job.name, "renamed");
	assert_string_equal(job.spec, "{\"batch_size\":64}");
	job_done(&job);
	if (!jobs_list(db, -1, NULL, 2, &l, err))
		return false;
	assert_int_equal(l.n_jobs, 2);
	assert_true(l.has_more);
	job_list_done(&l);
	if (!jobs_list(db, JOB_QUEUED, NULL, 2, &l, err))
		return false;
	assert_int_equal(l.n_jobs, 1);
	job_list_done(&l);
	if (!jobs_queued(db, 2, &l, err))
		return false;
	assert_int_equal(l.n_jobs, 1);
	job_list_done(&l);
	if (!jobs_count(db, counts, err))
		return false;
	assert_int_equal(counts[JOB_RUNNING], 2);
	return true;
}

static bool read_epochs(struct database *db, struct error *err)
{
	struct epoch_list epochs;
	struct checkpoint_list checkpoints;
	struct checkpoint c;
	void *bytes;

	if (!epochs_list(db, job_id(1), &epochs, err))
		return false;
	assert_int_equal(epochs.n_epochs, 2);
	assert_string_equal(epochs.epochs[1].metrics[3].name, "val_accuracy");
	epoch_list_done(&epochs);
	if (!checkpoints_list(db, job_id(1), &checkpoints, err))
		return false;
	assert_int_equal(checkpoints.n_checkpoints, 2);
	checkpoint_list_done(&checkpoints);
	if (!checkpoints_read(db, job_id(1), CHECKPOINT_BEST, 0, &c, &bytes, err))
		return false;
	assert_int_equal(c.bytes, 8000);
	free(bytes);
	return true;
}

static bool read_events(struct database *db, struct error *err)
{
	struct event_list l;
	int64_t last;

	if (!events_list(db, job_id(1), 0, 1000, &l, err))
		return false;
	assert_int_equal(l.n_events, 9);
	assert_string_equal(l.events[8].data, "{\"text\":\"a line of the log\"}");
	event_list_done(&l);
	if (!events_list(db, NULL, 0, 1000, &l, err))
		return false;
	assert_true(l.n_events > 9);
	event_list_done(&l);
	return events_last_id(db, &last, err);
}

static bool read_data(struct database *db, struct error *err)
{
	struct dataset_list l;
	struct dataset_map map;

	if (!datasets_list(db, &l, err))
		return false;
	assert_int_equal(l.n_datasets, 1);
	bool good = dataset_map_open(db, &l.datasets[0].parts[DATASET_Y_TRAIN], &map, err);
	dataset_list_done(&l);
	if (!good)
		return false;
	assert_memory_equal(map.bytes, "ABCDEF", 6);
	dataset_map_close(&map);
	return true;
}

static bool digest(struct database *db, struct error *err)
{
	char text[65];

	return database_digest(db, text, err);
}

const struct step steps[] = {
	{ "submit", submit },
	{ "start", start },
	{ "first epoch", first_epoch },
	{ "middle of an epoch", middle },
	{ "second epoch", second_epoch },
	{ "second epoch again", again },
	{ "log", log_line },
	{ "patch", patch },
	{ "upload", upload },
	{ "replace", replace },
	{ "submit with a data set", submit_with_data },
	{ "read jobs", read_jobs },
	{ "read epochs", read_epochs },
	{ "read events", read_events },
	{ "read data sets", read_data },
	{ "digest", digest },
	{ "sweep", datasets_sweep },
	{ "probe", database_probe },
	{ "pause", pause_first },
	{ "recover", recover },
	{ "go on", go_on, .two_transactions = true }, /* rejects, then reads */
	{ "cancel", cancel_second },
	{ "delete the data set", delete_data },
	{ "delete the job", delete_second },
};
const int n_steps = COUNT_OF(steps);

/* --- around them ------------------------------------------------------------------------ */

void scenario_use_memory(void)
{
	if (access("/dev/shm", W_OK) == 0)
		(void)setenv("TMPDIR", "/dev/shm", 0); /* without it, it is slower */
}

/* Job 9 at work, its newer checkpoint damaged. */
static void prepare(struct fixture *f)
{
	struct error e;

	job_start(f->db, 9);
	for (int i = 1; i <= 2; i++) {
		struct epoch epoch = epoch_example(i);
		struct checkpoint_data c = checkpoint_example(i, "weights", 7);
		assert_done(jobs_store_epoch(f->db, job_id(9), &epoch, &c, &e), &e);
	}
	fixture_close(f);
	raw_run(f->file, "UPDATE checkpoint_pieces SET bytes = zeroblob(7) WHERE checkpoint = 2");
	fixture_open(f);
}

int scenario_begin(void **state)
{
	assert_int_equal(fixture_begin(state), 0);
	prepare(*state);
	return 0;
}

int scenario_end(void **state)
{
	assert_int_equal(fixture_end(state), 0);
	assert_int_equal(sqlite3_memory_used(), 0);
	return 0;
}

/* The whole of what is stored, less what a start sweeps away. */
static void digest_swept(struct database *db, char ret_text[static 65])
{
	struct error e;

	assert_done(datasets_sweep(db, &e), &e);
	assert_done(database_digest(db, ret_text, &e), &e);
}

void scenario_reopen(const char *directory, const char *before, const char *after, const char *what)
{
	struct error e;
	char now[65], file[128];
	struct database *db = database_open(directory, &e);

	assert_done(db != NULL, &e);
	digest_swept(db, now);
	if (strcmp(now, before) != 0 && strcmp(now, after) != 0)
		fail_msg("%s: neither old nor new", what);
	database_close(db);
	(void)snprintf(file, sizeof file, "%s/epochd.db", directory);
	raw_check(file);
}

/* --- trials ----------------------------------------------------------------------------- */

static int64_t data_version(struct database *db)
{
	struct error e;
	struct query q;

	query_begin(&q, &db->readers[0], "PRAGMA data_version");
	assert_true(query_next(&q));
	int64_t version = query_int(&q, 0);
	assert_done(query_end(&q, &e), &e);
	return version;
}

void trial_begin(struct trial *t, struct fixture *f, const struct step *step)
{
	struct error e;

	*t = (struct trial){ .f = f, .step = step, .changed = true };
	digest_swept(f->db, t->before);
	fixture_close(f);
	directory_make(t->snapshot);
	directory_copy(f->directory, t->snapshot);
	fixture_open(f);
	assert_done(step->run(f->db, &e), &e);
	digest_swept(f->db, t->after);
}

static void restore(struct trial *t)
{
	struct fixture *f = t->f;

	fixture_close(f);
	directory_remove(f->directory);
	directory_make(f->directory);
	(void)snprintf(f->file, sizeof f->file, "%s/epochd.db", f->directory);
	directory_copy(t->snapshot, f->directory);
	fixture_open(f);
	t->data_version = data_version(f->db);
}

static void forget_statements(struct connection *c)
{
	while (c->n_cached > 0)
		(void)sqlite3_finalize(c->cached[--c->n_cached].statement);
}

void trial_reset(struct trial *t)
{
	if (t->changed)
		restore(t);
	t->changed = false;
	forget_statements(&t->f->db->writer);
	for (int i = 0; i < DATABASE_READERS; i++)
		forget_statements(&t->f->db->readers[i]);
}

void trial_check(struct trial *t, bool done, int nth)
{
	struct error e;
	char now[65];

	assert_done(datasets_sweep(t->f->db, &e), &e);
	if (!done && data_version(t->f->db) == t->data_version)
		return; /* nothing was committed: the dear digest would be the old one */
	t->changed = true;
	assert_done(database_digest(t->f->db, now, &e), &e);
	if (strcmp(now, t->after) == 0 && (done || t->step->two_transactions))
		return;
	if (strcmp(now, t->before) != 0 || done)
		fail_msg("%s, fault %d: %s, but the state is another", t->step->name, nth,
			done ? "done" : "failed");
}

void trial_end(struct trial *t)
{
	fixture_close(t->f);
	raw_check(t->f->file);
	fixture_open(t->f);
	directory_remove(t->snapshot);
}
