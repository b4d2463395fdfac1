/* gate.h - the first look at a request: nothing else in api/ sees one that this refuses.
 *
 * The HTTP library in front is lenient: it takes the first of two Host headers, lets Content-Length
 * stand beside Transfer-Encoding, cuts a path at %00 and hands %2e%2e on as "..". Here such a
 * request ends. Also ends here what a foreign web page could do to a server on the user's own
 * machine: a name that was rebound to 127.0.0.1 shows in Host, a page's script in Origin and
 * Sec-Fetch-Site. Pure functions, any thread. */
#pragma once

#include "api/api.h"

enum {
	GATE_TARGET_BYTES_MAX = 4096,
	GATE_SEGMENTS_MAX = 8,
	GATE_PARAMETERS_MAX = 8,
};

struct gate_parameter {
	const char *name, *value;
};

/* A target taken apart and decoded. It points into itself: not to be copied or moved. */
struct gate_target {
	const char *segments[GATE_SEGMENTS_MAX]; /* "/v1/jobs": "v1", "jobs"; "/": none */
	int n_segments;
	struct gate_parameter parameters[GATE_PARAMETERS_MAX]; /* no name twice */
	int n_parameters;
	char text[GATE_TARGET_BYTES_MAX + 1];
};

struct gate_refusal {
	int status;     /* 400, 403, 404, 405, 411, 414 or 421 */
	bool close;     /* where this request ends cannot be known: nothing after it may be read */
	char text[256]; /* plain ASCII */
};

/* true: ret_target is filled, and every header that may be sent once was sent once at most. */
bool gate_pass(const struct api_request *head, struct gate_target *ret_target,
	struct gate_refusal *ret_refusal) MUST_CHECK;

/* The value of that query parameter, or NULL. */
const char *gate_parameter(const struct gate_target *t, const char *name);

/* The methods that exist here, as an Allow header lists them. */
extern const char gate_methods[];
