/* test_cores.c - how the cores are lent to the running jobs. */
#include "daemon/cores.h"

#include "base/macros.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { JOBS_MAX = 5 };

static const struct {
	const char *what;
	int cores, n;
	int64_t priority[JOBS_MAX];
	int threads_max[JOBS_MAX], want[JOBS_MAX];
} cases[] = {
	{ "none", 4, 0, { 0 }, { 0 }, { 0 } },
	{ "one job has all", 4, 1, { 0 }, { 4 }, { 4 } },
	{ "but not more than it can use", 4, 1, { 0 }, { 3 }, { 3 } },
	{ "two share evenly", 8, 2, { 0, 0 }, { 8, 8 }, { 4, 4 } },
	{ "the older one gets the odd core", 5, 2, { 0, 0 }, { 5, 5 }, { 3, 2 } },
	{ "three of seven", 7, 3, { 0, 0, 0 }, { 7, 7, 7 }, { 3, 2, 2 } },
	{ "what one cannot use, the other gets", 8, 2, { 0, 0 }, { 2, 8 }, { 2, 6 } },
	{ "the higher priority first", 8, 2, { 0, 5 }, { 8, 8 }, { 1, 7 } },
	{ "evenly among the highest", 9, 3, { 5, 0, 5 }, { 9, 9, 9 }, { 4, 1, 4 } },
	{ "then the next highest", 9, 3, { -1, 5, 0 }, { 9, 4, 9 }, { 1, 4, 4 } },
	{ "everybody has one", 3, 3, { 9, 0, -9 }, { 3, 3, 3 }, { 1, 1, 1 } },
	{ "even with too few cores", 2, 3, { 0, 0, 0 }, { 2, 2, 2 }, { 1, 1, 1 } },
	{ "cores nobody can use stay idle", 64, 2, { 0, 0 }, { 1, 2 }, { 1, 2 } },
};

static void cores_are_shared(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct cores_claim claims[JOBS_MAX];

		for (int k = 0; k < cases[i].n; k++)
			claims[k] = (struct cores_claim){ cases[i].priority[k],
				cases[i].threads_max[k], -1 };
		cores_share(claims, cases[i].n, cases[i].cores);
		for (int k = 0; k < cases[i].n; k++)
			if (claims[k].threads != cases[i].want[k])
				fail_msg("%s: job %d has %d cores instead of %d", cases[i].what, k,
					claims[k].threads, cases[i].want[k]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(cores_are_shared) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
