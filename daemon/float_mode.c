/* float_mode.c - see float_mode.h. */
#include "daemon/float_mode.h"

#if defined(__x86_64__)
#include <xmmintrin.h>

/* MXCSR without its sticky flags: all six exceptions masked, round to nearest, no FTZ (bit 15), no
 * DAZ (bit 6). */
bool float_mode_is_ieee(void)
{
	return (_mm_getcsr() & 0xffc0) == 0x1f80;
}
#elif defined(__aarch64__)
#include <stdint.h>

/* FPCR: FZ16 (19), rounding mode (22, 23), FZ (24) and DN (25) all zero. */
bool float_mode_is_ieee(void)
{
	uint64_t fpcr;

	__asm__("mrs %0, fpcr" : "=r"(fpcr));
	return (fpcr & 0x03c80000) == 0;
}
#else
#include <fenv.h>

bool float_mode_is_ieee(void)
{
	return fegetround() == FE_TONEAREST;
}
#endif
