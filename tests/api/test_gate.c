/* test_gate.c - what the request gate lets pass, and what it refuses: gate.h as a manual. */
#include "api/gate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* A request that passes; tests change one thing of it. */
static struct api_request good(const char *target)
{
	return (struct api_request){
		.method = "GET",
		.target = target,
		.header = { [HEADER_HOST] = "localhost:7070" },
		.header_count = { [HEADER_HOST] = 1 },
		.listen_port = 7070,
	};
}

static void set(struct api_request *head, enum api_header h, const char *value)
{
	head->header[h] = value;
	head->header_count[h] = value != NULL;
}

/* The status of the refusal; 0: it passed. */
static int status_of(const struct api_request *head)
{
	static struct gate_target target;
	struct gate_refusal refusal = { .status = 0 };

	if (gate_pass(head, &target, &refusal)) {
		assert_int_equal(refusal.status, 0);
		return 0;
	}
	assert_true(refusal.status >= 400);
	assert_true(refusal.text[0] != '\0');
	return refusal.status;
}

#define assert_status(head, wanted, case_)                                                         \
	do {                                                                                       \
		int seen_ = status_of(head);                                                       \
		if (seen_ != (wanted))                                                             \
			fail_msg("%s: %d, wanted %d", (case_), seen_, (wanted));                   \
	} while (0)

static void test_target_is_taken_apart(void **state)
{
	struct api_request head = good("/v1/jobs/a%62c/events?after=12&limit=3%30&x_y=a+b%26");
	struct gate_refusal refusal;
	struct gate_target t;

	(void)state;
	assert_true(gate_pass(&head, &t, &refusal));
	assert_int_equal(t.n_segments, 4);
	assert_string_equal(t.segments[0], "v1");
	assert_string_equal(t.segments[1], "jobs");
	assert_string_equal(t.segments[2], "abc");
	assert_string_equal(t.segments[3], "events");
	assert_int_equal(t.n_parameters, 3);
	assert_string_equal(gate_parameter(&t, "after"), "12");
	assert_string_equal(gate_parameter(&t, "limit"), "30");
	assert_string_equal(gate_parameter(&t, "x_y"), "a b&");
	assert_null(gate_parameter(&t, "afte"));
}

static void test_root_and_empty_segments(void **state)
{
	struct api_request head = good("/");
	struct gate_refusal refusal;
	struct gate_target t;

	(void)state;
	assert_true(gate_pass(&head, &t, &refusal));
	assert_int_equal(t.n_segments, 0);
	head.target = "/?";
	assert_true(gate_pass(&head, &t, &refusal));
	assert_int_equal(t.n_segments, 0);
	head.target = "/v1//jobs/";
	assert_true(gate_pass(&head, &t, &refusal));
	assert_int_equal(t.n_segments, 4);
	assert_string_equal(t.segments[1], "");
	assert_string_equal(t.segments[3], "");
}

