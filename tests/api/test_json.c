/* test_json.c - what our JSON takes and refuses, how it reads, and what the writer writes. */
#include "api/json.h"

#include <float.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TEXT(literal) literal, sizeof(literal) - 1

/* Checks a copy that ends where the text ends, so that a sanitizer sees a read beyond it. */
static bool check(const char *bytes, size_t size, struct error *err)
{
	char *copy = malloc(size ? size : 1);

	assert_non_null(copy);
	memcpy(copy, bytes, size);
	*err = (struct error){ 0 };
	bool ok = json_check(copy, size, err);
	free(copy);
	return ok;
}

static struct json_document *parse(const char *text)
{
	struct error err;
	struct json_document *d = json_parse(text, strlen(text), &err);

	if (!d)
		fail_msg("%.60s: %s", text, err.text);
	return d;
}

/* --- what is taken ---------------------------------------------------------------------------- */

static const struct {
	const char *text;
	size_t size;
} taken[] = {
	{ TEXT("null") }, { TEXT("true") }, { TEXT("false") }, { TEXT("0") }, { TEXT("-0") },
	{ TEXT("-0.0e-0") }, { TEXT("1.5e+3") }, { TEXT("1E3") },
	{ TEXT("123456789012345678901234567890") }, { TEXT("1.7976931348623157e308") },
	{ TEXT("5e-324") }, { TEXT("0.1000000000000000055511151231257827021181583404541015625") },
	{ TEXT("\"\"") }, { TEXT(" \t\r\n [ ] \n") }, { TEXT("{}") }, { TEXT("{\"\":1}") },
	{ TEXT("{\"a\":1,\"A\":2,\"\xc3\xa4\":3,\"aa\":4,\"\":5}") },
	{ TEXT("{\"a\":{\"a\":{\"a\":[{\"a\":1},{\"a\":1}]}}}") },
	{ TEXT("[1,[2,[3]],{\"x\":[]}]") }, { TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"") },
	{ TEXT("\"\\u0001\\u00e4\\u20AC\\ud83d\\ude00\\uDBFF\\uDFFF\"") }, { TEXT("\"\x7f\"") },
	{ TEXT("\"\xc2\x80 \xdf\xbf \xe0\xa0\x80 \xed\x9f\xbf \xee\x80\x80 \xef\xbf\xbf "
	       "\xf0\x90\x80\x80 \xf4\x8f\xbf\xbf\"") },
	{ TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]") }, /* 32 deep */
};

static void good_texts_are_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(taken); i++) {
		struct error err;
		if (!check(taken[i].text, taken[i].size, &err))
			fail_msg("%s: %s", taken[i].text, err.text);
		AUTO_FREE(json_free)
		struct json_document *d = json_parse(taken[i].text, taken[i].size, &err);
		if (!d) /* the checker lets nothing through that cJSON does not understand */
			fail_msg("%s: checked, but not parsed", taken[i].text);
	}
}

/* --- what is refused -------------------------------------------------------------------------- */

