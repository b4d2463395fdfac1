/* fuzz_json.c - JSON from anybody: what the checker takes is parsed, and what is printed of it is
 * taken again and prints the same. */
#include "api/json.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* What printing it gives; the caller frees. */
static char *print(const char *bytes, size_t size, size_t *ret_size)
{
	struct error err;
	struct buffer out;
	AUTO_FREE(json_free) struct json_document *d = json_parse(bytes, size, &err);

	assert(d); /* nothing that the checker takes may fail */
	buffer_init(&out, 64 << 20);
	json_print(json_root(d), &out);
	return buffer_take(&out, ret_size);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct error err = { 0 };

	if (!json_check((const char *)bytes, size, &err)) {
		assert(err.code == ERROR_SYNTAX || err.code == ERROR_TOO_LARGE);
		assert(strncmp(err.text, "JSON ", 5) == 0);
		assert(!json_parse((const char *)bytes, size, &err));
		return 0;
	}
	size_t once_size, twice_size;
	char *once = print((const char *)bytes, size, &once_size);
	assert(once);
	char *twice = print(once, once_size, &twice_size);
	assert(twice && once_size == twice_size && memcmp(once, twice, once_size) == 0);
	free(once);
	free(twice);
	return 0;
}
