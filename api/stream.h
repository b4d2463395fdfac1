/* stream.h - a live answer: events as they are committed, and where running jobs stand, as
 * server-sent events (WHATWG HTML, 9.2). Private to api/; api.h has the functions that read one. A
 * stream belongs to one connection's thread. */
#pragma once

#include "api/call.h"
#include "storage/events.h"

/* Events with id > after of one job, or of all (job_id NULL), from the database; so what was
 * before, what comes and what was missed are one and the same. A job's stream ends when the job is
 * final and everything was told. */
struct api_stream *stream_new(
	struct api *a, const char *job_id, int64_t after, struct error *err) MUST_CHECK;
