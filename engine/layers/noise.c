/* noise.c - see noise.h. */
#include "engine/layers/noise.h"

#include "engine/philox.h"

#include <string.h>

struct noise noise_of(const struct layer_step *s, int64_t seed, int64_t n, int64_t values)
{
	struct noise z = { .key = s->key, .first = (s->first + n) * noise_counters(values) };

	if (seed != PARAM_NULL) {
		struct philox p = philox(s->key, PHILOX_LAYER, 1, (uint64_t)seed);
		z.key = (uint64_t)p.v[1] << 32 | p.v[0];
	}
	return z;
}

void noise_set_rate(struct noise *z, double rate)
{
	z->threshold = (uint32_t)(rate * 0x1p32);
	z->scale = (float)(1.0 / (1.0 - rate));
}

void noise_none(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	memcpy(s->y + begin * n, s->x[0] + begin * n, (size_t)((end - begin) * n) * sizeof *s->y);
}
