/* test_gemm.c - the one loop behind dense layers, convolutions and their gradients, in float and
 * with factors of bfloat16: every table that this CPU can run must equal the scalar one to the last
 * bit, on sizes around the widths of vectors and tiles. */
#include "rooms.h"

#include "base/macros.h"
#include "engine/kernels/kernels.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

static void work_gemm(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	struct gemm g = *(const struct gemm *)ctx;

	g.a = r->a;
	g.b = r->b;
	g.c = r->c[side] + GUARD;
	g.bias = g.bias ? r->b + 17 : NULL;
	k->gemm(&g);
}

static void work_gemm_bf16(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	struct gemm g = *(const struct gemm *)ctx;

	g.a = r->a;
	g.b = r->b;
	g.c = r->c[side] + GUARD;
	g.bias = g.bias ? r->b + 17 : NULL;
	k->gemm_bf16(&g);
}

static void check_gemm(const struct gemm *g)
{
	char what[160];

	(void)snprintf(what, sizeof what,
		"gemm, m=%d n=%d segments=%d run=%d transposed=%d accumulate=%d bias=%d rows=%d",
		(int)g->m, (int)g->n, (int)g->segments, (int)g->run, g->b_transposed, g->accumulate,
		g->bias != NULL, g->a_rows != NULL);
	each_table(work_gemm, g, what);
	each_table(work_gemm_bf16, g, what);
}

/* Subnormal factors, sums and products, and numbers whose rounding is a carry. */
static void work_gemm_bf16_of_tiny_values(
	const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	struct gemm g = *(const struct gemm *)ctx;

	for (int i = 0; i < ROOM; i++) {
		r->a[i] = ldexpf(fresh.a[i], i * 37 % 170 - 150);
		r->b[i] = ldexpf(fresh.b[i], i * 53 % 170 - 150);
		if (i % 5 == 0)
			r->a[i] = ldexpf(1.0f - 0x1p-24f * (float)(i % 3), i % 130 - 126);
	}
	g.a = r->a;
	g.b = r->b;
	g.bias = r->a + 100;
	g.c = r->c[side] + GUARD;
	k->gemm_bf16(&g);
}

static void test_gemm_bf16_of_tiny_values(void **state)
{
	(void)state;
	for (int64_t run = 1; run < 30; run++)
		each_table(work_gemm_bf16_of_tiny_values,
			&(struct gemm){ .m = 40,
				.n = 70,
				.segments = 1,
				.run = run,
				.a_row = run,
				.a_step = 1,
				.b_row = 70,
				.c_row = 70 },
			"gemm_bf16 of tiny values");
}

static float bf16_product(float a, float b, float start)
{
	float c = start;

	reference->gemm_bf16(&(struct gemm){ .m = 1,
		.n = 1,
		.segments = 1,
		.run = 1,
		.a = &a,
		.a_row = 1,
		.a_step = 1,
		.b = &b,
		.b_row = 1,
		.accumulate = true,
		.c = &c,
		.c_row = 1 });
	return c;
}

static void test_gemm_bf16_rounds_factors_to_nearest_even(void **state)
{
	static const struct {
		float from, to;
	} cases[] = {
		{ 1.0f, 1.0f },
		{ 0x1.01p0f, 0x1.00p0f }, /* halfway: even is below */
		{ 0x1.03p0f, 0x1.04p0f }, /* and above */
		{ 0x1.010002p0f, 0x1.02p0f },
		{ -0x1.ffp3f, -0x1p4f }, /* a carry into the exponent */
		{ 0x1.fffffep127f, INFINITY },
		{ 0x1p-56f, 0x1p-56f },
		{ 0x1.fffffep-57f, 0.0f },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (bf16_product(cases[i].from, 1.0f, 0.0f) != cases[i].to ||
			bf16_product(1.0f, cases[i].from, 0.0f) != cases[i].to)
			fail_msg("%a became %a, not %a", (double)cases[i].from,
				(double)bf16_product(cases[i].from, 1.0f, 0.0f),
				(double)cases[i].to);
	assert_true(isnan(bf16_product(NAN, 1.0f, 0.0f)));
}

static void test_gemm_of_odd_sizes(void **state)
{
	static const float some_bias;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		for (size_t j = 0; j < COUNT_OF(odd_sizes); j++) {
			int64_t m = odd_sizes[i], n = odd_sizes[j],
				k = odd_sizes[(i * 5 + j * 3) % COUNT_OF(odd_sizes)];
			struct gemm g = { .m = m,
				.n = n,
				.segments = 1,
				.run = k,
				.a_row = k,
				.a_step = 1,
				.b_row = n,
				.c_row = n };
			check_gemm(&g);
			g.bias = &some_bias;
			g.b_transposed = true;
			g.b_row = k;
			check_gemm(&g);
		}
	}
}

static void test_gemm_with_a_transposed_a_and_a_wide_c(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		int64_t m = odd_sizes[i], n = odd_sizes[(i + 4) % COUNT_OF(odd_sizes)];
		check_gemm(&(struct gemm){ .m = m,
			.n = n,
			.segments = 1,
			.run = 21,
			.a_row = 1,
			.a_step = m,
			.b_row = n + 3,
			.c_row = n + 5,
			.accumulate = i % 2 });
	}
}

