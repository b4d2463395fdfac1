/* utf8.h - UTF-8 (RFC 3629), one character at a time. Pure; any thread. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* The bytes, 1 to 4, of the character that begins there; 0 if it is not valid: a stray or missing
 * continuation, an overlong form, a surrogate, beyond U+10FFFF. size is at least 1. */
size_t utf8_length(const char *text, size_t size);

/* Writes the character's bytes and returns their number. `code` is at most 0x10ffff and no
 * surrogate. */
size_t utf8_encode(uint32_t code, char ret_text[static 4]);
