/* test_depthwise.c - the kernels of depthwise convolutions: every table that this CPU can run must
 * equal the scalar one to the last bit (memcmp), on sizes around the widths of vectors and tiles,
 * and must not touch a value beside its output. */
#include "rooms.h"

#include "base/macros.h"
#include "engine/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct depthwise_case {
	struct depthwise_row p;
	bool bias, gradient;
	int64_t w_first; /* of the first tap */
};

static void work(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct depthwise_case *c = ctx;
	float *to = r->c[side] + GUARD;

	if (c->gradient)
		k->depthwise_gradient(&c->p, r->a, r->b, to);
	else
		k->depthwise(&c->p, r->a, r->b + c->w_first, c->bias ? r->b + 17 : NULL, to);
}

static void check_case(const struct depthwise_case *c)
{
	char what[96];

	(void)snprintf(what, sizeof what, "%s of %dx%d taps at %d positions, %d channels",
		c->gradient ? "gradient" : "forward", (int)c->p.size_h, (int)c->p.size_w,
		(int)c->p.width, (int)c->p.channels);
	each_table(work, c, what);
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

	check_case(&c);
	c.gradient = true;
	check_case(&c);
	c.gradient = false; /* the kernel from its end, as for the input's gradient */
	c.p.w_tap = -channels;
	c.w_first = (rows * columns - 1) * channels;
	check_case(&c);
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

	return cmocka_run_group_tests(tests, rooms_set_up, NULL);
}