static void test_bad_targets(void **state)
{
	static const struct {
		const char *target;
		int status;
	} cases[] = {
		{ "", 400 },
		{ "*", 400 },
		{ "v1/jobs", 400 },
		{ "http://evil/v1/jobs", 400 },
		{ "/v1/jobs#part", 400 },
		{ "/v1\\jobs", 400 },
		{ "/v1/jobs/%00", 400 },
		{ "/v1/jobs/a%00b", 400 },
		{ "/v1/jobs/%2f", 400 },
		{ "/v1/jobs/%2Fetc", 400 },
		{ "/v1/jobs/%5c..", 400 },
		{ "/v1/jobs/%0d%0aX:y", 400 },
		{ "/v1/jobs/%7f", 400 },
		{ "/v1/jobs/%25%32%65", 400 },
		{ "/v1/jobs/%252e%252e", 400 },
		{ "/v1/./jobs", 400 },
		{ "/v1/../jobs", 400 },
		{ "/..", 400 },
		{ "/v1/jobs/.", 400 },
		{ "/%2e%2e/etc/passwd", 400 },
		{ "/v1/%2E./jobs", 400 },
		{ "/v1/.%2e", 400 },
		{ "/v1/jobs/%", 400 },
		{ "/v1/jobs/%4", 400 },
		{ "/v1/jobs/%4g", 400 },
		{ "/v1/jobs/%/2", 400 },
		{ "/v1/jo bs", 400 },
		{ "/v1/jobs\t", 400 },
		{ "/v1/jobs\x01", 400 },
		{ "/v1/jobs\x7f", 400 },
		{ "/v1/jobs/\xc3\xa4", 400 },
		{ "/v1/jobs?after", 400 },
		{ "/v1/jobs?=1", 400 },
		{ "/v1/jobs?a=1&&b=2", 400 },
		{ "/v1/jobs?After=1", 400 },
		{ "/v1/jobs?a%62=1", 400 },
		{ "/v1/jobs?a=%00", 400 },
		{ "/v1/jobs?a=%0a", 400 },
		{ "/v1/jobs?a=%", 400 },
		{ "/v1/jobs?a=1&a=1", 400 },
		{ "/v1/jobs?a=1&b=2&a=", 400 },
		{ "/?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1&i=1", 400 },
		{ "/1/2/3/4/5/6/7/8/9", 404 },
		/* these look odd and are right */
		{ "/v1/jobs/...", 0 },
		{ "/v1/jobs/.a", 0 },
		{ "/v1/jobs/a..b", 0 },
		{ "/v1/jobs/%e2%82", 0 },
		{ "/v1/jobs?a=/../%2f%5c", 0 },
		{ "/v1/jobs?a=1&", 0 },
		{ "/v1/jobs?a=", 0 },
		{ "/v1/jobs?a=b=c", 0 },
		{ "/1/2/3/4/5/6/7/8", 0 },
		{ "/?a=1&b=1&c=1&d=1&e=1&f=1&g=1&h=1", 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_request head = good(cases[i].target);
		assert_status(&head, cases[i].status, cases[i].target);
	}
}

static void test_longest_target(void **state)
{
	char target[GATE_TARGET_BYTES_MAX + 2];
	struct api_request head = good(target);

	(void)state;
	memset(target, 'a', sizeof target);
	target[0] = '/';
	target[GATE_TARGET_BYTES_MAX] = '\0';
	assert_status(&head, 0, "as long as allowed");
	target[GATE_TARGET_BYTES_MAX] = 'a';
	target[GATE_TARGET_BYTES_MAX + 1] = '\0';
	assert_status(&head, 414, "one byte longer");
}

/* Every header that may be sent once is refused twice, and then the connection is not to be read
 * further. */
static void test_headers_sent_twice(void **state)
{
	(void)state;
	for (int h = 0; h < HEADER_COUNT; h++) {
		bool list = h == HEADER_ACCEPT || h == HEADER_ACCEPT_ENCODING ||
			    h == HEADER_IF_NONE_MATCH;
		struct api_request head = good("/v1/jobs");
		struct gate_refusal refusal = { .status = 0 };
		struct gate_target t;
		if (h == HEADER_TRANSFER_ENCODING)
			continue; /* refused at once: below */
		head.header[h] = h == HEADER_HOST             ? "localhost:7070"
				 : h == HEADER_CONTENT_LENGTH ? "0"
							      : "http://localhost:7070";
		head.header_count[h] = 2;
		if (h == HEADER_SEC_FETCH_SITE)
			head.header[h] = "none";
		bool passed = gate_pass(&head, &t, &refusal);
		if (passed != list)
			fail_msg("%s twice", api_header_names[h]);
		if (!list) {
			assert_int_equal(refusal.status, 400);
			assert_true(refusal.close);
			assert_non_null(strstr(refusal.text, api_header_names[h]));
		}
	}
}

static void test_where_a_body_ends(void **state)
{
	static const struct {
		const char *length, *encoding;
		int status;
	} cases[] = {
		{ "0", NULL, 0 },
		{ "12", NULL, 0 },
		{ "999999999999999999", NULL, 0 },
		{ "1000000000000000000", NULL, 400 },
		{ "", NULL, 400 },
		{ "-1", NULL, 400 },
		{ "+1", NULL, 400 },
		{ "1 ", NULL, 400 },
		{ "0x10", NULL, 400 },
		{ "1,1", NULL, 400 },
		{ NULL, "chunked", 411 },
		{ NULL, "identity", 411 },
		{ NULL, "", 411 },
		{ "5", "chunked", 400 },
		{ "5", "xchunked", 400 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_request head = good("/v1/jobs");
		set(&head, HEADER_CONTENT_LENGTH, cases[i].length);
		set(&head, HEADER_TRANSFER_ENCODING, cases[i].encoding);
		char name[64];
		(void)snprintf(name, sizeof name, "%s with %s",
			cases[i].length ? cases[i].length : "none",
			cases[i].encoding ? cases[i].encoding : "none");
		assert_status(&head, cases[i].status, name);
	}
}

static void test_methods(void **state)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };
	static const char *const others[] = { "get", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "",
		"GETX", "GE" };
	struct api_request head = good("/v1/jobs");

	(void)state;
	for (size_t i = 0; i < COUNT_OF(known); i++) {
		head.method = known[i];
		assert_status(&head, 0, known[i]);
	}
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		head.method = others[i];
		assert_status(&head, 405, others[i]);
	}
}

