/* log.h - the log: one line an event, `key=value` with values quoted where they must be, on
 * standard error.
 *
 * A value can hold anything: control bytes, line and paragraph separators and bytes that are not
 * UTF-8 are escaped, so nobody can forge a line; anything that looks like a token of this server is
 * masked, so no secret gets out this way. Any thread; a line being built has one owner, and leaves
 * in one write(2). */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

enum log_level {
	LOG_LEVEL_ERROR = 3,
	LOG_LEVEL_WARNING = 4,
	LOG_LEVEL_NOTICE = 5,
	LOG_LEVEL_INFO = 6
}; /* syslog's */

enum { LOG_LINE_BYTES = 4096, LOG_VALUE_BYTES = 1024 /* of one value; the rest is cut */ };

struct log_line {
	char text[LOG_LINE_BYTES];
	size_t size;
	bool cut; /* something did not fit */
};

/* Where standard error goes: under the journal a line begins with `<level>` instead of the time.
 * Before any thread. */
void log_open(void);

void log_begin(struct log_line *l, enum log_level level, const char *event);
void log_text(struct log_line *l, const char *key, const char *value); /* NULL: left out */
void log_integer(struct log_line *l, const char *key, int64_t value);
void log_number(struct log_line *l, const char *key, double value);
void log_end(struct log_line *l); /* ends the text with a newline and writes it */

/* One line with what went wrong. */
void log_error(enum log_level level, const char *event, const struct error *err);
