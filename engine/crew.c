/* crew.c - see crew.h.
 *
 * What is left to do stands in one word, `offer`: the number of the round, how many members may
 * take part, and how many pieces are left. A member takes a piece by a compare-and-swap on all
 * three, so one that comes late, with an old round in mind, takes nothing; and one that has taken a
 * piece knows that the round cannot end before it is done. `lock` guards only the sleep: who finds
 * nothing to do after spinning sleeps on `wake`, and `sleepers` tells the owner whether it must
 * ring. */
#include "engine/crew.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	SPINS = 20000,  /* pauses before sleep, a millisecond or so: longer than a member waits
			   within a step */
	LEFT_BITS = 21, /* of an offer: pieces left */
	THREADS_BITS =
		11, /* above them: members that may take part; the bits above count the rounds */
};

struct member {
	struct crew *crew;
	pthread_t thread;
	int index; /* 1 …; the owner is 0 */
};

struct crew {
	int started; /* threads to join */
	_Alignas(64) _Atomic uint64_t offer;
	atomic_int sleepers;
	atomic_bool leave;
	void (*work)(
		void *ctx, int piece, int thread); /* written before a round is offered, as ctx */
	void *ctx;
	_Alignas(64) atomic_int unfinished; /* pieces of this round */
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

static int offer_left(uint64_t offer)
{
	return (int)(offer & ((1u << LEFT_BITS) - 1));
}

static int offer_threads(uint64_t offer)
{
	return (int)(offer >> LEFT_BITS & ((1u << THREADS_BITS) - 1));
}

/* Whether a member finds something to do in an offer. */
static bool offer_for(uint64_t offer, int index)
{
	return offer_left(offer) > 0 && index < offer_threads(offer);
}

/* Takes pieces until none is left. */
static void take_pieces(struct crew *c, int index)
{
	uint64_t offer = atomic_load(&c->offer);

	while (offer_for(offer, index)) {
		if (!atomic_compare_exchange_weak(&c->offer, &offer, offer - 1))
			continue;
		c->work(c->ctx, offer_left(offer) - 1, index);
		atomic_fetch_sub(&c->unfinished, 1);
		offer = atomic_load(&c->offer);
	}
}

/* Waits for something to do. */
static void await_offer(struct crew *c, int index)
{
	for (int i = 0; i < SPINS; i++) {
		if (offer_for(atomic_load(&c->offer), index) || atomic_load(&c->leave))
			return;
		pause_briefly();
	}
	(void)pthread_mutex_lock(&c->lock);
	atomic_fetch_add(&c->sleepers, 1);
	while (!offer_for(atomic_load(&c->offer), index) && !atomic_load(&c->leave))
		(void)pthread_cond_wait(&c->wake, &c->lock);
	atomic_fetch_sub(&c->sleepers, 1);
	(void)pthread_mutex_unlock(&c->lock);
}

static void ring(struct crew *c)
{
	if (atomic_load(&c->sleepers) == 0)
		return;
	(void)pthread_mutex_lock(&c->lock);
	(void)pthread_cond_broadcast(&c->wake);
	(void)pthread_mutex_unlock(&c->lock);
}

static void *crew_member(void *arg)
{
	struct member *m = arg;

	while (!atomic_load(&m->crew->leave)) {
		await_offer(m->crew, m->index);
		take_pieces(m->crew, m->index);
	}
	return NULL;
}

struct crew *crew_new(int threads, struct error *err)
{
	assert(threads >= 1 && threads <= CREW_THREADS_MAX);
	size_t bytes = sizeof(struct crew) + (size_t)threads * sizeof(struct member);
	struct crew *c = aligned_alloc(64, (bytes + 63) / 64 * 64);

	if (!c) {
		(void)error_no_memory(err);
		return NULL;
	}
	c->started = 0;
	atomic_init(&c->offer, 0);
	atomic_init(&c->sleepers, 0);
	atomic_init(&c->leave, false);
	atomic_init(&c->unfinished, 0);
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
	atomic_store(&c->leave, true);
	ring(c);
	for (int i = 0; i < c->started; i++)
		(void)pthread_join(c->members[i].thread, NULL);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	free(c);
}

void crew_run(struct crew *c, int threads, int n, void (*work)(void *ctx, int piece, int thread),
	void *ctx)
{
	uint64_t round = (atomic_load(&c->offer) >> (LEFT_BITS + THREADS_BITS)) + 1;

	assert(n >= 1 && n <= CREW_PIECES_MAX && threads >= 1 && threads <= c->started + 1);
	c->work = work;
	c->ctx = ctx;
	atomic_store(&c->unfinished, n);
	atomic_store(&c->offer,
		round << (LEFT_BITS + THREADS_BITS) | (uint64_t)threads << LEFT_BITS | (uint64_t)n);
	if (threads > 1)
		ring(c);
	take_pieces(c, 0);
	for (int i = 0; atomic_load(&c->unfinished) > 0; i++) {
		if (i < SPINS)
			pause_briefly();
		else
			(void)sched_yield();
	}
}
