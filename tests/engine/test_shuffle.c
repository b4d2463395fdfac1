/* test_shuffle.c - the order of an epoch is a permutation, another one for each seed and epoch; the
 * generator below it and the first weights. */
#include "engine/philox.h"
#include "engine/shuffle.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void check_permutation(int64_t n, uint64_t seed, int64_t epoch)
{
	struct shuffle s;
	char *seen = calloc((size_t)n, 1);

	assert_non_null(seen);
	shuffle_init(&s, seed, epoch, n);
	for (int64_t i = 0; i < n; i++) {
		int64_t at = shuffle_at(&s, i);
		if (at < 0 || at >= n || seen[at]++)
			fail_msg("n=%lld: position %lld gives %lld, which is outside or was there",
				(long long)n, (long long)i, (long long)at);
	}
	free(seen);
}

static void test_every_sample_stands_once(void **state)
{
	(void)state;
	for (int64_t n = 1; n < 300; n++)
		check_permutation(n, 7, n);
	check_permutation(60000, 7, 1);
	check_permutation(65536, 0, 3);
	check_permutation(65537, UINT64_MAX, 1000000);
}

static void test_seeds_and_epochs_have_orders_of_their_own(void **state)
{
	struct shuffle a, b;
	enum { N = 10000 };

	(void)state;
	shuffle_init(&a, 7, 1, N);
	for (int other = 0; other < 3; other++) {
		int same = 0;
		shuffle_init(&b, other == 0 ? 8 : 7, other == 1 ? 2 : 1, N);
		for (int64_t i = 0; i < N; i++)
			same += shuffle_at(&a, i) == shuffle_at(&b, i);
		if (other < 2)
			assert_true(same < 20); /* 1 is expected of a random one */
		else
			assert_int_equal(same, N);
	}
}

/* No sample stays near its place: the mean distance of a random order is n / 3, with a deviation of
 * about n / (4 sqrt(n)). */
static void test_samples_travel(void **state)
{
	struct shuffle s;
	enum { N = 60000 };
	double sum = 0;

	(void)state;
	shuffle_init(&s, 7, 1, N);
	for (int64_t i = 0; i < N; i++)
		sum += fabs((double)(shuffle_at(&s, i) - i));
	assert_true(fabs(sum / N - N / 3.0) < N * 0.01);
}

/* The vectors published with Random123 (kat_vectors, philox4x32 10). */
static void test_philox_vectors(void **state)
{
	(void)state;
	struct philox zero = philox(0, (enum philox_purpose)0, 0, 0);
	static const uint32_t wanted[4] = { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 };
	assert_memory_equal(zero.v, wanted, sizeof wanted);
	struct philox ones =
		philox(UINT64_MAX, (enum philox_purpose)0xffffffffu, 0xffffffffu, UINT64_MAX);
	static const uint32_t wanted_ones[4] = { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd };
	assert_memory_equal(ones.v, wanted_ones, sizeof wanted_ones);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sample_stands_once),
		cmocka_unit_test(test_seeds_and_epochs_have_orders_of_their_own),
		cmocka_unit_test(test_samples_travel),
		cmocka_unit_test(test_philox_vectors),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