static const struct refusal {
	const char *text;
	size_t size;
	int offset; /* that the error must name */
	const char *says;
} refused[] = {
	{ TEXT(""), 0, "the text ends where a value is wanted" },
	{ TEXT("  "), 2, "the text ends where a value" },
	{ TEXT("\xef\xbb\xbf{}"), 0, "0xef where a value" }, /* a byte order mark */
	{ TEXT("nul"), 3, "true, false or null" },
	{ TEXT("nulL"), 3, "'L' where true, false or null" },
	{ TEXT("True"), 0, "'T' where a value" },
	{ TEXT("NaN"), 0, "'N' where a value" },
	{ TEXT("Infinity"), 0, "'I' where a value" },
	{ TEXT("-Infinity"), 1, "'I' where a digit" },
	{ TEXT("'a'"), 0, "a value" },
	{ TEXT("// a comment\n1"), 0, "'/' where a value" },
	{ TEXT("1 2"), 2, "'2' where the end" },
	{ TEXT("{} {}"), 3, "'{' where the end" },
	{ TEXT("null\0"), 4, "0x00 where the end" },

	{ TEXT("01"), 1, "leading zero" },
	{ TEXT("-01"), 2, "leading zero" },
	{ TEXT("00"), 1, "leading zero" },
	{ TEXT("+1"), 0, "'+' where a value" },
	{ TEXT(".5"), 0, "'.' where a value" },
	{ TEXT("1."), 2, "a digit behind the point" },
	{ TEXT("1.e5"), 2, "'e' where a digit behind the point" },
	{ TEXT("-"), 1, "a digit" },
	{ TEXT("1e"), 2, "a digit of the exponent" },
	{ TEXT("1e+"), 3, "a digit of the exponent" },
	{ TEXT("0x10"), 1, "'x' where the end" },
	{ TEXT("1_000"), 1, "'_' where the end" },
	{ TEXT("1e400"), 0, "1e400 is too large" },
	{ TEXT("[0,-1e400]"), 3, "-1e400 is too large" },
	{ TEXT("1e99999999999999999999"), 0, "is too large" },
	{ TEXT("1e-400"), 0, "it would read as 0" },
	{ TEXT("1e-99999999999999999999"), 0, "it would read as 0" },
	{ TEXT("1.00000000000000000001"), 0, "it would read as 1" },
	{ TEXT("9007199254740991.4"), 0, "it would read as 9007199254740991" },
	{ TEXT("1234567890123456789012345678901234567890123456789012345678901234"), 0,
		"a number of 64 bytes; allowed are 63" },

	{ TEXT("\""), 1, "the closing '\"'" },
	{ TEXT("\"abc"), 4, "the closing '\"'" },
	{ TEXT("\"\\"), 2, "behind a backslash" },
	{ TEXT("\"\\x41\""), 2, "'x' where one of" },
	{ TEXT("\"\\\0\""), 2, "0x00 where one of" },
	{ TEXT("\"\\u12\""), 5, "a hexadecimal digit" },
	{ TEXT("\"\\u12G4\""), 5, "'G' where a hexadecimal digit" },
	{ TEXT("\"\\u"), 3, "a hexadecimal digit" },
	{ TEXT("\"\\u\0000\""), 3, "0x00 where a hexadecimal digit" },
	{ TEXT("\"a\\u0000b\""), 2, "\\u0000 is not allowed" },
	{ TEXT("\"a\0b\""), 2, "0x00 where a character" },
	{ TEXT("\"a\nb\""), 2, "0x0a where a character" },
	{ TEXT("\"\x1f\""), 1, "0x1f where a character" },
	{ TEXT("\"\\ud800\""), 1, "\\ud800 is half of a surrogate pair" },
	{ TEXT("\"\\udc00\""), 1, "\\udc00 is half" },
	{ TEXT("\"\\ud800\\u0041\""), 1, "\\ud800 is half" },
	{ TEXT("\"\\ud800\\n\""), 1, "\\ud800 is half" },
	{ TEXT("\"\\ude00\\ud83d\""), 1, "\\ude00 is half" },

	{ TEXT("\"\x80\""), 1, "0x80 where valid UTF-8" },
	{ TEXT("\"\xc0\x80\""), 1, "valid UTF-8" }, /* NUL, overlong */
	{ TEXT("\"\xc1\xbf\""), 1, "valid UTF-8" },
	{ TEXT("\"\xe0\x9f\xbf\""), 1, "valid UTF-8" },     /* overlong */
	{ TEXT("\"\xed\xa0\x80\""), 1, "valid UTF-8" },     /* a surrogate */
	{ TEXT("\"\xf0\x8f\xbf\xbf\""), 1, "valid UTF-8" }, /* overlong */
	{ TEXT("\"\xf4\x90\x80\x80\""), 1, "valid UTF-8" }, /* beyond U+10FFFF */
	{ TEXT("\"\xf5\x80\x80\x80\""), 1, "valid UTF-8" },
	{ TEXT("\"\xff\""), 1, "valid UTF-8" },
	{ TEXT("\"\xc3\""), 1, "valid UTF-8" },
	{ TEXT("\"\xe2\x82\""), 1, "valid UTF-8" },
	{ TEXT("\"\xc3"), 1, "valid UTF-8" }, /* cut by the end */
	{ TEXT("\"\xf0\x9f\x98"), 1, "valid UTF-8" },
	{ TEXT("{\"\xff\":1}"), 2, "valid UTF-8" },

	{ TEXT("["), 1, "a value" },
	{ TEXT("[1"), 2, "',' or ']'" },
	{ TEXT("[1,]"), 3, "']' where a value" },
	{ TEXT("[,1]"), 1, "',' where a value" },
	{ TEXT("[1 2]"), 3, "'2' where ',' or ']'" },
	{ TEXT("[1}"), 2, "'}' where ',' or ']'" },
	{ TEXT("]"), 0, "a value" },
	{ TEXT("{"), 1, "'\"'" },
	{ TEXT("{1:2}"), 1, "'1' where '\"'" },
	{ TEXT("{a:2}"), 1, "'a' where '\"'" },
	{ TEXT("{\"a\"}"), 4, "'}' where ':'" },
	{ TEXT("{\"a\":}"), 5, "'}' where a value" },
	{ TEXT("{\"a\":1,}"), 7, "'}' where '\"'" },
	{ TEXT("{\"a\":1]"), 6, "']' where ',' or '}'" },
	{ TEXT("{\"a\" 1}"), 5, "'1' where ':'" },

	{ TEXT("{\"a\":1,\"a\":2}"), 7, "the key \"a\" is in this object already, at byte 1" },
	{ TEXT("{\"a\":1,\"b\":2, \"a\":3}"), 14, "\"a\" is in this object already" },
	{ TEXT("{\"a\":1,\"\\u0061\":2}"), 7,
		"\"a\" is in this object already" }, /* spelled otherwise */
	{ TEXT("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), 18, "is in this object already" },
	{ TEXT("{\"\":1,\"\":2}"), 6, "the key \"\" is in this object already" },
	{ TEXT("{\"x\":{\"a\":1,\"b\":{},\"a\":2}}"), 19, "\"a\" is in this object already" },
	{ TEXT("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]"), 32,
		"nested deeper than the 32 that are allowed" },
};

static void bad_texts_are_refused_where_they_are_wrong(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refused); i++) {
		const struct refusal *c = &refused[i];
		struct error err;
		char place[32];
		if (check(c->text, c->size, &err))
			fail_msg("%s: taken", c->text);
		(void)snprintf(place, sizeof place, "JSON byte %d: ", c->offset);
		if (!strstr(err.text, c->says) || strncmp(err.text, place, strlen(place)) != 0)
			fail_msg("%s: \"%s\", and not \"%s%s\"", c->text, err.text, place, c->says);
		assert_int_equal(err.code, ERROR_SYNTAX);
		assert_null(json_parse(c->text, c->size, &err));
	}
}

