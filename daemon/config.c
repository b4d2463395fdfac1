/* config.c - see config.h. One table names every setting: flags, file and printing all follow from
 * it. */
#include "daemon/config.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char config_usage[] =
	"usage: epochd [options]\n"
	"\n"
	"A deep-learning training server: takes jobs over HTTP, trains them on all cores,\n"
	"keeps every epoch in its database.\n"
	"\n"
	"  --config FILE           read settings from FILE (`key = value`, keys as below)\n"
	"  --state DIR             folder of the database and the data sets\n"
	"                          [$STATE_DIRECTORY, or $XDG_STATE_HOME/epochd]\n"
	"  --listen ADDRESS:PORT   where to answer; port 0 takes a free one [127.0.0.1:7070]\n"
	"  --socket PATH           answer on this Unix socket as well\n"
	"  --auth token|none       none is allowed on a loopback address only [token]\n"
	"  --threads N             cores to train on, 0 for all [0]\n"
	"  --memory BYTES          what running jobs may need together; K, M, G are 1024-fold\n"
	"                          [80 % of the memory of this machine]\n"
	"  --web-root DIR          serve this folder instead of the built-in dashboard\n"
	"  --check-config          check the settings, print them, and exit\n"
	"  --version               print the version and exit\n"
	"  --help                  print this and exit\n"
	"\n"
	"SIGTERM stops it with a checkpoint of every running job, SIGHUP reads the settings\n"
	"again. EPOCHD_ISA=scalar|avx2|avx512|avx512bf16|neon forces a kernel set.\n"
	"Exit codes: 0 stopped, 64 usage, 69 address or state in use, 74 I/O, 78 configuration.\n";

/* --- values -------------------------------------------------------------------------------- */

static bool copy_path(char *to, size_t room, const char *value, struct error *err)
{
	size_t size = strlen(value);

	if (size == 0 || size >= room)
		return error_set(err, ERROR_INVALID, "a path of %zu bytes; 1 to %zu are allowed",
			size, room - 1);
	memcpy(to, value, size + 1);
	return true;
}

static bool set_state(struct config *c, const char *value, struct error *err)
{
	return copy_path(c->state, sizeof c->state, value, err);
}

static bool set_socket(struct config *c, const char *value, struct error *err)
{
	return copy_path(c->socket, sizeof c->socket, value, err);
}

static bool set_web_root(struct config *c, const char *value, struct error *err)
{
	return copy_path(c->web_root, sizeof c->web_root, value, err);
}

/* Decimal digits alone: no sign, no blanks, no base. */
static bool parse_whole(const char *text, int64_t max, int64_t *ret)
{
	int64_t n = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || n > (max - (*text - '0')) / 10)
			return false;
		n = n * 10 + (*text - '0');
	}
	*ret = n;
	return true;
}

