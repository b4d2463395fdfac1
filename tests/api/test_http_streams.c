/* test_http_streams.c - live streams on the socket: they tell at once, resume, end, and stand in
 * nobody's way. */
#include "tests/api/client.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <unistd.h>

enum { STREAMS = 50, GETS = 200 };
#define SECOND_NS INT64_C(1000000000)

/* A world with a server in it, and the bell between them that the daemon would install. */
struct site {
	struct world *world;
	struct http_server *server;
};

static void on_events(void *ctx)
{
	http_wake_streams(ctx);
}

static int site_setup(void **state)
{
	struct site *site = calloc(1, sizeof *site);
	struct http_options options = serve_options();

	assert_non_null(site);
	site->world = world_new();
	site->server = serve(site->world, &options);
	database_on_events(site->world->db, on_events, site->server);
	*state = site;
	return 0;
}

static int site_teardown(void **state)
{
	struct site *site = *state;

	database_on_events(site->world->db, NULL, NULL);
	http_stop(site->server);
	world_free(site->world);
	free(site);
	return 0;
}

/* Opens a stream and reads its beginning. */
static int open_stream(const struct http_server *s, const char *path, const char *last_event_id,
	struct buffer *got)
{
	int fd = client_open(s);

	assert_true(client_print(fd,
		"GET %s HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: Bearer " TOKEN
		"\r\nAccept: text/event-stream\r\n%s%s%s\r\n",
		path, http_port(s), last_event_id ? "Last-Event-ID: " : "",
		last_event_id ? last_event_id : "", last_event_id ? "\r\n" : ""));
	buffer_init(got, 1 << 24);
	assert_int_equal(client_read(fd, got, "retry: 2000\n\n", 5000), CLIENT_FOUND);
	assert_int_equal(strncmp(got->data, "HTTP/1.1 200 ", 13), 0);
	assert_non_null(strstr(got->data, "Content-Type: text/event-stream; charset=utf-8\r\n"));
	return fd;
}

static void test_events_come_as_they_are_committed(void **state)
{
	struct site *site = *state;
	char id[JOB_ID_BYTES], path[64], last_id[32] = "";
	struct buffer got;

	put_tiny(site->world);
	submit(site->world, id);
	(void)snprintf(path, sizeof path, "/v1/jobs/%s/events", id);
	int fd = open_stream(site->server, path, NULL, &got);
	assert_int_equal(client_read(fd, &got, "\"status\":\"queued\"", 5000), CLIENT_FOUND);
	move_job(site->world, id, JOB_RUNNING, NULL);
	assert_int_equal(client_read(fd, &got, "\"status\":\"running\"", 5000), CLIENT_FOUND);
	finish_epoch(site->world, id, 1, 1.5, 1.25);
	assert_int_equal(client_read(fd, &got, "event: epoch\n", 5000), CLIENT_FOUND);
	(void)close(fd);
	const char *p = strstr(got.data, "\"status\":\"queued\"");
	while (p > got.data && strncmp(p, "id: ", 4) != 0)
		p--;
	(void)snprintf(last_id, sizeof last_id, "%.*s", (int)strcspn(p + 4, "\n"), p + 4);
	buffer_done(&got);
	/* the line broke after the first event; what happens meanwhile is told as well, and then
	 * comes the end */
	move_job(site->world, id, JOB_SUCCEEDED, NULL);
	fd = open_stream(site->server, path, last_id, &got);
	assert_int_equal(client_read(fd, &got, "0\r\n\r\n", 5000), CLIENT_FOUND);
	assert_int_equal(client_count(&got, "\"status\":\"queued\""), 0);
	assert_int_equal(client_count(&got, "\"status\":\"running\""), 1);
	assert_int_equal(client_count(&got, "event: epoch\n"), 1);
	assert_int_equal(client_count(&got, "\"status\":\"succeeded\""), 1);
	buffer_done(&got);
	/* and the connection may be used again */
	assert_true(client_print(fd, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
		http_port(site->server)));
	assert_int_equal(client_read(fd, &got, "ok\n", 5000), CLIENT_FOUND);
	buffer_done(&got);
	(void)close(fd);
}