static void no_text_at_all_is_refused(void **state)
{
	(void)state;
	struct error err;

	assert_false(json_check(NULL, 0, &err)); /* as an empty buffer hands it over */
	assert_string_equal(err.text, "JSON byte 0: the text ends where a value is wanted");
}

static void every_truncation_of_an_object_is_refused(void **state)
{
	(void)state;
	static const char text[] =
		"{\"a\":[1,-2.5e3,true,null,\"\\u00e4\\ud83d\\ude00\xc3\xa4\"],\"b\":{}}";
	struct error err;

	assert_true(check(text, sizeof text - 1, &err));
	for (size_t size = 0; size < sizeof text - 1; size++)
		if (check(text, size, &err))
			fail_msg("%zu bytes are taken: %.*s", size, (int)size, text);
}

/* --- limits ----------------------------------------------------------------------------------- */

static void ten_megabytes_of_brackets_are_refused_at_once(void **state)
{
	(void)state;
	enum { SIZE = 10 << 20 };
	char *text = malloc(SIZE);
	struct error err;

	assert_non_null(text);
	memset(text, '[', SIZE);
	assert_false(json_check(text, SIZE, &err));
	assert_non_null(strstr(err.text, "JSON byte 32: nested deeper"));
	for (size_t i = 0; i + 5 <= SIZE; i += 5)
		memcpy(text + i, "{\"a\":", 5);
	assert_false(json_check(text, SIZE, &err));
	assert_non_null(strstr(err.text, "JSON byte 160: nested deeper"));
	free(text);
}

