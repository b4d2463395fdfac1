/* notify_systemd.c - see notify.h; by libsystemd. Every send may fail when nobody listens, which is
 * no fault of ours. */
#include "daemon/notify.h"

#include <sys/socket.h>
#include <systemd/sd-daemon.h>
#include <time.h>

void notify_ready(void)
{
	(void)sd_notify(0, "READY=1");
}

/* MONOTONIC_USEC is for Type=notify-reload of newer service managers; older ones ignore it. */
void notify_reloading(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t); /* cannot fail for this clock */
	(void)sd_notifyf(0, "RELOADING=1\nMONOTONIC_USEC=%lld",
		(long long)t.tv_sec * 1000000 + (long long)t.tv_nsec / 1000);
}

void notify_stopping(void)
{
	(void)sd_notify(0, "STOPPING=1");
}

void notify_alive(void)
{
	(void)sd_notify(0, "WATCHDOG=1");
}

void notify_status(const char *text)
{
	(void)sd_notifyf(0, "STATUS=%s", text);
}

int64_t notify_watchdog_us(void)
{
	uint64_t us = 0;

	return sd_watchdog_enabled(0, &us) > 0 && us <= INT64_MAX ? (int64_t)us : 0;
}

bool notify_listen_fd(int *ret_fd, struct error *err)
{
	int n = sd_listen_fds(/* unset_environment= */ 1);

	if (n <= 0) {
		*ret_fd = -1;
		return true;
	}
	if (n > 1)
		return error_set(
			err, ERROR_INVALID, "%d sockets were handed over; 1 is allowed", n);
	if (sd_is_socket_inet(SD_LISTEN_FDS_START, AF_UNSPEC, SOCK_STREAM, /* listening= */ 1,
		    /* port= */ 0) <= 0)
		return error_set(
			err, ERROR_INVALID, "what was handed over is not a listening TCP socket");
	*ret_fd = SD_LISTEN_FDS_START;
	return true;
}
