/* test_events.c - what happened, in order: for lists, for streams that go on, for people. */
#include "storage/events.h"

#include "fixture.h"

#include "storage/event_data.h"

#include <stdlib.h>
#include <string.h>

static struct error e;

static struct event_list events_after(struct fixture *f, const char *job, int64_t after, int limit)
{
	struct event_list l;

	assert_done(events_list(f->db, job, after, limit, &l, &e), &e);
	return l;
}

static void log_line(struct fixture *f, int job, const char *text)
{
	assert_done(events_log(f->db, job_id(job), text, &e), &e);
}

static void events_come_in_order_and_can_be_gone_on_from(void **state)
{
	struct fixture *f = *state;
	int64_t after = 0;
	int n = 0;

	job_insert(f->db, 1);
	job_insert(f->db, 2);
	for (int i = 0; i < 4; i++)
		log_line(f, 1 + i % 2, "line");
	for (;;) {
		struct event_list l = events_after(f, NULL, after, 4);
		for (int i = 0; i < l.n_events; i++, n++) {
			assert_true(l.events[i].id > after);
			after = l.events[i].id;
			assert_string_equal(l.events[i].job_id, job_id(n < 2 ? n + 1 : 1 + n % 2));
			assert_string_equal(l.events[i].type, n < 2 ? "status" : "log");
			assert_true(l.events[i].created_at > 1600000000000);
		}
		bool more = l.n_events == 4;
		event_list_done(&l);
		if (!more)
			break;
	}
	assert_int_equal(n, 6);
}

static void events_of_one_job_are_its_own(void **state)
{
	struct fixture *f = *state;

	job_insert(f->db, 1);
	job_insert(f->db, 2);
	log_line(f, 1, "one");
	log_line(f, 2, "two");
	struct event_list l = events_after(f, job_id(2), 0, 1000);
	assert_int_equal(l.n_events, 2);
	assert_string_equal(l.events[1].data, "{\"text\":\"two\"}");
	int64_t last = l.events[1].id;
	event_list_done(&l);
	l = events_after(f, job_id(2), last, 1000);
	assert_int_equal(l.n_events, 0);
	event_list_done(&l);
	l = events_after(f, job_id(7), 0, 1); /* nothing happened to it */
	assert_int_equal(l.n_events, 0);
	event_list_done(&l);
}

/* Otherwise a stream that goes on from its Last-Event-ID would miss what comes next. */
static void an_id_is_never_given_twice(void **state)
{
	struct fixture *f = *state;
	int64_t last, next;

	assert_done(events_last_id(f->db, &last, &e), &e);
	assert_int_equal(last, 0);
	job_insert(f->db, 1);
	log_line(f, 1, "line");
	assert_done(jobs_delete(f->db, job_id(1), &e), &e);
	assert_done(events_last_id(f->db, &last, &e), &e);
	assert_int_equal(last, 2);
	fixture_close(f);
	fixture_open(f);
	job_insert(f->db, 1);
	assert_done(events_last_id(f->db, &next, &e), &e);
	assert_int_equal(next, 3);
}

static void any_text_becomes_json(void **state)
{
	static const struct {
		const char *text, *data;
	} cases[] = {
		{ "", "{\"text\":\"\"}" },
		{ "a \"b\" \\ /", "{\"text\":\"a \\\"b\\\" \\\\ /\"}" },
		{ "\x01\t\n\r\x1f\x7f",
			"{\"text\":\"\\u0001\\u0009\\u000a\\u000d\\u001f\\u007f\"}" },
		{ "\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80",
			"{\"text\":\"\xc3\xa4 \xe2\x82\xac \xf0\x9f\x98\x80\"}" },
		{ "\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf",
			"{\"text\":\"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf\"}" },
		/* What is no UTF-8: one U+FFFD a byte. */
		{ "cut \xe2\x82", "{\"text\":\"cut \xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ "\x80", "{\"text\":\"\xef\xbf\xbd\"}" },
		{ "\xc0\xaf", "{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" }, /* too long for '/' */
		{ "\xe0\x80\xaf", "{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ "\xed\xa0\x80",
			"{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}" }, /* a surrogate */
		{ "\xf4\x90\x80\x80",
			"{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"}" },
		{ "\xff\xfe", "{\"text\":\"\xef\xbf\xbd\xef\xbf\xbd\"}" },
	};
	struct fixture *f = *state;

	job_insert(f->db, 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		log_line(f, 1, cases[i].text);
		char *data = event_data_of(f->db, 1, 0, "log");
		assert_string_equal(data, cases[i].data);
		free(data);
	}
}

static void numbers_read_back_the_same(void **state)
{
	static const struct {
		double value;
		const char *text;
	} cases[] = {
		{ 0.1, "\"loss\":0.1," },
		{ 1.0 / 3, "\"loss\":0.3333333333333333," },
		{ 2.0 / 3, "\"loss\":0.6666666666666666," },
		{ 0.1 + 0.2, "\"loss\":0.30000000000000004," },
		{ 5e-324, "\"loss\":5e-324," },
		{ 1.7976931348623157e308, "\"loss\":1.7976931348623157e+308," },
		{ -0.0, "\"loss\":-0," },
		{ 1e15, "\"loss\":1e+15," },
		{ 123456789012345, "\"loss\":123456789012345," },
	};
	struct fixture *f = *state;

	job_start(f->db, 1);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct epoch epoch = epoch_example((int64_t)i + 1);
		epoch.metrics[0].value = cases[i].value;
		assert_done(jobs_store_epoch(f->db, job_id(1), &epoch, NULL, &e), &e);
		char *data = event_data_of(f->db, 1, 0, "epoch");
		if (!strstr(data, cases[i].text))
			fail_msg("%s without %s", data, cases[i].text);
		assert_true(strtod(strstr(data, "\"loss\":") + 7, NULL) == cases[i].value);
		free(data);
	}
}

static void a_line_has_a_limit(void **state)
{
	struct fixture *f = *state;
	char *text = malloc(EVENT_TEXT_MAX + 2);

	assert_non_null(text);
	memset(text, '\x01', EVENT_TEXT_MAX + 1); /* the longest when escaped */
	text[EVENT_TEXT_MAX + 1] = '\0';
	job_start(f->db, 1);
	assert_refused(events_log(f->db, job_id(1), text, &e), &e, ERROR_TOO_LARGE, "16385 bytes");
	assert_refused(
		jobs_move(f->db, job_id(1), JOB_FAILED, text, &e), &e, ERROR_TOO_LARGE, "16384");
	assert_int_equal(job_status_of(f->db, 1), JOB_RUNNING);
	text[EVENT_TEXT_MAX] = '\0';
	log_line(f, 1, text);
	char *data = event_data_of(f->db, 1, 0, "log");
	assert_int_equal(strlen(data), strlen("{\"text\":\"\"}") + 6 * EVENT_TEXT_MAX);
	free(data);
	free(text);
}

static void a_line_needs_its_job(void **state)
{
	struct fixture *f = *state;

	assert_refused(events_log(f->db, job_id(1), "x", &e), &e, ERROR_NOT_FOUND, job_id(1));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(events_come_in_order_and_can_be_gone_on_from),
		TEST(events_of_one_job_are_its_own),
		TEST(an_id_is_never_given_twice),
		TEST(any_text_becomes_json),
		TEST(numbers_read_back_the_same),
		TEST(a_line_has_a_limit),
		TEST(a_line_needs_its_job),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
