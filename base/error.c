/* error.c - see error.h. */
#include "base/error.h"

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

void error_pointer_prefix(struct error *err, const char *format, ...)
{
	char whole[sizeof err->pointer];
	va_list args;

	if (!err)
		return;
	va_start(args, format);
	int n = vsnprintf(whole, sizeof whole, format, args);
	va_end(args);
	if (n >= 0 && (size_t)n < sizeof whole)
		(void)snprintf(whole + n, sizeof whole - (size_t)n, "%s", err->pointer);
	memcpy(err->pointer, whole, sizeof whole);
}
