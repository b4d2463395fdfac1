/* test_http.c - the socket side: requests as bytes, some of them as an attacker would send them. */
#include "tests/api/client.h"

#include "base/clock.h"

#include <curl/curl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define AUTHORIZATION "Authorization: Bearer " TOKEN "\r\n"

/* A world with a server in it. */
struct site {
	struct world *world;
	struct http_server *server;
};

static int site_setup(void **state)
{
	struct site *site = calloc(1, sizeof *site);
	struct http_options options = serve_options();

	assert_non_null(site);
	site->world = world_new();
	site->server = serve(site->world, &options);
	*state = site;
	return 0;
}

static int site_teardown(void **state)
{
	struct site *site = *state;

	http_stop(site->server);
	world_free(site->world);
	free(site);
	return 0;
}

/* --- the ordinary ---------------------------------------------------------------------- */

static void test_get_head_and_304(void **state)
{
	struct site *site = *state;
	struct fetched got;
	char etag[160], *line;

	put_tiny(site->world);
	fetch(site->server, &(struct fetch){ .path = "/v1/datasets/tiny" }, &got);
	assert_int_equal(got.status, 200);
	assert_non_null(strstr(got.head, "Content-Type: application/json\r\n"));
	assert_non_null(strstr(got.head, "X-Content-Type-Options: nosniff\r\n"));
	assert_null(strstr(got.head, "Access-Control"));
	size_t size = got.body.size;
	line = strstr(got.head, "ETag: ");
	assert_non_null(line);
	(void)snprintf(
		etag, sizeof etag, "If-None-Match: %.*s", (int)strcspn(line + 6, "\r"), line + 6);
	buffer_done(&got.body);
	fetch(site->server, &(struct fetch){ .path = "/v1/datasets/tiny", .headers = { etag } },
		&got);
	assert_int_equal(got.status, 304);
	assert_int_equal(got.body.size, 0);
	buffer_done(&got.body);
	fetch(site->server, &(struct fetch){ .method = "HEAD", .path = "/v1/datasets/tiny" }, &got);
	assert_int_equal(got.status, 200);
	assert_int_equal(got.body.size, 0);
	char length[64];
	(void)snprintf(length, sizeof length, "Content-Length: %zu\r\n", size);
	assert_non_null(strstr(got.head, length));
	buffer_done(&got.body);
}

static void test_two_requests_on_one_connection(void **state)
{
	static const char request[] = "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n";
	struct site *site = *state;
	int fd = client_open(site->server);
	struct buffer got;

	buffer_init(&got, 1 << 16);
	for (int i = 0; i < 2; i++) {
		assert_true(client_print(fd, request, http_port(site->server)));
		assert_int_equal(client_read(fd, &got, "ok\n", 5000), CLIENT_FOUND);
		assert_int_equal(strncmp(got.data, "HTTP/1.1 200 ", 13), 0);
		buffer_done(&got);
	}
	(void)close(fd);
}

/* A job goes in through the socket, and the log has the path without its query. */
static void test_submit_and_log(void **state)
{
	struct site *site = *state;
	struct fetched got;

	put_tiny(site->world);
	int lines = log_lines_of(site->world);
	fetch(site->server,
		&(struct fetch){ .method = "POST",
			.path = "/v1/jobs?dry_run=false",
			.headers = { "Content-Type: application/json" },
			.upload = tiny_job,
			.upload_size = strlen(tiny_job) },
		&got);
	assert_int_equal(got.status, 201);
	buffer_done(&got.body);
	wait_for_log(site->world, lines + 1);
	assert_int_equal(site->world->log_status, 201);
	assert_string_equal(site->world->log_path, "/v1/jobs");
}

/* --- what a request must not be -------------------------------------------------------- */

/* %H is our own Host, %A the header with the token. */
static void add_request(struct buffer *out, const char *request, const char *host)
{
	for (const char *p = request; *p; p++) {
		bool is_host = strncmp(p, "%H", 2) == 0, is_token = strncmp(p, "%A", 2) == 0;
		if (is_host || is_token)
			buffer_add_text(out, is_host ? host : AUTHORIZATION);
		else
			buffer_add(out, p, 1);
		p += is_host || is_token;
	}
}

