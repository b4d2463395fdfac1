/* fault_alloc.c - see fault_alloc.h. */
#include "fault_alloc.h"

#include "storage/sql.h" /* for SQLite */

#include <assert.h>
#include <stddef.h>

struct fault fault_alloc;

/* --- our own: the linker sends our calls to __wrap_x, and __real_x to the C library ----- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
char *__real_strdup(const char *text);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
char *__wrap_strdup(const char *text);

void *__wrap_malloc(size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_realloc(old, size);
}

char *__wrap_strdup(const char *text)
{
	return fault_now(&fault_alloc) ? NULL : __real_strdup(text);
}

/* --- SQLite's --------------------------------------------------------------------------- */

static sqlite3_mem_methods real;

static void *sqlite_malloc(int size)
{
	return fault_now(&fault_alloc) ? NULL : real.xMalloc(size);
}

static void *sqlite_realloc(void *old, int size)
{
	return fault_now(&fault_alloc) ? NULL : real.xRealloc(old, size);
}

void fault_alloc_install(void)
{
	int rc = sqlite3_config(SQLITE_CONFIG_GETMALLOC, &real);

	assert(rc == SQLITE_OK);
	sqlite3_mem_methods failing = real;
	failing.xMalloc = sqlite_malloc;
	failing.xRealloc = sqlite_realloc;
	rc = sqlite3_config(SQLITE_CONFIG_MALLOC, &failing);
	assert(rc == SQLITE_OK);
}
