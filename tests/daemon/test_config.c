/* test_config.c - what the daemon may be told, by flags and by a file, and what it refuses. */
#include "daemon/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A file with this text, removed by the caller. */
static void write_file(char path[static 32], const void *bytes, size_t size)
{
	memcpy(path, "/tmp/test_config_XXXXXX", 24);
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, size), size);
	assert_int_equal(close(fd), 0);
}

/* Loads with up to three arguments. */
static bool load(const char *a, const char *b, const char *c, struct config *ret, struct error *err)
{
	char *argv[] = { (char[]){ "epochd" }, (char *)a, (char *)b, (char *)c, NULL };
	int argc = 1;

	while (argv[argc])
		argc++;
	*err = (struct error){ 0 };
	return config_load(argc, argv, ret, err);
}

static bool load_file(const char *text, struct config *ret, struct error *err)
{
	char path[32];

	write_file(path, text, strlen(text));
	bool ok = load("--config", path, NULL, ret, err);
	assert_int_equal(unlink(path), 0);
	return ok;
}

static void defaults_are_loopback_and_a_token(void **state)
{
	struct config c;
	struct error err;

	(void)state;
	assert_true(load(NULL, NULL, NULL, &c, &err));
	assert_string_equal(c.address, "127.0.0.1");
	assert_int_equal(c.port, 7070);
	assert_int_equal(c.auth, CONFIG_AUTH_TOKEN);
	assert_true(c.threads >= 1);
	assert_true(c.memory_bytes >= CONFIG_MEMORY_MIN);
	assert_string_equal(c.socket, "");
	assert_string_equal(c.web_root, "");
	assert_int_equal(c.action, CONFIG_RUN);
}

static void state_comes_from_the_environment(void **state)
{
	static const struct {
		const char *state_directory, *xdg, *home, *want; /* want NULL: refused */
	} cases[] = {
		{ "/var/lib/epochd", "/x", "/home/a", "/var/lib/epochd" },
		{ "/var/lib/epochd:/var/lib/other", NULL, NULL, "/var/lib/epochd" },
		{ NULL, "/x/state", "/home/a", "/x/state/epochd" },
		{ NULL, "relative", "/home/a", "/home/a/.local/state/epochd" },
		{ "", "", "/home/a", "/home/a/.local/state/epochd" },
		{ NULL, NULL, NULL, NULL },
	};
	static const char *const names[] = { "STATE_DIRECTORY", "XDG_STATE_HOME", "HOME" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *values[] = { cases[i].state_directory, cases[i].xdg, cases[i].home };
		struct config c;
		struct error err;

		for (int k = 0; k < 3; k++)
			assert_int_equal(
				values[k] ? setenv(names[k], values[k], 1) : unsetenv(names[k]), 0);
		bool ok = load(NULL, NULL, NULL, &c, &err);
		if (ok != (cases[i].want != NULL) || (ok && strcmp(c.state, cases[i].want) != 0))
			fail_msg("case %zu: state '%s'", i, ok ? c.state : err.text);
		assert_true(ok || err.code == ERROR_INVALID);
	}
	assert_int_equal(setenv("STATE_DIRECTORY", "/var/lib/epochd", 1), 0);
}

static void flags_are_read(void **state)
{
	struct config c;
	struct error err;

	(void)state;
	assert_true(load("--listen=[::1]:0", "--threads=3", "--memory=2G", &c, &err));
	assert_string_equal(c.address, "::1");
	assert_int_equal(c.port, 0);
	assert_int_equal(c.threads, 3);
	assert_int_equal(c.memory_bytes, (int64_t)2 << 30);
	assert_true(load("--state=/s", "--socket=/run/e", "--web-root=/w", &c, &err));
	assert_string_equal(c.state, "/s");
	assert_string_equal(c.socket, "/run/e");
	assert_string_equal(c.web_root, "/w");
	assert_true(load("--auth=none", "--memory=1048576", "--check-config", &c, &err));
	assert_int_equal(c.auth, CONFIG_AUTH_NONE);
	assert_int_equal(c.memory_bytes, 1 << 20);
	assert_int_equal(c.action, CONFIG_CHECK);
	assert_true(load("--version", NULL, NULL, &c, &err));
	assert_int_equal(c.action, CONFIG_VERSION);
	assert_true(load("--help", NULL, NULL, &c, &err));
	assert_int_equal(c.action, CONFIG_HELP);
}

