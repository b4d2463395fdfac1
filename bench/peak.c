/* peak.c - how many fused multiply-adds this machine does: the limit that a share of peak is of.
 *
 *	peak [THREADS]
 *
 * Each thread works on registers alone, in bursts, all threads at the same time; a thread's best
 * burst counts, so that a core that was taken away for a moment does not. In the widest vectors of
 *the CPU. Prints {"gflops": 234.1}, a fused multiply-add counting as two. */
#include "base/clock.h"
#include "bench/fma_peak.h"
#include "engine/kernels/kernels.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { BURSTS = 30, THREADS_MAX = 256, BURST_NS = 5000000 };

static double burst_gflops(fma_peak *run)
{
	int64_t begin = clock_monotonic_ns(), ns;
	double flops = 0;

	do {
		flops += run();
		ns = clock_monotonic_ns() - begin;
	} while (ns < BURST_NS);
	return flops / (double)ns;
}

static void *work(void *best)
{
	double *most = best;
	fma_peak *run = fma_peak_find(kernels_find(NULL)->name);

	for (int i = 0; i < BURSTS; i++) {
		double gflops = burst_gflops(run);
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
	if (!fma_peak_find(kernels_find(NULL)->name)) {
		fputs("peak: this CPU has no vectors that the engine uses\n", stderr);
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
