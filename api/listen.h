/* listen.h - sockets to listen on. Private to api/. Any thread. */
#pragma once

#include "base/error.h"

/* Each gives a listening socket that does not block, or -1. ERROR_BUSY: somebody listens there
 * already. */
int listen_tcp(const char *address, int port, struct error *err) MUST_CHECK;
/* Mode 0600. A socket file that nobody listens on any more is replaced. */
int listen_unix(const char *path, struct error *err) MUST_CHECK;

int listen_port(int fd); /* 0 if it is not a TCP socket */
/* Whether the process at the other end of a Unix socket runs under this one's uid; false on a TCP
 * socket. */
bool listen_peer_is_owner(int fd);
