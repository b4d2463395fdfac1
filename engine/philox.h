/* philox.h - Philox 4x32-10, a counter-based generator: Salmon, Moraes, Dror and Shaw, "Parallel
 * random numbers: as easy as 1, 2, 3", SC11, section 4. The same counter and key always give the
 * same four numbers; there is no state. */
#pragma once

#include <stdint.h>

enum philox_purpose {
	PHILOX_INITIALIZER = 1,
	PHILOX_SHUFFLE = 2,
	PHILOX_LAYER = 3,
	PHILOX_AUGMENT = 4
};

struct philox {
	uint32_t v[4];
};

#define PHILOX_FACTOR_0 0xD2511F53u
#define PHILOX_FACTOR_1 0xCD9E8D57u
#define PHILOX_KEY_0    0x9E3779B9u /* what the key grows by from round to round */
#define PHILOX_KEY_1    0xBB67AE85u
enum { PHILOX_ROUNDS = 10 };

/* index and stream are the position; purpose keeps different uses of one seed apart. */
static inline struct philox philox(
	uint64_t seed, enum philox_purpose purpose, uint32_t stream, uint64_t index)
{
	uint32_t c0 = (uint32_t)index, c1 = (uint32_t)(index >> 32), c2 = stream,
		 c3 = (uint32_t)purpose;
	uint32_t k0 = (uint32_t)seed, k1 = (uint32_t)(seed >> 32);

	for (int round = 0; round < PHILOX_ROUNDS; round++) {
		uint64_t a = (uint64_t)PHILOX_FACTOR_0 * c0, b = (uint64_t)PHILOX_FACTOR_1 * c2;
		uint32_t n0 = (uint32_t)(b >> 32) ^ c1 ^ k0, n2 = (uint32_t)(a >> 32) ^ c3 ^ k1;
		c1 = (uint32_t)b;
		c3 = (uint32_t)a;
		c0 = n0;
		c2 = n2;
		k0 += PHILOX_KEY_0;
		k1 += PHILOX_KEY_1;
	}
	return (struct philox){ { c0, c1, c2, c3 } };
}
