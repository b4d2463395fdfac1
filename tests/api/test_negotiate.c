/* test_negotiate.c - what a client's headers ask for. */
#include "api/negotiate.h"
#include "base/macros.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_names(void **state)
{
	static const struct {
		const char *list, *wanted;
		bool named;
	} cases[] = {
		{ "text/csv", "text/csv", true },
		{ "TEXT/CSV", "text/csv", true },
		{ "application/json, text/csv", "text/csv", true },
		{ "application/json,text/csv;q=0.1", "text/csv", true },
		{ "text/csv ; header=present ; q=0.5", "text/csv", true },
		{ " gzip , br", "gzip", true },
		{ "text/csv;q=1.000", "text/csv", true },
		{ "text/csv;q=0.01", "text/csv", true },
		{ NULL, "text/csv", false },
		{ "", "text/csv", false },
		{ ",", "text/csv", false },
		{ "*/*", "text/csv", false },
		{ "text/*", "text/csv", false },
		{ "text/csvx", "text/csv", false },
		{ "xtext/csv", "text/csv", false },
		{ "text/csv;q=0", "text/csv", false },
		{ "text/csv; q=0.000, */*", "text/csv", false },
		{ "text/csv;header=absent;q=0", "text/csv", false },
		{ "gzip;Q=0", "gzip", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (negotiate_names(cases[i].list, cases[i].wanted) != cases[i].named)
			fail_msg("\"%s\" names %s: wanted %d",
				cases[i].list ? cases[i].list : "NULL", cases[i].wanted,
				cases[i].named);
}

static void test_etags(void **state)
{
	static const struct {
		const char *list;
		bool matches;
	} cases[] = {
		{ "\"7-0\"", true },
		{ "W/\"7-0\"", true },
		{ "\"6-0\", \"7-0\"", true },
		{ "\"6-0\",W/\"7-0\" ", true },
		{ "*", true },
		{ NULL, false },
		{ "", false },
		{ "7-0", false },
		{ "\"7-01\"", false },
		{ "\"7-0", false },
		{ "w/\"7-0\"", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (negotiate_etag(cases[i].list, "\"7-0\"") != cases[i].matches)
			fail_msg("If-None-Match: %s", cases[i].list ? cases[i].list : "none");
}

static void test_types(void **state)
{
	(void)state;
	assert_true(negotiate_type("application/json", "application/json"));
	assert_true(negotiate_type("Application/JSON; charset=utf-8", "application/json"));
	assert_false(negotiate_type(NULL, "application/json"));
	assert_false(negotiate_type("", "application/json"));
	assert_false(negotiate_type("text/plain", "application/json"));
	assert_false(negotiate_type("application/jsonp", "application/json"));
	assert_false(negotiate_type("application/json, text/plain", "application/json"));
	assert_false(negotiate_type("text/plain, application/json", "application/json"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_etags),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