static void a_text_has_at_most_16_mebibytes(void **state)
{
	(void)state;
	char *text = malloc(JSON_BYTES_MAX + 1);
	struct error err;

	assert_non_null(text);
	memset(text, ' ', JSON_BYTES_MAX + 1);
	text[0] = '"';
	text[JSON_BYTES_MAX - 1] = '"';
	AUTO_FREE(json_free) struct json_document *d = json_parse(text, JSON_BYTES_MAX, &err);
	assert_non_null(d);
	assert_int_equal(strlen(json_string(json_root(d))), JSON_BYTES_MAX - 2);
	assert_false(json_check(text, JSON_BYTES_MAX + 1, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	assert_non_null(strstr(err.text, "16777217 bytes; allowed are 16777216"));
	free(text);
}

/* An object whose `n` keys share a long beginning, so that comparing them is dear. The caller
 * frees. */
static char *many_members(int n, int last, size_t *ret_size)
{
	struct buffer b;

	buffer_init(&b, JSON_BYTES_MAX);
	buffer_add_text(&b, "{");
	for (int i = 0; i < n; i++)
		buffer_printf(&b, "%s\"%01000d\":0", i ? "," : "", i == n - 1 ? last : i);
	buffer_add_text(&b, "}");
	return buffer_take(&b, ret_size);
}

static void an_object_has_at_most_4096_members(void **state)
{
	(void)state;
	size_t size;
	struct error err;

	char *text = many_members(JSON_MEMBERS_MAX, JSON_MEMBERS_MAX, &size);
	assert_non_null(text);
	assert_true(json_check(text, size, &err));
	free(text);

	text = many_members(JSON_MEMBERS_MAX, /* last= */ 0, &size);
	assert_non_null(text);
	assert_false(json_check(text, size, &err));
	assert_non_null(strstr(err.text, "is in this object already, at byte 1"));
	free(text);

	text = many_members(JSON_MEMBERS_MAX + 1, JSON_MEMBERS_MAX, &size);
	assert_non_null(text);
	assert_false(json_check(text, size, &err));
	assert_non_null(strstr(err.text, "an object with more than 4096 members"));
	free(text);
}

static void a_text_has_at_most_a_mebi_of_values(void **state)
{
	(void)state;
	size_t size = 2 * JSON_VALUES_MAX;
	char *text = malloc(size + 2);
	struct error err;

	assert_non_null(text);
	for (size_t i = 0; i < size; i += 2)
		memcpy(text + i, ",0", 2);
	text[0] = '[';
	text[size] = ']';
	assert_false(json_check(text, size + 1, &err)); /* the list is a value, too */
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	assert_non_null(strstr(err.text, "more than the 1048576 values"));
	text[size - 2] = ']';
	assert_true(json_check(text, size - 1, &err));
	free(text);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void members_and_elements_are_walked(void **state)
{
	(void)state;
	AUTO_FREE(json_free)
	struct json_document *d =
		parse("{\"Units\":1,\"units\":64,\"list\":[true,\"x\",null],\"n\":{}}");
	const struct json *root = json_root(d);

	assert_int_equal(json_type(root), JSON_OBJECT);
	assert_int_equal(json_count(root), 4);
	assert_string_equal(json_key(json_first(root)), "Units");
	assert_true(json_number(json_find(root, "units")) == 64); /* and not "Units" */
	assert_null(json_find(root, "UNITS"));
	const struct json *list = json_find(root, "list");
	assert_int_equal(json_type(list), JSON_ARRAY);
	assert_int_equal(json_count(list), 3);
	const struct json *e = json_first(list);
	assert_int_equal(json_type(e), JSON_BOOL);
	assert_true(json_bool(e));
	e = json_next(e);
	assert_int_equal(json_type(e), JSON_STRING);
	assert_string_equal(json_string(e), "x");
	e = json_next(e);
	assert_int_equal(json_type(e), JSON_NULL);
	assert_null(json_next(e));
	assert_null(json_first(json_find(root, "n")));
	/* What is no object has no member. */
	assert_null(json_find(list, "units"));
	assert_null(json_find(e, "units"));
	assert_null(json_first(e));
}

static void strings_are_decoded(void **state)
{
	(void)state;
	AUTO_FREE(json_free)
	struct json_document *d =
		parse("{\"k\\u0065y\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\u20ac\\ud83d\\ude00\"}");

	assert_string_equal(json_string(json_find(json_root(d), "key")),
		"\"\\/\b\f\n\r\t\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80");
}

static void integers_are_exact_or_none(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool ok;
		int64_t value;
	} cases[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "1e3", true, 1000 },
		{ "1.5e1", true, 15 },
		{ "10.00", true, 10 },
		{ "1000e-3", true, 1 },
		{ "9007199254740991", true, 9007199254740991 },
		{ "-9007199254740991", true, -9007199254740991 },
		{ "9007199254740992", false, 0 },
		{ "9007199254740993", false, 0 },
		{ "-9007199254740992", false, 0 },
		{ "1e300", false, 0 },
		{ "0.5", false, 0 },
		{ "1.5", false, 0 },
		{ "4503599627370495.5", false, 0 },
		{ "\"1\"", false, 0 },
		{ "true", false, 0 },
		{ "null", false, 0 },
		{ "[1]", false, 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		AUTO_FREE(json_free) struct json_document *d = parse(cases[i].text);
		int64_t value = 0;
		if (json_integer(json_root(d), &value) != cases[i].ok || value != cases[i].value)
			fail_msg("%s: %lld", cases[i].text, (long long)value);
	}
}

static void a_value_prints_as_compact_text(void **state)
{
	(void)state;
	AUTO_FREE(json_free)
	struct json_document *d = parse(
		" { \"a\" : [ 1.50 , 1e3, -0.001, true , null, \"\\u00e4\\n\" ] , \"b\" : { } } ");
	struct buffer out;

	buffer_init(&out, 1000);
	json_print(json_root(d), &out);
	assert_string_equal(
		out.data, "{\"a\":[1.5,1000,-0.001,true,null,\"\xc3\xa4\\u000a\"],\"b\":{}}");
	buffer_done(&out);
}

/* --- writing ---------------------------------------------------------------------------------- */

static void the_writer_sets_commas_and_keys(void **state)
{
	(void)state;
	struct buffer out;
	struct json_writer w;

	buffer_init(&out, 1000);
	json_writer_init(&w, &out);
	json_open_object(&w, NULL);
	json_open_list(&w, "empty");
	json_close_list(&w);
	json_open_list(&w, "list");
	json_put_integer(&w, NULL, INT64_MIN);
	json_put_null(&w, NULL);
	json_open_object(&w, NULL);
	json_close_object(&w);
	json_close_list(&w);
	json_put_bool(&w, "yes", true);
	json_put_string(&w, "none", NULL);
	json_put_raw(&w, "raw", "[1,2]");
	json_put_time(&w, "never", 0);
	json_put_time(&w, "then", 1764000000123);
	json_close_object(&w);
	assert_string_equal(out.data, "{\"empty\":[],\"list\":[-9223372036854775808,null,{}],"
				      "\"yes\":true,\"none\":null,\"raw\":[1,2],"
				      "\"never\":null,\"then\":\"2025-11-24T16:00:00.123Z\"}");
	buffer_done(&out);
}

static void every_string_is_written_as_valid_json(void **state)
{
	(void)state;
	static const struct {
		const char *text, *json;
	} cases[] = {
		{ "", "\"\"" },
		{ "plain", "\"plain\"" },
		{ "\"\\/", "\"\\\"\\\\/\"" },
		{ "\x01\x1f\n\x7f", "\"\\u0001\\u001f\\u000a\x7f\"" },
		{ "\xc3\xa4\xf0\x9f\x98\x80", "\"\xc3\xa4\xf0\x9f\x98\x80\"" },
		{ "cut \xe2\x82", "\"cut \xef\xbf\xbd\xef\xbf\xbd\"" },
		{ "\xffx\xc0", "\"\xef\xbf\xbdx\xef\xbf\xbd\"" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buffer out;
		struct json_writer w;
		struct error err;
		buffer_init(&out, 1000);
		json_writer_init(&w, &out);
		json_put_string(&w, NULL, cases[i].text);
		assert_string_equal(out.data, cases[i].json);
		assert_true(json_check(out.data, out.size, &err));
		buffer_done(&out);
	}
}

static void numbers_are_short_and_read_back_the_same(void **state)
{
	(void)state;
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0, "0" },
		{ -0.0, "-0" },
		{ 1, "1" },
		{ -1.5, "-1.5" },
		{ 0.1, "0.1" },
		{ 0.001, "0.001" },
		{ 1e-7, "1e-07" },
		{ 0.1 + 0.2, "0.30000000000000004" },
		{ 1.0 / 3, "0.3333333333333333" },
		{ 1e21, "1e+21" },
		{ 65536, "65536" },
		{ 9007199254740991, "9007199254740991" },
		{ DBL_MAX, "1.7976931348623157e+308" },
		{ DBL_MIN, "2.2250738585072014e-308" },
		{ 5e-324, "5e-324" },
		{ 0x0.fffffffffffffp-1022, "2.225073858507201e-308" },
		{ (double)0.1f, "0.10000000149011612" },
		{ NAN, "null" },
		{ INFINITY, "null" },
		{ -INFINITY, "null" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buffer out;
		struct json_writer w;
		buffer_init(&out, 100);
		json_writer_init(&w, &out);
		json_put_number(&w, NULL, cases[i].value);
		assert_string_equal(out.data, cases[i].text);
		if (isfinite(cases[i].value)) {
			AUTO_FREE(json_free) struct json_document *d = parse(out.data);
			double back = json_number(json_root(d));
			assert_memory_equal(&back, &cases[i].value, sizeof back);
		}
		buffer_done(&out);
	}
}

static void a_full_buffer_is_reported_once_at_the_end(void **state)
{
	(void)state;
	struct buffer out;
	struct json_writer w;
	struct error err;

	buffer_init(&out, 10);
	json_writer_init(&w, &out);
	json_open_list(&w, NULL);
	for (int i = 0; i < 100; i++)
		json_put_string(&w, NULL, "more");
	json_close_list(&w);
	assert_false(buffer_ok(&out, &err));
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_texts_are_taken),
		cmocka_unit_test(bad_texts_are_refused_where_they_are_wrong),
		cmocka_unit_test(no_text_at_all_is_refused),
		cmocka_unit_test(every_truncation_of_an_object_is_refused),
		cmocka_unit_test(ten_megabytes_of_brackets_are_refused_at_once),
		cmocka_unit_test(a_text_has_at_most_16_mebibytes),
		cmocka_unit_test(an_object_has_at_most_4096_members),
		cmocka_unit_test(a_text_has_at_most_a_mebi_of_values),
		cmocka_unit_test(members_and_elements_are_walked),
		cmocka_unit_test(strings_are_decoded),
		cmocka_unit_test(integers_are_exact_or_none),
		cmocka_unit_test(a_value_prints_as_compact_text),
		cmocka_unit_test(the_writer_sets_commas_and_keys),
		cmocka_unit_test(every_string_is_written_as_valid_json),
		cmocka_unit_test(numbers_are_short_and_read_back_the_same),
		cmocka_unit_test(a_full_buffer_is_reported_once_at_the_end),
	};

	return cmocka_run_group_tests_name("api/json", tests, NULL, NULL);
}
