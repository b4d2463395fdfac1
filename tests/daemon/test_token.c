/* test_token.c - the token file: made once, kept, and refused when it is not what it should be. */
#include "daemon/token.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[32], path[48];

static int make_folder(void **state)
{
	(void)state;
	memcpy(folder, "/tmp/test_token_XXXXXX", 23);
	if (!mkdtemp(folder))
		return -1;
	(void)snprintf(path, sizeof path, "%s/token", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	(void)unlink(path); /* not every test leaves one */
	return rmdir(folder);
}

static void write_token(const char *text, mode_t mode)
{
	(void)unlink(path); /* there may be none yet */
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	assert_int_equal(close(fd), 0);
}

static const char good[] = "epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-_";

static void the_first_start_makes_it(void **state)
{
	char first[TOKEN_BYTES], second[TOKEN_BYTES];
	struct error err;
	struct stat s;

	(void)state;
	assert_true(token_load(folder, first, &err));
	assert_int_equal(strlen(first), 47);
	assert_memory_equal(first, "epd_", 4);
	assert_int_equal(
		strspn(first, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"),
		47);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 07777, 0600);
	assert_true(token_load(folder, second, &err));
	assert_string_equal(first, second);
	assert_int_equal(unlink(path), 0);
	assert_true(token_load(folder, second, &err));
	assert_string_not_equal(first, second);
}

static void a_token_of_ones_own_is_kept(void **state)
{
	char token[TOKEN_BYTES], line[64];
	struct error err;

	(void)state;
	write_token(good, 0600);
	assert_true(token_load(folder, token, &err));
	assert_string_equal(token, good);
	(void)snprintf(line, sizeof line, "%s\n", good);
	write_token(line, 0400);
	assert_true(token_load(folder, token, &err));
	assert_string_equal(token, good);
}

static void what_others_may_read_is_refused(void **state)
{
	static const mode_t modes[] = { 0640, 0604, 0620, 0602, 0666, 0644, 0610 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(modes); i++) {
		char token[TOKEN_BYTES] = "untouched";
		struct error err = { 0 };

		write_token(good, modes[i]);
		if (token_load(folder, token, &err))
			fail_msg("mode %04o was accepted", (unsigned)modes[i]);
		assert_int_equal(err.code, ERROR_INVALID);
		assert_non_null(strstr(err.text, "0600"));
		assert_string_equal(token, "untouched");
	}
}

static void what_is_no_token_is_refused(void **state)
{
	static const char *const cases[] = {
		"",
		"\n",
		"epd_",
		"epd_short",
		"xxx_0123456789abcdefghijklmnopqrstuvwxyzABCDE-_",
		"epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-_x",
		"epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-_\n\n",
		"epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-+",
		"epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-\n",
		" epd_0123456789abcdefghijklmnopqrstuvwxyzABCDE-_",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char token[TOKEN_BYTES];
		struct error err = { 0 };

		write_token(cases[i], 0600);
		if (token_load(folder, token, &err))
			fail_msg("case %zu was accepted", i);
		assert_int_equal(err.code, ERROR_INVALID);
		/* What is there is never written over. */
		struct stat s;
		assert_int_equal(stat(path, &s), 0);
		assert_int_equal(s.st_size, strlen(cases[i]));
	}
}

static void links_folders_and_pipes_are_refused(void **state)
{
	char token[TOKEN_BYTES];
	struct error err;

	(void)state;
	(void)unlink(path); /* there may be none */
	assert_int_equal(symlink("/etc/passwd", path), 0);
	assert_false(token_load(folder, token, &err));
	assert_int_equal(unlink(path), 0);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_false(token_load(folder, token, &err));
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	assert_false(token_load(folder, token, &err)); /* and does not wait for a writer */
	assert_int_equal(unlink(path), 0);
	assert_false(token_load("/nonexistent", token, &err));
	assert_int_equal(err.code, ERROR_IO);
}

static void a_half_made_file_of_a_dead_start_is_no_obstacle(void **state)
{
	char token[TOKEN_BYTES], part[64];
	struct error err;

	(void)state;
	(void)unlink(path); /* there may be none */
	(void)snprintf(part, sizeof part, "%s.new", path);
	int fd = open(part, O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	assert_true(token_load(folder, token, &err));
	assert_int_equal(access(part, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_first_start_makes_it),
		cmocka_unit_test(a_token_of_ones_own_is_kept),
		cmocka_unit_test(what_others_may_read_is_refused),
		cmocka_unit_test(what_is_no_token_is_refused),
		cmocka_unit_test(links_folders_and_pipes_are_refused),
		cmocka_unit_test(a_half_made_file_of_a_dead_start_is_no_obstacle),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
