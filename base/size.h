/* size.h - arithmetic on sizes that says when it would wrap. Any thread. */
#pragma once

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* *ret = a * b, a + b; false, and *ret untouched, when the result does not fit. */
static inline MUST_CHECK bool size_mul(size_t a, size_t b, size_t *ret)
{
	size_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret = product;
	return true;
}

static inline MUST_CHECK bool size_add(size_t a, size_t b, size_t *ret)
{
	size_t sum;

	if (__builtin_add_overflow(a, b, &sum))
		return false;
	*ret = sum;
	return true;
}

static inline MUST_CHECK bool int64_mul(int64_t a, int64_t b, int64_t *ret)
{
	int64_t product;

	if (__builtin_mul_overflow(a, b, &product))
		return false;
	*ret = product;
	return true;
}

/* The smallest multiple of `unit` (a power of two) that is at least n. n must leave room for it. */
static inline size_t size_round_up(size_t n, size_t unit)
{
	return (n + unit - 1) & ~(unit - 1);
}