static bool is_address(const char *text)
{
	unsigned char bytes[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* "127.0.0.1:7070" or "[::1]:7070". */
static bool set_listen(struct config *c, const char *value, struct error *err)
{
	const char *colon = strrchr(value, ':');
	size_t size = colon ? (size_t)(colon - value) : 0;
	bool bracketed = size > 2 && value[0] == '[' && value[size - 1] == ']';
	char address[CONFIG_ADDRESS_BYTES] = "";
	int64_t port = -1;

	if (bracketed) {
		value++;
		size -= 2;
	}
	if (size > 0 && size < sizeof address)
		memcpy(address, value, size);
	if (!is_address(address) || bracketed != (strchr(address, ':') != NULL))
		return error_set(err, ERROR_INVALID,
			"'%.80s' is not ADDRESS:PORT with an address in digits, as 127.0.0.1:7070 "
			"or [::1]:7070",
			value);
	if (!parse_whole(colon + 1, 65535, &port))
		return error_set(
			err, ERROR_INVALID, "'%.80s' is not a port from 0 to 65535", colon + 1);
	memcpy(c->address, address, sizeof address);
	c->port = (int)port;
	return true;
}

static bool set_auth(struct config *c, const char *value, struct error *err)
{
	if (strcmp(value, "token") == 0)
		c->auth = CONFIG_AUTH_TOKEN;
	else if (strcmp(value, "none") == 0)
		c->auth = CONFIG_AUTH_NONE;
	else
		return error_set(err, ERROR_INVALID, "'%.80s' is neither token nor none", value);
	return true;
}

static bool set_threads(struct config *c, const char *value, struct error *err)
{
	int64_t n;

	if (!parse_whole(value, CONFIG_THREADS_MAX, &n))
		return error_set(err, ERROR_INVALID, "'%.80s' is not a whole number from 0 to %d",
			value, CONFIG_THREADS_MAX);
	c->threads = (int)n;
	return true;
}

static bool set_memory(struct config *c, const char *value, struct error *err)
{
	static const char units[] = "KMG";
	char digits[24] = "";
	size_t size = strlen(value);
	const char *unit = size ? strchr(units, value[size - 1]) : NULL;
	int shift = unit ? 10 * (int)(unit - units + 1) : 0;
	int64_t n = 0;

	if (unit)
		size--;
	if (size < sizeof digits)
		memcpy(digits, value, size);
	if (!parse_whole(digits, INT64_MAX >> shift, &n) || n << shift < CONFIG_MEMORY_MIN)
		return error_set(err, ERROR_INVALID,
			"'%.80s' is not a number of bytes of at least 1M, as 800M or 6G", value);
	c->memory_bytes = n << shift;
	return true;
}

/* --- printing ------------------------------------------------------------------------------ */

static void put_state(const struct config *c, struct buffer *out)
{
	buffer_add_text(out, c->state);
}

static void put_listen(const struct config *c, struct buffer *out)
{
	buffer_printf(out, strchr(c->address, ':') ? "[%s]:%d" : "%s:%d", c->address, c->port);
}

static void put_socket(const struct config *c, struct buffer *out)
{
	buffer_add_text(out, c->socket);
}

static void put_auth(const struct config *c, struct buffer *out)
{
	buffer_add_text(out, c->auth == CONFIG_AUTH_NONE ? "none" : "token");
}

static void put_threads(const struct config *c, struct buffer *out)
{
	buffer_printf(out, "%d", c->threads);
}

static void put_memory(const struct config *c, struct buffer *out)
{
	buffer_printf(out, "%lld", (long long)c->memory_bytes);
}

static void put_web_root(const struct config *c, struct buffer *out)
{
	buffer_add_text(out, c->web_root);
}

/* --- the table ----------------------------------------------------------------------------- */

struct setting {
	const char *name;
	bool (*set)(struct config *c, const char *value, struct error *err);
	void (*put)(const struct config *c, struct buffer *out); /* nothing: not set */
	bool live; /* may change while the daemon runs */
};

static const struct setting settings[] = {
	{ "state", set_state, put_state, false },
	{ "listen", set_listen, put_listen, false },
	{ "socket", set_socket, put_socket, false },
	{ "auth", set_auth, put_auth, false },
	{ "threads", set_threads, put_threads, true },
	{ "memory", set_memory, put_memory, true },
	{ "web-root", set_web_root, put_web_root, false },
};
enum { SETTING_COUNT = COUNT_OF(settings) };

static int setting_find(const char *name)
{
	for (int i = 0; i < SETTING_COUNT; i++)
		if (strcmp(settings[i].name, name) == 0)
			return i;
	return -1;
}

void config_print(const struct config *c, struct buffer *out)
{
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct buffer value;

		buffer_init(&value, CONFIG_PATH_BYTES);
		settings[i].put(c, &value);
		if (value.size)
			buffer_printf(out, "%s = %s\n", settings[i].name, value.data);
		buffer_done(&value);
	}
}

void config_fixed_changes(const struct config *before, const struct config *after,
	char ret_names[static CONFIG_NAMES_BYTES])
{
	size_t size = 0;

	ret_names[0] = '\0';
	for (int i = 0; i < SETTING_COUNT; i++) {
		struct buffer a, b;

		buffer_init(&a, CONFIG_PATH_BYTES);
		buffer_init(&b, CONFIG_PATH_BYTES);
		settings[i].put(before, &a);
		settings[i].put(after, &b);
		bool same =
			a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
		if (!same && !settings[i].live)
			size += (size_t)snprintf(ret_names + size, CONFIG_NAMES_BYTES - size,
				"%s%s", size ? ", " : "", settings[i].name);
		buffer_done(&a);
		buffer_done(&b);
	}
}

bool config_is_loopback(const char *address)
{
	struct in_addr four;
	struct in6_addr six;

	if (inet_pton(AF_INET, address, &four) == 1)
		return ntohl(four.s_addr) >> 24 == 127;
	return inet_pton(AF_INET6, address, &six) == 1 && IN6_IS_ADDR_LOOPBACK(&six);
}

/* --- the file ------------------------------------------------------------------------------ */

/* Cuts blanks off both ends, in place. */
static char *trim(char *text)
{
	size_t size;

	text += strspn(text, " \t");
	size = strlen(text);
	while (size && strchr(" \t\r", text[size - 1]))
		text[--size] = '\0';
	return text;
}

static bool file_line(struct config *c, char *line, bool *seen, struct error *err)
{
	char *text = trim(line);
	char *equals = strchr(text, '=');

	if (*text == '\0' || *text == '#')
		return true;
	if (!equals)
		return error_set(err, ERROR_INVALID, "'%.80s' is not `key = value`", text);
	*equals = '\0';
	const char *key = trim(text);
	int i = setting_find(key);
	if (i < 0)
		return error_set(err, ERROR_INVALID, "unknown key '%.80s'", key);
	if (seen[i])
		return error_set(err, ERROR_INVALID, "%s is set twice", key);
	seen[i] = true;
	struct error why;
	if (!settings[i].set(c, trim(equals + 1), &why))
		return error_set(err, ERROR_INVALID, "%s: %s", key, why.text);
	return true;
}

static bool file_read(
	const char *path, char *bytes, size_t room, size_t *ret_size, struct error *err)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t size = 0;
	ssize_t n = 1;

	if (fd < 0)
		return error_set(err, ERROR_INVALID, "%s: %s", path, strerror(errno));
	while (size < room && n != 0) {
		n = read(fd, bytes + size, room - size);
		if (n < 0 && errno != EINTR) {
			int why = errno;
			(void)close(fd); /* nothing was written */
			return error_set(err, ERROR_INVALID, "%s: %s", path, strerror(why));
		}
		if (n > 0)
			size += (size_t)n;
	}
	(void)close(fd); /* nothing was written */
	*ret_size = size;
	return true;
}

