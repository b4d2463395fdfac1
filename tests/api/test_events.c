/* test_events.c - events as a list and as a live stream: one story, whichever way it is read. */
#include "tests/api/support.h"

#include "base/clock.h"

#include <math.h>

enum { TARGET_BYTES = 128 };

/* A job that ran through two epochs and succeeded. */
static void whole_life(struct world *w, char ret_id[static JOB_ID_BYTES])
{
	put_tiny(w);
	submit(w, ret_id);
	move_job(w, ret_id, JOB_RUNNING, NULL);
	finish_epoch(w, ret_id, 1, 1.5, 1.25);
	finish_epoch(w, ret_id, 2, 1.0, 1.125);
	move_job(w, ret_id, JOB_SUCCEEDED, NULL);
}

/* --- the list -------------------------------------------------------------------------- */

static void test_list(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], other[JOB_ID_BYTES], t[TARGET_BYTES];
	struct reply r;

	whole_life(w, id);
	submit(w, other);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	reply_to(w, GET(t), &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at(&r, "object"), "list");
	int n = json_count(value_at(&r, "data"));
	assert_true(n >= 5);
	assert_string_equal(text_at(&r, "data.0.type"), "status");
	assert_string_equal(text_at(&r, "data.0.data.status"), "queued");
	assert_string_equal(text_at(&r, "data.0.job_id"), id);
	assert_string_equal(text_at(&r, "data.1.data.status"), "running");
	assert_false(json_bool(value_at(&r, "has_more")));
	int64_t last = integer_at(&r, "last_id");
	assert_true(last >= n);
	reply_done(&r);
	/* page by page it is the same */
	int64_t after = 0;
	int seen = 0;
	for (bool more = true; more; reply_done(&r)) {
		(void)snprintf(
			t, sizeof t, "/v1/jobs/%s/events?limit=2&after=%lld", id, (long long)after);
		reply_to(w, GET(t), &r);
		seen += json_count(value_at(&r, "data"));
		more = json_bool(value_at(&r, "has_more"));
		after = integer_at(&r, "last_id");
	}
	assert_int_equal(seen, n);
	assert_true(after == last);
	/* all jobs' events have the other job's too */
	reply_to(w, GET("/v1/events?limit=999"), &r);
	assert_int_equal(json_count(value_at(&r, "data")), n + 1);
	reply_done(&r);
}

static void test_list_queries_that_are_wrong(void **state)
{
	struct world *w = *state;

	assert_problem(w, GET("/v1/events?limit=0"), 400, NULL, "[1, 999]");
	assert_problem(w, GET("/v1/events?limit=1000"), 400, NULL, "[1, 999]");
	assert_problem(w, GET("/v1/events?after=-1"), 400, NULL, "after");
	assert_problem(w, GET("/v1/events?after=x"), 400, NULL, "after");
	assert_problem(w, GET("/v1/events?since=1"), 400, NULL, "after, limit");
}

/* --- the stream ------------------------------------------------------------------------ */

/* Opens a stream; the caller frees r, and the stream with it. */
static void open_stream(
	struct world *w, const char *target, const char *last_event_id, struct api_response *r)
{
	struct ask a = { .method = "GET",
		.target = target,
		.header = { [HEADER_ACCEPT] = "text/event-stream",
			[HEADER_LAST_EVENT_ID] = last_event_id } };

	ask(w, &a, r);
	if (r->status != 200)
		fail_msg("%s: %d: %s", target, r->status, r->body.data);
	assert_non_null(r->stream);
	assert_string_equal(r->content_type, "text/event-stream; charset=utf-8");
	assert_string_equal(header_of(r, "Cache-Control"), "no-store");
}

/* Everything that the stream says until it is silent or ends; false: it ended. */
static bool read_stream(struct api_stream *s, struct buffer *out)
{
	size_t before;

	do {
		before = out->size;
		if (!api_stream_read(s, out))
			return false;
	} while (out->size > before);
	return true;
}

