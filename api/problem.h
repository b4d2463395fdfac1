/* problem.h - everything that is wrong with a request, so that a user mends it in one go. */
#pragma once

#include "base/error.h"

enum { PROBLEMS_MAX = 16 };
struct problems {
	struct error list[PROBLEMS_MAX];
	int count; /* may stop growing at PROBLEMS_MAX */
};
/* Appends (a full list ignores it) and returns false. */
bool problems_add(struct problems *p, const struct error *err);
/* The same with an ERROR_INVALID made on the spot. */
bool problem_at(struct problems *p, const char *pointer, const char *format, ...) PRINTF_LIKE(3, 4);
