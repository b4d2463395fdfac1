/* handover.c - how long it takes to hand a cache line from one core to another, in nanoseconds.
 *
 * Two threads, each on a core of its own, take turns to write one line. On virtual machines the
 * cores may share a cache now and not a minute later (26–60 ns or 155–195 ns), and what two threads
 * reach depends on it: so a benchmark of two threads asks before and after each run. Prints
 * {"handover_ns": 45.2}. */
#include "base/clock.h"
#include "base/macros.h"

#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

/* The median of many short rounds: a round in which a core was taken away does not count. */
enum { ROUNDS = 301, TURNS = 1000, CACHE_LINE_BYTES = 128 };

struct player {
	size_t cpu;
	unsigned side; /* 0 or 1: whose turn an even or an odd number is */
	bool pinned;
	double round_ns[ROUNDS];
};

static struct {
	_Alignas(CACHE_LINE_BYTES) atomic_uint turn;
	char rest[CACHE_LINE_BYTES - sizeof(atomic_uint)];
} line;

static void *play(void *player)
{
	struct player *p = player;
	unsigned turn = p->side;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(p->cpu, &set);
	p->pinned = pthread_setaffinity_np(pthread_self(), sizeof set, &set) == 0;
	for (int round = 0; round < ROUNDS; round++) {
		int64_t begin = clock_monotonic_ns();
		for (int i = 0; i < TURNS; i++, turn += 2) {
			while (atomic_load_explicit(&line.turn, memory_order_acquire) != turn)
				continue;
			atomic_store_explicit(&line.turn, turn + 1, memory_order_release);
		}
		p->round_ns[round] = (double)(clock_monotonic_ns() - begin);
	}
	return NULL;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* The first two cores that this process may use; false if there is only one. */
static bool find_cores(size_t ret_cpu[static 2])
{
	cpu_set_t set;
	int n = 0;

	if (sched_getaffinity(0, sizeof set, &set) != 0)
		return false;
	for (size_t cpu = 0; cpu < CPU_SETSIZE && n < 2; cpu++)
		if (CPU_ISSET(cpu, &set))
			ret_cpu[n++] = cpu;
	return n == 2;
}

int main(void)
{
	static struct player players[2];
	pthread_t other;
	size_t cpu[2];

	if (!find_cores(cpu)) {
		fputs("handover: this needs two cores\n", stderr);
		return EXIT_FAILURE;
	}
	for (unsigned side = 0; side < 2; side++)
		players[side] = (struct player){ .cpu = cpu[side], .side = side };
	if (pthread_create(&other, NULL, play, &players[1]) != 0) {
		fputs("handover: no second thread\n", stderr);
		return EXIT_FAILURE;
	}
	play(&players[0]);
	pthread_join(other, NULL);
	if (!players[0].pinned || !players[1].pinned) {
		fputs("handover: the threads could not be bound to their cores\n", stderr);
		return EXIT_FAILURE;
	}
	qsort(players[0].round_ns, ROUNDS, sizeof(double), compare_doubles);
	printf("{\"handover_ns\": %.1f}\n", players[0].round_ns[ROUNDS / 2] / (2 * TURNS));
	return EXIT_SUCCESS;
}
