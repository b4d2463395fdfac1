/* test_size.c - arithmetic that says when it would wrap, and then leaves its result alone. */
#include "base/size.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { UNTOUCHED = 77 };

static void products_of_sizes(void **state)
{
	const size_t half = (size_t)1 << 32;
	static const struct {
		size_t a, b;
		bool fits;
	} cases[] = {
		{ 0, 0, true },
		{ 0, SIZE_MAX, true },
		{ SIZE_MAX, 1, true },
		{ (size_t)1 << 32, ((size_t)1 << 32) - 1, true },
		{ SIZE_MAX / 3, 3, true },
		{ (size_t)1 << 32, (size_t)1 << 32, false },
		{ SIZE_MAX / 3 + 1, 3, false },
		{ SIZE_MAX, 2, false },
		{ SIZE_MAX, SIZE_MAX, false },
	};
	size_t product;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		product = UNTOUCHED;
		assert_int_equal(size_mul(cases[i].a, cases[i].b, &product), cases[i].fits);
		assert_true(product == (cases[i].fits ? cases[i].a * cases[i].b : UNTOUCHED));
		product = UNTOUCHED;
		assert_int_equal(size_mul(cases[i].b, cases[i].a, &product), cases[i].fits);
	}
	assert_true(size_mul(half, half - 1, &product));
	assert_true(product == SIZE_MAX - half + 1);
}

static void sums_of_sizes(void **state)
{
	size_t sum = UNTOUCHED;

	(void)state;
	assert_false(size_add(SIZE_MAX, 1, &sum));
	assert_false(size_add(1, SIZE_MAX, &sum));
	assert_false(size_add(SIZE_MAX / 2 + 1, SIZE_MAX / 2 + 1, &sum));
	assert_int_equal(sum, UNTOUCHED);
	assert_true(size_add(SIZE_MAX - 1, 1, &sum));
	assert_true(sum == SIZE_MAX);
	assert_true(size_add(0, 0, &sum));
	assert_int_equal(sum, 0);
}

static void products_of_signed_numbers(void **state)
{
	int64_t product = UNTOUCHED;

	(void)state;
	assert_false(int64_mul(INT64_MAX, 2, &product));
	assert_false(int64_mul(INT64_MIN, -1, &product));
	assert_false(int64_mul(INT64_C(1) << 32, INT64_C(1) << 31, &product));
	assert_int_equal(product, UNTOUCHED);
	assert_true(int64_mul(INT64_C(1) << 32, -(INT64_C(1) << 31), &product));
	assert_true(product == INT64_MIN);
	assert_true(int64_mul(-7, 6, &product));
	assert_int_equal(product, -42);
}

static void rounding_up_to_a_unit(void **state)
{
	(void)state;
	assert_int_equal(size_round_up(0, 64), 0);
	assert_int_equal(size_round_up(1, 64), 64);
	assert_int_equal(size_round_up(64, 64), 64);
	assert_int_equal(size_round_up(65, 64), 128);
	assert_int_equal(size_round_up(12345, 1), 12345);
	assert_true(size_round_up(SIZE_MAX - 63, 64) == SIZE_MAX - 63);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(products_of_sizes),
		cmocka_unit_test(sums_of_sizes),
		cmocka_unit_test(products_of_signed_numbers),
		cmocka_unit_test(rounding_up_to_a_unit),
	};

	return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
