/* peak.c - how many fused multiply-adds this machine does: the limit that a share of peak is of.
 *
 *	peak [THREADS]
 *
 * Each thread works on registers alone, in bursts, all threads at the same time; a thread's best
 *burst counts, so that a core that was taken away for a moment does not. Compiled for the CPU it
 *runs on, with contraction, which the engine must not have. Prints {"gflops": 234.1}, a fused
 *multiply-add counting as two. */
#include "base/clock.h"
#include "base/macros.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#if defined __AVX512F__
enum { VECTOR_BYTES = 64 };
#elif defined __AVX2__
enum { VECTOR_BYTES = 32 };
#else
enum { VECTOR_BYTES = 16 };
#endif
typedef float vector __attribute__((vector_size(VECTOR_BYTES)));

/* Enough chains to hide a latency of 4 to 6 cycles twice over, few enough for 16 registers. */
enum { CHAINS = 12, BURSTS = 30, TURNS = 1 << 20, THREADS_MAX = 256 };

static double burst_gflops(volatile float *ret_used)
{
	vector sums[CHAINS], x = { 0 }, y = { 0 };
	int64_t begin = clock_monotonic_ns();

	x += 0.999f;
	y += 0.001f;
	for (int i = 0; i < CHAINS; i++)
		sums[i] = y * (float)i;
	for (int turn = 0; turn < TURNS; turn++)
		for (int i = 0; i < CHAINS; i++)
			sums[i] = sums[i] * x + y;
	for (int i = 1; i < CHAINS; i++)
		sums[0] += sums[i];
	*ret_used = sums[0][0]; /* so that none of it is left out */
	return (double)TURNS * CHAINS * VECTOR_BYTES / sizeof(float) * 2 /
	       (double)(clock_monotonic_ns() - begin);
}

static void *work(void *best)
{
	double *most = best;
	volatile float used;

	for (int i = 0; i < BURSTS; i++) {
		double gflops = burst_gflops(&used);
		if (gflops > *most)
			*most = gflops;
	}
	return NULL;
}

int main(int argc, char **argv)
{
	static pthread_t threads[THREADS_MAX];
	static double best[THREADS_MAX];
	long n = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
	double sum = 0;

	if (argc > 2 || n < 1 || n > THREADS_MAX) {
		fputs("usage: peak [THREADS]\n", stderr);
		return EXIT_FAILURE;
	}
	for (long i = 1; i < n; i++)
		if (pthread_create(&threads[i], NULL, work, &best[i]) != 0) {
			fputs("peak: no thread\n", stderr);
			return EXIT_FAILURE;
		}
	work(&best[0]);
	for (long i = 1; i < n; i++)
		pthread_join(threads[i], NULL);
	for (long i = 0; i < n; i++)
		sum += best[i];
	printf("{\"gflops\": %.1f}\n", sum);
	return EXIT_SUCCESS;
}