#define POST_HEAD "POST /v1/jobs HTTP/1.1\r\nHost: %H\r\n%A"
#define GET_HEAD  "GET /healthz HTTP/1.1\r\nHost: %H\r\n"
static const struct {
	const char *name, *request;
	int status;
} smuggled[] = {
	{ "two Hosts", GET_HEAD "Host: %H\r\n\r\n", 400 },
	{ "two Hosts, one foreign", GET_HEAD "Host: evil.example\r\n\r\n", 400 },
	{ "two Content-Lengths", POST_HEAD "Content-Length: 0\r\nContent-Length: 5\r\n\r\n", 400 },
	{ "two equal Content-Lengths", POST_HEAD "Content-Length: 0\r\nContent-Length: 0\r\n\r\n",
		400 },
	{ "Content-Length and chunked",
		POST_HEAD "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400 },
	{ "chunked and Content-Length",
		POST_HEAD "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n", 400 },
	{ "two Transfer-Encodings",
		POST_HEAD
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n",
		400 },
	{ "chunked", POST_HEAD "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 411 },
	{ "an encoding nobody knows", POST_HEAD "Transfer-Encoding: cow\r\n\r\n", 411 },
	{ "two tokens", "GET /v1/jobs HTTP/1.1\r\nHost: %H\r\n%A%A\r\n", 400 },
	{ "a negative length", POST_HEAD "Content-Length: -1\r\n\r\n", 400 },
	{ "a length in words", POST_HEAD "Content-Length: ten\r\n\r\n", 400 },
	{ "%00 in the path", "GET /healthz%00 HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "%00 before the end", "GET /healthz%00/x HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "dot segments", "GET /v1/../healthz HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "encoded dot segments", "GET /v1/%2e%2e/healthz HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "an encoded slash", "GET /v1%2fjobs HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "absolute form", "GET http://%H/healthz HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "absolute form of a stranger",
		"GET http://evil.example/healthz HTTP/1.1\r\nHost: %H\r\n\r\n", 400 },
	{ "asterisk form", "OPTIONS * HTTP/1.1\r\nHost: %H\r\n\r\n", 405 },
	{ "a line end in the target", "GET /healthz%0d%0aX:%20y HTTP/1.1\r\nHost: %H\r\n\r\n",
		400 },
	{ "a foreign Host", "GET /healthz HTTP/1.1\r\nHost: evil.example\r\n\r\n", 421 },
	{ "no Host", "GET /healthz HTTP/1.0\r\n\r\n", 421 },
};

/* Each is followed by a second request in the same bytes, as a smuggler would hide one; it must
 * never be answered. */
static void test_smuggling(void **state)
{
	static const char hidden[] = "GET /healthz HTTP/1.1\r\nHost: %H\r\n\r\n";
	struct site *site = *state;
	char host[32], before[65], after[65];

	digest_world(site->world, before);
	(void)snprintf(host, sizeof host, "localhost:%d", http_port(site->server));
	for (size_t i = 0; i < COUNT_OF(smuggled); i++) {
		struct buffer text, got;
		buffer_init(&text, 4096);
		add_request(&text, smuggled[i].request, host);
		add_request(&text, hidden, host);
		client_exchange(site->server, text.data, &got);
		if (strncmp(got.data, "HTTP/1.", 7) != 0 ||
			strtol(got.data + 9, NULL, 10) != smuggled[i].status)
			fail_msg("%s: wanted %d: %s", smuggled[i].name, smuggled[i].status,
				got.data);
		if (client_count(&got, "HTTP/1.1 200") ||
			!strstr(got.data, "\r\nConnection: close\r\n"))
			fail_msg("%s: the connection goes on: %s", smuggled[i].name, got.data);
		buffer_done(&text);
		buffer_done(&got);
	}
	digest_world(site->world, after);
	assert_string_equal(before, after);
}

static void test_foreign_pages(void **state)
{
	static const struct {
		const char *header;
		long status;
	} cases[] = {
		{ "Origin: http://evil.example", 403 }, { "Origin: null", 403 },
		{ "Sec-Fetch-Site: cross-site", 403 }, { "Host: evil.example", 421 },
		{ "Host: localhost", 421 },
		{ "X-Nothing: special", 422 }, /* taken, and refused as a job */
	};
	struct site *site = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct fetched got;
		fetch(site->server,
			&(struct fetch){ .method = "POST",
				.path = "/v1/jobs",
				.headers = { "Content-Type: application/json", cases[i].header },
				.upload = "{}",
				.upload_size = 2 },
			&got);
		if (got.status != cases[i].status)
			fail_msg("%s: %ld", cases[i].header, got.status);
		assert_null(strstr(got.head, "Access-Control"));
		buffer_done(&got.body);
	}
}

/* --- bodies ---------------------------------------------------------------------------- */

/* Small and on its way already: it is read to its end, and the connection lives on. */
static void test_refused_body_keeps_the_connection(void **state)
{
	struct site *site = *state;
	int fd = client_open(site->server);
	char piece[1000];
	struct buffer got;

	memset(piece, ' ', sizeof piece);
	buffer_init(&got, 1 << 16);
	assert_true(client_print(fd,
		"POST /v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\nContent-Type: "
		"application/json\r\nContent-Length: 500000\r\n\r\n",
		http_port(site->server)));
	for (int i = 0; i < 500; i++)
		assert_true(client_send(fd, piece, sizeof piece));
	assert_int_equal(client_read(fd, &got, "}", 5000), CLIENT_FOUND);
	assert_int_equal(strncmp(got.data, "HTTP/1.1 401 ", 13), 0);
	buffer_done(&got);
	assert_true(client_print(fd, "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
		http_port(site->server)));
	assert_int_equal(client_read(fd, &got, "ok\n", 5000), CLIENT_FOUND);
	buffer_done(&got);
	(void)close(fd);
}

/* Who asks first is told at once, and not told to go on. */
static void test_expect_is_answered_before_the_body(void **state)
{
	static const struct {
		const char *headers;
		const char *status;
	} cases[] = {
		{ "Content-Length: 900000\r\nContent-Type: application/json\r\n", "HTTP/1.1 401 " },
		{ AUTHORIZATION "Content-Length: 900000000\r\nContent-Type: application/json\r\n",
			"HTTP/1.1 413 " },
		{ AUTHORIZATION "Content-Length: 900\r\nContent-Type: text/plain\r\n",
			"HTTP/1.1 415 " },
		{ AUTHORIZATION "Content-Length: 900\r\nContent-Type: application/json\r\n",
			"HTTP/1.1 100 " },
	};
	struct site *site = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		int fd = client_open(site->server);
		struct buffer got;
		buffer_init(&got, 1 << 16);
		assert_true(client_print(fd,
			"POST /v1/jobs HTTP/1.1\r\nHost: localhost:%d\r\nExpect: "
			"100-continue\r\n%s\r\n",
			http_port(site->server), cases[i].headers));
		assert_int_equal(client_read(fd, &got, "\r\n\r\n", 5000), CLIENT_FOUND);
		if (strncmp(got.data, cases[i].status, strlen(cases[i].status)) != 0)
			fail_msg("case %zu: %s", i, got.data);
		buffer_done(&got);
		(void)close(fd);
	}
}

