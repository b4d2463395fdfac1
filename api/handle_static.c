/* handle_static.c - the dashboard's files: out of the binary, or out of a folder while it is being
 * worked on. */
#include "api/handlers.h"

#include "api/negotiate.h"
#include "web/assets.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <zlib.h>

enum { ASSET_BYTES_MAX = 16 << 20, ASSET_PATH_BYTES = 256 };

/* The page may load its own scripts, styles and images, and talk to this server: nothing else, from
 * nowhere else. */
static void add_page_headers(struct api_response *r)
{
	answer_header(r,
		"Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; "
		"connect-src 'self'; img-src 'self' data: blob:; font-src 'self'; base-uri 'none'; "
		"form-action 'none'; frame-ancestors 'none'");
	answer_header(r, "Referrer-Policy: no-referrer");
	answer_header(r, "Cross-Origin-Opener-Policy: same-origin");
}

/* --- out of the binary ----------------------------------------------------------------- */

static const struct web_asset *find_asset(const char *path)
{
	for (size_t i = 0; i < web_asset_count; i++)
		if (strcmp(web_assets[i].path, path) == 0)
			return &web_assets[i];
	return NULL;
}

/* The files were compressed by our own build: what does not inflate is a program that is broken on
 * disk. */
static bool inflate_asset(const struct web_asset *asset, struct buffer *out)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)asset->gzip,
		.avail_in = (uInt)asset->gzip_size };
	unsigned char piece[16384];
	int rc;

	if (inflateInit2(&z, 16 + MAX_WBITS) != Z_OK)
		return false;
	do {
		z.next_out = piece;
		z.avail_out = sizeof piece;
		rc = inflate(&z, Z_NO_FLUSH);
		buffer_add(out, piece, sizeof piece - z.avail_out);
	} while (rc == Z_OK);
	(void)inflateEnd(&z); /* it only frees */
	return rc == Z_STREAM_END;
}

static void add_asset_headers(struct api_response *r, const struct web_asset *asset)
{
	answer_header(r, "Cache-Control: %s",
		asset->immutable ? "public, max-age=31536000, immutable" : "no-cache");
	answer_header(r, "ETag: %s", asset->etag);
	answer_header(r, "Vary: Accept-Encoding");
	add_page_headers(r);
}

static void answer_asset(
	struct api_call *call, struct api_response *r, const struct web_asset *asset)
{
	if (negotiate_etag(call->head.header[HEADER_IF_NONE_MATCH], asset->etag)) {
		answer_empty(r, 304);
	} else if (negotiate_names(call->head.header[HEADER_ACCEPT_ENCODING], "gzip")) {
		answer_begin(r, 200, asset->content_type, 0);
		r->fixed = asset->gzip;
		r->fixed_size = asset->gzip_size;
		answer_header(r, "Content-Encoding: gzip");
	} else {
		answer_begin(r, 200, asset->content_type, ASSET_BYTES_MAX);
		if (!inflate_asset(asset, &r->body)) {
			answer_status(
				call, r, 500, "a file of the dashboard is damaged in this program");
			return;
		}
	}
	add_asset_headers(r, asset);
}

/* --- out of a folder ------------------------------------------------------------------- */

static const char *content_type_of(const char *path)
{
	static const struct {
		const char *ending, *type;
	} types[] = {
		{ ".html", "text/html; charset=utf-8" },
		{ ".js", "text/javascript; charset=utf-8" },
		{ ".css", "text/css; charset=utf-8" },
		{ ".svg", "image/svg+xml" },
		{ ".png", "image/png" },
		{ ".ico", "image/x-icon" },
		{ ".woff2", "font/woff2" },
		{ ".json", "application/json" },
		{ ".map", "application/json" },
	};
	size_t n = strlen(path);

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		size_t k = strlen(types[i].ending);
		if (n > k && strcmp(path + n - k, types[i].ending) == 0)
			return types[i].type;
	}
	return "application/octet-stream";
}

/* The kernel sees to it that the path stays inside the folder and follows no link. */
static int open_beneath(const char *root, const char *path)
{
	struct open_how how = { .flags = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
	int folder = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (folder < 0)
		return -1;
	int fd = (int)syscall(SYS_openat2, folder, path, &how, sizeof how);
	(void)close(folder); /* nothing was written */
	return fd;
}

static bool read_whole(int fd, struct buffer *out)
{
	char piece[16384];
	ssize_t n;

	do {
		n = read(fd, piece, sizeof piece);
		if (n > 0)
			buffer_add(out, piece, (size_t)n);
	} while (n > 0 || (n < 0 && errno == EINTR));
	return n == 0;
}

static void answer_file(struct api_call *call, struct api_response *r, const char *path)
{
	char digest[DIGEST_TEXT_BYTES];
	int fd = open_beneath(call->api->web_root, path);

	answer_begin(r, 200, content_type_of(path), ASSET_BYTES_MAX);
	bool ok = fd >= 0 && read_whole(fd, &r->body);
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	if (!ok) {
		answer_status(call, r, 404, "the folder of the dashboard has no such file");
		return;
	}
	digest_of(r->body.data, r->body.size, digest);
	if (answer_unchanged(call, r, "%.32s", digest))
		return;
	answer_header(r, "Cache-Control: no-cache");
	add_page_headers(r);
}

/* ------------------------------------------------------------------------------------- */

void handle_static(struct api_call *call, struct api_response *r)
{
	bool is_page = call->target.n_segments == 0;
	char path[ASSET_PATH_BYTES];
	const struct web_asset *asset;

	int n = snprintf(path, sizeof path, "/%s%s", is_page ? "" : "assets/",
		is_page ? "" : call->target.segments[1]);
	bool fits = n > 0 && (size_t)n < sizeof path;
	if (fits && call->api->web_root)
		answer_file(call, r, is_page ? "index.html" : path + 1);
	else if (fits && (asset = find_asset(path)) != NULL)
		answer_asset(call, r, asset);
	else if (web_asset_count == 0)
		answer_status(call, r, 404,
			"this program was built without the dashboard: build it with "
			"-Dweb=enabled, "
			"which needs node and npm, or name a folder with --web-root");
	else
		answer_status(call, r, 404, "the dashboard has no such file");
}
