/* private.c - the small helpers of private.h. */
#include "storage/private.h"

#include "base/size.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { LIST_ROOM_MIN = 8 };

void *list_add(void **items, int n_items, size_t item_size)
{
	size_t count = (size_t)n_items, bytes;

	/* Full when empty, and at every power of two from LIST_ROOM_MIN on. */
	if (count == 0 || (count >= LIST_ROOM_MIN && (count & (count - 1)) == 0)) {
		size_t room = count ? count * 2 : LIST_ROOM_MIN;
		if (!size_mul(room, item_size, &bytes))
			return NULL;
		void *more = realloc(*items, bytes);
		if (!more)
			return NULL;
		*items = more;
	}
	return memset((char *)*items + count * item_size, 0, item_size);
}

bool file_error(struct error *err, int system_errno, const char *action, const char *name)
{
	enum error_code code = ERROR_IO;

	if (system_errno == ENOMEM)
		return error_no_memory(err);
	if (system_errno == ENOSPC || system_errno == EDQUOT || system_errno == EFBIG)
		code = ERROR_NO_SPACE;
	/* Not strerror, which is not for threads. */
	return error_set(
		err, code, "cannot %s %s: %s", action, name, strerrordesc_np(system_errno));
}
