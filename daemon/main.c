/* main.c - the daemon's process: command line, signals, exit code.
 *
 * The main thread does nothing else than wait for signals and, if the service manager asks for it,
 * look after the watchdog. */
#include "base/clock.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/notify.h"
#include "daemon/service.h"
#include "engine/trainer.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sodium/core.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* As in sysexits.h, except for the address, which is 69 (EX_UNAVAILABLE). */
enum { EXIT_USAGE = 64, EXIT_IN_USE = 69, EXIT_IO = 74, EXIT_CONFIG = 78 };

enum { FILES_WANTED = 16384 };

static int exit_code(const struct error *err)
{
	switch (err->code) {
	case ERROR_SYNTAX:
		return EXIT_USAGE;
	case ERROR_BUSY:
		return EXIT_IN_USE;
	case ERROR_INVALID:
	case ERROR_CONFLICT:
	case ERROR_NOT_FOUND:
		return EXIT_CONFIG;
	default:
		return EXIT_IO;
	}
}

/* 0, 1 and 2 must be something harmless, or the database could become one of them. */
static bool open_standard_files(void)
{
	int fd;

	do {
		fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	} while (fd >= 0 && fd <= STDERR_FILENO);
	return fd < 0 ? false : close(fd) == 0;
}

static void block_signals(sigset_t *ret)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN };

	/* A peer that went away, and a full quota, are errors of the call, not deaths. None of
	 * these calls can fail. */
	(void)sigaction(SIGPIPE, &ignore, NULL);
	(void)sigaction(SIGXFSZ, &ignore, NULL);
	(void)sigemptyset(ret);
	(void)sigaddset(ret, SIGTERM);
	(void)sigaddset(ret, SIGINT);
	(void)sigaddset(ret, SIGHUP);
	/* Before any thread is made: all inherit it, and signals arrive in serve() alone. */
	(void)pthread_sigmask(SIG_BLOCK, ret, NULL);
}

/* Each connection is a file. Some sandboxes refuse the call, and the limit stays what it was. */
static void raise_file_limit(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur >= FILES_WANTED)
		return;
	limit.rlim_cur = limit.rlim_max < FILES_WANTED ? limit.rlim_max : FILES_WANTED;
	(void)setrlimit(RLIMIT_NOFILE, &limit);
}

static bool choose_isa(const char **ret, struct error *err)
{
	const char *wanted = getenv("EPOCHD_ISA");

	*ret = trainer_isa(wanted && *wanted ? wanted : NULL);
	if (!*ret)
		return error_set(err, ERROR_INVALID,
			"EPOCHD_ISA=%.40s: this CPU lacks it, or it is none of scalar, avx2, "
			"avx512, avx512bf16, neon",
			wanted);
	return true;
}

/* --- while it runs ------------------------------------------------------------------------- */

static void reload(struct service *s, int argc, char *const argv[])
{
	static struct config config;
	struct error err;

	notify_reloading();
	if (config_load(argc, argv, &config, &err))
		service_reconfigure(s, &config);
	else
		log_error(LOG_LEVEL_ERROR, "reconfigured", &err); /* nothing has changed */
	notify_ready();
}

/* Until SIGTERM or SIGINT, whose number is returned. */
static int serve(struct service *s, const sigset_t *signals, int argc, char *const argv[])
{
	int64_t period_ns = notify_watchdog_us() * 1000 / 2;
	int64_t next_ns = clock_monotonic_ns() + period_ns;

	for (;;) {
		int64_t left_ns = next_ns - clock_monotonic_ns();
		int got = 0;

		if (!period_ns) {
			got = sigwaitinfo(signals, NULL);
		} else if (left_ns > 0) {
			struct timespec wait = { left_ns / 1000000000, left_ns % 1000000000 };
			got = sigtimedwait(signals, NULL, &wait);
		}
		if (got == SIGTERM || got == SIGINT)
			return got;
		if (got == SIGHUP)
			reload(s, argc, argv);
		if (period_ns && clock_monotonic_ns() >= next_ns) {
			if (service_is_alive(s))
				notify_alive();
			next_ns = clock_monotonic_ns() + period_ns;
		}
	}
}

static void say_ready(const struct service *s)
{
	char address[SERVICE_ADDRESS_BYTES];
	struct log_line l;

	service_address(s, address);
	printf("epochd " EPOCHD_VERSION " listening on %s\n", address);
	(void)fflush(stdout); /* nobody may be listening */
	log_begin(&l, LOG_LEVEL_NOTICE, "ready");
	log_text(&l, "version", EPOCHD_VERSION);
	log_text(&l, "address", address);
	log_end(&l);
	notify_ready();
}

static bool run(const struct config *config, int argc, char *const argv[], struct error *err)
{
	const char *isa;
	sigset_t signals;
	struct log_line l;
	int listen_fd;

	if (!choose_isa(&isa, err) || !notify_listen_fd(&listen_fd, err))
		return false;
	block_signals(&signals);
	raise_file_limit();
	struct service *s = service_start(config, isa, listen_fd, err);
	if (!s)
		return false;
	say_ready(s);
	int got = serve(s, &signals, argc, argv);
	notify_stopping();
	log_begin(&l, LOG_LEVEL_NOTICE, "stopping");
	log_text(&l, "signal", got == SIGINT ? "INT" : "TERM");
	log_end(&l);
	service_stop(s);
	log_begin(&l, LOG_LEVEL_NOTICE, "stopped");
	log_end(&l);
	return true;
}

static bool print_settings(const struct config *config, struct error *err)
{
	struct buffer text;

	buffer_init(&text, 4 * CONFIG_PATH_BYTES);
	config_print(config, &text);
	bool ok = buffer_ok(&text, err);
	if (ok)
		(void)fputs(text.data, stdout);
	buffer_done(&text);
	return ok;
}

int main(int argc, char *argv[])
{
	static struct config config;
	struct error err;
	bool ok = true;

	(void)umask(0077);
	if (!open_standard_files() || sodium_init() < 0)
		return EXIT_IO;
	log_open();
	if (!config_load(argc, argv, &config, &err)) {
		if (err.code == ERROR_SYNTAX)
			(void)fprintf(stderr, "epochd: %s\nTry 'epochd --help'.\n", err.text);
		else
			log_error(LOG_LEVEL_ERROR, "config", &err);
		return exit_code(&err);
	}
	if (config.action == CONFIG_HELP)
		(void)fputs(config_usage, stdout);
	else if (config.action == CONFIG_VERSION)
		(void)puts("epochd " EPOCHD_VERSION);
	else if (config.action == CONFIG_CHECK)
		ok = print_settings(&config, &err);
	else
		ok = run(&config, argc, argv, &err);
	if (!ok)
		log_error(LOG_LEVEL_ERROR, "start", &err);
	if (fflush(stdout) != 0 && config.action != CONFIG_RUN)
		return EXIT_IO;
	return ok ? EXIT_SUCCESS : exit_code(&err);
}
