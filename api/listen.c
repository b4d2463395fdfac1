/* listen.c - see listen.h. */
#include "api/listen.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { LISTEN_BACKLOG = 1024 };

static int fail(int fd, struct error *err, const char *where)
{
	enum error_code code = errno == EADDRINUSE ? ERROR_BUSY : ERROR_IO;

	(void)error_set(err, code, "cannot listen on %s: %s", where, strerror(errno));
	if (fd >= 0)
		(void)close(fd); /* nothing was written */
	return -1;
}

int listen_tcp(const char *address, int port, struct error *err)
{
	struct addrinfo hints = { .ai_family = AF_UNSPEC,
		.ai_socktype = SOCK_STREAM,
		.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
	struct addrinfo *found;
	char port_text[16], where[128];
	int on = 1;

	(void)snprintf(port_text, sizeof port_text, "%d", port);
	(void)snprintf(where, sizeof where, "%s port %d", address, port);
	int rc = getaddrinfo(address, port_text, &hints, &found);
	if (rc != 0) {
		(void)error_set(err, ERROR_INVALID, "%s is not an address to listen on: %s", where,
			gai_strerror(rc));
		return -1;
	}
	int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* A restart must not wait for the old connections' TIME_WAIT; ::1 must not take 127.0.0.1
	 * with it. */
	bool ok = fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
		  (found->ai_family != AF_INET6 ||
			  setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on) == 0) &&
		  bind(fd, found->ai_addr, found->ai_addrlen) == 0 &&
		  listen(fd, LISTEN_BACKLOG) == 0;
	int saved = errno;
	freeaddrinfo(found);
	errno = saved;
	return ok ? fd : fail(fd, err, where);
}

/* A file that a daemon left behind when it was killed: nobody answers. */
static bool is_stale(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd < 0)
		return false;
	bool stale = connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 &&
		     errno == ECONNREFUSED;
	(void)close(fd); /* nothing was written */
	return stale;
}

int listen_unix(const char *path, struct error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (strlen(path) >= sizeof address.sun_path) {
		(void)error_set(err, ERROR_INVALID,
			"the path of a Unix socket has at most %zu bytes: %s",
			sizeof address.sun_path - 1, path);
		return -1;
	}
	memcpy(address.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	/* The file gets the socket's own mode when it is bound, so there is no moment at which
	 * others may connect. */
	if (fd < 0 || fchmod(fd, 0600) != 0)
		return fail(fd, err, path);
	bool bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
	if (!bound && errno == EADDRINUSE && is_stale(&address)) {
		(void)unlink(path); /* bind says whether it went */
		bound = bind(fd, (const struct sockaddr *)&address, sizeof address) == 0;
	} else if (!bound && errno != EADDRINUSE) {
		return fail(fd, err, path);
	}
	if (!bound)
		errno = EADDRINUSE;
	return bound && listen(fd, LISTEN_BACKLOG) == 0 ? fd : fail(fd, err, path);
}

int listen_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
		struct sockaddr_storage room;
	} address = { .any = { .sa_family = AF_UNSPEC } };
	socklen_t size = sizeof address;

	if (getsockname(fd, &address.any, &size) != 0)
		return 0;
	if (address.any.sa_family == AF_INET)
		return ntohs(address.v4.sin_port);
	return address.any.sa_family == AF_INET6 ? ntohs(address.v6.sin6_port) : 0;
}

bool listen_peer_is_owner(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (listen_port(fd) != 0)
		return false;
	return getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.uid == geteuid();
}
