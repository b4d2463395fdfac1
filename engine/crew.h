/* crew.h - threads that do the same thing to different parts.
 *
 * crew_run calls work(ctx, i) for i = 0 … n-1 on n threads, the caller's being the first, and
 * returns when all are done. It allocates nothing. Waiting threads spin for a while and then sleep,
 * so that a busy neighbour is not slowed down. One owner; crew_run is called by the thread that
 * made the crew. */
#pragma once

#include "base/error.h"

struct crew;

/* A crew of `threads` (at least 1), the caller counted: threads - 1 are started. NULL: no memory or
 * no threads. */
struct crew *crew_new(int threads, struct error *err) MUST_CHECK;
void crew_free(struct crew *c);
DEFINE_AUTO_FREE(struct crew, crew_free)

int crew_threads(const struct crew *c);
/* n is 1 … crew_threads. */
void crew_run(struct crew *c, int n, void (*work)(void *ctx, int thread), void *ctx);
