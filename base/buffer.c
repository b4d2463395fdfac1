/* buffer.c - see buffer.h. */
#include "base/buffer.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buffer_init(struct buffer *b, size_t bytes_max)
{
	*b = (struct buffer){ .max = bytes_max };
}

void buffer_done(struct buffer *b)
{
	free(b->data);
	b->data = NULL;
	b->size = b->room = 0;
}

static void buffer_fail(struct buffer *b)
{
	buffer_done(b);
	b->failed = true;
}

/* Makes room for `more` bytes and the closing NUL. */
static bool buffer_reserve(struct buffer *b, size_t more)
{
	if (b->failed)
		return false;
	if (more > b->max - b->size) {
		buffer_fail(b);
		return false;
	}
	size_t need = b->size + more + 1;
	if (need <= b->room)
		return true;
	size_t room = b->room < 256 ? 256 : b->room * 2;
	if (room < need)
		room = need;
	char *data = realloc(b->data, room);
	if (!data) {
		buffer_fail(b);
		return false;
	}
	b->data = data;
	b->room = room;
	return true;
}

void buffer_add(struct buffer *b, const void *bytes, size_t size)
{
	if (!buffer_reserve(b, size))
		return;
	if (size)
		memcpy(b->data + b->size, bytes, size);
	b->size += size;
	b->data[b->size] = '\0';
}

void buffer_add_text(struct buffer *b, const char *text)
{
	buffer_add(b, text, strlen(text));
}

void buffer_printf(struct buffer *b, const char *format, ...)
{
	va_list args, again;

	va_start(args, format);
	va_copy(again, args);
	int n = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (n >= 0 && buffer_reserve(b, (size_t)n)) {
		(void)vsnprintf(b->data + b->size, (size_t)n + 1, format, again);
		b->size += (size_t)n;
	}
	va_end(again);
}

char *buffer_take(struct buffer *b, size_t *ret_size)
{
	if (!buffer_reserve(b, 0))
		return NULL;
	char *data = b->data;
	data[b->size] = '\0';
	if (ret_size)
		*ret_size = b->size;
	*b = (struct buffer){ .max = b->max };
	return data;
}

bool buffer_ok(const struct buffer *b, struct error *err)
{
	if (b->failed)
		return error_set(err, ERROR_NO_MEMORY,
			"no room for an answer of more than %zu bytes", b->max);
	return true;
}
