/* call.h - what a handler is given: the api, the request, its route. Private to api/. */
#pragma once

#include "api/gate.h"
#include "api/json.h"
#include "base/digest.h"

#include <stdatomic.h>

struct api {
	struct database *db;
	const struct backend *backend;
	bool token_needed;
	uint8_t token_digest[DIGEST_BYTES];
	_Atomic int64_t memory_bytes;
	int64_t upload_bytes_max;
	char *web_root; /* owned; NULL: the dashboard in the binary */
	atomic_bool draining;
};

enum { JSON_BODY_BYTES_MAX = 1 << 20, ANSWER_BYTES_MAX = 64 << 20 };
#define NUMBER_MAX ((1LL << 53) - 1) /* the largest that every JSON reader keeps exactly */

enum route_access { ACCESS_TOKEN, ACCESS_OPEN };
enum route_body {
	BODY_NONE,
	BODY_JSON,    /* gathered in call->body, at most JSON_BODY_BYTES_MAX */
	BODY_DATASET, /* streamed into call->upload */
};

struct api_call;
struct dataset_upload; /* handle_datasets.c */

enum { ROUTE_QUERY_MAX = 4 };
struct route {
	const char *method;
	const char *path; /* "/v1/jobs/{id}": a segment in braces takes any one that is not empty */
	enum route_access access;
	enum route_body body;
	/* Called once the body is there; it fills the response, whatever happens. */
	void (*handle)(struct api_call *call, struct api_response *r);
	const char *query[ROUTE_QUERY_MAX + 1]; /* the parameters it knows, ended by NULL */
};

struct api_call {
	struct api *api;
	struct api_request head;
	const struct route *route;
	struct gate_target target;
	bool passed;        /* the gate: target is filled, and head.target is printable ASCII */
	struct buffer body; /* BODY_JSON */
	struct dataset_upload *upload; /* BODY_DATASET; owned */
	bool is_head;
};

/* A whole number in the query, within [min, max]; `fallback` if it is not there. false: r is the
 * answer (400). */
bool call_integer(struct api_call *call, struct api_response *r, const char *name, int64_t min,
	int64_t max, int64_t fallback, int64_t *ret) MUST_CHECK;

/* The body of a BODY_JSON route, parsed; the caller frees with json_free. NULL: r is the answer. */
struct json_document *call_json(struct api_call *call, struct api_response *r) MUST_CHECK;
