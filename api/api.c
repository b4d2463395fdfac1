/* api.c - see api.h. The way of a request: gate, token, route, query, body, handler. */
#include "api/answer.h"
#include "api/handlers.h"
#include "api/negotiate.h"
#include "api/routes.h"

#include <sodium/utils.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static void digest_token(const char *token, uint8_t ret[static DIGEST_BYTES])
{
	struct digest d;

	digest_init(&d);
	digest_add(&d, token, strlen(token));
	digest_end(&d, ret);
}

struct api *api_new(const struct api_options *options, struct error *err)
{
	AUTO_FREE(api_free) struct api *a = calloc(1, sizeof *a);
	if (!a) {
		(void)error_no_memory(err);
		return NULL;
	}
	a->db = options->db;
	a->backend = options->backend;
	atomic_store(&a->memory_bytes, options->memory_bytes);
	a->upload_bytes_max = options->upload_bytes_max;
	a->token_needed = options->token != NULL;
	if (options->token)
		digest_token(options->token, a->token_digest);
	if (options->web_root && !(a->web_root = strdup(options->web_root))) {
		(void)error_no_memory(err);
		return NULL;
	}
	return STEAL(a);
}

void api_free(struct api *a)
{
	if (!a)
		return;
	free(a->web_root);
	free(a);
}

void api_set_memory(struct api *a, int64_t memory_bytes)
{
	atomic_store(&a->memory_bytes, memory_bytes);
}

void api_drain(struct api *a)
{
	atomic_store(&a->draining, true);
}

void api_log(const struct api *a, const char *method, const char *target, int status,
	int64_t body_bytes, double ms)
{
	char path[GATE_TARGET_BYTES_MAX + 1];

	(void)snprintf(path, sizeof path, "%.*s", (int)strcspn(target, "?"), target);
	a->backend->log_request(a->backend->ctx, method, path, status, body_bytes, ms);
}

void api_response_done(struct api_response *r)
{
	buffer_done(&r->body);
	api_stream_free(r->stream);
	*r = (struct api_response){ .status = 0 };
}

/* --- calls ----------------------------------------------------------------------------- */

static void call_free(struct api_call *call)
{
	if (!call)
		return;
	buffer_done(&call->body);
	dataset_upload_free(call->upload);
	free(call);
}

bool call_integer(struct api_call *call, struct api_response *r, const char *name, int64_t min,
	int64_t max, int64_t fallback, int64_t *ret)
{
	const char *text = gate_parameter(&call->target, name);

	if (!text) {
		*ret = fallback;
		return true;
	}
	size_t n = strlen(text);
	bool digits = n > 0 && n <= 18 && text[strspn(text, "0123456789")] == '\0';
	long long value = digits ? strtoll(text, NULL, 10) : -1;
	if (!digits || value < min || value > max) {
		answer_status(call, r, 400,
			"the query parameter %s must be a whole number in [%lld, %lld]", name,
			(long long)min, (long long)max);
		return false;
	}
	*ret = value;
	return true;
}

struct json_document *call_json(struct api_call *call, struct api_response *r)
{
	struct error err;
	struct json_document *document =
		json_parse(call->body.data ? call->body.data : "", call->body.size, &err);

	if (!document)
		answer_error(call, r, &err);
	return document;
}

/* The last word on every answer: a body that did not fit becomes a problem, and the headers that
 * all answers carry. */
static void finish(const struct api_call *call, struct api_response *r)
{
	struct error err;

	if (!buffer_ok(&r->body, &err))
		answer_error(call, r, &err);
	answer_header(r, "X-Content-Type-Options: nosniff");
	if (!answer_has_header(r, "Cache-Control"))
		answer_header(r, "Cache-Control: no-store");
}

/* --- before the body ------------------------------------------------------------------- */

/* Both sides are hashed first, so that the comparison takes the same time whatever was sent. */
static bool token_is_right(const struct api *a, const char *authorization)
{
	uint8_t digest[DIGEST_BYTES];

	if (strncasecmp(authorization, "Bearer ", 7) != 0)
		return false;
	digest_token(authorization + 7, digest);
	return sodium_memcmp(digest, a->token_digest, DIGEST_BYTES) == 0;
}

/* What its row does not open needs the token; so does whatever under /v1 has no row. */
static bool is_open(const struct api_call *call)
{
	if (call->route)
		return call->route->access == ACCESS_OPEN;
	return !call->target.n_segments || strcmp(call->target.segments[0], "v1") != 0;
}

static bool check_token(const struct api_call *call, struct api_response *r)
{
	const struct api *a = call->api;
	const char *sent = call->head.header[HEADER_AUTHORIZATION];

	if (!a->token_needed || call->head.peer_is_owner || is_open(call) ||
		(sent && token_is_right(a, sent)))
		return true;
	if (sent)
		answer_status(call, r, 401, "this is not the token of this server");
	else
		answer_status(call, r, 401,
			"send the token of this server as \"Authorization: Bearer TOKEN\"");
	answer_header(r, "WWW-Authenticate: Bearer realm=\"epochd\"%s",
		sent ? ", error=\"invalid_token\"" : "");
	return false;
}

