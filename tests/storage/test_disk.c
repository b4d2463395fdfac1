/* test_disk.c - every call of SQLite to the disk fails in its turn, and the process may die right
 * then: what a later start finds is the old state or the new one, never something between. */
#include "scenario.h"

#include "fault_disk.h"

#include <stdio.h>
#include <string.h>

static struct error e;

static void must_blame_the_disk(const char *what, int nth, enum error_code code)
{
	if (e.code != code)
		fail_msg("%s, call %d: code %d, %s", what, nth, e.code, e.text);
}

/* What is left if the process dies now, opened by the next one. */
static void die_and_reopen(struct trial *t, int nth)
{
	char remains[64], what[96];

	directory_make(remains);
	directory_copy(t->f->directory, remains);
	(void)snprintf(what, sizeof what, "%s, death at call %d", t->step->name, nth);
	scenario_reopen(remains, t->before, t->after, what);
	directory_remove(remains);
}

static void torture(
	struct fixture *f, const struct step *step, enum fault_disk_kind kind, bool lasting)
{
	struct trial t;

	trial_begin(&t, f, step);
	for (int nth = 1, hits = 1; hits; nth += FAULT_STRIDE) {
		trial_reset(&t);
		e = (struct error){ 0 };
		fault_disk_kind = kind;
		fault_arm(&fault_disk, nth, lasting);
		bool done = step->run(f->db, &e);
		hits = fault_disarm(&fault_disk);
		if (!done) {
			assert_true(hits > 0);
			must_blame_the_disk(
				step->name, nth, kind == DISK_FULL ? ERROR_NO_SPACE : ERROR_IO);
		}
		if (hits)
			die_and_reopen(&t, nth);
		trial_check(&t, done, nth);
	}
	assert_int_equal(fault_disk_unsynced(), 0); /* what was reported as done is on the disk */
	trial_end(&t);
}

static void each_call_fails_once(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], DISK_FAILS, false);
}

static void from_each_call_on_all_fail(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], DISK_FAILS, true);
}

static void the_disk_is_full_once(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], DISK_FULL, false);
}

static void the_disk_stays_full(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], DISK_FULL, true);
}

/* --- opening ---------------------------------------------------------------------------- */

/* Opens the directory with the n-th call failing, then without; whether any failed. */
static bool open_with_fault(
	const char *directory, int nth, bool lasting, char ret_digest[static 65])
{
	fault_disk_kind = DISK_FAILS;
	fault_arm(&fault_disk, nth, lasting);
	struct database *db = database_open(directory, &e);
	int hits = fault_disarm(&fault_disk);
	if (!db) {
		assert_true(hits > 0);
		must_blame_the_disk("open", nth, ERROR_IO);
		db = database_open(directory, &e);
	}
	assert_done(db != NULL, &e);
	assert_done(database_digest(db, ret_digest, &e), &e);
	database_close(db);
	return hits;
}

static void opening_fails_at_each_call(void **state)
{
	struct fixture *f = *state;
	char before[65], after[65];

	assert_done(database_digest(f->db, before, &e), &e);
	fixture_close(f);
	for (int lasting = 0; lasting < 2; lasting++) {
		for (int nth = 1; open_with_fault(f->directory, nth, lasting, after); nth++)
			assert_string_equal(before, after);
	}
	raw_check(f->file);
}

static void making_a_database_fails_at_each_call(void **state)
{
	char directory[64], first[65] = "", digest[65];
	bool hit = true;

	(void)state;
	for (int nth = 1; hit; nth++) {
		directory_make(directory);
		hit = open_with_fault(directory, nth, nth % 2, digest);
		directory_remove(directory);
		if (nth == 1)
			memcpy(first, digest, sizeof first);
		assert_string_equal(first, digest);
	}
	assert_int_equal(fault_disk_unsynced(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_call_fails_once, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(
			from_each_call_on_all_fail, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(
			the_disk_is_full_once, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(the_disk_stays_full, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(
			opening_fails_at_each_call, scenario_begin, scenario_end),
		cmocka_unit_test(making_a_database_fails_at_each_call),
	};

	scenario_use_memory();
	fault_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
