/* error.h - what went wrong, told to the user who can act on it.
 *
 * A function that can fail for a reason in the world (input, disk, memory, a peer) takes a `struct
 * error *err` as its last argument, writes it on failure only, and returns false or NULL.
 * Programmers' mistakes are asserts. Any thread; an error belongs to its caller. */
#pragma once

#include "base/macros.h"

#include <stdbool.h>

enum error_code {
	ERROR_NONE = 0,
	ERROR_INVALID,   /* the request or the data are wrong: 422 */
	ERROR_SYNTAX,    /* bytes that cannot be parsed at all: 400 */
	ERROR_NOT_FOUND, /* 404 */
	ERROR_CONFLICT,  /* not in this state, or the name is taken: 409 */
	ERROR_TOO_LARGE, /* beyond a limit of this server: 413 */
	ERROR_NO_MEMORY, /* 503 */
	ERROR_NO_SPACE,  /* the disk is full: 507 */
	ERROR_IO,        /* the disk or the database failed: 500 */
	ERROR_BUSY,      /* somebody else holds it: 503 */
};

struct error {
	enum error_code code;
	char pointer[192]; /* JSON pointer (RFC 6901) to what is wrong; "" when it has no place */
	char text[512];    /* one sentence: what, where, the value seen, the values allowed */
};

/* All three return false, so that `return error_set(err, …);` reads as one sentence. `err` may be
 * NULL. */
bool error_set(struct error *err, enum error_code code, const char *format, ...) PRINTF_LIKE(3, 4);
bool error_at(struct error *err, enum error_code code, const char *pointer, const char *format, ...)
	PRINTF_LIKE(4, 5);
bool error_no_memory(struct error *err);

/* Puts `prefix` in front of the pointer that is there: a parser of a part need not know where the
 * part stands. */
void error_pointer_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
/* The same with the text: "layer 2 (dense): " in front of what is wrong with it. */
void error_text_prefix(struct error *err, const char *format, ...) PRINTF_LIKE(2, 3);
