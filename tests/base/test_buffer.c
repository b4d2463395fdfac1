/* test_buffer.c - a buffer grows to its limit and not a byte further, and a failure sticks. */
#include "base/buffer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void writes_follow_each_other(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, 1000);
	buffer_add_text(&b, "loss ");
	buffer_printf(&b, "%.2f in epoch %d", 0.25, 3);
	buffer_add(&b, "!?", 1);
	buffer_add(&b, NULL, 0);
	assert_true(buffer_ok(&b, NULL));
	assert_string_equal(b.data, "loss 0.25 in epoch 3!");
	assert_int_equal(b.size, strlen(b.data));
	buffer_done(&b);
}

static void bytes_may_be_anything(void **state)
{
	const char bytes[] = { 'a', '\0', '\n', '\xff' };
	struct buffer b;

	(void)state;
	buffer_init(&b, sizeof bytes);
	buffer_add(&b, bytes, sizeof bytes);
	assert_true(buffer_ok(&b, NULL));
	assert_int_equal(b.size, sizeof bytes);
	assert_memory_equal(b.data, bytes, sizeof bytes);
	assert_int_equal(b.data[b.size], '\0');
	buffer_done(&b);
}

static void many_small_writes_keep_their_order(void **state)
{
	enum { WRITES = 5000 };
	struct buffer b;

	(void)state;
	buffer_init(&b, 5 * WRITES);
	for (int i = 0; i < WRITES; i++)
		buffer_printf(&b, "%05d", i);
	assert_true(buffer_ok(&b, NULL));
	assert_int_equal(b.size, 5 * WRITES);
	for (int i = 0; i < WRITES; i++) {
		char number[6] = "";
		memcpy(number, b.data + 5 * i, 5);
		assert_int_equal(strtol(number, NULL, 10), i);
	}
	buffer_done(&b);
}

static void the_limit_itself_is_allowed_by_every_way_to_write(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, 8);
	buffer_add(&b, "1234", 4);
	buffer_printf(&b, "%s", "5678");
	assert_true(buffer_ok(&b, NULL));
	assert_string_equal(b.data, "12345678");
	buffer_done(&b);
}

static void one_byte_more_fails(void **state)
{
	struct error err = { 0 };
	struct buffer b;

	(void)state;
	buffer_init(&b, 8);
	buffer_printf(&b, "%s", "123456789");
	assert_false(buffer_ok(&b, &err));
	assert_int_equal(err.code, ERROR_NO_MEMORY);
	assert_non_null(strstr(err.text, "8 bytes"));
	buffer_done(&b);
}

static void a_failure_frees_and_sticks(void **state)
{
	struct buffer b;
	size_t size = 99;

	(void)state;
	buffer_init(&b, 8);
	buffer_add(&b, "1234567", 7);
	buffer_add(&b, "89", 2);
	assert_true(b.failed);
	assert_null(b.data);
	assert_int_equal(b.size, 0);
	buffer_add(&b, "1", 1);
	buffer_printf(&b, "%d", 2);
	assert_false(buffer_ok(&b, NULL));
	assert_null(buffer_take(&b, &size));
	assert_int_equal(size, 99);
	buffer_done(&b);
}

static void a_huge_size_does_not_wrap_round_the_limit(void **state)
{
	struct buffer b;

	(void)state;
	buffer_init(&b, 100);
	buffer_add(&b, "12345", 5);
	buffer_add(&b, "x", SIZE_MAX - 2);
	assert_false(buffer_ok(&b, NULL));
	buffer_done(&b);
}

static void take_hands_the_bytes_over_and_begins_anew(void **state)
{
	struct buffer b;
	size_t size = 0;

	(void)state;
	buffer_init(&b, 10);
	buffer_add_text(&b, "first");
	char *first = buffer_take(&b, &size);
	assert_string_equal(first, "first");
	assert_int_equal(size, 5);
	buffer_add_text(&b, "0123456789"); /* the limit is that of one document */
	char *second = buffer_take(&b, NULL);
	assert_string_equal(second, "0123456789");
	assert_string_equal(first, "first");
	free(first);
	free(second);
	buffer_done(&b);
}

static void an_empty_buffer_is_an_empty_string(void **state)
{
	struct buffer b;
	size_t size = 99;

	(void)state;
	buffer_init(&b, 0);
	char *text = buffer_take(&b, &size);
	assert_string_equal(text, "");
	assert_int_equal(size, 0);
	free(text);
	buffer_done(&b);
	buffer_done(&b); /* and done may be called again */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(writes_follow_each_other),
		cmocka_unit_test(bytes_may_be_anything),
		cmocka_unit_test(many_small_writes_keep_their_order),
		cmocka_unit_test(the_limit_itself_is_allowed_by_every_way_to_write),
		cmocka_unit_test(one_byte_more_fails),
		cmocka_unit_test(a_failure_frees_and_sticks),
		cmocka_unit_test(a_huge_size_does_not_wrap_round_the_limit),
		cmocka_unit_test(take_hands_the_bytes_over_and_begins_anew),
		cmocka_unit_test(an_empty_buffer_is_an_empty_string),
	};

	return cmocka_run_group_tests_name("buffer", tests, NULL, NULL);
}
