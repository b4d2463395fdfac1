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

void noise_none(const struct layer_step *s, int64_t begin, int64_t end)
{
	int64_t n = shape_elements(s->in);

	memcpy(s->y + begin * n, s->x[0] + begin * n, (size_t)((end - begin) * n) * sizeof *s->y);
}

struct noise dropout_noise(const struct layer_step *s, int64_t n, int64_t values)
{
	const struct dropout_conf *c = s->conf;
	struct noise z = noise_of(s, c->seed, n, values);

	z.threshold = (uint32_t)(c->rate * 0x1p32);
	z.scale = (float)(1.0 / (1.0 - c->rate));
	return z;
}

void dropout_pass(const struct layer_step *s, int64_t begin, int64_t end, dropout_function *drop)
{
	if (s->training)
		drop(s, s->x[0], begin, end, s->y);
	else
		noise_none(s, begin, end);
}

void dropout_pass_back(
	const struct layer_step *s, int64_t begin, int64_t end, dropout_function *drop)
{
	if (s->dx[0])
		drop(s, s->dy, begin, end, s->dx[0]);
}
