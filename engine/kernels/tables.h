/* tables.h - the tables by name; each is defined in the file compiled for its instruction set. */
#pragma once

#include "engine/kernels/kernels.h"

extern const struct kernels kernels_scalar;
#if defined __x86_64__
extern const struct kernels kernels_avx2;
extern const struct kernels kernels_avx512;
extern const struct kernels kernels_avx512bf16;
#elif defined __aarch64__
extern const struct kernels kernels_neon;
#endif
