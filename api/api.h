/* api.h - requests and answers, without a socket: tests call it directly, http.c feeds it.
 *
 * A call has three steps, all on one thread at a time: api_begin with the head (authentication and routing happen
 * here, before a byte of the body is read), api_body with the pieces of the body, api_end. Any of them may give the answer.
 * An api is shared by all HTTP threads. */
#pragma once

#include "api/backend.h"
#include "base/buffer.h"
#include "storage/database.h"

struct api;
struct api_call;
struct api_stream; /* a live answer: events */

struct api_options {
	struct database *db;             /* borrowed for life */
	const struct backend *backend;   /* borrowed for life */
	const char *token;               /* NULL: no authentication (loopback only). Copied as its digest */
	int64_t memory_bytes;            /* the budget that plans are held against */
	int64_t upload_bytes_max;        /* of one data-set part, uncompressed */
	const char *web_root;            /* NULL: the dashboard in the binary; else a folder, for development */
};
struct api *api_new(const struct api_options *options, struct error *err) MUST_CHECK;
void api_free(struct api *a);
DEFINE_AUTO_FREE(struct api, api_free)

/* The head of a request; borrowed for the call. Header values are NULL when the header is missing. */
struct api_request {
	const char *method;
	const char *target;              /* raw, as it was sent: path and query */
	const char *host, *origin, *authorization, *content_type, *content_length, *content_encoding;
	const char *accept, *if_none_match, *idempotency_key, *last_event_id, *sec_fetch_site;
	int listen_port;                 /* for the Host check; 0: Unix socket */
	bool peer_is_owner;              /* a peer on the Unix socket with the daemon's own uid */
};

struct api_response {
	int status;
	const char *content_type;        /* static */
	char headers[8][160];            /* "Name: value"; "" ends the list */
	struct buffer body;              /* the whole answer, or … */
	struct api_stream *stream;       /* … a live one: http.c polls it */
	const void *fixed;               /* … or bytes that live for good (the dashboard's files) */
	size_t fixed_size;
	bool close;                      /* close the connection afterwards: the request cannot be trusted further */
};
void api_response_done(struct api_response *r);

/* NULL: ret_response is the answer already. */
struct api_call *api_begin(struct api *a, const struct api_request *head, struct api_response *ret_response) MUST_CHECK;
/* false: ret_response is the answer already and the call is over. */
bool api_body(struct api_call *call, const void *bytes, size_t size, struct api_response *ret_response) MUST_CHECK;
void api_end(struct api_call *call, struct api_response *ret_response);
void api_abort(struct api_call *call); /* the client went away; accepts NULL */

/* Appends what is new, at most a few KiB; false: the stream has ended. Never blocks for long. */
bool api_stream_read(struct api_stream *s, struct buffer *out) MUST_CHECK;
void api_stream_free(struct api_stream *s);