static void bad_flags_are_usage_errors(void **state)
{
	static const char *const cases[] = {
		"--nonsense",
		"-x",
		"extra",
		"--state",
		"--state=",
		"--listen=7070",
		"--listen=localhost:7070",
		"--listen=127.0.0.1",
		"--listen=127.0.0.1:",
		"--listen=127.0.0.1:65536",
		"--listen=127.0.0.1:-1",
		"--listen=127.0.0.1:7o",
		"--listen=127.1:7070",
		"--listen=::1:7070",
		"--listen=[127.0.0.1]:7070",
		"--listen=[::1]7070",
		"--listen=:7070",
		"--threads=-1",
		"--threads=1025",
		"--threads=two",
		"--threads=",
		"--threads= 2",
		"--memory=0",
		"--memory=1023K",
		"--memory=-1G",
		"--memory=1.5G",
		"--memory=G",
		"--memory=1T",
		"--memory=9223372036854775808",
		"--memory=8589934592G",
		"--auth=maybe",
		"--auth=",
		"--help=yes",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config c = { .port = -1 };
		struct error err;

		if (load(cases[i], NULL, NULL, &c, &err))
			fail_msg("%s was accepted", cases[i]);
		if (err.code != ERROR_SYNTAX || !*err.text)
			fail_msg("%s: code %d, '%s'", cases[i], (int)err.code, err.text);
		assert_int_equal(c.port, -1); /* nothing is written on failure */
	}
}

static void a_file_says_the_same_as_flags(void **state)
{
	struct config c;
	struct error err;

	(void)state;
	assert_true(load_file("# a comment\n\n"
			      "listen = 127.0.0.1:8080\n"
			      "\tthreads=2  \r\n"
			      "memory = 64M\n"
			      "auth = none\n"
			      "state = /a folder/with = signs",
		&c, &err));
	assert_int_equal(c.port, 8080);
	assert_int_equal(c.threads, 2);
	assert_int_equal(c.memory_bytes, 64 << 20);
	assert_int_equal(c.auth, CONFIG_AUTH_NONE);
	assert_string_equal(c.state, "/a folder/with = signs");
}

static void a_flag_wins_over_the_file(void **state)
{
	struct config c;
	struct error err;
	char path[32], flag[48];

	(void)state;
	write_file(path, "threads = 2\nlisten = 127.0.0.1:1\n", 33);
	(void)snprintf(flag, sizeof flag, "--config=%s", path);
	assert_true(load("--threads=5", flag, NULL, &c, &err));
	assert_int_equal(c.threads, 5);
	assert_int_equal(c.port, 1);
	assert_int_equal(unlink(path), 0);
}

