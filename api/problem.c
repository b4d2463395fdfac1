/* problem.c - see problem.h. */
#include "api/problem.h"

#include <stdarg.h>
#include <stdio.h>

bool problems_add(struct problems *p, const struct error *err)
{
	if (p->count < PROBLEMS_MAX)
		p->list[p->count++] = *err;
	return false;
}

bool problem_at(struct problems *p, const char *pointer, const char *format, ...)
{
	struct error err = { .code = ERROR_INVALID };
	va_list args;

	(void)snprintf(err.pointer, sizeof err.pointer, "%s", pointer);
	va_start(args, format);
	(void)vsnprintf(err.text, sizeof err.text, format, args);
	va_end(args);
	return problems_add(p, &err);
}