static void test_upload_in_pieces(void **state)
{
	struct site *site = *state;
	size_t size, gzip_size;
	char *file = idx_file(0x0d, 3, (int64_t[]){ 500, 10, 10 }, 253, &size);
	char *gzip = gzip_of(file, size, &gzip_size);
	struct fetched plain, zipped;

	assert_true(size > 200000);
	fetch(site->server,
		&(struct fetch){ .method = "PUT",
			.path = "/v1/datasets/d/x_train",
			.upload = file,
			.upload_size = size },
		&plain);
	assert_int_equal(plain.status, 201);
	fetch(site->server,
		&(struct fetch){ .method = "PUT",
			.path = "/v1/datasets/e/x_train",
			.upload = gzip,
			.upload_size = gzip_size },
		&zipped);
	assert_int_equal(zipped.status, 201);
	assert_non_null(strstr(plain.body.data, "\"shape\":[500,10,10]"));
	/* the same content by the same digest */
	const char *one = strstr(plain.body.data, "\"digest\":"),
		   *two = strstr(zipped.body.data, "\"digest\":");
	assert_int_equal(strncmp(one, two, 75), 0);
	buffer_done(&plain.body);
	buffer_done(&zipped.body);
	free(file);
	free(gzip);
}

/* Wrong from the first bytes on: the answer comes when the body is through, not a reset in the
 * middle. */
