/* negotiate.h - the headers in which a client says what it wants (RFC 9110, 12.5 and 13.1). Pure,
 * any thread. */
#pragma once

#include <stdbool.h>

/* Whether a list such as Accept or Accept-Encoding names exactly this type or coding, with a weight
 * above 0. `list` may be NULL. Wildcards do not count: who wants something other than the usual
 * answer must name it. */
bool negotiate_names(const char *list, const char *wanted);

/* Whether If-None-Match (may be NULL) names this strong ETag (its quotes included), or is "*". The
 * comparison is the weak one, as RFC 9110 asks for here. */
bool negotiate_etag(const char *if_none_match, const char *etag);

/* Whether a Content-Type (may be NULL) is this media type, with or without parameters. */
bool negotiate_type(const char *content_type, const char *wanted);
