/* answer.c - see answer.h. */
#include "api/answer.h"

#include "api/negotiate.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What an error code means to a client. `slug` names the kind of problem for good: clients compare
 * it. */
static const struct problem_class {
	int status;
	const char *slug, *title;
} problem_classes[] = {
	[ERROR_INVALID] = { 422, "invalid", "What is asked for cannot be done" },
	[ERROR_SYNTAX] = { 400, "syntax", "The body cannot be read" },
	[ERROR_NOT_FOUND] = { 404, "not-found", "There is no such thing here" },
	[ERROR_CONFLICT] = { 409, "conflict", "Not possible as things stand" },
	[ERROR_TOO_LARGE] = { 413, "too-large", "Beyond a limit of this server" },
	[ERROR_NO_MEMORY] = { 503, "no-memory", "The server is out of memory" },
	[ERROR_NO_SPACE] = { 507, "no-space", "The server's disk is full" },
	[ERROR_IO] = { 500, "io", "The server's disk or database failed" },
	[ERROR_BUSY] = { 503, "busy", "The server is busy" },
};

/* RFC 9110, 15. */
static const char *status_phrase(int status)
{
	static const struct {
		int status;
		const char *phrase;
	} phrases[] = {
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 409, "Conflict" },
		{ 411, "Length Required" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 421, "Misdirected Request" },
		{ 500, "Internal Server Error" },
		{ 503, "Service Unavailable" },
	};
	size_t i = 0;

	while (i < COUNT_OF(phrases) && phrases[i].status != status)
		i++;
	assert(i < COUNT_OF(phrases));
	return phrases[i].phrase;
}

/* --- beginning an answer --------------------------------------------------------------- */

void answer_begin(struct api_response *r, int status, const char *content_type, size_t bytes_max)
{
	api_response_done(r);
	r->status = status;
	r->content_type = content_type;
	buffer_init(&r->body, bytes_max);
}

void answer_json(struct api_response *r, int status, struct json_writer *ret_w)
{
	answer_begin(r, status, "application/json", ANSWER_BYTES_MAX);
	json_writer_init(ret_w, &r->body);
}

void answer_list_begin(struct api_response *r, struct json_writer *ret_w)
{
	answer_json(r, 200, ret_w);
	json_open_object(ret_w, NULL);
	json_put_string(ret_w, "object", "list");
	json_open_list(ret_w, "data");
}

static void end_data(struct json_writer *w, bool has_more)
{
	json_close_list(w);
	json_put_bool(w, "has_more", has_more);
}

void answer_list_end(struct json_writer *w, bool has_more, const char *last_id)
{
	end_data(w, has_more);
	json_put_string(w, "last_id", last_id);
	json_close_object(w);
}

void answer_list_end_numbered(struct json_writer *w, bool has_more, const int64_t *last_id)
{
	end_data(w, has_more);
	if (last_id)
		json_put_integer(w, "last_id", *last_id);
	else
		json_put_null(w, "last_id");
	json_close_object(w);
}

void answer_empty(struct api_response *r, int status)
{
	answer_begin(r, status, NULL, 0);
}

void answer_header(struct api_response *r, const char *format, ...)
{
	va_list args;
	int i = 0;

	while (i < API_HEADERS_MAX && r->headers[i][0])
		i++;
	assert(i < API_HEADERS_MAX);
	va_start(args, format);
	int n = vsnprintf(r->headers[i], API_HEADER_BYTES, format, args);
	va_end(args);
	assert(n > 0 && n < API_HEADER_BYTES);
}

bool answer_has_header(const struct api_response *r, const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < API_HEADERS_MAX && r->headers[i][0]; i++)
		if (strncasecmp(r->headers[i], name, n) == 0 && r->headers[i][n] == ':')
			return true;
	return false;
}

bool answer_unchanged(
	const struct api_call *call, struct api_response *r, const char *etag_format, ...)
{
	char bare[96], etag[sizeof bare + 2];
	va_list args;

	va_start(args, etag_format);
	int n = vsnprintf(bare, sizeof bare, etag_format, args);
	va_end(args);
	assert(n > 0 && (size_t)n < sizeof bare);
	(void)snprintf(etag, sizeof etag, "\"%s\"", bare);
	if (negotiate_etag(call->head.header[HEADER_IF_NONE_MATCH], etag)) {
		answer_empty(r, 304);
		answer_header(r, "ETag: %s", etag);
		return true;
	}
	answer_header(r, "ETag: %s", etag);
	return false;
}

/* --- problems -------------------------------------------------------------------------- */

struct problem_text {
	int status;
	const char *slug; /* NULL: about:blank */
	const char *title, *detail;
};

/* Members in the order of RFC 9457. `instance` is the path alone: a query is not ours to repeat. */
static void write_problem(const struct api_call *call, struct api_response *r,
	const struct problem_text *text, const struct error *errors, int n_errors)
{
	struct json_writer w;
	char type[64], instance[API_HEADER_BYTES];

	answer_begin(r, text->status, "application/problem+json", ANSWER_BYTES_MAX);
	(void)snprintf(type, sizeof type, "%s%s", text->slug ? "/problems/" : "",
		text->slug ? text->slug : "about:blank");
	json_writer_init(&w, &r->body);
	json_open_object(&w, NULL);
	json_put_string(&w, "type", type);
	json_put_string(&w, "title", text->title);
	json_put_integer(&w, "status", text->status);
	json_put_string(&w, "detail", text->detail);
	if (call->passed) {
		(void)snprintf(instance, sizeof instance, "%.*s",
			(int)strcspn(call->head.target, "?"), call->head.target);
		json_put_string(&w, "instance", instance);
	}
	if (n_errors) {
		json_open_list(&w, "errors");
		for (int i = 0; i < n_errors; i++) {
			json_open_object(&w, NULL);
			json_put_string(&w, "pointer", errors[i].pointer);
			json_put_string(&w, "detail", errors[i].text);
			json_close_object(&w);
		}
		json_close_list(&w);
	}
	json_close_object(&w);
	if (text->status == 503)
		answer_header(r, "Retry-After: 2");
}

void answer_status(
	const struct api_call *call, struct api_response *r, int status, const char *format, ...)
{
	char detail[512];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(detail, sizeof detail, format, args);
	va_end(args);
	write_problem(call, r,
		&(struct problem_text){ status, NULL, status_phrase(status), detail }, NULL, 0);
}

void answer_error(const struct api_call *call, struct api_response *r, const struct error *err)
{
	assert(err->code > ERROR_NONE && (size_t)err->code < COUNT_OF(problem_classes));
	const struct problem_class *c = &problem_classes[err->code];

	/* An error with a place is one entry of the list; one without has nothing to point at. */
	write_problem(call, r, &(struct problem_text){ c->status, c->slug, c->title, err->text },
		err, err->pointer[0] ? 1 : 0);
}

void answer_problems(
	const struct api_call *call, struct api_response *r, const struct problems *problems)
{
	assert(problems->count > 0);
	const struct problem_class *c = &problem_classes[problems->list[0].code];

	write_problem(call, r,
		&(struct problem_text){ c->status, c->slug, c->title, problems->list[0].text },
		problems->list, problems->count);
}
