/* float_mode.h - whether this thread computes as IEEE 754 says: rounding to nearest, denormals
 * kept, no traps. A library linked with -ffast-math changes that for the whole process, and the
 * same job would give other bits. */
#pragma once

#include <stdbool.h>

bool float_mode_is_ieee(void);
