/* test_clock.c - times as people read them, and a clock for durations that never goes back. */
#include "base/clock.h"
#include "base/macros.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static void times_are_written_in_utc(void **state)
{
	/* The seconds are those of `date -u -d TEXT +%s`. */
	static const struct {
		int64_t wall_ms;
		const char *text;
	} cases[] = {
		{ 0, "1970-01-01T00:00:00.000Z" },
		{ 7, "1970-01-01T00:00:00.007Z" },
		{ 951827696789, "2000-02-29T12:34:56.789Z" },
		{ 1795504736120, "2026-11-24T07:18:56.120Z" },
		{ 2147483648000, "2038-01-19T03:14:08.000Z" },
		{ 253402300799999, "9999-12-31T23:59:59.999Z" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[CLOCK_TEXT_BYTES];
		clock_format_ms(cases[i].wall_ms, text);
		assert_string_equal(text, cases[i].text);
	}
}

static void written_times_sort_as_the_times_do(void **state)
{
	char before[CLOCK_TEXT_BYTES] = "", text[CLOCK_TEXT_BYTES];

	(void)state;
	for (int64_t ms = 0; ms < 253402300800000; ms += 86399999 * INT64_C(997)) {
		clock_format_ms(ms, text);
		assert_true(strcmp(before, text) < 0);
		memcpy(before, text, sizeof before);
	}
}

static void the_wall_clock_counts_milliseconds_since_1970(void **state)
{
	(void)state;
	assert_true(clock_wall_ms() > INT64_C(1704067200000));  /* 2024 */
	assert_true(clock_wall_ms() < INT64_C(32503680000000)); /* 3000 */
}

static void the_monotonic_clock_goes_on_in_nanoseconds(void **state)
{
	int64_t begin = clock_monotonic_ns(), last = begin;

	(void)state;
	/* Until a microsecond has gone by: a clock that stands still ends in the test's time limit.
	 */
	while (last - begin < 1000) {
		int64_t now = clock_monotonic_ns();
		assert_true(now >= last);
		last = now;
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_written_in_utc),
		cmocka_unit_test(written_times_sort_as_the_times_do),
		cmocka_unit_test(the_wall_clock_counts_milliseconds_since_1970),
		cmocka_unit_test(the_monotonic_clock_goes_on_in_nanoseconds),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
