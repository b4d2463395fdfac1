/* peers.c - see peers.h. */
#include "api/peers.h"

#include "base/clock.h"

#include <stdlib.h>
#include <sys/socket.h>

#define NS_PER_BODY_BYTE (INT64_C(1000000000) / 1024)
#define NO_DEADLINE      INT64_MAX

struct peer {
	struct peer *next, **link;
	int fd;
	int64_t deadline_ns;
};

void peers_init(struct peers *p, int64_t limit_ns)
{
	*p = (struct peers){ .limit_ns = limit_ns };
	(void)pthread_mutex_init(&p->lock, NULL); /* cannot fail with default attributes */
}

void peers_done(struct peers *p)
{
	(void)pthread_mutex_destroy(&p->lock);
}

struct peer *peer_open(struct peers *all, int fd)
{
	struct peer *p = calloc(1, sizeof *p);

	if (!p) {
		(void)shutdown(fd, SHUT_RDWR); /* not watched, so not let in */
		return NULL;
	}
	p->fd = fd;
	p->deadline_ns = clock_monotonic_ns() + all->limit_ns;
	pthread_mutex_lock(&all->lock);
	p->next = all->first;
	p->link = &all->first;
	if (p->next)
		p->next->link = &p->next;
	all->first = p;
	pthread_mutex_unlock(&all->lock);
	return p;
}

void peer_close(struct peers *all, struct peer *p)
{
	if (!p)
		return;
	pthread_mutex_lock(&all->lock);
	*p->link = p->next;
	if (p->next)
		p->next->link = p->link;
	pthread_mutex_unlock(&all->lock);
	free(p);
}

static void set_deadline(struct peers *all, struct peer *p, int64_t deadline_ns)
{
	if (!p)
		return;
	pthread_mutex_lock(&all->lock);
	p->deadline_ns = deadline_ns;
	pthread_mutex_unlock(&all->lock);
}

void peer_owes(struct peers *all, struct peer *p)
{
	set_deadline(all, p, clock_monotonic_ns() + all->limit_ns);
}

void peer_owes_nothing(struct peers *all, struct peer *p)
{
	set_deadline(all, p, NO_DEADLINE);
}

void peer_sent(struct peers *all, struct peer *p, size_t body_bytes)
{
	int64_t latest_ns = clock_monotonic_ns() + all->limit_ns;

	if (!p)
		return;
	pthread_mutex_lock(&all->lock);
	int64_t bought_ns = p->deadline_ns + (int64_t)body_bytes * NS_PER_BODY_BYTE;
	p->deadline_ns = bought_ns < latest_ns ? bought_ns : latest_ns;
	pthread_mutex_unlock(&all->lock);
}

bool peers_any(struct peers *all)
{
	pthread_mutex_lock(&all->lock);
	bool any = all->first != NULL;
	pthread_mutex_unlock(&all->lock);
	return any;
}

void peers_reap(struct peers *all)
{
	int64_t now_ns = clock_monotonic_ns();

	pthread_mutex_lock(&all->lock);
	for (struct peer *p = all->first; p; p = p->next) {
		if (p->deadline_ns > now_ns)
			continue;
		(void)shutdown(
			p->fd, SHUT_RDWR); /* the library sees the end of the stream and closes */
		p->deadline_ns = NO_DEADLINE;
	}
	pthread_mutex_unlock(&all->lock);
}
