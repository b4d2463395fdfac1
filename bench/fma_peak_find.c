/* fma_peak_find.c - see fma_peak.h. */
#include "bench/fma_peak.h"

#include "base/macros.h"

#include <stddef.h>
#include <string.h>

static const struct {
	const char *name;
	fma_peak *run;
} sets[] = {
#if defined __x86_64__
	{ "avx512bf16", fma_peak_avx512bf16 },
	{ "avx512", fma_peak_avx512 },
	{ "avx2", fma_peak_avx2 },
#elif defined __aarch64__
	{ "neon", fma_peak_neon },
#endif
};

fma_peak *fma_peak_find(const char *set)
{
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		if (strcmp(sets[i].name, set) == 0)
			return sets[i].run;
	return NULL;
}
