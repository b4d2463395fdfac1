/* test_utf8.c - characters of UTF-8, and what only looks like them. */
#include "base/macros.h"
#include "base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void a_character_has_1_to_4_bytes(void **state)
{
	static const struct {
		const char *text;
		size_t length; /* 0: it is none */
	} cases[] = {
		{ "a", 1 },
		{ "\x7f", 1 },
		{ "\xc2\x80", 2 },
		{ "\xdf\xbfx", 2 },
		{ "\xe0\xa0\x80", 3 },
		{ "\xed\x9f\xbf", 3 },
		{ "\xef\xbf\xbf", 3 },
		{ "\xf0\x90\x80\x80", 4 },
		{ "\xf4\x8f\xbf\xbf", 4 },
		{ "\x80", 0 }, /* a continuation of nothing */
		{ "\xc1\xbf", 0 },
		{ "\xe0\x9f\xbf", 0 }, /* overlong */
		{ "\xf0\x8f\xbf\xbf", 0 },
		{ "\xed\xa0\x80", 0 },     /* a surrogate */
		{ "\xf4\x90\x80\x80", 0 }, /* beyond U+10FFFF */
		{ "\xf5\x80\x80\x80", 0 },
		{ "\xc3", 0 }, /* cut */
		{ "\xe2\x82", 0 },
		{ "\xe2\x82x", 0 },
		{ "\xf0\x9f\x98", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_int_equal(
			utf8_length(cases[i].text, strlen(cases[i].text)), cases[i].length);
}

static void every_code_is_encoded_as_one_character(void **state)
{
	char text[4];

	(void)state;
	for (uint32_t code = 0; code <= 0x10ffff; code++) {
		if (code >= 0xd800 && code <= 0xdfff)
			continue;
		size_t n = utf8_encode(code, text);
		assert_int_equal(utf8_length(text, n), n);
	}
	assert_int_equal(utf8_encode(0x20ac, text), 3);
	assert_memory_equal(text, "\xe2\x82\xac", 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_character_has_1_to_4_bytes),
		cmocka_unit_test(every_code_is_encoded_as_one_character),
	};

	return cmocka_run_group_tests_name("base/utf8", tests, NULL, NULL);
}
