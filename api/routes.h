/* routes.h - the table of everything that can be asked for: method, path, access, kind of body,
 * handler, query. Const, any thread. */
#pragma once

#include "api/call.h"

extern const struct route routes[];
extern const int n_routes;

/* The row for a request, or NULL. A HEAD finds the row of GET. ret_allow becomes the methods that
 * the path knows, as an Allow header lists them; "" when there is no such path. */
enum { ROUTE_ALLOW_BYTES = 64 };
const struct route *route_find(const struct gate_target *target, const char *method,
	char ret_allow[static ROUTE_ALLOW_BYTES]);
