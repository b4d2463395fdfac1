/* test_static.c - the dashboard's files: open to all, closed to what is not there, with the headers
 * of a careful page. They come from a folder here; what is in the binary is tested with the
 * dashboard itself. */
#include "tests/api/support.h"

#include "web/assets.h"

#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[256];

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

/* STATE/web with an index, an asset, and links that lead out of it. */
static void serve_folder(struct world *w)
{
	char root[128], path[256];
	struct error err;

	(void)snprintf(root, sizeof root, "%s/web", w->folder);
	(void)snprintf(path, sizeof path, "%s/assets", root);
	assert_int_equal(mkdir(root, 0700), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	write_file(w->folder, "secret", "the token");
	write_file(root, "index.html", "<!doctype html><title>epochd</title>");
	write_file(root, "assets/app.js", "console.log(1)");
	(void)snprintf(path, sizeof path, "%s/assets/link.js", root);
	assert_int_equal(symlink("../../secret", path), 0);
	(void)snprintf(path, sizeof path, "%s/assets/folder", root);
	assert_int_equal(mkdir(path, 0700), 0);
	api_free(w->api);
	w->api = api_new(&(struct api_options){ .db = w->db,
				 .backend = &w->backend,
				 .token = TOKEN,
				 .memory_bytes = 1 << 20,
				 .upload_bytes_max = 1 << 20,
				 .web_root = root },
		&err);
	assert_non_null(w->api);
}

static void test_page_from_a_folder(void **state)
{
	struct world *w = *state;
	struct ask a = {
		.method = "GET", .target = "/", .header = { [HEADER_AUTHORIZATION] = NOT_SENT }
	};
	struct api_response r;
	char etag[128];

	serve_folder(w);
	ask(w, &a, &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type, "text/html; charset=utf-8");
	assert_string_equal(r.body.data, "<!doctype html><title>epochd</title>");
	assert_string_equal(header_of(&r, "Cache-Control"), "no-cache");
	assert_string_equal(header_of(&r, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(header_of(&r, "Referrer-Policy"), "no-referrer");
	assert_string_equal(header_of(&r, "Content-Security-Policy"),
		"default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
		"img-src 'self' data: blob:; "
		"font-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
	assert_null(header_of(&r, "Access-Control-Allow-Origin"));
	(void)snprintf(etag, sizeof etag, "%s", header_of(&r, "ETag"));
	api_response_done(&r);
	a.header[HEADER_IF_NONE_MATCH] = etag;
	assert_int_equal(ask_status(w, &a), 304);
	a.target = "/assets/app.js";
	ask(w, &a, &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type, "text/javascript; charset=utf-8");
	api_response_done(&r);
}

static void test_nothing_outside_the_folder(void **state)
{
	static const char *const missing[] = { "/assets/none.js", "/assets/link.js",
		"/assets/folder", "/assets/", "/index.html", "/assets/folder/x", "/secret",
		"/assets/..%20/secret", "/assets/%c0%ae%c0%ae" };
	static const char *const bad[] = { "/../secret", "/assets/../../secret",
		"/assets/%2e%2e/%2e%2e/secret", "/assets/..%2fsecret", "/assets/..%5csecret",
		"/assets/%252e%252e", "/assets/app.js%00.html" };
	struct world *w = *state;

	serve_folder(w);
	for (size_t i = 0; i < COUNT_OF(missing); i++)
		assert_problem(w, GET(missing[i]), 404, NULL, NULL);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_problem(w, GET(bad[i]), 400, NULL, NULL);
}

/* A gzip file ends in the CRC-32 and the size of what it was made of (RFC 1952), little-endian. */
static void assert_inflated(const struct web_asset *asset, const struct buffer *body)
{
	const unsigned char *end = asset->gzip + asset->gzip_size;
	uint32_t crc = 0, size = 0;

	for (int i = 0; i < 4; i++) {
		crc |= (uint32_t)end[i - 8] << (8 * i);
		size |= (uint32_t)end[i - 4] << (8 * i);
	}
	assert_int_equal(body->size, size);
	assert_int_equal(crc32(0, (const unsigned char *)body->data, (uInt)body->size), crc);
}

/* What the binary holds is served as it is to who takes gzip, and inflated to who does not. */
static void test_files_in_the_binary(void **state)
{
	struct world *w = *state;
	struct api_response r;

	if (web_asset_count == 0)
		assert_problem(w, GET("/"), 404, NULL, "-Dweb=enabled");
	for (size_t i = 0; i < web_asset_count; i++) {
		const struct web_asset *asset = &web_assets[i];
		struct ask a = { .method = "GET",
			.target = asset->path,
			.header = { [HEADER_ACCEPT_ENCODING] = "br, gzip" } };
		ask(w, &a, &r);
		assert_int_equal(r.status, 200);
		assert_true(r.fixed == asset->gzip && r.fixed_size == asset->gzip_size);
		assert_string_equal(header_of(&r, "Content-Encoding"), "gzip");
		assert_string_equal(header_of(&r, "ETag"), asset->etag);
		assert_string_equal(header_of(&r, "Vary"), "Accept-Encoding");
		assert_string_equal(header_of(&r, "Cache-Control"),
			asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
		assert_string_equal(r.content_type, asset->content_type);
		api_response_done(&r);
		a.header[HEADER_ACCEPT_ENCODING] = "gzip;q=0, br";
		ask(w, &a, &r);
		assert_int_equal(r.status, 200);
		assert_null(header_of(&r, "Content-Encoding"));
		assert_inflated(asset, &r.body);
		api_response_done(&r);
		a.header[HEADER_IF_NONE_MATCH] = asset->etag;
		assert_int_equal(ask_status(w, &a), 304);
	}
	assert_problem(w, GET("/assets/none.js"), 404, NULL, NULL);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_page_from_a_folder),
		WORLD_TEST(test_nothing_outside_the_folder),
		WORLD_TEST(test_files_in_the_binary),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
