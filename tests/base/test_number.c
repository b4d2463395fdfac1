/* test_number.c - doubles as the shortest text that reads back. */
#include "base/macros.h"
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void a_number_has_its_shortest_name(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 0.1, "0.1" },
		{ 0.30000000000000004, "0.30000000000000004" }, /* 0.1 + 0.2: 17 digits */
		{ 1.0 / 3, "0.3333333333333333" },
		{ -2.5e3, "-2500" },
		{ 1e21, "1e+21" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" }, /* the smallest: one digit names it */
		{ NAN, "nan" },
		{ -NAN, "nan" },
		{ INFINITY, "inf" },
		{ -INFINITY, "-inf" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[NUMBER_TEXT_BYTES];
		number_text(cases[i].value, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void every_name_reads_back_as_the_number(void **state)
{
	uint64_t bits = 0;

	(void)state;
	for (int i = 0; i < 100000; i++) {
		char text[NUMBER_TEXT_BYTES];
		double value, again;
		bits = bits * 6364136223846793005u + 1442695040888963407u; /* Knuth's MMIX */
		memcpy(&value, &bits, sizeof value);
		if (isnan(value))
			continue;
		number_text(value, text);
		again = strtod(text, NULL);
		if (memcmp(&again, &value, sizeof value) != 0)
			fail_msg("%s is not %a", text, value);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_number_has_its_shortest_name),
		cmocka_unit_test(every_name_reads_back_as_the_number),
	};

	return cmocka_run_group_tests_name("base/number", tests, NULL, NULL);
}
