/* config.h - what the daemon was told: defaults, then a file of `key = value` lines, then the
 * command line.
 *
 * Strict: an unknown key or flag, a value out of range, a key given twice in the file are errors
 * that name the place. Reads the environment and the file, changes nothing. One thread at a time
 * (getopt). */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

enum {
	CONFIG_PATH_BYTES = 4096,
	CONFIG_SOCKET_BYTES = 108, /* sun_path of unix(7) */
	CONFIG_ADDRESS_BYTES = 46, /* INET6_ADDRSTRLEN */
	CONFIG_FILE_BYTES_MAX = 65536,
	CONFIG_THREADS_MAX = 1024,
	CONFIG_MEMORY_MIN = 1 << 20,
};

enum config_action { CONFIG_RUN, CONFIG_CHECK, CONFIG_VERSION, CONFIG_HELP };
enum config_auth { CONFIG_AUTH_TOKEN, CONFIG_AUTH_NONE };

struct config {
	enum config_action action;
	char state[CONFIG_PATH_BYTES];      /* the folder of the database */
	char address[CONFIG_ADDRESS_BYTES]; /* an IPv4 or IPv6 address in digits */
	int port;                           /* 0: any free one */
	char socket[CONFIG_SOCKET_BYTES];   /* path of a Unix socket beside it; "": none */
	enum config_auth auth;
	int threads;                      /* cores to train on, at least 1 */
	int64_t memory_bytes;             /* what the plans of all running jobs may need together */
	char web_root[CONFIG_PATH_BYTES]; /* served instead of the built-in dashboard; "": none */
};

/* ERROR_SYNTAX: the command line is wrong (exit 64). ERROR_INVALID: the file, or what file and
 * flags say together (exit 78). */
bool config_load(int argc, char *const argv[], struct config *ret, struct error *err) MUST_CHECK;

/* The settings as the text of a file that says the same. */
void config_print(const struct config *c, struct buffer *out);

/* Which settings differ that cannot change while the daemon runs, as "listen, auth"; "": none. */
enum { CONFIG_NAMES_BYTES = 96 };
void config_fixed_changes(const struct config *before, const struct config *after,
	char ret_names[static CONFIG_NAMES_BYTES]);

bool config_is_loopback(const char *address);

extern const char config_usage[];
