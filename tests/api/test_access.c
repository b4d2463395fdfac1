/* test_access.c - who may ask for what: a matrix made from the table of routes itself, so that no
 * route can be added that it does not hold against. */
#include "tests/api/support.h"

#include "api/call.h"
#include "api/routes.h"

static const char *const methods[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS",
	"TRACE", "get" };

/* Tokens that are none. */
static const struct {
	const char *name, *authorization, *query;
} strangers[] = {
	{ "no token", NOT_SENT, "" },
	{ "another token", "Bearer b-token-for-the-tests-0123456789", "" },
	{ "one letter less", "Bearer a-token-for-the-tests-012345678", "" },
	{ "one letter more", "Bearer " TOKEN "0", "" },
	{ "a blank behind", "Bearer " TOKEN " ", "" },
	{ "other case", "Bearer A-token-for-the-tests-0123456789", "" },
	{ "no scheme", TOKEN, "" },
	{ "another scheme", "Basic " TOKEN, "" },
	{ "an empty token", "Bearer ", "" },
	{ "nothing at all", "Bearer", "" },
	{ "in the query", NOT_SENT, "?token=" TOKEN },
	{ "in the query, by its other name", NOT_SENT, "?access_token=" TOKEN },
};

/* The path of a route with something in place of what is in braces. */
static void path_of(const struct route *route, const char *id, char ret[static 128])
{
	char *to = ret;

	for (const char *p = route->path; *p; p++) {
		if (*p != '{') {
			*to++ = *p;
			continue;
		}
		to += snprintf(to, 64, "%s", strncmp(p, "{part}", 6) == 0 ? "x_train" : id);
		p = strchr(p, '}');
	}
	*to = '\0';
}

/* Every route, every method, every stranger: 401 for what the table does not open, and nothing
 * happens. */
static void test_strangers_get_nowhere(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], before[65], after[65], path[128], target[256];
	int cases = 0;

	put_tiny(w);
	submit(w, id);
	digest_world(w, before);
	int wakes = wakes_of(w);
	for (int i = 0; i < n_routes; i++) {
		path_of(&routes[i], strncmp(routes[i].path, "/v1/datasets", 12) == 0 ? "tiny" : id,
			path);
		for (size_t m = 0; m < COUNT_OF(methods); m++) {
			for (size_t s = 0; s < COUNT_OF(strangers); s++, cases++) {
				(void)snprintf(
					target, sizeof target, "%s%s", path, strangers[s].query);
				struct ask a = { .method = methods[m],
					.target = target,
					.body = strcmp(methods[m], "GET") == 0 ? NULL : tiny_job,
					.header = { [HEADER_AUTHORIZATION] =
							    strangers[s].authorization } };
				if (strangers[s].authorization[0] == '\0')
					a.header[HEADER_AUTHORIZATION] = NOT_SENT;
				struct api_response r;
				ask(w, &a, &r);
				bool open = routes[i].access == ACCESS_OPEN;
				bool method_is_known = m < 6;
				if (!method_is_known ? r.status != 405 : !open && r.status != 401)
					fail_msg("%s %s with %s: %d", methods[m], target,
						strangers[s].name, r.status);
				if (r.status == 401)
					assert_non_null(strstr(header_of(&r, "WWW-Authenticate"),
						"Bearer realm=\"epochd\""));
				if (open)
					assert_int_not_equal(r.status, 401);
				api_response_done(&r);
			}
		}
	}
	digest_world(w, after);
	assert_string_equal(before, after);
	assert_int_equal(wakes_of(w), wakes);
	assert_true(cases >= 1000);
}

static void test_open_paths_are_these(void **state)
{
	static const char *const open[] = { "/healthz", "/readyz", "/", "/assets/{file}" };
	int n = 0;

	(void)state;
	for (int i = 0; i < n_routes; i++) {
		if (routes[i].access != ACCESS_OPEN)
			continue;
		assert_true(n < (int)COUNT_OF(open));
		assert_string_equal(routes[i].path, open[n++]);
	}
	assert_int_equal(n, COUNT_OF(open));
}

static void test_token_opens(void **state)
{
	struct world *w = *state;
	struct ask a = { .method = "GET", .target = "/v1/jobs" };

	assert_int_equal(ask_status(w, &a), 200);
	a.header[HEADER_AUTHORIZATION] = "bearer " TOKEN; /* RFC 9110: schemes have no case */
	assert_int_equal(ask_status(w, &a), 200);
	/* the right token does not make up for what else is wrong */
	a.header[HEADER_HOST] = "evil.example";
	assert_problem(w, &a, 421, NULL, "localhost");
	a.header[HEADER_HOST] = NULL;
	a.header[HEADER_ORIGIN] = "http://evil.example";
	assert_problem(w, &a, 403, NULL, NULL);
}

static void test_owner_needs_no_token(void **state)
{
	struct world *w = *state;
	struct ask a = { .method = "GET",
		.target = "/v1/jobs",
		.owner = true,
		.header = { [HEADER_AUTHORIZATION] = NOT_SENT, [HEADER_HOST] = "localhost" } };

	assert_int_equal(ask_status(w, &a), 200);
	a.owner = false;
	a.header[HEADER_HOST] = NULL;
	assert_int_equal(ask_status(w, &a), 401);
}

