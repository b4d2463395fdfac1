/* answer.h - filling a response: JSON, an empty answer, or what went wrong as
 * application/problem+json (RFC 9457). A later answer replaces an earlier one whole. Private to
 * api/. */
#pragma once

#include "api/call.h"
#include "api/problem.h"

/* Begins a JSON answer; the caller writes it through ret_w. It need not look whether the buffer
 * failed: api.c does. */
void answer_json(struct api_response *r, int status, struct json_writer *ret_w);
/* {"object": "list", "data": [ … ], "has_more", "last_id"}: between begin and end the caller writes
 * the values of "data". last_id NULL: there are none. */
void answer_list_begin(struct api_response *r, struct json_writer *ret_w);
void answer_list_end(struct json_writer *w, bool has_more, const char *last_id);
void answer_list_end_numbered(struct json_writer *w, bool has_more, const int64_t *last_id);
/* Begins an answer of any kind: the caller fills r->body, at most `bytes_max`. */
void answer_begin(struct api_response *r, int status, const char *content_type, size_t bytes_max);
void answer_empty(struct api_response *r, int status);
/* "Name: value". What does not fit is a programmer's mistake. */
void answer_header(struct api_response *r, const char *format, ...) PRINTF_LIKE(2, 3);
bool answer_has_header(const struct api_response *r, const char *name);

/* Where the status alone says what kind of problem it is. */
void answer_status(const struct api_call *call, struct api_response *r, int status,
	const char *format, ...) PRINTF_LIKE(4, 5);
/* The one table from error codes to statuses stands behind these two. */
void answer_error(const struct api_call *call, struct api_response *r, const struct error *err);
void answer_problems(
	const struct api_call *call, struct api_response *r, const struct problems *problems);

/* Called once an answer is begun: adds the ETag (given without quotes); true: the client has that
 * version already, and the answer is 304 now. */
bool answer_unchanged(const struct api_call *call, struct api_response *r, const char *etag_format,
	...) PRINTF_LIKE(3, 4);