static int count(const char *text, const char *what)
{
	int n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

static void test_finished_job_tells_all_and_ends(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer out;

	whole_life(w, id);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	buffer_init(&out, 1 << 20);
	assert_false(read_stream(r.stream, &out));
	assert_int_equal(strncmp(out.data, "retry: 2000\n\n", 13), 0);
	assert_int_equal(count(out.data, "event: status\n"), 3);
	assert_int_equal(count(out.data, "event: epoch\n"), 2);
	assert_int_equal(count(out.data, "event: checkpoint\n"), 2);
	assert_int_equal(count(out.data, "event: step\n"), 0);
	assert_non_null(strstr(out.data, "\"status\":\"succeeded\""));
	assert_non_null(strstr(out.data, "\"val_loss\":1.125"));
	assert_string_equal(out.data + out.size - 2, "\n\n");
	buffer_done(&out);
	api_response_done(&r);
}

/* More than one read takes: nothing of it is left out at the end. */
static void test_finished_job_with_a_long_story(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer out;
	struct error err;

	put_tiny(w);
	submit(w, id);
	for (int i = 0; i < 300; i++)
		assert_true(events_log(w->db, id, "a line", &err));
	move_job(w, id, JOB_CANCELLED, NULL);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	buffer_init(&out, 1 << 20);
	assert_false(read_stream(r.stream, &out));
	assert_int_equal(count(out.data, "event: log\n"), 300);
	assert_int_equal(count(out.data, "event: status\n"), 2);
	buffer_done(&out);
	api_response_done(&r);
}

/* Each event's data is one JSON object that says whose it is. */
static void test_data_is_json(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer out;
	struct error err;
	int n = 0;

	whole_life(w, id);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	buffer_init(&out, 1 << 20);
	assert_false(read_stream(r.stream, &out));
	for (char *p = out.data; (p = strstr(p, "\ndata: ")) != NULL; n++) {
		p += strlen("\ndata: ");
		struct json_document *d = json_parse(p, strcspn(p, "\n"), &err);
		if (!d)
			fail_msg("%s: %s", err.text, p);
		assert_string_equal(json_string(json_find(json_root(d), "job_id")), id);
		assert_non_null(json_find(json_root(d), "created_at"));
		json_free(d);
	}
	assert_true(n >= 7);
	buffer_done(&out);
	api_response_done(&r);
}

static void test_live_events_then_the_end(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer out;

	put_tiny(w);
	submit(w, id);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	buffer_init(&out, 1 << 20);
	assert_true(read_stream(r.stream, &out));
	assert_int_equal(count(out.data, "event: "), 1);
	/* silent until something happens, and not in a hurry: it only has its comment to send */
	assert_true(api_stream_due_ns(r.stream) > clock_monotonic_ns() + 10 * INT64_C(1000000000));
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, 1.25);
	assert_true(read_stream(r.stream, &out));
	assert_int_equal(count(out.data, "event: epoch\n"), 1);
	move_job(w, id, JOB_CANCELLING, NULL);
	move_job(w, id, JOB_CANCELLED, NULL);
	assert_false(read_stream(r.stream, &out));
	assert_non_null(strstr(out.data, "\"status\":\"cancelled\""));
	buffer_done(&out);
	api_response_done(&r);
}

/* A stream that is cut after any event and resumed there tells the rest: no more, no less. */
static void test_resume_after_every_event(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer whole;

	whole_life(w, id);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	buffer_init(&whole, 1 << 20);
	assert_false(read_stream(r.stream, &whole));
	api_response_done(&r);
	const char *events = whole.data + strlen("retry: 2000\n\n");
	int cuts = 0;
	for (const char *p = events; (p = strstr(p, "\nid: ")) != NULL; cuts++) {
		char last_id[32];
		struct buffer rest;
		p += strlen("\nid: ");
		(void)snprintf(last_id, sizeof last_id, "%lld", strtoll(p, NULL, 10));
		const char *end = strstr(p, "\n\n") + 2;
		open_stream(w, t, last_id, &r);
		buffer_init(&rest, 1 << 20);
		assert_false(read_stream(r.stream, &rest));
		assert_string_equal(rest.data + strlen("retry: 2000\n\n"), end);
		buffer_done(&rest);
		api_response_done(&r);
	}
	assert_true(cuts >= 7);
	buffer_done(&whole);
}

static void test_bad_last_event_ids(void **state)
{
	static const char *const bad[] = { "x", "-1", "1.5", " 1", "1 ", "9999999999999999999" };
	struct world *w = *state;
	struct ask a = { .method = "GET",
		.target = "/v1/events",
		.header = { [HEADER_ACCEPT] = "text/event-stream" } };

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		a.header[HEADER_LAST_EVENT_ID] = bad[i];
		assert_problem(w, &a, 400, NULL, "Last-Event-ID");
	}
	a.header[HEADER_LAST_EVENT_ID] = NULL;
	a.target = "/v1/jobs/nothing/events";
	assert_problem(w, &a, 404, NULL, NULL);
}

/* All jobs: from now on, unless told from where. An id from another life of the database counts as
 * now. */
