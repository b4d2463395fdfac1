/* error.c - see error.h. */
#include "base/error.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

PRINTF_LIKE(4, 0)
static void error_write(struct error *err, enum error_code code, const char *pointer,
	const char *format, va_list args)
{
	if (!err)
		return;
	err->code = code;
	(void)snprintf(err->pointer, sizeof err->pointer, "%s", pointer);
	(void)vsnprintf(err->text, sizeof err->text, format, args);
}

bool error_set(struct error *err, enum error_code code, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_write(err, code, "", format, args);
	va_end(args);
	return false;
}

bool error_at(struct error *err, enum error_code code, const char *pointer, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	error_write(err, code, pointer, format, args);
	va_end(args);
	return false;
}

bool error_no_memory(struct error *err)
{
	return error_set(err, ERROR_NO_MEMORY, "out of memory");
}

/* Puts it in front of the text that is there, in a room of `size` bytes. */
PRINTF_LIKE(3, 0)
static void put_before(char *text, size_t size, const char *format, va_list args)
{
	char whole[sizeof((struct error *)0)->text];

	assert(size <= sizeof whole);
	int n = vsnprintf(whole, size, format, args);
	if (n >= 0 && (size_t)n < size)
		(void)snprintf(whole + n, size - (size_t)n, "%s", text);
	memcpy(text, whole, size);
}

void error_pointer_prefix(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	put_before(err->pointer, sizeof err->pointer, format, args);
	va_end(args);
}

void error_text_prefix(struct error *err, const char *format, ...)
{
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	put_before(err->text, sizeof err->text, format, args);
	va_end(args);
}
