/* shuffle.h - the order of the samples in an epoch, computed, not stored.
 *
 * A keyed permutation of 0 … n-1: a Feistel network (Black and Rogaway, "Ciphers with arbitrary
 * finite domains", CT-RSA 2002) over the next power of two, walked until it falls inside. So any
 * batch of any epoch can be named without working out the others, and a resumed epoch needs only
 * its position. */
#pragma once

#include <stdint.h>

enum { SHUFFLE_ROUNDS = 6 };

struct shuffle {
	int64_t n;
	int low_bits, high_bits; /* of the two halves */
	uint32_t key[SHUFFLE_ROUNDS];
};

/* The order of epoch `epoch` (counts from 1) of a job with that seed. n is 1 … 2^62. Any thread. */
void shuffle_init(struct shuffle *s, uint64_t seed, int64_t epoch, int64_t n);
/* Which sample stands at `position`, 0 … n-1. */
int64_t shuffle_at(const struct shuffle *s, int64_t position);
