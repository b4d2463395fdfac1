/* store.c - see store.h. */
#include "storage/store.h"

#include "base/clock.h"
#include "base/digest.h"
#include "storage/private.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY_PREFIX "upload."

bool store_open(int directory, int *ret, struct error *err)
{
	if (mkdirat(directory, STORE_FOLDER, 0700) == 0) {
		if (fsync(directory) < 0)
			return file_error(err, errno, "write the folder", STORE_FOLDER);
	} else if (errno != EEXIST) {
		return file_error(err, errno, "make the folder", STORE_FOLDER);
	}
	int fd = openat(directory, STORE_FOLDER, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return file_error(err, errno, "open the folder", STORE_FOLDER);
	*ret = fd;
	return true;
}

/* --- writing -------------------------------------------------------------------------- */

bool store_file_new(int store, struct store_file *ret, struct error *err)
{
	struct store_file f = { .fd = openat(store, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0400) };
	char id[ID_BYTES];

	if (f.fd < 0 && (errno == EOPNOTSUPP || errno == EISDIR)) {
		id_new(clock_wall_ms(), id);
		static_assert(sizeof f.temporary >= sizeof TEMPORARY_PREFIX + ID_BYTES - 1, "");
		(void)snprintf(f.temporary, sizeof f.temporary, "%s%s", TEMPORARY_PREFIX, id);
		f.fd = openat(store, f.temporary,
			O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0400);
	}
	if (f.fd < 0)
		return file_error(err, errno, "make a file in", STORE_FOLDER);
	*ret = f;
	return true;
}

bool store_file_write(struct store_file *f, const void *bytes, size_t size, struct error *err)
{
	const char *at = bytes;

	while (size) {
		ssize_t n = write(f->fd, at, size);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return file_error(err, errno, "write to", STORE_FOLDER);
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool store_file_sync(struct store_file *f, struct error *err)
{
	return fsync(f->fd) == 0 || file_error(err, errno, "write to", STORE_FOLDER);
}

static int file_name(int store, struct store_file *f, const char *name)
{
	char path[48];

	if (f->temporary[0]) {
		if (renameat(store, f->temporary, store, name) < 0)
			return -1;
		f->temporary[0] = '\0';
		return 0;
	}
	/* AT_EMPTY_PATH would need a capability. */
	(void)snprintf(path, sizeof path, "/proc/self/fd/%d", f->fd);
	return linkat(AT_FDCWD, path, store, name, AT_SYMLINK_FOLLOW);
}

bool store_file_keep(int store, struct store_file *f, const struct dataset_part *part,
	bool *ret_is_new, struct error *err)
{
	const char *name = part->sha256;
	struct stat s;

	if (fstatat(store, name, &s, AT_SYMLINK_NOFOLLOW) == 0) {
		if (S_ISREG(s.st_mode) && s.st_size == part->bytes) {
			*ret_is_new = false;
			return true;
		}
		/* Somebody else's hand: it is not what its name says, and nothing can have mapped
		 * it as such. */
		if (unlinkat(store, name, 0) < 0)
			return file_error(err, errno, "replace in " STORE_FOLDER, name);
	} else if (errno != ENOENT) {
		return file_error(err, errno, "look in " STORE_FOLDER " for", name);
	}
	if (file_name(store, f, name) < 0)
		return file_error(err, errno, "name in " STORE_FOLDER, name);
	if (fsync(store) < 0) {
		int why = errno;
		(void)unlinkat(
			store, name, 0); /* the first failure is told; a sweep does the rest */
		return file_error(err, why, "write the folder", STORE_FOLDER);
	}
	*ret_is_new = true;
	return true;
}

void store_file_done(int store, struct store_file *f)
{
	if (f->fd < 0)
		return;
	if (f->temporary[0])
		(void)unlinkat(store, f->temporary, 0); /* a sweep does it otherwise */
	(void)close(f->fd);                             /* what matters of it was synced */
	f->fd = -1;
}

/* --- reading -------------------------------------------------------------------------- */

/* Reads the whole file into huge pages. A shuffled epoch touches its samples in no order, and with
 * pages of 4 KiB the look-up of the page then costs more than the sample: a fifth of a step of the
 * MNIST job. A copy also cannot be cut short under a reader, who would be killed for it. */
static bool store_copy(int fd, size_t size, struct dataset_map *ret, struct error *err)
{
	char *bytes = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	size_t done = 0;

	if (bytes == MAP_FAILED)
		return file_error(err, errno, "find memory for a file of", STORE_FOLDER);
	(void)madvise(bytes, size, MADV_HUGEPAGE); /* a wish */
	while (done < size) {
		ssize_t n = pread(fd, bytes + done, size - done, (off_t)done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0) {
			int why = n < 0 ? errno : EIO;
			(void)munmap(bytes, size); /* cannot fail for what mmap gave */
			return file_error(err, why, "read a file of", STORE_FOLDER);
		}
		done += (size_t)n;
	}
	(void)mprotect(bytes, size, PROT_READ); /* against ourselves only */
	*ret = (struct dataset_map){ .bytes = bytes, .size = size };
	return true;
}

bool store_map(int fd, size_t size, struct dataset_map *ret, struct error *err)
{
	if (size >= STORE_COPY_MIN && size <= STORE_COPY_MAX)
		return store_copy(fd, size, ret, err);
	void *bytes = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return file_error(err, errno, "map a file of", STORE_FOLDER);
	*ret = (struct dataset_map){ .bytes = bytes, .size = size };
	return true;
}

bool store_map_part(
	int store, const struct dataset_part *part, struct dataset_map *ret, struct error *err)
{
	struct stat s;
	int fd = openat(store, part->sha256, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return file_error(err, errno, "open in " STORE_FOLDER, part->sha256);
	bool good = fstat(fd, &s) == 0 || file_error(err, errno, "look at", part->sha256);
	if (good && (!S_ISREG(s.st_mode) || s.st_size != part->bytes))
		good = error_set(err, ERROR_IO,
			STORE_FOLDER "/%s has %lld bytes instead of %lld: upload this part again",
			part->sha256, (long long)s.st_size, (long long)part->bytes);
	good = good && store_map(fd, (size_t)part->bytes, ret, err);
	(void)close(fd); /* the mapping stays */
	return good;
}

/* --- the folder ----------------------------------------------------------------------- */

bool store_remove(int store, const char *name, struct error *err)
{
	if (unlinkat(store, name, 0) < 0 && errno != ENOENT)
		return file_error(err, errno, "remove from " STORE_FOLDER, name);
	return true;
}

static int is_file_name(const struct dirent *e)
{
	return strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0;
}

bool store_list(int store, struct store_names *ret, struct error *err)
{
	struct dirent **entries;
	int n = scandirat(store, ".", &entries, is_file_name, alphasort);

	if (n < 0)
		return file_error(err, errno, "list", STORE_FOLDER);
	*ret = (struct store_names){ .entries = entries, .n_entries = n };
	return true;
}

void store_names_done(struct store_names *n)
{
	for (int i = 0; i < n->n_entries; i++)
		free(n->entries[i]);
	free(n->entries);
	*n = (struct store_names){ 0 };
}

bool store_name_is_ours(const char *name)
{
	if (strncmp(name, TEMPORARY_PREFIX, strlen(TEMPORARY_PREFIX)) == 0)
		return true;
	return strlen(name) == DIGEST_TEXT_BYTES - 1 &&
	       strspn(name, "0123456789abcdef") == DIGEST_TEXT_BYTES - 1;
}