/* No event is committed while a job trains within an epoch: the ticker sees to the steps. */
static void test_steps_come_by_themselves(void **state)
{
	struct site *site = *state;
	char id[JOB_ID_BYTES];
	struct buffer got;

	put_tiny(site->world);
	submit(site->world, id);
	move_job(site->world, id, JOB_RUNNING, NULL);
	struct live_progress live = { .trainer = { .epoch = 1, .steps_per_epoch = 100 } };
	set_live(site->world, id, &live);
	int fd = open_stream(site->server, "/v1/events", NULL, &got);
	int64_t begin_ns = clock_monotonic_ns();
	for (int step = 1; step <= 4; step++) {
		char wanted[32];
		live.trainer.step = step;
		set_live(site->world, id, &live);
		(void)snprintf(wanted, sizeof wanted, "\"step\":%d,", step);
		assert_int_equal(client_read(fd, &got, wanted, 5000), CLIENT_FOUND);
	}
	int64_t ms = (clock_monotonic_ns() - begin_ns) / 1000000;
	if (ms < 500) /* three times 200 ms lie between four steps */
		fail_msg("four steps in %lld ms", (long long)ms);
	buffer_done(&got);
	(void)close(fd);
}

/* The time limit is for what a client owes. A stream that waits for events owes nothing. */
static void test_silent_stream_outlives_the_time_limit(void **state)
{
	struct world *w = world_new();
	struct http_options options = serve_options();
	char id[JOB_ID_BYTES];
	struct buffer got;

	(void)state;
	options.timeout_seconds = 1;
	struct http_server *s = serve(w, &options);
	database_on_events(w->db, on_events, s);
	put_tiny(w);
	int fd = open_stream(s, "/v1/events", NULL, &got);
	assert_int_equal(client_read(fd, &got, "event:", 2500), CLIENT_SILENT);
	submit(w, id);
	assert_int_equal(client_read(fd, &got, id, 5000), CLIENT_FOUND);
	buffer_done(&got);
	(void)close(fd);
	database_on_events(w->db, NULL, NULL);
	http_stop(s);
	world_free(w);
}

/* While 50 streams are open and told of a new event with every request, all of 200 requests on
 * connections of their own are answered within a second. (The library has a bug by which a
 * connection may be passed over while another one is being suspended; here it would show.) */
static void test_streams_stand_in_nobodys_way(void **state)
{
	struct site *site = *state;
	int64_t longest_ns = 0;
	char id[JOB_ID_BYTES];
	int fds[STREAMS];
	struct buffer got[STREAMS];
	struct error err;

	put_tiny(site->world);
	submit(site->world, id);
	move_job(site->world, id, JOB_RUNNING, NULL);
	for (int i = 0; i < STREAMS; i++)
		fds[i] = open_stream(site->server, "/v1/events", NULL, &got[i]);
	for (int i = 0; i < GETS; i++) {
		struct fetched answer;
		set_live(site->world, id,
			&(struct live_progress){
				.trainer = { .epoch = 1, .step = i, .steps_per_epoch = GETS } });
		assert_true(events_log(
			site->world->db, id, i == GETS - 1 ? "the last line" : "a line", &err));
		int64_t begin_ns = clock_monotonic_ns();
		fetch(site->server, &(struct fetch){ .path = "/v1/server" }, &answer);
		int64_t took_ns = clock_monotonic_ns() - begin_ns;
		assert_int_equal(answer.status, 200);
		buffer_done(&answer.body);
		longest_ns = took_ns > longest_ns ? took_ns : longest_ns;
		if (took_ns >= SECOND_NS)
			fail_msg("request %d took %lld ms", i, (long long)(took_ns / 1000000));
	}
	print_message("# longest of %d requests beside %d streams: %.1f ms\n", GETS, STREAMS,
		(double)longest_ns / 1e6);
	for (int i = 0; i < STREAMS; i++) {
		if (client_read(fds[i], &got[i], "the last line", 5000) != CLIENT_FOUND)
			fail_msg("stream %d was forgotten", i);
		assert_int_equal(client_count(&got[i], "event: log\n"), GETS);
		buffer_done(&got[i]);
		(void)close(fds[i]);
	}
}