static void bad_files_name_the_line(void **state)
{
	static const struct {
		const char *text, *want; /* at the end of the error */
	} cases[] = {
		{ "thread = 2\n", ":1: unknown key 'thread'" },
		{ "# c\n\nthreads = x\n", ":3: threads: 'x' is not a whole number from 0 to 1024" },
		{ "threads\n", ":1: 'threads' is not `key = value`" },
		{ "threads = 1\nthreads = 1\n", ":2: threads is set twice" },
		{ "config = /x\n", ":1: unknown key 'config'" },
		{ "= 2\n", ":1: unknown key ''" },
		{ "state =\n", ":1: state: a path of 0 bytes; 1 to 4095 are allowed" },
		{ "THREADS = 2\n", ":1: unknown key 'THREADS'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config c;
		struct error err;

		if (load_file(cases[i].text, &c, &err))
			fail_msg("accepted: %s", cases[i].text);
		assert_int_equal(err.code, ERROR_INVALID);
		size_t size = strlen(err.text), want = strlen(cases[i].want);
		if (size < want || strcmp(err.text + size - want, cases[i].want) != 0)
			fail_msg("'%s' does not end with '%s'", err.text, cases[i].want);
	}
}

static void odd_files_are_refused(void **state)
{
	static char large[CONFIG_FILE_BYTES_MAX + 2];
	char path[32];
	struct config c;
	struct error err;

	(void)state;
	memset(large, '\n', sizeof large);
	write_file(path, large, sizeof large);
	assert_false(load("--config", path, NULL, &c, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(unlink(path), 0);
	write_file(path, "threads = 1\n\0memory = 1\n", 24);
	assert_false(load("--config", path, NULL, &c, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_int_equal(unlink(path), 0);
	assert_false(load("--config", path, NULL, &c, &err)); /* not there any more */
	assert_int_equal(err.code, ERROR_INVALID);
	assert_false(load("--config", "/tmp", NULL, &c, &err)); /* a folder */
	assert_int_equal(err.code, ERROR_INVALID);
}

static void without_a_token_only_loopback(void **state)
{
	static const struct {
		const char *listen;
		bool loopback;
	} cases[] = {
		{ "--listen=127.0.0.1:7070", true },
		{ "--listen=127.3.2.1:7070", true },
		{ "--listen=[::1]:7070", true },
		{ "--listen=0.0.0.0:7070", false },
		{ "--listen=128.0.0.1:7070", false },
		{ "--listen=[::]:7070", false },
		{ "--listen=[::ffff:127.0.0.1]:7070", false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct config c;
		struct error err;

		if (load(cases[i].listen, "--auth=none", NULL, &c, &err) != cases[i].loopback)
			fail_msg("%s with auth none", cases[i].listen);
		assert_true(cases[i].loopback || err.code == ERROR_INVALID);
		assert_true(load(cases[i].listen, "--auth=token", NULL, &c, &err));
	}
}

static void printed_settings_read_back(void **state)
{
	struct config before, after;
	struct error err;
	struct buffer text;
	char path[32], names[CONFIG_NAMES_BYTES];

	(void)state;
	assert_true(load("--listen=[::1]:9", "--memory=3M", "--socket=/run/x", &before, &err));
	buffer_init(&text, 1 << 16);
	config_print(&before, &text);
	assert_true(buffer_ok(&text, &err));
	write_file(path, text.data, text.size);
	buffer_done(&text);
	assert_true(load("--config", path, NULL, &after, &err));
	assert_int_equal(unlink(path), 0);
	config_fixed_changes(&before, &after, names);
	assert_string_equal(names, "");
	assert_int_equal(before.memory_bytes, after.memory_bytes);
	assert_int_equal(before.threads, after.threads);
}

static void changes_that_need_a_restart_are_named(void **state)
{
	struct config before, after;
	struct error err;
	char names[CONFIG_NAMES_BYTES];

	(void)state;
	assert_true(load(NULL, NULL, NULL, &before, &err));
	assert_true(load("--threads=7", "--memory=5M", NULL, &after, &err));
	config_fixed_changes(&before, &after, names);
	assert_string_equal(names, "");
	assert_true(load("--listen=127.0.0.1:1", "--state=/other", "--auth=none", &after, &err));
	config_fixed_changes(&before, &after, names);
	assert_string_equal(names, "state, listen, auth");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(state_comes_from_the_environment),
		cmocka_unit_test(defaults_are_loopback_and_a_token),
		cmocka_unit_test(flags_are_read),
		cmocka_unit_test(bad_flags_are_usage_errors),
		cmocka_unit_test(a_file_says_the_same_as_flags),
		cmocka_unit_test(a_flag_wins_over_the_file),
		cmocka_unit_test(bad_files_name_the_line),
		cmocka_unit_test(odd_files_are_refused),
		cmocka_unit_test(without_a_token_only_loopback),
		cmocka_unit_test(printed_settings_read_back),
		cmocka_unit_test(changes_that_need_a_restart_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
