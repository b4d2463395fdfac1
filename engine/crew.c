/* crew.c - see crew.h.
 *
 * A run is announced by a new value of `round`, which also says how many members it needs; only
 * those are waited for. `lock` guards only the sleep: who finds nothing to do after spinning sleeps
 * on `wake`, and `sleepers` tells the announcer whether it must ring. */
#include "engine/crew.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	SPINS = 20000,    /* pauses before sleep, a millisecond or so: longer than a member waits
			     within a step */
	NEEDED_BITS = 16, /* of a round: the number of threads it needs; the bits above count the
			     rounds */
};

struct member {
	struct crew *crew;
	pthread_t thread;
	int index; /* 1 …; the caller is 0 */
};

struct crew {
	int threads;
	int started; /* threads to join */
	_Alignas(64) _Atomic uint64_t round;
	atomic_int sleepers;
	bool leave; /* written before a round is announced, as the next two */
	void (*work)(void *ctx, int thread);
	void *ctx;
	_Alignas(64) atomic_int pending; /* members that have not finished this round */
	pthread_mutex_t lock;
	pthread_cond_t wake;
	struct member members[];
};

static inline void pause_briefly(void)
{
#if defined __x86_64__
	__builtin_ia32_pause();
#elif defined __aarch64__
	__asm__ volatile("yield");
#endif
}

/* Waits until a round other than `seen` is announced and returns it. */
static uint64_t crew_await(struct crew *c, uint64_t seen)
{
	for (int i = 0; i < SPINS; i++) {
		uint64_t round = atomic_load(&c->round);
		if (round != seen)
			return round;
		pause_briefly();
	}
	(void)pthread_mutex_lock(&c->lock);
	atomic_fetch_add(&c->sleepers, 1);
	while (atomic_load(&c->round) == seen)
		(void)pthread_cond_wait(&c->wake, &c->lock);
	atomic_fetch_sub(&c->sleepers, 1);
	(void)pthread_mutex_unlock(&c->lock);
	return atomic_load(&c->round);
}

static void crew_announce(struct crew *c, int n)
{
	uint64_t count = (atomic_load(&c->round) >> NEEDED_BITS) + 1;

	atomic_store(&c->pending, n - 1);
	atomic_store(&c->round, count << NEEDED_BITS | (uint64_t)n);
	if (atomic_load(&c->sleepers) > 0) {
		(void)pthread_mutex_lock(&c->lock);
		(void)pthread_cond_broadcast(&c->wake);
		(void)pthread_mutex_unlock(&c->lock);
	}
}

static void *crew_member(void *arg)
{
	struct member *m = arg;
	struct crew *c = m->crew;
	uint64_t seen = 0;

	for (;;) {
		seen = crew_await(c, seen);
		if (m->index >= (int)(seen & ((1u << NEEDED_BITS) - 1)))
			continue;
		if (c->leave)
			return NULL;
		c->work(c->ctx, m->index);
		atomic_fetch_sub(&c->pending, 1);
	}
}

struct crew *crew_new(int threads, struct error *err)
{
	struct crew *c = aligned_alloc(
		64, (sizeof *c + (size_t)threads * sizeof(struct member) + 63) / 64 * 64);

	if (!c) {
		(void)error_no_memory(err);
		return NULL;
	}
	c->threads = threads;
	c->started = 0;
	c->leave = false;
	atomic_init(&c->round, 0);
	atomic_init(&c->sleepers, 0);
	atomic_init(&c->pending, 0);
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->wake, NULL);
	for (int i = 1; i < threads; i++) {
		struct member *m = &c->members[i - 1];
		*m = (struct member){ .crew = c, .index = i };
		if (pthread_create(&m->thread, NULL, crew_member, m) != 0) {
			(void)error_set(err, ERROR_NO_MEMORY, "cannot start thread %d of %d", i + 1,
				threads);
			crew_free(c);
			return NULL;
		}
		c->started++;
	}
	return c;
}

void crew_free(struct crew *c)
{
	if (!c)
		return;
	c->leave = true;
	crew_announce(c, c->started + 1);
	for (int i = 0; i < c->started; i++)
		(void)pthread_join(c->members[i].thread, NULL);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	free(c);
}

int crew_threads(const struct crew *c)
{
	return c->threads;
}

void crew_run(struct crew *c, int n, void (*work)(void *ctx, int thread), void *ctx)
{
	if (n == 1) {
		work(ctx, 0);
		return;
	}
	c->work = work;
	c->ctx = ctx;
	crew_announce(c, n);
	work(ctx, 0);
	for (int i = 0; atomic_load(&c->pending) > 0; i++) {
		if (i < SPINS)
			pause_briefly();
		else
			(void)sched_yield();
	}
}
