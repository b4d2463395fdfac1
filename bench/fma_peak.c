/* fma_peak.c - see fma_peak.h; compiled once for each instruction set of vec.h. */
#include "bench/fma_peak.h"

#include "engine/kernels/vec.h"

/* As many chains as hide the time that one multiply-add takes, where two can begin at a time, and
 * fit into 16 registers. */
enum { CHAINS = 12, TURNS = 1 << 13 };

#if defined __x86_64__
#define KEEP(v) __asm__ volatile("" : "+v"(v))
#else
#define KEEP(v) __asm__ volatile("" : "+w"(v))
#endif

#define NAMED(set)    fma_peak_##set
#define FUNCTION(set) NAMED(set)
double FUNCTION(VEC_SET)(void)
{
	vec a = vec_set(0.999f), b = vec_set(0.001f), chain[CHAINS];

	UNROLL
	for (int i = 0; i < CHAINS; i++)
		chain[i] = vec_set((float)i);
	for (int turn = 0; turn < TURNS; turn++) {
		UNROLL
		for (int i = 0; i < CHAINS; i++) {
			chain[i] = vec_fma(chain[i], a, b);
			KEEP(chain[i]); /* else the compiler would see that nobody wants it */
		}
	}
	return 2.0 * TURNS * CHAINS * VEC_WIDTH;
}
