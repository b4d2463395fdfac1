/* notify.h - what the service manager is told, and the socket it may hand over (sd_notify(3),
 * sd_listen_fds(3)). Harmless without a service manager, or in a build without libsystemd. Any
 * thread, except notify_listen_fd. */
#pragma once

#include "base/error.h"

#include <stdint.h>

void notify_ready(void);
void notify_reloading(void); /* notify_ready ends it */
void notify_stopping(void);
void notify_alive(void); /* the watchdog's bone */
void notify_status(const char *text);

/* How often, in microseconds, the service manager wants to hear notify_alive; 0: not at all. */
int64_t notify_watchdog_us(void);

/* The listening TCP socket that was handed over, or -1. ERROR_INVALID: more than one, or something
 * else. Once, before any thread. The caller owns the socket. */
bool notify_listen_fd(int *ret_fd, struct error *err) MUST_CHECK;