/* Clients that open a stream and never read a byte of it cost the others nothing. */
static void test_readers_that_do_not_read(void **state)
{
	struct site *site = *state;
	char id[JOB_ID_BYTES], text[8192];
	int fds[10];
	struct buffer got;
	struct error err;

	put_tiny(site->world);
	submit(site->world, id);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		fds[i] = open_stream(site->server, "/v1/events", NULL, &got);
		buffer_done(&got);
	}
	for (int i = 0; i < 400; i++) /* more than the sockets take */
		assert_true(events_log(site->world->db, id, text, &err));
	for (int i = 0; i < 20; i++) {
		struct fetched answer;
		int64_t begin_ns = clock_monotonic_ns();
		fetch(site->server, &(struct fetch){ .path = "/v1/server" }, &answer);
		assert_int_equal(answer.status, 200);
		assert_true(clock_monotonic_ns() - begin_ns < SECOND_NS);
		buffer_done(&answer.body);
	}
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
}

/* A client that went away is noticed with the next thing it is told. */
static void test_client_that_went_away(void **state)
{
	struct site *site = *state;
	char id[JOB_ID_BYTES];
	struct buffer got;
	struct error err;

	put_tiny(site->world);
	submit(site->world, id);
	int lines = log_lines_of(site->world);
	int fd = open_stream(site->server, "/v1/events", NULL, &got);
	buffer_done(&got);
	(void)close(fd);
	/* the first write meets a reset, the second finds the connection closed */
	for (int i = 0; i < 50 && log_lines_of(site->world) == lines; i++)
		assert_true(events_log(site->world->db, id, "a line", &err));
	wait_for_log(site->world, lines + 1);
}

static void test_stopping_ends_the_streams(void **state)
{
	struct site *site = *state;
	int fds[5];
	struct buffer got[5];

	for (size_t i = 0; i < COUNT_OF(fds); i++)
		fds[i] = open_stream(site->server, "/v1/events", NULL, &got[i]);
	http_drain(site->server);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		assert_int_equal(client_read(fds[i], &got[i], "0\r\n\r\n", 5000), CLIENT_FOUND);
		buffer_done(&got[i]);
		(void)close(fds[i]);
	}
	struct fetched answer;
	fetch(site->server, &(struct fetch){ .path = "/v1/server" }, &answer);
	assert_int_equal(answer.status, 503);
	assert_non_null(strstr(answer.head, "Retry-After: "));
	buffer_done(&answer.body);
}

/* Stopping at any moment, streams and all, takes no longer than what is under way. */
static void test_stop_under_load(void **state)
{
	(void)state;
	for (int round = 0; round < 10; round++) {
		struct world *w = world_new();
		struct http_options options = serve_options();
		struct http_server *s = serve(w, &options);
		int fds[20];
		struct buffer got;

		for (size_t i = 0; i < COUNT_OF(fds); i++) {
			fds[i] = client_open(s);
			assert_true(client_print(fds[i],
				"GET /v1/events HTTP/1.1\r\nHost: localhost:%d\r\nAuthorization: "
				"Bearer " TOKEN "\r\nAccept: text/event-stream\r\n\r\n",
				http_port(s)));
		}
		if (round % 2) {
			buffer_init(&got, 1 << 20);
			assert_int_equal(client_read(fds[0], &got, "retry", 5000), CLIENT_FOUND);
			buffer_done(&got);
		}
		int64_t begin_ns = clock_monotonic_ns();
		http_stop(s);
		assert_true(clock_monotonic_ns() - begin_ns < 4 * SECOND_NS);
		for (size_t i = 0; i < COUNT_OF(fds); i++)
			(void)close(fds[i]);
		world_free(w);
	}
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(test_events_come_as_they_are_committed),
		SITE_TEST(test_steps_come_by_themselves),
		cmocka_unit_test(test_silent_stream_outlives_the_time_limit),
		SITE_TEST(test_streams_stand_in_nobodys_way),
		SITE_TEST(test_readers_that_do_not_read),
		SITE_TEST(test_client_that_went_away),
		SITE_TEST(test_stopping_ends_the_streams),
		cmocka_unit_test(test_stop_under_load),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
