/* test_moves.c - the legal moves of a job: one table in C, the same in SQL; what users ask for;
 * recovery. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct error e;

/* The table once more, as a person would write it down. */
static const char *const legal[] = {
	"queued>running",
	"queued>paused",
	"queued>cancelled",
	"queued>failed",
	"running>queued",
	"running>pausing",
	"running>paused",
	"running>cancelling",
	"running>succeeded",
	"running>failed",
	"pausing>queued",
	"pausing>paused",
	"pausing>cancelling",
	"pausing>succeeded",
	"pausing>failed",
	"paused>queued",
	"paused>cancelled",
	"cancelling>cancelled",
	"cancelling>succeeded",
	"cancelling>failed",
};

static bool is_listed(enum job_status from, enum job_status to)
{
	char move[48];

	(void)snprintf(move, sizeof move, "%s>%s", job_status_names[from], job_status_names[to]);
	for (size_t i = 0; i < COUNT_OF(legal); i++) {
		if (strcmp(legal[i], move) == 0)
			return true;
	}
	return false;
}

static void the_legal_moves_are_these(void **state)
{
	(void)state;
	for (enum job_status from = 0; from < JOB_STATUS_COUNT; from++) {
		for (enum job_status to = 0; to < JOB_STATUS_COUNT; to++) {
			if (job_move_legal(from, to) != is_listed(from, to))
				fail_msg("%s to %s", job_status_names[from], job_status_names[to]);
		}
	}
}

static void cancelled_succeeded_and_failed_are_final(void **state)
{
	(void)state;
	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		bool final = s == JOB_CANCELLED || s == JOB_SUCCEEDED || s == JOB_FAILED;
		assert_int_equal(job_status_final(s), final);
	}
	assert_null(job_status_names[JOB_STATUS_COUNT]);
}

static bool set_status(struct connection *c, enum job_status status)
{
	struct query q;

	query_begin_once(&q, c, "UPDATE jobs SET status = ?1, error = ?2");
	query_bind_text(&q, job_status_names[status]);
	query_bind_text(&q, status == JOB_FAILED ? "x" : NULL);
	return query_run(&q, &e);
}

/* Puts the job in that state, whatever it was in, by taking the trigger away for a moment. */
static void force_status(struct connection *c, const char *trigger, enum job_status status)
{
	assert_done(connection_run(c, "DROP TRIGGER jobs_move_legally", &e), &e);
	assert_done(set_status(c, status), &e);
	assert_done(connection_run(c, trigger, &e), &e);
}

static char *trigger_text(struct connection *c)
{
	struct query q;

	query_begin_once(&q, c, "SELECT sql FROM sqlite_schema WHERE name = 'jobs_move_legally'");
	assert_true(query_next(&q));
	char *text = query_copy(&q, 0);
	assert_done(query_end(&q, &e), &e);
	return text;
}

static void the_trigger_in_sql_holds_the_same_table(void **state)
{
	struct fixture *f = *state;
	struct connection c;

	job_insert(f->db, 1);
	fixture_close(f);
	raw_open(f->file, &c);
	assert_done(connection_run(&c, "PRAGMA synchronous = OFF", &e), &e);
	char *trigger = trigger_text(&c);
	for (enum job_status from = 0; from < JOB_STATUS_COUNT; from++) {
		for (enum job_status to = 0; to < JOB_STATUS_COUNT; to++) {
			force_status(&c, trigger, from);
			e.text[0] = '\0';
			bool moved = set_status(&c, to);
			if (moved != job_move_legal(from, to) ||
				(!moved && !strstr(e.text, "cannot move")))
				fail_msg("SQL on %s to %s: %s", job_status_names[from],
					job_status_names[to], e.text);
		}
	}
	free(trigger);
	connection_done(&c);
}

static void sql_lets_no_job_begin_but_as_queued(void **state)
{
	struct fixture *f = *state;
	struct connection c;
	struct query q;

	raw_open(f->file, &c);
	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		query_begin_once(&q, &c,
			"INSERT INTO jobs (id, name, status, priority, created_at, epochs, "
			"steps_per_epoch, "
			"spec, error) VALUES (?1, '', ?1, 0, 0, 1, 1, '', ?2)");
		query_bind_text(&q, job_status_names[s]);
		query_bind_text(&q, s == JOB_FAILED ? "x" : NULL);
		if (query_run(&q, &e) != (s == JOB_QUEUED))
			fail_msg("SQL on a job that begins as %s", job_status_names[s]);
	}
	connection_done(&c);
}

