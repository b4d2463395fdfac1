/* test_log.c - a log line is one line, can be read back, and holds no secret. */
#include "daemon/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Ends the line with standard error in a pipe, and returns what came out as a string. */
static void end_into(struct log_line *l, char *text, size_t room)
{
	int ends[2], saved = dup(STDERR_FILENO);

	assert_int_equal(pipe(ends), 0);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	log_end(l);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	assert_int_equal(close(ends[1]) | close(saved), 0);
	ssize_t n = read(ends[0], text, room - 1);
	assert_true(n >= 0);
	text[n] = '\0';
	assert_int_equal(close(ends[0]), 0);
}

/* " key=…\n" of a line with one value. */
static void line_of(const char *value, char *text, size_t room)
{
	struct log_line l;
	char whole[LOG_LINE_BYTES + 1];

	log_begin(&l, LOG_LEVEL_INFO, "test");
	log_text(&l, "key", value);
	end_into(&l, whole, sizeof whole);
	const char *at = strstr(whole, "event=test");
	assert_non_null(at);
	(void)snprintf(text, room, "%s", at + strlen("event=test"));
}

static void a_line_has_time_level_and_event(void **state)
{
	struct log_line l;
	char text[LOG_LINE_BYTES + 1];
	int year, n = 0;

	(void)state;
	log_begin(&l, LOG_LEVEL_WARNING, "job");
	log_text(&l, "job", "01ABC");
	log_text(&l, "error", NULL);
	log_integer(&l, "epoch", -3);
	log_number(&l, "loss", 0.25);
	log_number(&l, "bad", NAN);
	end_into(&l, text, sizeof text);
	assert_int_equal(sscanf(text, "time=%d-%*d-%*dT%*d:%*d:%*[0-9.]Z%n", &year, &n), 1);
	assert_true(year >= 2024 && n > 0);
	assert_string_equal(
		text + n, " level=warning event=job job=01ABC epoch=-3 loss=0.25 bad=nan\n");
}

static void values_are_quoted_and_escaped(void **state)
{
	static const struct {
		const char *value, *want;
	} cases[] = {
		{ "plain-1.0_x:/@%+,", " key=plain-1.0_x:/@%+,\n" }, { "", " key=\"\"\n" },
		{ "two words", " key=\"two words\"\n" }, { "a=b", " key=\"a=b\"\n" },
		{ "say \"hi\" \\", " key=\"say \\\"hi\\\" \\\\\"\n" },
		{ "line\nlevel=error event=forged",
			" key=\"line\\x0alevel=error event=forged\"\n" },
		{ "\r\t\x1b[31m\x7f", " key=\"\\x0d\\x09\\x1b[31m\\x7f\"\n" },
		{ "caf\xc3\xa9", " key=\"caf\xc3\xa9\"\n" },
		{ "\xf0\x9f\x98\x80", " key=\"\xf0\x9f\x98\x80\"\n" },
		{ "\xc2\x85", " key=\"\\xc2\\x85\"\n" }, /* U+0085, next line */
		{ "\xe2\x80\xa8\xe2\x80\xa9", " key=\"\\xe2\\x80\\xa8\\xe2\\x80\\xa9\"\n" },
		{ "\xff\xc0\xaf", " key=\"\\xff\\xc0\\xaf\"\n" }, /* never valid; overlong */
		{ "\xed\xa0\x80", " key=\"\\xed\\xa0\\x80\"\n" }, /* a surrogate */
		{ "\xe2\x82", " key=\"\\xe2\\x82\"\n" },          /* cut short */
		{ "\xf4\x90\x80\x80", " key=\"\\xf4\\x90\\x80\\x80\"\n" }, /* beyond U+10FFFF */
	};
	char text[LOG_LINE_BYTES];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		line_of(cases[i].value, text, sizeof text);
		if (strcmp(text, cases[i].want) != 0)
			fail_msg("case %zu: %s", i, text);
	}
}

static void every_byte_stays_on_one_line(void **state)
{
	char value[3] = { 0 }, text[LOG_LINE_BYTES];

	(void)state;
	for (int first = 1; first < 256; first++)
		for (int second = 1; second < 256; second += 7) {
			value[0] = (char)first;
			value[1] = (char)second;
			line_of(value, text, sizeof text);
			size_t size = strlen(text);
			assert_int_equal(text[size - 1], '\n');
			for (size_t i = 0; i < size - 1; i++)
				if ((unsigned char)text[i] < 0x20 || text[i] == 0x7f)
					fail_msg("bytes %02x %02x came out as they are", first,
						second);
		}
}

static void tokens_are_masked(void **state)
{
	char text[LOG_LINE_BYTES];

	(void)state;
	line_of("/v1/jobs?token=epd_abcDEF0123456789_-abcDEF0123456789_-abcDEF012&x=1", text,
		sizeof text);
	assert_null(strstr(text, "abcDEF"));
	assert_non_null(strstr(text, "epd_****"));
	assert_non_null(strstr(text, "&x=1"));
	line_of("epd_one epd_two", text, sizeof text);
	assert_string_equal(text, " key=\"epd_*** epd_***\"\n");
}

static void long_values_are_cut(void **state)
{
	char value[8192], text[LOG_LINE_BYTES];

	(void)state;
	memset(value, 'x', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	line_of(value, text, sizeof text);
	assert_true(strlen(text) < 1100);
	assert_non_null(strstr(text, "xxx...\n"));
	memset(value, '\n', sizeof value - 1);
	line_of(value, text, sizeof text);
	assert_non_null(strstr(text, "\\x0a...\"\n"));
}

static void a_full_line_says_so_and_ends_well(void **state)
{
	struct log_line l;
	char value[600], text[LOG_LINE_BYTES + 1];

	(void)state;
	memset(value, ' ', sizeof value - 1);
	value[sizeof value - 1] = '\0';
	log_begin(&l, LOG_LEVEL_ERROR, "full");
	for (int i = 0; i < 100; i++) {
		log_text(&l, "key", value);
		log_integer(&l, "n", i);
	}
	end_into(&l, text, sizeof text);
	size_t size = strlen(text);
	assert_true(size <= LOG_LINE_BYTES);
	assert_string_equal(text + size - 9, " cut=yes\n");
}

static void the_journal_gets_a_priority(void **state)
{
	struct log_line l;
	struct stat s;
	char stream[64];

	(void)state;
	assert_int_equal(setenv("JOURNAL_STREAM", "1:1", 1), 0); /* somebody else's */
	log_open();
	log_begin(&l, LOG_LEVEL_ERROR, "x");
	assert_memory_equal(l.text, "time=", 5);
	assert_int_equal(fstat(STDERR_FILENO, &s), 0);
	(void)snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)s.st_dev,
		(unsigned long long)s.st_ino);
	assert_int_equal(setenv("JOURNAL_STREAM", stream, 1), 0);
	log_open();
	log_begin(&l, LOG_LEVEL_ERROR, "x");
	assert_memory_equal(l.text, "<3>level=error event=x", 22);
	log_begin(&l, LOG_LEVEL_INFO, "x");
	assert_memory_equal(l.text, "<6>level=info event=x", 21);
	assert_int_equal(unsetenv("JOURNAL_STREAM"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_line_has_time_level_and_event),
		cmocka_unit_test(values_are_quoted_and_escaped),
		cmocka_unit_test(every_byte_stays_on_one_line),
		cmocka_unit_test(tokens_are_masked),
		cmocka_unit_test(long_values_are_cut),
		cmocka_unit_test(a_full_line_says_so_and_ends_well),
		cmocka_unit_test(the_journal_gets_a_priority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
