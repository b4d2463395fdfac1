/* token.h - the secret that opens the API: "epd_" and 32 random bytes as 43 characters of base64url
 * (RFC 4648), kept in STATE/token, mode 0600. */
#pragma once

#include "base/error.h"

enum { TOKEN_BYTES = 4 + 43 + 1 /* its NUL included */ };

/* Reads the token, or makes it at the first start. Refused (ERROR_INVALID): a file that others may
 * read or write, that is not ours, or that holds something else. The caller has the state folder to
 * itself (database_open's lock). */
bool token_load(
	const char *state, char ret_token[static TOKEN_BYTES], struct error *err) MUST_CHECK;

/* Overwrites with '*' the secret part of everything in `text` that begins like a token. */
void token_mask(char *text);
