/* peers.h - open connections and until when each must have sent what it owes. Private to api/.
 *
 * The HTTP library's own limit counts silence: who sends a byte every other second stays for ever.
 * Here a head must be whole within the limit, and every byte of a body buys 1/1024 s more, up to
 * the whole limit again. Any thread. */
#pragma once

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct peer;
struct peers {
	pthread_mutex_t lock; /* guards the list and what is in it; a leaf: nothing else is locked
				 while it is held */
	struct peer *first;
	int64_t limit_ns;
};
void peers_init(struct peers *p, int64_t limit_ns);
void peers_done(struct peers *p);

/* A connection was accepted; it owes a head. `fd` is borrowed until peer_close. NULL without
 * memory: then it is shut down at once. */
struct peer *peer_open(struct peers *all, int fd);
/* Before the socket is closed: its number may be another connection's right after. Accepts NULL. */
void peer_close(struct peers *all, struct peer *p);

void peer_owes(struct peers *all, struct peer *p); /* a head or a body: the whole limit from now */
void peer_owes_nothing(struct peers *all, struct peer *p);
void peer_sent(struct peers *all, struct peer *p, size_t body_bytes);

bool peers_any(struct peers *all);
/* Shuts down what is too late. */
void peers_reap(struct peers *all);
