/* crew.h - threads that share out the pieces of a piece of work.
 *
 * crew_run calls work(ctx, piece, thread) once for each piece 0 … n-1 and returns when all are
 * done; `thread` tells which of the crew does it, the caller being 0. Each member begins with its
 * own share of them, the same one each time, so that what it touches stays in its caches, and then
 * takes what others have not begun, so that a member that the system does not let run is not waited
 * for. It allocates nothing. Waiting members spin for a while and then sleep, so that a busy
 * neighbour is not slowed down. One owner; crew_run is called by the thread that made the crew. */
#pragma once

#include "base/error.h"

struct crew;

/* A crew of `threads` (1 … CREW_THREADS_MAX), the caller counted: threads - 1 are started. NULL: no
 * memory or no threads. */
enum { CREW_THREADS_MAX = 1024, CREW_PIECES_MAX = 16383 };
struct crew *crew_new(int threads, struct error *err) MUST_CHECK;
void crew_free(struct crew *c);
DEFINE_AUTO_FREE(struct crew, crew_free)

/* threads: how many members may take part, 1 … the crew's; n: pieces, 1 … CREW_PIECES_MAX. */
void crew_run(struct crew *c, int threads, int n, void (*work)(void *ctx, int piece, int thread),
	void *ctx);
