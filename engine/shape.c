/* shape.c - see shape.h. */
#include "engine/shape.h"

#include "base/size.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

bool shape_size(const struct shape *s, int64_t *ret)
{
	int64_t size = 1;

	for (int i = 0; i < s->rank; i++)
		if (!int64_mul(size, s->dim[i], &size))
			return false;
	*ret = size;
	return true;
}

int64_t shape_elements(const struct shape *s)
{
	int64_t size = 0;
	bool fits = shape_size(s, &size);

	assert(fits);
	return size;
}

bool shape_equal(const struct shape *a, const struct shape *b)
{
	if (a->rank != b->rank)
		return false;
	for (int i = 0; i < a->rank; i++)
		if (a->dim[i] != b->dim[i])
			return false;
	return true;
}

void shape_text(const struct shape *s, char ret_text[static SHAPE_TEXT_BYTES])
{
	int used = snprintf(ret_text, SHAPE_TEXT_BYTES, "(");

	for (int i = 0; i < s->rank; i++)
		used += snprintf(ret_text + used, SHAPE_TEXT_BYTES - (size_t)used, "%s%" PRId64,
			i ? ", " : "", s->dim[i]);
	(void)snprintf(ret_text + used, SHAPE_TEXT_BYTES - (size_t)used, s->rank == 1 ? ",)" : ")");
}