static void test_bad_upload_is_answered(void **state)
{
	struct site *site = *state;
	size_t size = 700000;
	char *junk = malloc(size);
	struct fetched got;

	assert_non_null(junk);
	memset(junk, 'x', size);
	fetch(site->server,
		&(struct fetch){ .method = "PUT",
			.path = "/v1/datasets/d/x_train",
			.headers = { "Expect:" },
			.upload = junk,
			.upload_size = size },
		&got);
	assert_int_equal(got.status, 422);
	assert_non_null(strstr(got.head, "application/problem+json"));
	buffer_done(&got.body);
	free(junk);
}

static void test_upload_that_breaks_off(void **state)
{
	struct site *site = *state;
	size_t size;
	char *file = idx_file(0x08, 1, (int64_t[]){ 100000 }, 10, &size), before[65], after[65];
	int lines = log_lines_of(site->world);

	digest_world(site->world, before);
	int fd = client_open(site->server);
	assert_true(client_print(fd,
		"PUT /v1/datasets/d/y_train HTTP/1.1\r\nHost: localhost:%d\r\n%sContent-Length: "
		"%zu\r\n\r\n",
		http_port(site->server), AUTHORIZATION, size));
	assert_true(client_send(fd, file, size / 2));
	(void)close(fd);
	free(file);
	wait_for_log(site->world, lines + 1);
	digest_world(site->world, after);
	assert_string_equal(before, after);
}

/* --- limits ---------------------------------------------------------------------------- */

/* Sends `bytes` one by one, 100 ms apart, over and over; how long until the server closes? */
static int64_t drip(const struct http_server *s, const char *first, const char *bytes)
{
	int64_t begin_ns = clock_monotonic_ns();
	int fd = client_open(s);
	struct buffer got;
	bool open = client_send(fd, first, strlen(first));

	buffer_init(&got, 1 << 16);
	for (const char *p = bytes;
		open && clock_monotonic_ns() - begin_ns < 20 * INT64_C(1000000000);
		p = p[1] ? p + 1 : bytes)
		open = client_read(fd, &got, NULL, 100) == CLIENT_SILENT && client_send(fd, p, 1);
	assert_false(open);
	buffer_done(&got);
	(void)close(fd);
	return (clock_monotonic_ns() - begin_ns) / 1000000;
}

/* The library's own limit counts silence, and these are never silent that long. */
static void test_slow_clients_are_cut_off(void **state)
{
	struct world *w = world_new();
	struct http_options options = serve_options();
	char body_head[512];

	(void)state;
	options.timeout_seconds = 1;
	struct http_server *s = serve(w, &options);
	int64_t head_ms = drip(s, "GET /healthz HTTP/1.1\r\n", "X: y\r\n");
	if (head_ms < 900 || head_ms > 4000)
		fail_msg("a dripping head was cut off after %lld ms", (long long)head_ms);
	(void)snprintf(body_head, sizeof body_head,
		"PUT /v1/datasets/d/x_train HTTP/1.1\r\nHost: localhost:%d\r\n%sContent-Length: "
		"100000\r\n\r\n",
		http_port(s), AUTHORIZATION);
	int64_t body_ms = drip(s, body_head, "x");
	if (body_ms < 900 || body_ms > 4000)
		fail_msg("a dripping body was cut off after %lld ms", (long long)body_ms);
	http_stop(s);
	world_free(w);
}

static void test_connections_of_one_address(void **state)
{
	struct world *w = world_new();
	struct http_options options = serve_options();
	int fds[8], served = 0;

	(void)state;
	options.connections_per_ip_max = 4;
	struct http_server *s = serve(w, &options);
	for (size_t i = 0; i < COUNT_OF(fds); i++) {
		struct buffer got;
		fds[i] = client_open(s);
		buffer_init(&got, 1 << 16);
		(void)client_print(fds[i], "GET /healthz HTTP/1.1\r\nHost: localhost:%d\r\n\r\n",
			http_port(s));
		served += client_read(fds[i], &got, "ok\n", 3000) == CLIENT_FOUND;
		buffer_done(&got);
	}
	assert_in_range(served, 4, 4);
	for (size_t i = 0; i < COUNT_OF(fds); i++)
		(void)close(fds[i]);
	http_stop(s);
	world_free(w);
}

