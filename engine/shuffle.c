/* shuffle.c - see shuffle.h. */
#include "engine/shuffle.h"

#include "engine/philox.h"

void shuffle_init(struct shuffle *s, uint64_t seed, int64_t epoch, int64_t n)
{
	int bits = 0;

	while (bits < 62 && ((int64_t)1 << bits) < n)
		bits++;
	s->n = n;
	s->low_bits = bits / 2;
	s->high_bits = bits - bits / 2;
	for (int round = 0; round < SHUFFLE_ROUNDS; round++)
		s->key[round] = philox(seed, PHILOX_SHUFFLE, (uint32_t)round, (uint64_t)epoch).v[0];
}

/* The finalizer of MurmurHash3 (Appleby, public domain), which mixes every bit into every other. */
static uint32_t mix(uint32_t x)
{
	x = (x ^ x >> 16) * 0x85ebca6bu;
	x = (x ^ x >> 13) * 0xc2b2ae35u;
	return x ^ x >> 16;
}

int64_t shuffle_at(const struct shuffle *s, int64_t position)
{
	const uint64_t low_mask = ((uint64_t)1 << s->low_bits) - 1,
		       high_mask = ((uint64_t)1 << s->high_bits) - 1;
	uint64_t x = (uint64_t)position;

	do {
		uint64_t low = x & low_mask, high = x >> s->low_bits;
		for (int round = 0; round < SHUFFLE_ROUNDS; round += 2) {
			low ^= mix((uint32_t)high ^ s->key[round]) & low_mask;
			high ^= mix((uint32_t)low ^ s->key[round + 1]) & high_mask;
		}
		x = high << s->low_bits | low;
	} while (x >= (uint64_t)s->n);
	return (int64_t)x;
}
