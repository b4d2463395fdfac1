/* test_depthwise.c - the kernels of depthwise convolutions: every table that this CPU can run must
 * equal the scalar one to the last bit (memcmp), on sizes around the widths of vectors and tiles,
 * and must not touch a value beside its output. */
#include "network.h"

#include "engine/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { GUARD = 64, ROOM = 1 << 16 };
static const int64_t odd_sizes[] = { 1, 2, 3, 7, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65, 100 };
static float a[ROOM], b[ROOM], fresh[ROOM], wanted[ROOM], seen[ROOM];

static int make_values(void **state)
{
	(void)state;
	network_noise(5, a, ROOM);
	network_noise(6, b, ROOM);
	network_noise(7, fresh, ROOM);
	return 0;
}

struct depthwise_case {
	struct depthwise_row p;
	bool bias, gradient;
	int64_t w_first; /* of the first tap */
};

static void work(const struct kernels *k, const struct depthwise_case *c, float *room)
{
	memcpy(room, fresh, sizeof fresh);
	if (c->gradient)
		k->depthwise_gradient(&c->p, a, b, room + GUARD);
	else
		k->depthwise(&c->p, a, b + c->w_first, c->bias ? b + 17 : NULL, room + GUARD);
}

static void each_table(const struct depthwise_case *c)
{
	work(kernels_find("scalar"), c, wanted);
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_find(kernels_all[i]->name);
		if (!k)
			continue;
		work(k, c, seen);
		if (memcmp(wanted, seen, sizeof wanted) != 0)
			fail_msg("%s, %s: %dx%d taps at %d positions, %d channels", k->name,
				c->gradient ? "gradient" : "forward", (int)c->p.size_h,
				(int)c->p.size_w, (int)c->p.width, (int)c->p.channels);
	}
}

/* `width` positions of rows x columns taps, `dilation` apart, at every `stride`th position. */
static void check(int64_t width, int64_t rows, int64_t columns, int64_t stride, int64_t dilation,
	int64_t channels)
{
	int64_t length = (width - 1) * stride + (columns - 1) * dilation + 1;
	struct depthwise_case c = { .p = { .width = width,
					    .channels = channels,
					    .size_h = rows,
					    .size_w = columns,
					    .x_row = dilation * length * channels,
					    .x_column = dilation * channels,
					    .x_step = stride * channels,
					    .w_tap = channels },
		.bias = channels % 2 };

	each_table(&c);
	c.gradient = true;
	each_table(&c);
	c.gradient = false; /* the kernel from its end, as for the input's gradient */
	c.p.w_tap = -channels;
	c.w_first = (rows * columns - 1) * channels;
	each_table(&c);
}

static void test_forward_and_gradient_of_odd_sizes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		check(1, 1, 1, 1, 1, odd_sizes[i]);
		check(21, 3, 3, 1, 1, odd_sizes[i]);
		check(13, 3, 3, 2, 1, odd_sizes[i]);
		check(10, 5, 5, 1, 2, odd_sizes[i]);
		check(4, 2, 7, 3, 1, odd_sizes[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_forward_and_gradient_of_odd_sizes),
	};

	return cmocka_run_group_tests(tests, make_values, NULL);
}