/* --- jobs_move ------------------------------------------------------------------------ */

static struct job job_of(struct database *db, int number)
{
	struct job job;

	assert_done(jobs_find(db, job_id(number), &job, &e), &e);
	return job;
}

static void move(struct fixture *f, enum job_status to, const char *reason)
{
	assert_done(jobs_move(f->db, job_id(1), to, reason, &e), &e);
}

static void a_move_keeps_times_attempts_and_version(void **state)
{
	struct fixture *f = *state;

	job_insert(f->db, 1);
	struct job queued = job_of(f->db, 1);
	assert_int_equal(queued.started_at, 0);
	assert_int_equal(queued.attempts, 0);

	move(f, JOB_RUNNING, NULL);
	struct job running = job_of(f->db, 1);
	assert_true(running.started_at > 1600000000000);
	assert_int_equal(running.attempts, 1);
	assert_true(running.version > queued.version);

	move(f, JOB_QUEUED, "the daemon was stopped");
	move(f, JOB_RUNNING, NULL);
	struct job again = job_of(f->db, 1);
	assert_int_equal(again.started_at, running.started_at); /* of the first start */
	assert_int_equal(again.attempts, 2);
	assert_int_equal(again.finished_at, 0);

	move(f, JOB_SUCCEEDED, NULL);
	struct job done = job_of(f->db, 1);
	assert_true(done.finished_at >= done.started_at);
	assert_null(done.error);
	job_done(&queued);
	job_done(&running);
	job_done(&again);
	job_done(&done);
}

static void a_failed_job_says_why(void **state)
{
	struct fixture *f = *state;

	job_start(f->db, 1);
	move(f, JOB_FAILED, "the loss is not a number");
	struct job job = job_of(f->db, 1);
	assert_string_equal(job.error, "the loss is not a number");
	job_done(&job);
}

static void each_move_is_an_event(void **state)
{
	struct fixture *f = *state;
	static const struct {
		const char *reason, *data;
	} cases[] = {
		{ NULL, "{\"status\":\"pausing\",\"reason\":null}" },
		{ "say \"when\"\n",
			"{\"status\":\"paused\",\"reason\":\"say \\\"when\\\"\\u000a\"}" },
	};
	static const enum job_status to[] = { JOB_PAUSING, JOB_PAUSED };

	job_start(f->db, 1);
	char *data = event_data_of(f->db, 1, 1, "status");
	assert_string_equal(data, "{\"status\":\"queued\",\"reason\":null}");
	free(data);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		move(f, to[i], cases[i].reason);
		data = event_data_of(f->db, 1, 0, "status");
		assert_string_equal(data, cases[i].data);
		free(data);
	}
}

static void an_illegal_move_says_where_the_job_is_and_changes_nothing(void **state)
{
	struct fixture *f = *state;
	char before[65], after[65];

	job_insert(f->db, 1);
	assert_done(database_digest(f->db, before, &e), &e);
	assert_refused(jobs_move(f->db, job_id(1), JOB_SUCCEEDED, NULL, &e), &e, ERROR_CONFLICT,
		"is queued and cannot become succeeded");
	assert_refused(
		jobs_move(f->db, job_id(1), JOB_QUEUED, NULL, &e), &e, ERROR_CONFLICT, "is queued");
	assert_refused(
		jobs_move(f->db, job_id(2), JOB_RUNNING, NULL, &e), &e, ERROR_NOT_FOUND, job_id(2));
	assert_refused(jobs_move(f->db, "", JOB_RUNNING, NULL, &e), &e, ERROR_NOT_FOUND, "no job");
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);
}

/* --- what a user asks for ------------------------------------------------------------- */

/* A way from queued to each state. */
static const enum job_status ways[JOB_STATUS_COUNT][3] = {
	[JOB_RUNNING] = { JOB_RUNNING },
	[JOB_PAUSING] = { JOB_RUNNING, JOB_PAUSING },
	[JOB_PAUSED] = { JOB_PAUSED },
	[JOB_CANCELLING] = { JOB_RUNNING, JOB_CANCELLING },
	[JOB_CANCELLED] = { JOB_CANCELLED },
	[JOB_SUCCEEDED] = { JOB_RUNNING, JOB_SUCCEEDED },
	[JOB_FAILED] = { JOB_FAILED },
};

