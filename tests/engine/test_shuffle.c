/* test_shuffle.c - the order of an epoch is a permutation, another one for each seed and epoch; the
 * generator below it and the first weights. */
#include "engine/initializer.h"
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

static void moments(
	enum initializer init, double *ret_mean, double *ret_deviation, double *ret_most)
{
	enum { N = 40000 };
	static float w[N];
	double sum = 0, squares = 0, most = 0;

	initializer_fill(init, 5, 2, 300, 100, w, N);
	for (int i = 0; i < N; i++) {
		sum += (double)w[i];
		squares += (double)w[i] * (double)w[i];
		most = fabs((double)w[i]) > most ? fabs((double)w[i]) : most;
	}
	*ret_mean = sum / N;
	*ret_deviation = sqrt(squares / N);
	*ret_most = most;
}

static void test_initializers_have_keras_s_moments(void **state)
{
	static const struct {
		enum initializer init;
		double deviation, most;
	} wanted[] = {
		{ INITIALIZER_GLOROT_UNIFORM, 0.070711, 0.122474 }, /* sqrt(2/400), sqrt(6/400) */
		{ INITIALIZER_GLOROT_NORMAL, 0.070711, 0.160776 },  /* two deviations / 0.8796 */
		{ INITIALIZER_HE_UNIFORM, 0.081650, 0.141421 },
		{ INITIALIZER_HE_NORMAL, 0.081650, 0.185648 },
		{ INITIALIZER_LECUN_UNIFORM, 0.057735, 0.1 },
		{ INITIALIZER_LECUN_NORMAL, 0.057735, 0.131273 },
		{ INITIALIZER_RANDOM_UNIFORM, 0.028868, 0.05 },
		{ INITIALIZER_RANDOM_NORMAL, 0.05, 0.25 },
		{ INITIALIZER_TRUNCATED_NORMAL, 0.043981, 0.1 },
	};
	double mean, deviation, most;

	(void)state;
	for (size_t i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
		moments(wanted[i].init, &mean, &deviation, &most);
		if (fabs(mean) > 0.02 * deviation ||
			fabs(deviation / wanted[i].deviation - 1) > 0.02 ||
			most > wanted[i].most * 1.00001)
			fail_msg("initializer %d: mean %g, deviation %g, largest %g",
				(int)wanted[i].init, mean, deviation, most);
	}
	moments(INITIALIZER_ONES, &mean, &deviation, &most);
	assert_true(mean == 1.0);
	moments(INITIALIZER_ZEROS, &mean, &deviation, &most);
	assert_true(most == 0.0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sample_stands_once),
		cmocka_unit_test(test_seeds_and_epochs_have_orders_of_their_own),
		cmocka_unit_test(test_samples_travel),
		cmocka_unit_test(test_philox_vectors),
		cmocka_unit_test(test_initializers_have_keras_s_moments),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