/* --- sockets --------------------------------------------------------------------------- */

static void test_port_in_use(void **state)
{
	struct site *site = *state;
	struct http_options options = serve_options();
	struct error err;

	options.port = http_port(site->server);
	assert_null(http_start(site->world->api, &options, &err));
	assert_int_equal(err.code, ERROR_BUSY);
	options.port = 0;
	options.address = "not an address";
	assert_null(http_start(site->world->api, &options, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	/* the one that runs does not mind */
	struct fetched got;
	fetch(site->server, &(struct fetch){ .path = "/healthz" }, &got);
	assert_int_equal(got.status, 200);
	buffer_done(&got.body);
}

static void test_unix_socket(void **state)
{
	struct world *w = world_new();
	struct http_options options = serve_options();
	char path[80];
	struct buffer got;
	struct stat status;
	struct error err;

	(void)state;
	(void)snprintf(path, sizeof path, "%s/socket", w->folder);
	/* a file that a killed daemon left behind is replaced */
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	int stale = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(stale, (struct sockaddr *)&address, sizeof address), 0);
	(void)close(stale);
	options.socket_path = path;
	struct http_server *s = serve(w, &options);
	assert_int_equal(stat(path, &status), 0);
	assert_int_equal(status.st_mode & 0777, 0600);
	/* its own user needs no token there */
	int fd = client_open_unix(path);
	buffer_init(&got, 1 << 16);
	assert_true(client_print(fd, "GET /v1/jobs HTTP/1.1\r\nHost: localhost\r\n\r\n"));
	assert_int_equal(client_read(fd, &got, "}", 5000), CLIENT_FOUND);
	assert_int_equal(strncmp(got.data, "HTTP/1.1 200 ", 13), 0);
	buffer_done(&got);
	(void)close(fd);
	/* a second daemon is told that the place is taken */
	struct http_options second = serve_options();
	second.socket_path = path;
	assert_null(http_start(w->api, &second, &err));
	assert_int_equal(err.code, ERROR_BUSY);
	fd = client_open_unix(path);
	(void)close(fd);
	http_stop(s);
	assert_int_not_equal(stat(path, &status), 0);
	world_free(w);
}

static void test_inherited_socket(void **state)
{
	struct world *w = world_new();
	struct http_options options = serve_options();
	struct fetched got;

	(void)state;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_int_equal(listen(fd, 16), 0); /* binds to a free port of every address */
	options.listen_fd = fd;
	options.address = NULL;
	struct http_server *s = serve(w, &options);
	fetch(s, &(struct fetch){ .path = "/readyz" }, &got);
	assert_int_equal(got.status, 200);
	buffer_done(&got.body);
	http_stop(s);
	world_free(w);
}

#define SITE_TEST(f) cmocka_unit_test_setup_teardown(f, site_setup, site_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SITE_TEST(test_get_head_and_304),
		SITE_TEST(test_two_requests_on_one_connection),
		SITE_TEST(test_submit_and_log),
		SITE_TEST(test_smuggling),
		SITE_TEST(test_foreign_pages),
		SITE_TEST(test_refused_body_keeps_the_connection),
		SITE_TEST(test_expect_is_answered_before_the_body),
		SITE_TEST(test_upload_in_pieces),
		SITE_TEST(test_bad_upload_is_answered),
		SITE_TEST(test_upload_that_breaks_off),
		cmocka_unit_test(test_slow_clients_are_cut_off),
		cmocka_unit_test(test_connections_of_one_address),
		SITE_TEST(test_port_in_use),
		cmocka_unit_test(test_unix_socket),
		cmocka_unit_test(test_inherited_socket),
	};

	curl_global_init(CURL_GLOBAL_DEFAULT);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	curl_global_cleanup();
	return failed;
}
