/* test_memory.c - every allocation fails in its turn, SQLite's and ours: a clean error, and the
 * state is the old one. */
#include "scenario.h"

#include "fault_alloc.h"
#include "fault_disk.h"

#include <stdio.h>
#include <string.h>

static struct error e;

/* The linker sends our calls here: nothing is about power, and thousands of syncs take minutes. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	(void)fd;
	return 0;
}

static void must_be_out_of_memory(const char *what, int nth)
{
	if (e.code != ERROR_NO_MEMORY)
		fail_msg("%s, allocation %d: code %d, %s", what, nth, e.code, e.text);
}

/* Runs the step with the n-th allocation failing, n = 1, 1 + stride … until nothing fails any more.
 */
static void torture(struct fixture *f, const struct step *step, bool lasting, int stride)
{
	struct trial t;

	trial_begin(&t, f, step);
	for (int nth = 1, hits = 1; hits; nth += stride) {
		trial_reset(&t);
		e = (struct error){ 0 };
		fault_arm(&fault_alloc, nth, lasting);
		bool done = step->run(f->db, &e);
		hits = fault_disarm(&fault_alloc);
		if (!done) {
			assert_true(hits > 0);
			must_be_out_of_memory(step->name, nth);
		}
		trial_check(&t, done, nth);
	}
	trial_end(&t);
}

static void each_allocation_fails_once(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], false, FAULT_STRIDE);
}

/* What this adds is that cleaning up needs no memory; a third of the places is enough for that. */
static void from_each_allocation_on_all_fail(void **state)
{
	for (int i = 0; i < n_steps; i++)
		torture(*state, &steps[i], true, 3 * FAULT_STRIDE);
}

/* Opens the directory with the n-th allocation failing; whether any did. */
static bool open_with_fault(const char *directory, int nth, bool lasting)
{
	e = (struct error){ 0 };
	fault_arm(&fault_alloc, nth, lasting);
	struct database *db = database_open(directory, &e);
	int hits = fault_disarm(&fault_alloc);
	if (!db) {
		assert_true(hits > 0);
		must_be_out_of_memory("open", nth);
		db = database_open(directory, &e); /* nothing that failed is in its way */
	}
	assert_done(db != NULL, &e);
	assert_done(database_probe(db, &e), &e);
	database_close(db);
	return hits;
}

/* Reading and making the schema takes thousands of allocations, nearly all in a few places of
 * SQLite. */
static void opening_fails_at_many_allocations(void **state)
{
	struct fixture *f = *state;
	int nth = 1;

	fixture_close(f);
	while (open_with_fault(f->directory, nth, false))
		nth += 3 * FAULT_STRIDE;
	assert_true(nth > 500);
}

static void making_a_database_fails_at_many_allocations(void **state)
{
	char directory[64];
	bool hit = true;

	(void)state;
	for (int nth = 1; hit; nth += 29 * FAULT_STRIDE) {
		directory_make(directory);
		hit = open_with_fault(directory, nth, nth % 2);
		directory_remove(directory);
	}
	assert_int_equal(sqlite3_memory_used(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			each_allocation_fails_once, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(
			from_each_allocation_on_all_fail, scenario_begin, scenario_end),
		cmocka_unit_test_setup_teardown(
			opening_fails_at_many_allocations, scenario_begin, scenario_end),
		cmocka_unit_test(making_a_database_fails_at_many_allocations),
	};

	scenario_use_memory();
	fault_alloc_install();
	fault_disk_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