static bool check_query(const struct api_call *call, struct api_response *r)
{
	const struct gate_target *t = &call->target;
	char known[128] = "none";
	size_t n = 0;

	for (int i = 0; call->route->query[i]; i++)
		n += (size_t)snprintf(
			known + n, sizeof known - n, "%s%s", i ? ", " : "", call->route->query[i]);
	for (int i = 0; i < t->n_parameters; i++) {
		int k = 0;
		while (call->route->query[k] &&
			strcmp(call->route->query[k], t->parameters[i].name) != 0)
			k++;
		if (call->route->query[k])
			continue;
		answer_status(call, r, 400, "there is no query parameter %.64s here; there are: %s",
			t->parameters[i].name, known);
		return false;
	}
	return true;
}

/* What the headers say of the body, before a byte of it is read. The gate has checked that the
 * length is a number. */
static bool check_body(const struct api_call *call, struct api_response *r)
{
	const char *const *header = call->head.header;
	const char *length_text = header[HEADER_CONTENT_LENGTH];
	int64_t length = length_text ? strtoll(length_text, NULL, 10) : 0;
	enum route_body kind = call->route->body;
	/* Deflate may make what cannot be compressed a little larger; then there is the header of
	 * the format. */
	int64_t max = kind == BODY_NONE   ? 0
		      : kind == BODY_JSON ? JSON_BODY_BYTES_MAX
					  : call->api->upload_bytes_max +
						    call->api->upload_bytes_max / 1000 + 4096;

	if (kind == BODY_JSON && !negotiate_type(header[HEADER_CONTENT_TYPE], "application/json")) {
		answer_status(call, r, 415,
			"the body must be sent as \"Content-Type: application/json\"");
		return false;
	}
	if (header[HEADER_CONTENT_ENCODING] &&
		strcasecmp(header[HEADER_CONTENT_ENCODING], "identity") != 0) {
		answer_status(call, r, 415,
			"Content-Encoding is not taken; a .gz of a data set is sent as it is");
		return false;
	}
	if (kind != BODY_NONE && !length_text) {
		answer_status(call, r, 411, "say the size of the body with Content-Length");
		return false;
	}
	if (length > max) {
		answer_status(call, r, 413, "a body of %lld bytes; at most %lld are taken here",
			(long long)length, (long long)max);
		return false;
	}
	return true;
}

/* false: r is the answer. */
static bool admit(struct api_call *call, struct api_response *r)
{
	struct gate_refusal refusal;
	char allow[ROUTE_ALLOW_BYTES];

	call->passed = gate_pass(&call->head, &call->target, &refusal);
	if (!call->passed) {
		answer_status(call, r, refusal.status, "%s", refusal.text);
		if (refusal.status == 405)
			answer_header(r, "Allow: %s", gate_methods);
		r->close = refusal.close;
		return false;
	}
	if (atomic_load(&call->api->draining)) {
		answer_status(call, r, 503, "the server is stopping");
		r->close = true;
		return false;
	}
	call->route = route_find(&call->target, call->head.method, allow);
	if (!check_token(call, r))
		return false;
	if (!allow[0]) {
		answer_status(call, r, 404, "there is no such path");
		return false;
	}
	if (!call->route) {
		answer_status(call, r, 405, "this path takes %s", allow);
		answer_header(r, "Allow: %s", allow);
		return false;
	}
	return check_query(call, r) && check_body(call, r);
}

struct api_call *api_begin(
	struct api *a, const struct api_request *head, struct api_response *ret_response)
{
	struct api_call none = { .api = a, .head = *head };
	struct api_call *call = calloc(1, sizeof *call);

	*ret_response = (struct api_response){ .status = 0 };
	if (!call) {
		struct error err;
		(void)error_no_memory(&err);
		answer_error(&none, ret_response, &err);
		finish(&none, ret_response);
		return NULL;
	}
	call->api = a;
	call->head = *head;
	call->is_head = strcmp(head->method, "HEAD") == 0;
	buffer_init(&call->body, JSON_BODY_BYTES_MAX);
	if (admit(call, ret_response)) {
		if (call->route->body == BODY_JSON)
			return call;
		if (call->route->body == BODY_NONE)
			call->route->handle(call, ret_response);
		else if (dataset_upload_begin(call, ret_response))
			return call;
	}
	finish(call, ret_response);
	call_free(call);
	return NULL;
}

bool api_body(
	struct api_call *call, const void *bytes, size_t size, struct api_response *ret_response)
{
	if (call->route->body == BODY_JSON) {
		buffer_add(&call->body, bytes, size); /* api_end asks whether all of it fitted */
		return true;
	}
	if (dataset_upload_write(call, bytes, size, ret_response))
		return true;
	finish(call, ret_response);
	call_free(call);
	return false;
}

void api_end(struct api_call *call, struct api_response *ret_response)
{
	struct error err;

	if (!buffer_ok(&call->body, &err))
		answer_error(call, ret_response, &err);
	else
		call->route->handle(call, ret_response);
	finish(call, ret_response);
	call_free(call);
}

void api_abort(struct api_call *call)
{
	call_free(call);
}
