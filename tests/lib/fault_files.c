/* fault_files.c - see fault_files.h. */
#include "fault_files.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

struct fault fault_files;
int fault_files_errno;
const char *fault_files_call = "";
char fault_files_trace[256];
int fault_files_retries;
bool fault_files_without_unnamed;
bool fault_files_dribble;

static int failed_fd = -1; /* its fsync has failed, if anything has since fault_arm */

static bool fails(const char *call)
{
	size_t used = strlen(fault_files_trace);

	(void)snprintf(fault_files_trace + used, sizeof fault_files_trace - used, "%s%s",
		used ? " " : "", call);
	if (!fault_now(&fault_files))
		return false;
	fault_files_call = call;
	errno = fault_files_errno;
	return true;
}

/* A call whose arguments go on as they came. */
#define WRAP(type, name, parameters, arguments, failure)                                           \
	type __real_##name parameters;                                                             \
	type __wrap_##name parameters;                                                             \
	type __wrap_##name parameters                                                              \
	{                                                                                          \
		return fails(#name) ? (failure) : __real_##name arguments;                         \
	}

WRAP(int, linkat, (int from_folder, const char *from, int folder, const char *name, int flags),
	(from_folder, from, folder, name, flags), -1)
WRAP(int, renameat, (int from_folder, const char *from, int folder, const char *name),
	(from_folder, from, folder, name), -1)
WRAP(int, unlinkat, (int folder, const char *name, int flags), (folder, name, flags), -1)
WRAP(int, mkdirat, (int folder, const char *name, mode_t mode), (folder, name, mode), -1)
WRAP(int, fchmod, (int fd, mode_t mode), (fd, mode), -1)
WRAP(int, flock, (int fd, int operation), (fd, operation), -1)
WRAP(int, fstat64, (int fd, struct stat *s), (fd, s), -1)
WRAP(int, fstatat64, (int folder, const char *name, struct stat *s, int flags),
	(folder, name, s, flags), -1)
WRAP(void *, mmap64, (void *at, size_t size, int protection, int flags, int fd, off_t offset),
	(at, size, protection, flags, fd, offset), MAP_FAILED)
WRAP(int, scandirat64,
	(int folder, const char *name, struct dirent ***ret, int (*filter)(const struct dirent *),
		int (*compare)(const struct dirent **, const struct dirent **)),
	(folder, name, ret, filter, compare), -1)

/* --- those that need a closer look -------------------------------------------------------- */

static mode_t mode_in(int flags, va_list arguments)
{
	return flags & (O_CREAT | O_TMPFILE) ? va_arg(arguments, mode_t) : 0;
}

int __real_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...);
int __wrap_open64(const char *name, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode = mode_in(flags, arguments);
	va_end(arguments);
	return fails("open") ? -1 : __real_open64(name, flags, mode);
}

int __real_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...);
int __wrap_openat64(int folder, const char *name, int flags, ...)
{
	va_list arguments;

	va_start(arguments, flags);
	mode_t mode = mode_in(flags, arguments);
	va_end(arguments);
	if (fails("openat"))
		return -1;
	if (fault_files_without_unnamed && (flags & O_TMPFILE) == O_TMPFILE) {
		errno = EOPNOTSUPP;
		return -1;
	}
	return __real_openat64(folder, name, flags, mode);
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
	static int n_calls;

	if (fails("write"))
		return -1;
	if (!fault_files_dribble)
		return __real_write(fd, bytes, size);
	if (++n_calls % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	return __real_write(fd, bytes, size ? 1 : 0);
}

ssize_t __real_pread64(int fd, void *ret, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *ret, size_t size, off_t at);
ssize_t __wrap_pread64(int fd, void *ret, size_t size, off_t at)
{
	static int n_calls;

	if (fails("pread"))
		return -1;
	if (!fault_files_dribble)
		return __real_pread64(fd, ret, size, at);
	if (++n_calls % 3 == 0) {
		errno = EINTR;
		return -1;
	}
	return __real_pread64(fd, ret, (size + 1) / 2, at);
}

/* Nothing here is about power, so a sync that does not fail does nothing. */
int __wrap_fsync(int fd);
int __wrap_fsync(int fd)
{
	fault_files_retries += fault_files.hits > 0 && fd == failed_fd;
	if (!fails("fsync"))
		return 0;
	failed_fd = fd;
	return -1;
}
