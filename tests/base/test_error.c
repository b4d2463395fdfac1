/* test_error.c - errors carry a code, a place and a sentence, and never overrun. */
#include "base/error.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void setting_an_error_returns_false(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_set(&err, ERROR_INVALID, "batch_size is %d; allowed: %s", 0, "[1, 9]"));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_string_equal(err.pointer, "");
	assert_string_equal(err.text, "batch_size is 0; allowed: [1, 9]");
}

static void an_error_can_have_a_place(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_at(&err, ERROR_NOT_FOUND, "/dataset", "there is no \"%s\"", "mnits"));
	assert_int_equal(err.code, ERROR_NOT_FOUND);
	assert_string_equal(err.pointer, "/dataset");
	assert_string_equal(err.text, "there is no \"mnits\"");
}

static void a_place_is_not_a_format(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_at(&err, ERROR_INVALID, "/a%n%s", "%s", "%d%n"));
	assert_string_equal(err.pointer, "/a%n%s");
	assert_string_equal(err.text, "%d%n");
}

static void a_later_error_leaves_nothing_of_the_one_before(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_at(&err, ERROR_INVALID, "/loss", "a long sentence about the loss"));
	assert_false(error_no_memory(&err));
	assert_int_equal(err.code, ERROR_NO_MEMORY);
	assert_string_equal(err.pointer, "");
	assert_string_equal(err.text, "out of memory");
}

static void a_caller_may_not_want_to_know(void **state)
{
	(void)state;
	assert_false(error_set(NULL, ERROR_IO, "%d", 1));
	assert_false(error_at(NULL, ERROR_IO, "/x", "%d", 1));
	assert_false(error_no_memory(NULL));
	error_pointer_prefix(NULL, "/layers/%d", 1);
}

static void a_part_s_place_becomes_one_of_the_whole(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_at(&err, ERROR_INVALID, "/units", "units is 0"));
	error_pointer_prefix(&err, "/layers/%d", 2);
	error_pointer_prefix(&err, "/model");
	assert_string_equal(err.pointer, "/model/layers/2/units");
	assert_string_equal(err.text, "units is 0");
	assert_int_equal(err.code, ERROR_INVALID);
}

static void an_error_without_a_place_gets_the_part_s(void **state)
{
	struct error err = { 0 };

	(void)state;
	assert_false(error_set(&err, ERROR_INVALID, "no layers"));
	error_pointer_prefix(&err, "/model");
	assert_string_equal(err.pointer, "/model");
}

static void a_text_gets_a_name_in_front(void **state)
{
	struct error err = { 0 };
	char letters[2000];

	(void)state;
	error_text_prefix(NULL, "layer %d: ", 2);
	assert_false(error_at(&err, ERROR_INVALID, "/units", "units is 0"));
	error_text_prefix(&err, "layer %d (%s): ", 2, "dense");
	assert_string_equal(err.text, "layer 2 (dense): units is 0");
	assert_string_equal(err.pointer, "/units");
	memset(letters, 'x', sizeof letters);
	letters[sizeof letters - 1] = '\0';
	error_text_prefix(&err, "%s: ", letters);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	assert_memory_equal(err.text, letters, sizeof err.text - 1);
}

static void what_is_too_long_is_cut_and_closed(void **state)
{
	struct error err = { 0 };
	char letters[2000];

	(void)state;
	memset(letters, 'x', sizeof letters);
	letters[sizeof letters - 1] = '\0';
	assert_false(error_at(&err, ERROR_INVALID, letters, "%s", letters));
	assert_int_equal(strlen(err.pointer), sizeof err.pointer - 1);
	assert_int_equal(strlen(err.text), sizeof err.text - 1);
	error_pointer_prefix(&err, "/model");
	assert_int_equal(strlen(err.pointer), sizeof err.pointer - 1);
	assert_memory_equal(err.pointer, "/modelxxx", 9);
	error_pointer_prefix(&err, "/%s", letters);
	assert_int_equal(strlen(err.pointer), sizeof err.pointer - 1);
	assert_memory_equal(err.pointer, "/xxx", 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(setting_an_error_returns_false),
		cmocka_unit_test(an_error_can_have_a_place),
		cmocka_unit_test(a_place_is_not_a_format),
		cmocka_unit_test(a_later_error_leaves_nothing_of_the_one_before),
		cmocka_unit_test(a_caller_may_not_want_to_know),
		cmocka_unit_test(a_part_s_place_becomes_one_of_the_whole),
		cmocka_unit_test(an_error_without_a_place_gets_the_part_s),
		cmocka_unit_test(a_text_gets_a_name_in_front),
		cmocka_unit_test(what_is_too_long_is_cut_and_closed),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
