/* api.h - requests and answers, without a socket: tests call it directly, http.c feeds it.
 *
 * A call has three steps, all on one thread at a time: api_begin with the head (the gate,
 * authentication and routing stand here, before a byte of the body is read), api_body with the
 * pieces of the body, api_end. Each of them may give the answer, and a request that takes no body
 * has it from api_begin. A response that was given is the caller's: free it with api_response_done.
 * An answer to HEAD has the body of the GET, for its length; it is not to be sent. An api is shared
 * by all HTTP threads. */
#pragma once

#include "api/backend.h"
#include "base/buffer.h"
#include "storage/database.h"

struct api;
struct api_call;
struct api_stream; /* a live answer: events */

struct api_options {
	struct database *db;           /* borrowed for life */
	const struct backend *backend; /* borrowed for life */
	const char *token;    /* NULL: no authentication (loopback only). Copied as its digest */
	int64_t memory_bytes; /* the budget that plans are held against */
	int64_t upload_bytes_max; /* of one data-set part, uncompressed */
	const char *web_root; /* NULL: the dashboard in the binary; else a folder, for development.
				 Copied */
};
struct api *api_new(const struct api_options *options, struct error *err) MUST_CHECK;
void api_free(struct api *a);
DEFINE_AUTO_FREE(struct api, api_free)

/* Another budget, for the jobs that are submitted from now on. Any thread. */
void api_set_memory(struct api *a, int64_t memory_bytes);

/* From now on every request is answered 503: the daemon is stopping. Any thread. */
void api_drain(struct api *a);

/* The headers that are looked at; all others are ignored. */
enum api_header {
	HEADER_HOST,
	HEADER_ORIGIN,
	HEADER_SEC_FETCH_SITE,
	HEADER_AUTHORIZATION,
	HEADER_CONTENT_TYPE,
	HEADER_CONTENT_LENGTH,
	HEADER_CONTENT_ENCODING,
	HEADER_TRANSFER_ENCODING,
	HEADER_IDEMPOTENCY_KEY,
	HEADER_LAST_EVENT_ID,
	HEADER_ACCEPT,
	HEADER_ACCEPT_ENCODING,
	HEADER_IF_NONE_MATCH,
	HEADER_COUNT,
};
extern const char *const api_header_names[HEADER_COUNT];

/* The head of a request. What it points to is borrowed until the call is over. */
struct api_request {
	const char *method;
	const char *target;               /* raw, as it was sent: path and query */
	const char *header[HEADER_COUNT]; /* the first of that name; NULL: none was sent */
	int header_count[HEADER_COUNT];   /* how many of that name were sent */
	int listen_port;                  /* for the Host check; 0: Unix socket */
	bool peer_is_owner;               /* a peer on the Unix socket with the daemon's own uid */
};

enum { API_HEADERS_MAX = 12, API_HEADER_BYTES = 256 };
struct api_response {
	int status;
	const char *content_type;                        /* static; NULL: no body */
	char headers[API_HEADERS_MAX][API_HEADER_BYTES]; /* "Name: value"; "" ends the list */
	struct buffer body;                              /* the whole answer, or … */
	struct api_stream *stream; /* … a live one: http.c polls it, or … */
	const void *fixed;         /* … bytes that live for good (the dashboard's files) */
	size_t fixed_size;
	bool close; /* close the connection afterwards: the request cannot be trusted further */
};
void api_response_done(struct api_response *r);

/* NULL: ret_response is the answer already. */
struct api_call *api_begin(struct api *a, const struct api_request *head,
	struct api_response *ret_response) MUST_CHECK;
/* false: ret_response is the answer already and the call is over. */
bool api_body(struct api_call *call, const void *bytes, size_t size,
	struct api_response *ret_response) MUST_CHECK;
void api_end(struct api_call *call, struct api_response *ret_response);
void api_abort(struct api_call *call); /* the client went away; accepts NULL */

/* Appends what is new, at most some 64 KiB; false: the stream has ended. Never blocks for longer
 * than a database read. */
bool api_stream_read(struct api_stream *s, struct buffer *out) MUST_CHECK;
/* When it wants to be read next even if no event is committed before, on the monotonic clock. */
int64_t api_stream_due_ns(const struct api_stream *s);
void api_stream_free(struct api_stream *s); /* accepts NULL */

/* One line for the log by way of the backend. `target`: raw; its query is left out. */
void api_log(const struct api *a, const char *method, const char *target, int status,
	int64_t body_bytes, double ms);
