/* test_crew.c - threads that share out pieces: each piece is done once, by whom it may be, and
 * nobody who is held up is waited for. */
#include "engine/crew.h"

#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <unistd.h>

#include <cmocka.h>

enum { PIECES = 1000, THREADS = 5 };

struct record {
	atomic_int done[PIECES]; /* how often */
	atomic_int by[THREADS];  /* pieces, of each thread */
	int order[PIECES];       /* of those that thread 0 did */
	atomic_bool held;        /* thread 1 waits in its first piece until it is false */
};

static struct crew *start(int threads)
{
	struct error err;
	struct crew *c = crew_new(threads, &err);

	if (!c)
		fail_msg("%s", err.text);
	return c;
}

static void note(void *ctx, int piece, int thread)
{
	struct record *r = ctx;

	while (thread == 1 && atomic_load(&r->held))
		(void)sched_yield();
	atomic_fetch_add(&r->done[piece], 1);
	if (thread == 0)
		r->order[atomic_load(&r->by[0])] = piece;
	atomic_fetch_add(&r->by[thread], 1);
}

static void assert_each_done_once(struct record *r, int n, int threads)
{
	for (int i = 0; i < PIECES; i++)
		if (atomic_load(&r->done[i]) != (i < n))
			fail_msg("piece %d of %d was done %d times by %d threads", i, n,
				atomic_load(&r->done[i]), threads);
	for (int i = threads; i < THREADS; i++)
		if (atomic_load(&r->by[i]) != 0)
			fail_msg("thread %d of %d did a piece", i, threads);
}

static void test_each_piece_is_done_once(void **state)
{
	AUTO_FREE(crew_free) struct crew *c = start(THREADS);

	(void)state;
	for (int round = 0; round < 300; round++) {
		struct record r = { 0 };
		int n = 1 + round * 37 % PIECES, threads = 1 + round % THREADS;
		crew_run(c, threads, n, note, &r);
		assert_each_done_once(&r, n, threads);
	}
}

/* Members sleep when there was nothing to do for a while. */
static void test_sleepers_are_woken(void **state)
{
	AUTO_FREE(crew_free) struct crew *c = start(THREADS);

	(void)state;
	for (int round = 0; round < 3; round++) {
		struct record r = { 0 };
		(void)usleep(50000);
		crew_run(c, THREADS, PIECES, note, &r);
		assert_each_done_once(&r, PIECES, THREADS);
	}
}

/* Lets thread 1 go on when all pieces but its own one are done. */
static void *release_at_the_end(void *arg)
{
	struct record *r = arg;

	while (atomic_load(&r->by[0]) < PIECES - 1)
		(void)sched_yield();
	atomic_store(&r->held, false);
	return NULL;
}

/* A member begins with its own share, the same in each round: what it touches there stays in its
 * caches. Then it takes from the end of the others'; one that is held up is not waited for. */
static void test_own_pieces_come_first_and_those_of_a_member_that_is_held_up_last(void **state)
{
	AUTO_FREE(crew_free) struct crew *c = start(2);

	(void)state;
	for (int round = 0; round < 20; round++) {
		struct record r = { .held = true };
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, release_at_the_end, &r), 0);
		crew_run(c, 2, PIECES, note, &r);
		assert_int_equal(pthread_join(thread, NULL), 0);
		assert_each_done_once(&r, PIECES, 2);
		assert_true(atomic_load(&r.by[1]) <= 1);
		for (int i = 0; i < PIECES - 1; i++)
			assert_int_equal(
				r.order[i], i < PIECES / 2 ? i : PIECES - 1 - (i - PIECES / 2));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_piece_is_done_once),
		cmocka_unit_test(test_sleepers_are_woken),
		cmocka_unit_test(
			test_own_pieces_come_first_and_those_of_a_member_that_is_held_up_last),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