static void test_stream_of_all_jobs(void **state)
{
	struct world *w = *state;
	char first[JOB_ID_BYTES], second[JOB_ID_BYTES];
	struct api_response r, again, lost;
	struct buffer out;

	put_tiny(w);
	submit(w, first);
	open_stream(w, "/v1/events", NULL, &r);
	open_stream(w, "/v1/events?after=0", NULL, &again);
	open_stream(w, "/v1/events", "99999999", &lost);
	submit(w, second);
	buffer_init(&out, 1 << 20);
	assert_true(read_stream(r.stream, &out));
	assert_null(strstr(out.data, first));
	assert_int_equal(count(out.data, second), 1);
	buffer_done(&out);
	assert_true(read_stream(lost.stream, &out));
	assert_int_equal(count(out.data, second), 1);
	buffer_done(&out);
	assert_true(read_stream(again.stream, &out));
	assert_int_equal(count(out.data, first), 1);
	assert_int_equal(count(out.data, second), 1);
	buffer_done(&out);
	api_response_done(&r);
	api_response_done(&again);
	api_response_done(&lost);
}

/* Steps are told as they are seen, without an id, and not again until they move. */
static void test_steps(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES];
	struct api_response r;
	struct buffer out;

	put_tiny(w);
	submit(w, id);
	move_job(w, id, JOB_RUNNING, NULL);
	struct live_progress live = { .samples_per_second = 1000,
		.eta_seconds = NAN,
		.trainer = { .epoch = 1,
			.step = 1,
			.steps_per_epoch = 4,
			.loss = 2.25,
			.metrics = { { "accuracy", 0.5 } },
			.n_metrics = 1 } };
	set_live(w, id, &live);
	open_stream(w, "/v1/events", NULL, &r);
	buffer_init(&out, 1 << 20);
	assert_true(read_stream(r.stream, &out));
	const char *step = strstr(out.data, "event: step\ndata: {");
	assert_non_null(step);
	assert_null(strstr(out.data, "\nid: "));
	assert_non_null(strstr(step, "\"epoch\":1,\"epochs\":2,\"step\":1,\"steps_per_epoch\":4,"
				     "\"loss\":2.25,\"accuracy\":0.5"));
	assert_non_null(strstr(step, "\"eta_seconds\":null"));
	/* it wants to look again soon, though no event is committed */
	int64_t due_ns = api_stream_due_ns(r.stream);
	assert_true(due_ns <= clock_monotonic_ns() + 250 * INT64_C(1000000));
	while (clock_monotonic_ns() < due_ns)
		assert_true(api_stream_read(r.stream, &out));
	assert_true(read_stream(r.stream, &out));
	assert_int_equal(count(out.data, "event: step\n"), 1);
	live.trainer.step = 2;
	set_live(w, id, &live);
	due_ns = api_stream_due_ns(r.stream);
	while (clock_monotonic_ns() < due_ns)
		assert_true(api_stream_read(r.stream, &out));
	assert_true(read_stream(r.stream, &out));
	assert_int_equal(count(out.data, "event: step\n"), 2);
	buffer_done(&out);
	api_response_done(&r);
}

static void test_deleted_job_ends_its_stream(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;
	struct buffer out;

	put_tiny(w);
	submit(w, id);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s/events", id);
	open_stream(w, t, NULL, &r);
	(void)snprintf(t, sizeof t, "/v1/jobs/%s", id);
	assert_int_equal(ask_status(w, DELETE(t)), 204);
	buffer_init(&out, 1 << 20);
	assert_false(read_stream(r.stream, &out));
	buffer_done(&out);
	api_response_done(&r);
}

static void test_head_opens_no_stream(void **state)
{
	struct world *w = *state;
	struct ask a = { .method = "HEAD",
		.target = "/v1/events",
		.header = { [HEADER_ACCEPT] = "text/event-stream" } };
	struct api_response r;

	ask(w, &a, &r);
	assert_int_equal(r.status, 200);
	assert_null(r.stream);
	assert_string_equal(r.content_type, "text/event-stream; charset=utf-8");
	api_response_done(&r);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_list),
		WORLD_TEST(test_list_queries_that_are_wrong),
		WORLD_TEST(test_finished_job_tells_all_and_ends),
		WORLD_TEST(test_finished_job_with_a_long_story),
		WORLD_TEST(test_data_is_json),
		WORLD_TEST(test_live_events_then_the_end),
		WORLD_TEST(test_resume_after_every_event),
		WORLD_TEST(test_bad_last_event_ids),
		WORLD_TEST(test_stream_of_all_jobs),
		WORLD_TEST(test_steps),
		WORLD_TEST(test_deleted_job_ends_its_stream),
		WORLD_TEST(test_head_opens_no_stream),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