static void test_gemm_of_long_sums(void **state)
{
	(void)state;
	for (int64_t k = 190; k <= 194; k++) /* around a block */
		check_gemm(&(struct gemm){ .m = 40,
			.n = 40,
			.segments = 1,
			.run = k,
			.a_row = k,
			.a_step = 1,
			.b_row = 40,
			.c_row = 40 });
	check_gemm(&(struct gemm){ .m = 5,
		.n = 18,
		.segments = 1,
		.run = 1000,
		.a_row = 1000,
		.a_step = 1,
		.b_row = 18,
		.c_row = 18 });
	check_gemm(&(struct gemm){ .m = 33,
		.n = 18,
		.segments = 1,
		.run = 700,
		.a_row = 700,
		.a_step = 1,
		.b_row = 700,
		.b_transposed = true,
		.c_row = 18 });
	check_gemm(&(struct gemm){ .m = 7,
		.n = 9,
		.segments = 3,
		.run = 400,
		.a_row = 30,
		.a_segment = 500,
		.a_step = 1,
		.b_row = 9,
		.c_row = 9,
		.accumulate = true });
}

/* As in the gradient of a dense layer's input, for a whole panel of samples and for less. */
static void test_gemm_of_few_rows_and_a_large_transposed_b(void **state)
{
	(void)state;
	for (int64_t m = 16; m <= 48; m += 16) {
		for (int64_t run = 70; run <= 280; run += 210) {
			int64_t n = run == 70 ? 470 : 230;
			check_gemm(&(struct gemm){ .m = m,
				.n = n,
				.segments = 1,
				.run = run,
				.a_row = run + 1,
				.a_step = 1,
				.b_row = run,
				.b_transposed = true,
				.c_row = n + 3 });
		}
	}
}

/* Such rows collide in a cache. A distance of 0, all rows being one, lets there be more of them. */
static void test_gemm_of_rows_a_page_apart(void **state)
{
	(void)state;
	for (int64_t m = 13; m <= 300; m += 47)
		for (int transposed = 0; transposed <= 1; transposed++)
			check_gemm(&(struct gemm){ .m = m,
				.n = 140,
				.segments = 1,
				.run = 400,
				.a_row = m <= 60 ? 1024 : 0,
				.a_step = 1,
				.b_row = transposed ? 400 : 140,
				.b_transposed = transposed,
				.c_row = 140,
				.accumulate = transposed });
}

/* As in the gradient of a kernel: such columns collide, too. */
static void test_gemm_of_columns_some_lines_apart(void **state)
{
	int32_t rows[300];

	(void)state;
	for (int i = 0; i < 300; i++)
		rows[i] = 5 + i;
	for (int64_t m = 23; m <= 300; m += 92) {
		int64_t apart = m < 128 ? 128 : 320;
		struct gemm g = { .m = m,
			.n = 140,
			.segments = 1,
			.run = 200,
			.a_row = 1,
			.a_step = apart,
			.b_row = 140,
			.c_row = 150,
			.accumulate = m % 2 };
		check_gemm(&g);
		g.a_rows = rows;
		check_gemm(&g);
		g.segments = 7;
		g.run = 20;
		g.a_segment = 26 * apart;
		check_gemm(&g);
	}
}

static void test_gemm_of_segments_that_adjoin(void **state)
{
	(void)state;
	for (int64_t run = 1; run < 80; run += 13)
		for (int64_t step = 1; step <= 64; step += 63)
			check_gemm(&(struct gemm){ .m = 40,
				.n = 140,
				.segments = 12,
				.run = run,
				.a_row = step > 1 ? 1 : 12 * run,
				.a_segment = run * step,
				.a_step = step,
				.b_row = 64,
				.c_row = 140 });
}

static void test_gemm_of_segments_and_scattered_rows(void **state)
{
	int32_t rows[100];

	(void)state;
	for (int i = 0; i < 100; i++)
		rows[i] = (i * 37) % 501;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++)
		for (int64_t run = 1; run < 80; run += 13)
			check_gemm(&(struct gemm){ .m = odd_sizes[i],
				.n = odd_sizes[(i + 7) % COUNT_OF(odd_sizes)],
				.segments = 1 + run % 9,
				.run = run,
				.a_rows = rows,
				.a_segment = 91,
				.a_step = 1 + run % 3,
				.b_row = 100,
				.c_row = 101 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_gemm_of_odd_sizes),
		cmocka_unit_test(test_gemm_bf16_of_tiny_values),
		cmocka_unit_test(test_gemm_bf16_rounds_factors_to_nearest_even),
		cmocka_unit_test(test_gemm_with_a_transposed_a_and_a_wide_c),
		cmocka_unit_test(test_gemm_of_long_sums),
		cmocka_unit_test(test_gemm_of_few_rows_and_a_large_transposed_b),
		cmocka_unit_test(test_gemm_of_rows_a_page_apart),
		cmocka_unit_test(test_gemm_of_columns_some_lines_apart),
		cmocka_unit_test(test_gemm_of_segments_that_adjoin),
		cmocka_unit_test(test_gemm_of_segments_and_scattered_rows),
	};

	return cmocka_run_group_tests(tests, rooms_set_up, NULL);
}
