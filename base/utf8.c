/* utf8.c - see utf8.h. */
#include "base/utf8.h"

#include <stdbool.h>

static bool is_continuation(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_length(const char *text, size_t size)
{
	const unsigned char *b = (const unsigned char *)text;
	/* The second byte's range is what tells overlong forms and surrogates (RFC 3629, section
	 * 4). */
	unsigned char low = 0x80, high = 0xbf;
	size_t length;

	if (b[0] < 0x80)
		return 1;
	if (b[0] >= 0xc2 && b[0] <= 0xdf) {
		length = 2;
	} else if (b[0] >= 0xe0 && b[0] <= 0xef) {
		length = 3;
		low = b[0] == 0xe0 ? 0xa0 : 0x80;
		high = b[0] == 0xed ? 0x9f : 0xbf;
	} else if (b[0] >= 0xf0 && b[0] <= 0xf4) {
		length = 4;
		low = b[0] == 0xf0 ? 0x90 : 0x80;
		high = b[0] == 0xf4 ? 0x8f : 0xbf;
	} else {
		return 0;
	}
	if (size < length || b[1] < low || b[1] > high)
		return 0;
	for (size_t i = 2; i < length; i++)
		if (!is_continuation(b[i]))
			return 0;
	return length;
}

size_t utf8_encode(uint32_t code, char ret_text[static 4])
{
	if (code < 0x80) {
		ret_text[0] = (char)code;
		return 1;
	}
	size_t length = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
	static const unsigned char lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	for (size_t i = length - 1; i > 0; i--, code >>= 6)
		ret_text[i] = (char)(0x80 | (code & 0x3f));
	ret_text[0] = (char)(lead[length] | code);
	return length;
}