/* Each state has a job of its own, whose number is the state's. */
static const char *id_in(enum job_status status)
{
	return job_id((int)status);
}

static int events_in(struct database *db, enum job_status status)
{
	return event_count(db, (int)status, NULL);
}

static void job_in(struct database *db, enum job_status status)
{
	job_insert(db, (int)status);
	for (int i = 0; i < 3 && ways[status][i] != JOB_QUEUED; i++)
		assert_done(jobs_move(db, id_in(status), ways[status][i],
				    ways[status][i] == JOB_FAILED ? "x" : NULL, &e),
			&e);
	assert_int_equal(job_status_of(db, (int)status), status);
}

typedef bool wish(struct database *db, const char *id, struct error *err);
#define CONFLICT JOB_STATUS_COUNT /* no state: it is refused */

static void ask_in_every_state(struct fixture *f, wish *ask, const enum job_status *ends_in)
{
	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		job_in(f->db, s);
		int events = events_in(f->db, s);
		bool granted = ask(f->db, id_in(s), &e);
		enum job_status now = job_status_of(f->db, (int)s);
		if (granted != (ends_in[s] != CONFLICT) || now != (granted ? ends_in[s] : s))
			fail_msg("asked while %s: %s", job_status_names[s], job_status_names[now]);
		if (!granted)
			assert_refused(granted, &e, ERROR_CONFLICT, job_status_names[s]);
		assert_int_equal(events_in(f->db, s) - events, now != s);
	}
	assert_refused(ask(f->db, job_id(99), &e), &e, ERROR_NOT_FOUND, job_id(99));
}

static void cancel_becomes_the_right_move(void **state)
{
	static const enum job_status ends_in[] = { [JOB_QUEUED] = JOB_CANCELLED,
		[JOB_RUNNING] = JOB_CANCELLING,
		[JOB_PAUSING] = JOB_CANCELLING,
		[JOB_PAUSED] = JOB_CANCELLED,
		[JOB_CANCELLING] = JOB_CANCELLING,
		[JOB_CANCELLED] = CONFLICT,
		[JOB_SUCCEEDED] = CONFLICT,
		[JOB_FAILED] = CONFLICT };

	ask_in_every_state(*state, jobs_cancel, ends_in);
}

static void pause_becomes_the_right_move(void **state)
{
	static const enum job_status ends_in[] = { [JOB_QUEUED] = JOB_PAUSED,
		[JOB_RUNNING] = JOB_PAUSING,
		[JOB_PAUSING] = JOB_PAUSING,
		[JOB_PAUSED] = JOB_PAUSED,
		[JOB_CANCELLING] = CONFLICT,
		[JOB_CANCELLED] = CONFLICT,
		[JOB_SUCCEEDED] = CONFLICT,
		[JOB_FAILED] = CONFLICT };

	ask_in_every_state(*state, jobs_pause, ends_in);
}

static void resume_becomes_the_right_move(void **state)
{
	static const enum job_status ends_in[] = { [JOB_QUEUED] = CONFLICT,
		[JOB_RUNNING] = CONFLICT,
		[JOB_PAUSING] = CONFLICT,
		[JOB_PAUSED] = JOB_QUEUED,
		[JOB_CANCELLING] = CONFLICT,
		[JOB_CANCELLED] = CONFLICT,
		[JOB_SUCCEEDED] = CONFLICT,
		[JOB_FAILED] = CONFLICT };

	ask_in_every_state(*state, jobs_resume, ends_in);
}

static void delete_waits_for_the_worker(void **state)
{
	struct fixture *f = *state;

	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		bool at_work = s == JOB_RUNNING || s == JOB_PAUSING || s == JOB_CANCELLING;
		job_in(f->db, s);
		if (at_work)
			assert_refused(jobs_delete(f->db, id_in(s), &e), &e, ERROR_CONFLICT,
				job_status_names[s]);
		else
			assert_done(jobs_delete(f->db, id_in(s), &e), &e);
	}
	assert_refused(jobs_delete(f->db, job_id(99), &e), &e, ERROR_NOT_FOUND, job_id(99));
}

/* --- recovery ------------------------------------------------------------------------- */

static int recover(struct fixture *f)
{
	int requeued = -1;

	fixture_close(f);
	fixture_open(f);
	assert_done(jobs_recover(f->db, &requeued, &e), &e);
	return requeued;
}

