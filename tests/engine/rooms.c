/* rooms.c - see rooms.h. */
#include "rooms.h"

#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const int64_t odd_sizes[] = { 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100 };

const struct kernels *reference;

struct rooms fresh;

static void fill_fresh(void)
{
	network_noise(5, fresh.a, ROOM);
	network_noise(6, fresh.b, ROOM);
	network_noise(7, fresh.c[0], ROOM);
	memcpy(fresh.c[1], fresh.c[0], sizeof fresh.c[0]);
	for (int i = 0; i < ROOM; i++)
		fresh.bytes[0][i] = fresh.bytes[1][i] = (uint8_t)(i * 31 % 251);
}

static void check_rooms(const struct rooms *r, const char *table, const char *what)
{
	if (memcmp(r->c[0], r->c[1], sizeof r->c[0]) == 0 &&
		memcmp(r->bytes[0], r->bytes[1], sizeof r->bytes[0]) == 0)
		return;
	for (int i = 0; i < ROOM; i++)
		if (memcmp(&r->c[0][i], &r->c[1][i], sizeof(float)) != 0)
			fail_msg("%s %s: value %d is %a, the reference has %a", table, what, i,
				(double)r->c[1][i], (double)r->c[0][i]);
	for (int i = 0; i < ROOM; i++)
		if (r->bytes[0][i] != r->bytes[1][i])
			fail_msg("%s %s: byte %d is %d, the reference has %d", table, what, i,
				r->bytes[1][i], r->bytes[0][i]);
}

struct rooms *rooms_new(void)
{
	struct rooms *r = malloc(sizeof *r);

	assert_non_null(r);
	memcpy(r, &fresh, sizeof *r);
	return r;
}

void each_table(void (*work)(const struct kernels *, struct rooms *, int, const void *),
	const void *ctx, const char *what)
{
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_find(kernels_all[i]->name);
		if (!k || k == reference)
			continue;
		struct rooms *r = rooms_new();
		work(reference, r, 0, ctx);
		work(k, r, 1, ctx);
		check_rooms(r, k->name, what);
		free(r);
	}
}

int rooms_set_up(void **state)
{
	(void)state;
	fill_fresh();
	reference = kernels_find("scalar");
	return reference ? 0 : -1;
}
