/* crew.c - see crew.h.
 *
 * What is left to do of a round stands in one word for each member: the number of the round and a
 * stretch of pieces. A member takes its own pieces from the front, then those of others from the
 * back, by a compare-and-swap on the whole word, so one that comes late, with an old round in mind,
 * takes nothing; and one that has taken a piece knows that the round cannot end before it is done.
 * `call` tells the members of a new round. `lock` guards only the sleep: who finds no new call
 * after spinning sleeps on `wake`, and `sleepers` tells the owner whether it must ring. */
#include "engine/crew.h"

#include <assert.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>

enum {
	SPINS = 20000,     /* pauses before sleep, a millisecond or so: longer than a member waits
			      within a step */
	THREADS_BITS = 11, /* of a call: members that take part; the bits above are the round */
	PIECE_BITS =
		14, /* of `pieces`, twice: first, end; the bits above are the round's low ones */
};
#define PIECE_MASK ((UINT64_C(1) << PIECE_BITS) - 1)
static_assert(CREW_PIECES_MAX <= PIECE_MASK, "a stretch of pieces fits its bits");
static_assert(CREW_THREADS_MAX < 1 << THREADS_BITS, "a call's threads fit their bits");

struct member {
	struct crew *crew;
	pthread_t thread;
	int index; /* 0: the owner, which has no thread here */
	_Alignas(64) _Atomic uint64_t pieces;
};

struct crew {
	int started; /* threads to join */
	void (*work)(
		void *ctx, int piece, int thread); /* written before a round is called, as ctx */
	void *ctx;
	_Alignas(64) _Atomic uint64_t call;
	atomic_int sleepers;
	atomic_bool leave;
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

static int call_threads(uint64_t call)
{
	return (int)(call & ((1u << THREADS_BITS) - 1));
}

static uint64_t pieces_word(uint64_t call, int begin, int end)
{
	return call >> THREADS_BITS << 2 * PIECE_BITS | (uint64_t)begin << PIECE_BITS |
	       (uint64_t)end;
}

/* A piece of `from` in the round of that call, the first or the last; -1: none is left. */
static int take_piece(struct member *from, uint64_t call, bool first)
{
	uint64_t word = atomic_load(&from->pieces);

	for (;;) {
		int begin = (int)(word >> PIECE_BITS & PIECE_MASK), end = (int)(word & PIECE_MASK);
		if (begin == end || word != pieces_word(call, begin, end))
			return -1;
		uint64_t rest = pieces_word(call, begin + first, end - !first);
		if (atomic_compare_exchange_weak(&from->pieces, &word, rest))
			return first ? begin : end - 1;
	}
}

/* Takes pieces until none is left. */
static void take_pieces(struct crew *c, int index, uint64_t call)
{
	int threads = call_threads(call), taken = 0;

	for (int i = 0; i < threads; i++) {
		struct member *from = &c->members[(index + i) % threads];
		for (int piece; (piece = take_piece(from, call, i == 0)) >= 0; taken++)
			c->work(c->ctx, piece, index);
	}
	if (taken > 0)
		atomic_fetch_sub(&c->unfinished, taken);
}

/* Whether a member is called, or told to leave, since the call `seen`. */
static bool is_called(struct crew *c, int index, uint64_t seen)
{
	uint64_t call = atomic_load(&c->call);

	return (call != seen && index < call_threads(call)) || atomic_load(&c->leave);
}

/* Waits for it. */
static void await_call(struct crew *c, int index, uint64_t seen)
{
	for (int i = 0; i < SPINS; i++) {
		if (is_called(c, index, seen))
			return;
		pause_briefly();
	}
	(void)pthread_mutex_lock(&c->lock);
	atomic_fetch_add(&c->sleepers, 1);
	while (!is_called(c, index, seen))
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
	uint64_t call = 0;

	for (;;) {
		await_call(m->crew, m->index, call);
		if (atomic_load(&m->crew->leave))
			return NULL;
		call = atomic_load(&m->crew->call);
		if (m->index < call_threads(call))
			take_pieces(m->crew, m->index, call);
	}
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
	atomic_init(&c->call, 0);
	atomic_init(&c->sleepers, 0);
	atomic_init(&c->leave, false);
	atomic_init(&c->unfinished, 0);
	(void)pthread_mutex_init(&c->lock, NULL);
	(void)pthread_cond_init(&c->wake, NULL);
	for (int i = 0; i < threads; i++) {
		struct member *m = &c->members[i];
		m->crew = c;
		m->index = i;
		atomic_init(&m->pieces, 0);
	}
	for (int i = 1; i < threads; i++) {
		struct member *m = &c->members[i];
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
	for (int i = 1; i <= c->started; i++)
		(void)pthread_join(c->members[i].thread, NULL);
	(void)pthread_mutex_destroy(&c->lock);
	(void)pthread_cond_destroy(&c->wake);
	free(c);
}

void crew_run(struct crew *c, int threads, int n, void (*work)(void *ctx, int piece, int thread),
	void *ctx)
{
	uint64_t round = (atomic_load(&c->call) >> THREADS_BITS) + 1;
	uint64_t call = round << THREADS_BITS | (uint64_t)threads;

	assert(n >= 1 && n <= CREW_PIECES_MAX && threads >= 1 && threads <= c->started + 1);
	c->work = work;
	c->ctx = ctx;
	atomic_store(&c->unfinished, n);
	for (int i = 0; i < threads; i++)
		atomic_store(&c->members[i].pieces,
			pieces_word(call, i * n / threads, (i + 1) * n / threads));
	atomic_store(&c->call, call);
	if (threads > 1)
		ring(c);
	take_pieces(c, 0, call);
	for (int i = 0; atomic_load(&c->unfinished) > 0; i++) {
		if (i < SPINS)
			pause_briefly();
		else
			(void)sched_yield();
	}
}
