/* client.h - the other side of the socket: a server on a free port, and clients that send whatever
 * bytes a test likes. */
#pragma once

#include "api/http.h"
#include "tests/api/support.h"

/* Starts serving the world on a free port of 127.0.0.1; the caller stops it with http_stop. */
struct http_server *serve(struct world *w, const struct http_options *options);
/* Options with what tests want by default; change what the test is about. */
struct http_options serve_options(void);

int client_open(const struct http_server *s);
int client_open_unix(const char *path);
/* false: the other side has closed. */
bool client_send(int fd, const void *bytes, size_t size);
bool client_print(int fd, const char *format, ...) PRINTF_LIKE(2, 3);

enum client_end { CLIENT_FOUND, CLIENT_CLOSED, CLIENT_SILENT };
/* Appends what comes until `wanted` (NULL: anything) is in `out`, the other side closes, or nothing
 * more has come for that long. */
enum client_end client_read(int fd, struct buffer *out, const char *wanted, int silence_ms);

/* Sends one request head with Host and token and no body, and reads until the server closes or is
 * silent. */
void client_exchange(const struct http_server *s, const char *request, struct buffer *ret);
int client_count(const struct buffer *b, const char *what);

/* --- libcurl: a client that knows HTTP better than we do
 * ------------------------------------------ */

struct fetched {
	long status;
	char head[4096]; /* the header lines */
	struct buffer body;
};
struct fetch {
	const char *method; /* NULL: GET */
	const char *path;
	const char *headers[4]; /* NULL ends the list; the token is sent by itself */
	const char *upload;     /* with upload_size: sent as a body in pieces of 1000 bytes */
	size_t upload_size;
	const char *unix_socket;
};
/* The caller frees ret->body with buffer_done. */
void fetch(const struct http_server *s, const struct fetch *f, struct fetched *ret);