static bool file_apply(struct config *c, const char *path, struct error *err)
{
	static char bytes[CONFIG_FILE_BYTES_MAX + 1];
	bool seen[SETTING_COUNT] = { false };
	size_t size = 0;
	int number = 0;
	char *rest = bytes, *line;

	if (!file_read(path, bytes, sizeof bytes, &size, err))
		return false;
	if (size > CONFIG_FILE_BYTES_MAX)
		return error_set(err, ERROR_INVALID, "%s: longer than %d bytes", path,
			CONFIG_FILE_BYTES_MAX);
	bytes[size] = '\0';
	if (strlen(bytes) != size)
		return error_set(err, ERROR_INVALID, "%s: holds a NUL byte", path);
	while ((line = strsep(&rest, "\n"))) {
		struct error why;

		number++;
		if (!file_line(c, line, seen, &why))
			return error_set(err, ERROR_INVALID, "%s:%d: %s", path, number, why.text);
	}
	return true;
}

/* --- the command line ---------------------------------------------------------------------- */

struct flags {
	enum config_action action;
	const char *file;
	const char *values[SETTING_COUNT]; /* NULL: not given */
};

enum { FLAG_CONFIG = SETTING_COUNT, FLAG_CHECK, FLAG_VERSION, FLAG_HELP, FLAG_COUNT };

static void flags_options(struct option options[static FLAG_COUNT + 1])
{
	for (int i = 0; i < SETTING_COUNT; i++)
		options[i] = (struct option){ settings[i].name, required_argument, NULL, i };
	options[FLAG_CONFIG] = (struct option){ "config", required_argument, NULL, FLAG_CONFIG };
	options[FLAG_CHECK] = (struct option){ "check-config", no_argument, NULL, FLAG_CHECK };
	options[FLAG_VERSION] = (struct option){ "version", no_argument, NULL, FLAG_VERSION };
	options[FLAG_HELP] = (struct option){ "help", no_argument, NULL, FLAG_HELP };
	options[FLAG_COUNT] = (struct option){ NULL, 0, NULL, 0 };
}