static void test_server_without_tokens(void **state)
{
	struct world *w = *state;
	struct error err;

	api_free(w->api);
	w->api = api_new(&(struct api_options){ .db = w->db,
				 .backend = &w->backend,
				 .memory_bytes = 1 << 20,
				 .upload_bytes_max = 1 << 20 },
		&err);
	assert_non_null(w->api);
	struct ask a = { .method = "GET",
		.target = "/v1/jobs",
		.header = { [HEADER_AUTHORIZATION] = NOT_SENT } };
	assert_int_equal(ask_status(w, &a), 200);
	/* but a page of somebody else's gets nothing all the same */
	a.method = "POST";
	a.header[HEADER_SEC_FETCH_SITE] = "cross-site";
	assert_int_equal(ask_status(w, &a), 403);
}

static void test_paths_and_methods(void **state)
{
	static const struct {
		const char *method, *target;
		int status;
		const char *allow;
	} cases[] = {
		{ "GET", "/v2/jobs", 404, NULL },
		{ "GET", "/v1", 404, NULL },
		{ "GET", "/v1/", 404, NULL },
		{ "GET", "/v1/jobs/", 404, NULL },
		{ "GET", "/v1//jobs", 404, NULL },
		{ "GET", "/V1/jobs", 404, NULL },
		{ "GET", "/v1/jobsx", 404, NULL },
		{ "GET", "/v1/job", 404, NULL },
		{ "GET", "/favicon.ico", 404, NULL },
		{ "PUT", "/v1/jobs", 405, "POST, GET, HEAD" },
		{ "DELETE", "/v1/jobs", 405, "POST, GET, HEAD" },
		{ "POST", "/v1/jobs/x", 405, "GET, HEAD, PATCH, DELETE" },
		{ "GET", "/v1/jobs/x/cancel", 405, "POST" },
		{ "HEAD", "/v1/jobs/x/cancel", 405, "POST" },
		{ "GET", "/v1/datasets/a/x_train", 405, "PUT" },
		{ "POST", "/healthz", 405, "GET, HEAD" },
		{ "DELETE", "/", 405, "GET, HEAD" },
		{ "OPTIONS", "/v1/jobs", 405, "GET, HEAD, POST, PUT, PATCH, DELETE" },
	};
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_response r;
		ask(w, &(struct ask){ .method = cases[i].method, .target = cases[i].target }, &r);
		if (r.status != cases[i].status)
			fail_msg("%s %s: %d", cases[i].method, cases[i].target, r.status);
		if (cases[i].allow)
			assert_string_equal(header_of(&r, "Allow"), cases[i].allow);
		api_response_done(&r);
	}
}

/* RFC 9457: every refusal says where it happened, and never repeats a query, which may hold what is
 * secret. */
static void test_problem_names_the_path(void **state)
{
	struct world *w = *state;
	struct reply r;

	reply_to(w, GET("/v1/jobs/x?token=" TOKEN), &r);
	assert_int_equal(r.status, 400);
	assert_string_equal(text_at(&r, "instance"), "/v1/jobs/x");
	assert_null(strstr(r.response.body.data, TOKEN));
	reply_done(&r);
}

static void test_drained_api_refuses(void **state)
{
	struct world *w = *state;
	struct api_response r;

	api_drain(w->api);
	ask(w, GET("/v1/jobs"), &r);
	assert_int_equal(r.status, 503);
	assert_non_null(header_of(&r, "Retry-After"));
	assert_true(r.close);
	api_response_done(&r);
	assert_int_equal(ask_status(w, GET("/healthz")), 503);
}

static void test_server_and_health(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES];
	struct api_response plain;
	struct reply r;

	put_tiny(w);
	submit(w, id);
	reply_to(w, GET("/v1/server"), &r);
	assert_string_equal(text_at(&r, "version"), "1.2.3");
	assert_string_equal(text_at(&r, "isa"), "scalar");
	assert_int_equal(integer_at(&r, "cores"), 2);
	assert_int_equal(integer_at(&r, "memory_bytes"), 1 << 30);
	assert_int_equal(integer_at(&r, "memory_used_bytes"), 4096);
	assert_int_equal(integer_at(&r, "jobs.queued"), 1);
	assert_int_equal(integer_at(&r, "jobs.running"), 0);
	assert_string_equal(text_at(&r, "started_at"), "2023-11-14T22:13:20.000Z");
	reply_done(&r);
	reply_to(w, GET("/v1/catalog"), &r);
	assert_int_equal(r.status, 200);
	assert_true(json_count(value_at(&r, "layers")) >= 5);
	reply_done(&r);
	static const char *const open[] = { "/healthz", "/readyz" };
	for (size_t i = 0; i < COUNT_OF(open); i++) {
		ask(w,
			&(struct ask){ .method = "GET",
				.target = open[i],
				.header = { [HEADER_AUTHORIZATION] = NOT_SENT } },
			&plain);
		assert_int_equal(plain.status, 200);
		assert_true(plain.body.size < 16);
		api_response_done(&plain);
	}
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_strangers_get_nowhere),
		cmocka_unit_test(test_open_paths_are_these),
		WORLD_TEST(test_token_opens),
		WORLD_TEST(test_owner_needs_no_token),
		WORLD_TEST(test_server_without_tokens),
		WORLD_TEST(test_paths_and_methods),
		WORLD_TEST(test_problem_names_the_path),
		WORLD_TEST(test_drained_api_refuses),
		WORLD_TEST(test_server_and_health),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
