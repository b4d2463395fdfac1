/* kernels.c - which tables there are, and which of them this CPU can run. */
#include "engine/kernels/tables.h"

#include <stddef.h>
#include <string.h>

/* Best first. */
const struct kernels *const kernels_all[] = {
#if defined __x86_64__
	&kernels_avx512bf16,
	&kernels_avx512,
	&kernels_avx2,
#elif defined __aarch64__
	&kernels_neon,
#endif
	&kernels_scalar,
	NULL,
};

#if defined __x86_64__
static bool has_avx512(void)
{
	return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
	       __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
}

static bool runs_here(const struct kernels *k)
{
	if (k == &kernels_avx512bf16)
		return has_avx512() && __builtin_cpu_supports("avx512bf16");
	if (k == &kernels_avx512)
		return has_avx512();
	if (k == &kernels_avx2)
		return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
	return true;
}
#else
static bool runs_here(const struct kernels *k)
{
	(void)k; /* NEON is part of every aarch64 */
	return true;
}
#endif

const struct kernels *kernels_find(const char *name)
{
	for (int i = 0; kernels_all[i]; i++)
		if ((!name || strcmp(kernels_all[i]->name, name) == 0) && runs_here(kernels_all[i]))
			return kernels_all[i];
	return NULL;
}