static bool flags_parse(int argc, char *const argv[], struct flags *ret, struct error *err)
{
	struct option options[FLAG_COUNT + 1];
	struct flags f = { .action = CONFIG_RUN };
	int got;

	flags_options(options);
	opterr = 0;
	optind = 0; /* glibc: start anew, since a SIGHUP comes here again */
	while ((got = getopt_long(argc, argv, "+:", options, NULL)) != -1) {
		if (got == ':')
			return error_set(
				err, ERROR_SYNTAX, "%.80s wants a value", argv[optind - 1]);
		if (got == '?')
			return error_set(
				err, ERROR_SYNTAX, "unknown option '%.80s'", argv[optind - 1]);
		if (got < SETTING_COUNT)
			f.values[got] = optarg;
		else if (got == FLAG_CONFIG)
			f.file = optarg;
		else if (got == FLAG_HELP)
			f.action = CONFIG_HELP;
		else if (got == FLAG_VERSION)
			f.action = CONFIG_VERSION;
		else
			f.action = CONFIG_CHECK;
	}
	if (optind < argc)
		return error_set(err, ERROR_SYNTAX, "unexpected argument '%.80s'", argv[optind]);
	*ret = f;
	return true;
}

static bool flags_apply(struct config *c, const struct flags *f, struct error *err)
{
	struct error why;

	for (int i = 0; i < SETTING_COUNT; i++)
		if (f->values[i] && !settings[i].set(c, f->values[i], &why))
			return error_set(err, ERROR_SYNTAX, "--%s: %s", settings[i].name, why.text);
	return true;
}

/* --- defaults ------------------------------------------------------------------------------ */

/* $STATE_DIRECTORY may be a list with colons (systemd.exec(5)); its first is ours. A relative
 * $XDG_STATE_HOME is to be ignored, says the XDG base directory specification. */
static bool default_state(struct config *c, struct error *err)
{
	const char *state = getenv("STATE_DIRECTORY"), *xdg = getenv("XDG_STATE_HOME"),
		   *home = getenv("HOME");
	int n;

	if (state && *state)
		n = snprintf(c->state, sizeof c->state, "%.*s", (int)strcspn(state, ":"), state);
	else if (xdg && *xdg == '/')
		n = snprintf(c->state, sizeof c->state, "%s/epochd", xdg);
	else if (home && *home)
		n = snprintf(c->state, sizeof c->state, "%s/.local/state/epochd", home);
	else
		return error_set(err, ERROR_INVALID,
			"no folder for the database: give --state, or set HOME");
	if (n < 0 || (size_t)n >= sizeof c->state)
		return error_set(err, ERROR_INVALID,
			"the path of the state folder is longer than %zu bytes",
			sizeof c->state - 1);
	return true;
}

static int default_threads(void)
{
	cpu_set_t set;
	int n = 1;

	if (sched_getaffinity(0, sizeof set, &set) == 0)
		n = CPU_COUNT(&set);
	else if (sysconf(_SC_NPROCESSORS_ONLN) > 0)
		n = (int)sysconf(_SC_NPROCESSORS_ONLN);
	return n < CONFIG_THREADS_MAX ? n : CONFIG_THREADS_MAX;
}

static int64_t default_memory(void)
{
	int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
	int64_t bytes = pages > 0 && page > 0 ? pages * page / 5 * 4 : 0;

	return bytes > CONFIG_MEMORY_MIN ? bytes : CONFIG_MEMORY_MIN;
}

bool config_load(int argc, char *const argv[], struct config *ret, struct error *err)
{
	struct config c = { .address = "127.0.0.1", .port = 7070, .auth = CONFIG_AUTH_TOKEN };
	struct flags flags = { 0 };

	if (!flags_parse(argc, argv, &flags, err))
		return false;
	c.action = flags.action;
	if (flags.file && !file_apply(&c, flags.file, err))
		return false;
	if (!flags_apply(&c, &flags, err))
		return false;
	if (c.action != CONFIG_HELP && c.action != CONFIG_VERSION && !*c.state &&
		!default_state(&c, err))
		return false;
	if (c.threads == 0)
		c.threads = default_threads();
	if (c.memory_bytes == 0)
		c.memory_bytes = default_memory();
	if (c.auth == CONFIG_AUTH_NONE && !config_is_loopback(c.address))
		return error_set(err, ERROR_INVALID,
			"listen %s with auth none would let anyone in: use a loopback address or "
			"auth token",
			c.address);
	*ret = c;
	return true;
}
