/* test_winograd_kernels.c - Winograd's transforms, and the transpose, in every table of kernels
 * that this CPU can run: equal to the scalar ones to the last bit, and nothing touched beside the
 * output.
 */
#include "rooms.h"

#include "base/macros.h"
#include "engine/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct tiles_case {
	struct winograd_tiles t;
	int64_t first, count;
};

static void work_forth(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct tiles_case *of = ctx;
	struct winograd_tiles t = of->t;
	float *c = r->c[side] + GUARD;

	k->winograd_input(&t, r->a, of->first, of->count, c);
	t.before_h = t.before_w = 0;
	k->winograd_output_gradient(&t, r->b, of->first, of->count, c + ROOM / 2);
}

static void work_back(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct tiles_case *of = ctx;
	float *c = r->c[side] + GUARD;

	k->winograd_output(&of->t, r->a, of->first, of->count, r->b, c);
	k->winograd_output(&of->t, r->a + 1, of->first, of->count, NULL, c + ROOM / 2);
}

/* Images of which tiles lie whole, cut, or with a border around them; some tiles of two samples. */
static void test_tiles(void **state)
{
	static const int64_t channels[] = { 1, 5, 8, 16, 19, 32, 35 };
	char what[96];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		for (int64_t size = 1; size < 12; size++) {
			int64_t width = size % 3 ? size : size + 1, n = channels[i];
			int64_t tiles_w = (width + 3) / 4, tiles = (size + 3) / 4 * tiles_w;
			int64_t first = size % 2, count = tiles < 3 ? 2 * tiles - first : 3;
			struct tiles_case c = { { .height = size,
							.width = width,
							.channels = n,
							.tiles = tiles,
							.tiles_w = tiles_w,
							.plane = count * n + size % 5 },
				first, count };
			(void)snprintf(
				what, sizeof what, "%d x %d x %d", (int)size, (int)width, (int)n);
			each_table(work_back, &c, what);
			c.t.before_h = size % 3;
			c.t.before_w = (size + 1) % 3;
			each_table(work_forth, &c, what);
		}
	}
}

static void work_kernel(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx, plane = n + 5;
	float *c = r->c[side] + GUARD;

	k->winograd_kernel(r->a, n + 1, n, plane, c);
	k->winograd_kernel(r->a + 8 * (n + 1), -(n + 1), n, plane, c + 10000);
	k->winograd_kernel_gradient(r->b, plane, n, n + 3, c + 20000);
}

static void test_kernels_and_their_gradients(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "kernel, %d values", (int)odd_sizes[i]);
		each_table(work_kernel, &odd_sizes[i], what);
	}
}

static void work_transpose(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const int64_t *size = ctx;

	k->transpose(r->a, size[0], size[1], size[1] + 2, r->c[side] + GUARD, size[0] + 1);
}

static void test_transpose(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		for (size_t j = 0; j < COUNT_OF(odd_sizes); j++) {
			int64_t size[2] = { odd_sizes[i], odd_sizes[j] };
			(void)snprintf(what, sizeof what, "transpose of %d x %d", (int)size[0],
				(int)size[1]);
			each_table(work_transpose, size, what);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tiles),
		cmocka_unit_test(test_kernels_and_their_gradients),
		cmocka_unit_test(test_transpose),
	};

	return cmocka_run_group_tests(tests, rooms_set_up, NULL);
}
