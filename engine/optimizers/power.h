/* power.h - x^n by squaring. libm's pow changes with the CPU; multiplications do not. */
#pragma once

#include <stdint.h>

/* n at least 0. */
static inline double power(double x, int64_t n)
{
	double y = 1.0;

	for (; n > 0; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}
