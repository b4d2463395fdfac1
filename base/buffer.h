/* buffer.h - a growing run of bytes with a limit given at birth.
 *
 * A write past the limit, or without memory, marks the buffer as failed and frees what it held;
 * every later write is then ignored, so a caller writes a whole document and asks once at the end.
 * The owner is one thread. */
#pragma once

#include "base/error.h"

#include <stddef.h>

struct buffer {
	char *data; /* always followed by a NUL byte that `size` does not count; NULL while empty */
	size_t size; /* bytes written */
	size_t room; /* bytes allocated */
	size_t max;  /* bytes allowed */
	bool failed;
};

void buffer_init(struct buffer *b, size_t bytes_max);
void buffer_done(struct buffer *b);
void buffer_add(struct buffer *b, const void *bytes, size_t size);
void buffer_add_text(struct buffer *b, const char *text);
void buffer_printf(struct buffer *b, const char *format, ...) PRINTF_LIKE(2, 3);
/* The bytes as a string that the caller frees; the buffer is empty afterwards. NULL if a write
 * failed. */
char *buffer_take(struct buffer *b, size_t *ret_size) MUST_CHECK;
/* True if every write so far succeeded; otherwise says why. */
bool buffer_ok(const struct buffer *b, struct error *err) MUST_CHECK;
