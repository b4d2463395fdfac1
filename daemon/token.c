/* token.c - see token.h. */
#include "daemon/token.h"

#include "base/digest.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium/utils.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char token_prefix[] = "epd_";
static const char token_letters[] =
	"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

void token_mask(char *text)
{
	while ((text = strstr(text, token_prefix))) {
		text += sizeof token_prefix - 1;
		size_t size = strspn(text, token_letters);
		memset(text, '*', size);
		text += size;
	}
}

static void token_make(char ret_token[static TOKEN_BYTES])
{
	unsigned char secret[32];

	random_bytes(secret, sizeof secret);
	memcpy(ret_token, token_prefix, sizeof token_prefix - 1);
	(void)sodium_bin2base64(ret_token + sizeof token_prefix - 1,
		TOKEN_BYTES - (sizeof token_prefix - 1), secret, sizeof secret,
		sodium_base64_VARIANT_URLSAFE_NO_PADDING);
	explicit_bzero(secret, sizeof secret);
}

static bool token_write(int fd, const char *token)
{
	char line[TOKEN_BYTES + 1];

	(void)snprintf(line, sizeof line, "%s\n", token);
	size_t size = strlen(line);
	bool ok = write(fd, line, size) == (ssize_t)size && fsync(fd) == 0;
	explicit_bzero(line, sizeof line);
	return ok;
}

/* Under another name first: a token file is there whole or not at all. */
static bool token_create(
	int folder, const char *state, char ret_token[static TOKEN_BYTES], struct error *err)
{
	static const char part[] = "token.new";

	if (unlinkat(folder, part, 0) != 0 && errno != ENOENT)
		return error_set(err, ERROR_IO, "%s/%s: %s", state, part, strerror(errno));
	int fd = openat(folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return error_set(err, ERROR_IO, "%s/%s: %s", state, part, strerror(errno));
	token_make(ret_token);
	bool ok = token_write(fd, ret_token);
	int why = errno;
	if (close(fd) != 0 && ok) {
		why = errno;
		ok = false;
	}
	if (ok && (renameat(folder, part, folder, "token") != 0 || fsync(folder) != 0)) {
		why = errno;
		ok = false;
	}
	return ok || error_set(err, ERROR_IO, "%s/token: %s", state, strerror(why));
}

static bool token_read(
	int fd, const char *state, char ret_token[static TOKEN_BYTES], struct error *err)
{
	char text[TOKEN_BYTES + 1];
	struct stat s;

	if (fstat(fd, &s) != 0)
		return error_set(err, ERROR_IO, "%s/token: %s", state, strerror(errno));
	if (!S_ISREG(s.st_mode) || s.st_uid != geteuid() || (s.st_mode & 077))
		return error_set(err, ERROR_INVALID,
			"%s/token has mode %04o and owner %u: it must be a file of user %u with "
			"mode 0600",
			state, (unsigned)s.st_mode & 07777, (unsigned)s.st_uid,
			(unsigned)geteuid());
	ssize_t n = read(fd, text, sizeof text);
	if (n < 0)
		return error_set(err, ERROR_IO, "%s/token: %s", state, strerror(errno));
	size_t size = (size_t)n;
	if (size == TOKEN_BYTES && text[size - 1] == '\n')
		size--;
	bool ok =
		size == TOKEN_BYTES - 1 && memcmp(text, token_prefix, sizeof token_prefix - 1) == 0;
	for (size_t i = 0; ok && i < size; i++)
		ok = memchr(token_letters, text[i], sizeof token_letters - 1) != NULL;
	if (ok) {
		memcpy(ret_token, text, size);
		ret_token[size] = '\0';
	}
	explicit_bzero(text, sizeof text);
	return ok ||
	       error_set(err, ERROR_INVALID,
		       "%s/token does not hold a token: remove it, and the next start makes one",
		       state);
}

bool token_load(const char *state, char ret_token[static TOKEN_BYTES], struct error *err)
{
	int folder = open(state, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	bool ok;

	if (folder < 0)
		return error_set(err, ERROR_IO, "%s: %s", state, strerror(errno));
	int fd = openat(folder, "token", O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd >= 0)
		ok = token_read(fd, state, ret_token, err);
	else if (errno == ENOENT)
		ok = token_create(folder, state, ret_token, err);
	else
		ok = error_set(err, errno == ELOOP ? ERROR_INVALID : ERROR_IO, "%s/token: %s",
			state, strerror(errno));
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	(void)close(folder);     /* nothing was written */
	return ok;
}
