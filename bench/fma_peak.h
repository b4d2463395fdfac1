/* fma_peak.h - the most multiply-adds that a core can do. Any thread. */
#pragma once

/* Does about a million of them in registers, in vectors of one instruction set, and returns how
 * many operations they were, a multiply-add being 2. Only on a CPU that has the set. */
typedef double fma_peak(void);

/* That of the instruction set of a table of kernels (its name); NULL: the scalar table has none. */
fma_peak *fma_peak_find(const char *set);

#if defined __x86_64__
fma_peak fma_peak_avx2, fma_peak_avx512, fma_peak_avx512bf16;
#elif defined __aarch64__
fma_peak fma_peak_neon;
#endif