static void test_hosts(void **state)
{
	static const struct {
		const char *host;
		int port, status;
	} cases[] = {
		{ "localhost:7070", 7070, 0 },
		{ "LocalHost:7070", 7070, 0 },
		{ "127.0.0.1:7070", 7070, 0 },
		{ "[::1]:7070", 7070, 0 },
		{ "localhost", 80, 0 },
		{ "localhost:80", 80, 0 },
		{ NULL, 7070, 421 },
		{ "", 7070, 421 },
		{ "localhost", 7070, 421 },
		{ "127.0.0.1", 7070, 421 },
		{ "localhost:", 7070, 421 },
		{ "localhost:7071", 7070, 421 },
		{ "localhost:07070", 7070, 421 },
		{ "localhost:70700", 7070, 421 },
		{ "localhost.:7070", 7070, 421 },
		{ "localhost:7070.", 7070, 421 },
		{ "localhost.evil.example:7070", 7070, 421 },
		{ "evil.example:7070", 7070, 421 },
		{ "127.0.0.1.evil.example:7070", 7070, 421 },
		{ "127.0.0.2:7070", 7070, 421 },
		{ "127.1:7070", 7070, 421 },
		{ "0.0.0.0:7070", 7070, 421 },
		{ "[::]:7070", 7070, 421 },
		{ "::1:7070", 7070, 421 },
		{ "user@localhost:7070", 7070, 421 },
		{ "localhost:7070@evil.example", 7070, 421 },
		{ "localhost:7070/", 7070, 421 },
		{ "localhost:7070, evil.example", 7070, 421 },
		{ " localhost:7070", 7070, 421 },
		{ "localhost :7070", 7070, 421 },
		/* a Unix socket has no port of its own */
		{ "localhost", 0, 0 },
		{ "localhost:7070", 0, 0 },
		{ "localhost:x", 0, 421 },
		{ "evil.example", 0, 421 },
		{ NULL, 0, 421 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_request head = good("/v1/jobs");
		set(&head, HEADER_HOST, cases[i].host);
		head.listen_port = cases[i].port;
		assert_status(&head, cases[i].status, cases[i].host ? cases[i].host : "no Host");
	}
}

static void test_origins(void **state)
{
	static const struct {
		const char *method, *origin, *site;
		int status;
	} cases[] = {
		{ "GET", NULL, NULL, 0 },
		{ "POST", NULL, NULL, 0 },
		{ "POST", "http://localhost:7070", "same-origin", 0 },
		{ "POST", NULL, "none", 0 },
		{ "GET", NULL, "cross-site", 0 }, /* a link from elsewhere */
		{ "HEAD", NULL, "same-site", 0 },
		{ "GET", "http://evil.example", NULL, 403 },
		{ "POST", "http://evil.example", NULL, 403 },
		{ "POST", "null", NULL, 403 },
		{ "POST", "", NULL, 403 },
		{ "POST", "https://localhost:7070", NULL, 403 },
		{ "POST", "http://localhost", NULL, 403 },
		{ "POST", "http://127.0.0.1:7070", NULL,
			403 }, /* it is us, and another origin all the same */
		{ "POST", "http://localhost:7070/", NULL, 403 },
		{ "POST", "http://localhost:7070.evil.example", NULL, 403 },
		{ "POST", NULL, "cross-site", 403 },
		{ "POST", NULL, "same-site", 403 },
		{ "DELETE", NULL, "cross-site", 403 },
		{ "PUT", NULL, "", 403 },
		{ "PATCH", "http://localhost:7070", "cross-site", 403 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_request head = good("/v1/jobs");
		char name[96];
		head.method = cases[i].method;
		set(&head, HEADER_ORIGIN, cases[i].origin);
		set(&head, HEADER_SEC_FETCH_SITE, cases[i].site);
		(void)snprintf(name, sizeof name, "%s from %s, %s", cases[i].method,
			cases[i].origin ? cases[i].origin : "none",
			cases[i].site ? cases[i].site : "none");
		assert_status(&head, cases[i].status, name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_target_is_taken_apart),
		cmocka_unit_test(test_root_and_empty_segments),
		cmocka_unit_test(test_bad_targets),
		cmocka_unit_test(test_longest_target),
		cmocka_unit_test(test_headers_sent_twice),
		cmocka_unit_test(test_where_a_body_ends),
		cmocka_unit_test(test_methods),
		cmocka_unit_test(test_hosts),
		cmocka_unit_test(test_origins),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
