/* http.h - the socket side; http.c is the only file that knows libmicrohttpd. */
#pragma once

#include "api/api.h"

struct http_server;
struct http_options {
	const char *address;        /* "127.0.0.1" or "::1"; ignored when listen_fd >= 0 */
	int port;                   /* 0: any free one */
	int listen_fd;              /* an inherited listening socket (socket activation), or -1 */
	const char *socket_path;    /* a Unix socket beside it, or NULL */
	int connections_max;        /* default 1024 */
	int connections_per_ip_max; /* default 256 */
	int timeout_seconds; /* a whole request head must arrive within it; idle connections too.
				Default 30 */
};
/* Starts serving on threads of its own. ERROR_BUSY: the address is in use. */
struct http_server *http_start(
	struct api *api, const struct http_options *options, struct error *err) MUST_CHECK;
int http_port(const struct http_server *s);
/* Wakes every live stream: events were committed. Any thread; does not block. */
void http_wake_streams(struct http_server *s);
/* New requests get 503 with Retry-After from now on; streams end. */
void http_drain(struct http_server *s);
void http_stop(struct http_server *s); /* waits for the requests under way; accepts NULL */
