/* notify_none.c - see notify.h; for a build without libsystemd: nobody is told, nothing is handed
 * over. */
#include "daemon/notify.h"

void notify_ready(void)
{
}

void notify_reloading(void)
{
}

void notify_stopping(void)
{
}

void notify_alive(void)
{
}

void notify_status(const char *text)
{
	(void)text;
}

int64_t notify_watchdog_us(void)
{
	return 0;
}

bool notify_listen_fd(int *ret_fd, struct error *err)
{
	(void)err;
	*ret_fd = -1;
	return true;
}
