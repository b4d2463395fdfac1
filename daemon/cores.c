/* cores.c - see cores.h. */
#include "daemon/cores.h"

#include <stdbool.h>
#include <stddef.h>

/* Whether `a` should get the next core rather than `b`. */
static bool claim_before(const struct cores_claim *a, const struct cores_claim *b)
{
	if (a->priority != b->priority)
		return a->priority > b->priority;
	return a->threads < b->threads;
}

void cores_share(struct cores_claim *claims, int n, int cores)
{
	for (int i = 0; i < n; i++)
		claims[i].threads = 1;
	for (int left = cores - n; left > 0; left--) {
		struct cores_claim *next = NULL;

		for (int i = 0; i < n; i++)
			if (claims[i].threads < claims[i].threads_max &&
				(!next || claim_before(&claims[i], next)))
				next = &claims[i];
		if (!next)
			return;
		next->threads++;
	}
}