static void after_a_crash_every_job_is_where_it_can_go_on(void **state)
{
	static const enum job_status after[JOB_STATUS_COUNT] = { [JOB_QUEUED] = JOB_QUEUED,
		[JOB_RUNNING] = JOB_QUEUED,
		[JOB_PAUSING] = JOB_PAUSED,
		[JOB_PAUSED] = JOB_PAUSED,
		[JOB_CANCELLING] = JOB_CANCELLED,
		[JOB_CANCELLED] = JOB_CANCELLED,
		[JOB_SUCCEEDED] = JOB_SUCCEEDED,
		[JOB_FAILED] = JOB_FAILED };
	struct fixture *f = *state;
	int events[JOB_STATUS_COUNT];

	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		job_in(f->db, s);
		events[s] = events_in(f->db, s);
	}
	assert_int_equal(recover(f), 1);
	for (enum job_status s = 0; s < JOB_STATUS_COUNT; s++) {
		assert_int_equal(job_status_of(f->db, (int)s), after[s]);
		assert_int_equal(events_in(f->db, s) - events[s], after[s] != s);
	}
	char *data = event_data_of(f->db, JOB_RUNNING, 0, "status");
	assert_string_equal(data, "{\"status\":\"queued\",\"reason\":\"the daemon stopped while "
				  "the job was at work\"}");
	free(data);
	assert_int_equal(recover(f), 0); /* nothing is left to do */
}

static void crash(struct fixture *f)
{
	assert_done(jobs_move(f->db, job_id(1), JOB_RUNNING, NULL, &e), &e);
	(void)recover(f);
}

static void a_job_that_stops_the_daemon_three_times_at_one_place_fails(void **state)
{
	struct fixture *f = *state;

	job_insert(f->db, 1);
	for (int i = 1; i < JOB_ATTEMPTS_MAX; i++) {
		crash(f);
		assert_int_equal(job_status_of(f->db, 1), JOB_QUEUED);
	}
	crash(f);
	struct job job = job_of(f->db, 1);
	assert_int_equal(job.status, JOB_FAILED);
	assert_string_equal(job.error, "it has stopped the daemon 3 times at the same place");
	assert_int_equal(job.attempts, 3);
	job_done(&job);
}

static void a_new_checkpoint_is_a_new_place(void **state)
{
	struct fixture *f = *state;

	job_insert(f->db, 1);
	for (int i = 1; i <= 3 * JOB_ATTEMPTS_MAX; i++) {
		struct epoch epoch = epoch_example(i);
		struct checkpoint_data checkpoint = checkpoint_example(i, "weights", 7);
		assert_done(jobs_move(f->db, job_id(1), JOB_RUNNING, NULL, &e), &e);
		assert_done(jobs_store_epoch(f->db, job_id(1), &epoch, &checkpoint, &e), &e);
		(void)recover(f);
		assert_int_equal(job_status_of(f->db, 1), JOB_QUEUED);
	}
}

/* A stop on purpose is no crash. */
static void a_shutdown_does_not_count(void **state)
{
	struct fixture *f = *state;

	job_insert(f->db, 1);
	for (int i = 0; i < 2 * JOB_ATTEMPTS_MAX; i++) {
		move(f, JOB_RUNNING, NULL);
		move(f, JOB_QUEUED, "the daemon was stopped");
		assert_int_equal(recover(f), 0);
	}
	assert_int_equal(job_status_of(f->db, 1), JOB_QUEUED);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_legal_moves_are_these),
		cmocka_unit_test(cancelled_succeeded_and_failed_are_final),
		TEST(the_trigger_in_sql_holds_the_same_table),
		TEST(sql_lets_no_job_begin_but_as_queued),
		TEST(a_move_keeps_times_attempts_and_version),
		TEST(a_failed_job_says_why),
		TEST(each_move_is_an_event),
		TEST(an_illegal_move_says_where_the_job_is_and_changes_nothing),
		TEST(cancel_becomes_the_right_move),
		TEST(pause_becomes_the_right_move),
		TEST(resume_becomes_the_right_move),
		TEST(delete_waits_for_the_worker),
		TEST(after_a_crash_every_job_is_where_it_can_go_on),
		TEST(a_job_that_stops_the_daemon_three_times_at_one_place_fails),
		TEST(a_new_checkpoint_is_a_new_place),
		TEST(a_shutdown_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
