/* test_shape.c - shapes of one sample: their size, which may not fit, and their text. */
#include "engine/shape.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { UNTOUCHED = -7 };

static void the_size_is_the_product_of_the_axes(void **state)
{
	static const struct {
		struct shape shape;
		int64_t size;
	} cases[] = {
		{ { 0, { 9 } }, 1 }, /* a scalar has one element, whatever stands behind its rank */
		{ { 1, { 784 } }, 784 },
		{ { 2, { 3, 5 } }, 15 },
		{ { 3, { 28, 28, 1 } }, 784 },
		{ { 4, { 3, 3, 32, 64 } }, 18432 },
		{ { 3, { 28, 0, 1 } }, 0 },
		{ { 1, { INT64_MAX } }, INT64_MAX },
		{ { 4, { 1 << 20, 1 << 20, 1 << 20, 4 } }, INT64_C(1) << 62 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t size = UNTOUCHED;
		assert_true(shape_size(&cases[i].shape, &size));
		assert_true(size == cases[i].size);
		assert_true(shape_elements(&cases[i].shape) == size);
	}
}

static void a_size_that_does_not_fit_is_refused(void **state)
{
	static const struct shape cases[] = {
		{ 2, { INT64_MAX, 2 } }, { 2, { INT64_C(1) << 32, INT64_C(1) << 31 } },
		{ 4, { 1 << 20, 1 << 20, 1 << 20, 8 } },
		{ 4, { 65536, 65536, 65536, 65536 } }, /* 2 to the 64th, which wraps to 0 */
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int64_t size = UNTOUCHED;
		assert_false(shape_size(&cases[i], &size));
		assert_int_equal(size, UNTOUCHED);
	}
}

static void shapes_are_equal_in_rank_and_axes(void **state)
{
	const struct shape image = SHAPE3(28, 28, 1);

	(void)state;
	assert_true(shape_equal(&image, &SHAPE3(28, 28, 1)));
	assert_true(shape_equal(&image, &(struct shape){ 3, { 28, 28, 1, 5 } }));
	assert_true(shape_equal(&(struct shape){ 0, { 1 } }, &(struct shape){ 0, { 2 } }));
	assert_false(shape_equal(&image, &SHAPE3(28, 28, 3)));
	assert_false(shape_equal(&image, &SHAPE3(27, 28, 1)));
	assert_false(shape_equal(&image, &SHAPE2(28, 28)));
	assert_false(shape_equal(&image, &SHAPE4(28, 28, 1, 1)));
	assert_false(shape_equal(&SHAPE1(1), &(struct shape){ 0 }));
}

static void shapes_are_written_as_keras_writes_them(void **state)
{
	static const struct {
		struct shape shape;
		const char *text;
	} cases[] = {
		{ { 0 }, "()" },
		{ { 1, { 64 } }, "(64,)" },
		{ { 2, { 3, 5 } }, "(3, 5)" },
		{ { 3, { 28, 28, 1 } }, "(28, 28, 1)" },
		{ { 4, { INT64_MAX, INT64_MAX, INT64_MAX, INT64_MAX } },
			"(9223372036854775807, 9223372036854775807, 9223372036854775807, "
			"9223372036854775807)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[SHAPE_TEXT_BYTES];
		shape_text(&cases[i].shape, text);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_size_is_the_product_of_the_axes),
		cmocka_unit_test(a_size_that_does_not_fit_is_refused),
		cmocka_unit_test(shapes_are_equal_in_rank_and_axes),
		cmocka_unit_test(shapes_are_written_as_keras_writes_them),
	};

	return cmocka_run_group_tests_name("shape", tests, NULL, NULL);
}
