/* test_split.c - which samples are kept back for validation. */
#include "engine/split.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 1000 };
static uint8_t labels[SAMPLES];

static struct data sorted(int count, int classes)
{
	for (int i = 0; i < count; i++)
		labels[i] = (uint8_t)(i * classes / count);
	return (struct data){ .y = labels, .y_type = DATA_U8, .count = count, .classes = classes };
}

static void split(
	const struct data *d, double fraction, bool stratify, uint64_t seed, struct split *ret)
{
	struct error err = { 0 };

	if (!split_make(d, fraction, stratify, seed, ret, &err))
		fail_msg("%s", err.text);
}

static void test_every_sample_is_on_one_side(void **state)
{
	static const double fractions[] = { 0.001, 0.1, 0.3, 0.5, 0.999 };

	(void)state;
	for (size_t i = 0; i < sizeof fractions / sizeof *fractions; i++) {
		for (int stratify = 0; stratify < 2; stratify++) {
			const struct data d = sorted(SAMPLES, 7);
			struct split s;
			int seen[SAMPLES] = { 0 };
			split(&d, fractions[i], stratify, 3, &s);
			assert_int_equal(s.n_train + s.n_validation, SAMPLES);
			assert_int_equal(s.n_validation, (int)(SAMPLES * fractions[i] + 0.5));
			for (int64_t k = 0; k < s.n_train; k++)
				seen[s.train[k]]++;
			for (int64_t k = 0; k < s.n_validation; k++)
				seen[s.validation[k]]++;
			for (int k = 0; k < SAMPLES; k++)
				assert_int_equal(seen[k], 1);
			for (int64_t k = 1; k < s.n_train; k++)
				assert_true(s.train[k] > s.train[k - 1]);
			split_done(&s);
		}
	}
}

static void test_sorted_data_are_shuffled_before_they_are_cut(void **state)
{
	const struct data d = sorted(SAMPLES, 10);
	struct split s;
	int counts[10] = { 0 };

	(void)state;
	split(&d, 0.3, false, 5, &s);
	for (int64_t k = 0; k < s.n_validation; k++)
		counts[labels[s.validation[k]]]++;
	for (int c = 0; c < 10; c++)
		assert_in_range(counts[c], 12, 50); /* 30 each, give or take */
	split_done(&s);
}

static void test_stratified_every_class_has_its_share(void **state)
{
	/* 1000 samples in classes of 334, 333 and 333; 100 are kept back */
	const struct data d = sorted(SAMPLES, 3);
	struct split s;
	int counts[3] = { 0 };

	(void)state;
	split(&d, 0.1, true, 5, &s);
	for (int64_t k = 0; k < s.n_validation; k++)
		counts[labels[s.validation[k]]]++;
	assert_int_equal(counts[0], 34); /* 33.4: loses most by rounding */
	assert_int_equal(counts[1], 33);
	assert_int_equal(counts[2], 33);
	split_done(&s);
}

static void test_the_seed_alone_decides(void **state)
{
	const struct data d = sorted(SAMPLES, 4);
	struct split a, b, c;

	(void)state;
	split(&d, 0.25, true, 1, &a);
	split(&d, 0.25, true, 1, &b);
	split(&d, 0.25, true, 2, &c);
	assert_memory_equal(a.validation, b.validation, (size_t)a.n_validation * sizeof(int32_t));
	assert_memory_not_equal(
		a.validation, c.validation, (size_t)a.n_validation * sizeof(int32_t));
	split_done(&a);
	split_done(&b);
	split_done(&c);
}

static void test_no_side_may_be_empty(void **state)
{
	const struct data few = sorted(3, 1);
	struct split s;
	struct error err = { 0 };

	(void)state;
	assert_false(split_make(&few, 0.1, false, 1, &s, &err));
	assert_string_equal(err.text, "a fraction of 0.1 of 3 samples leaves 3 for training and 0 "
				      "for validation; both need at least 1");
	assert_false(split_make(&few, 0.9, false, 1, &s, &err));
	assert_non_null(strstr(err.text, "leaves 0 for training and 3 for validation"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_sample_is_on_one_side),
		cmocka_unit_test(test_sorted_data_are_shuffled_before_they_are_cut),
		cmocka_unit_test(test_stratified_every_class_has_its_share),
		cmocka_unit_test(test_the_seed_alone_decides),
		cmocka_unit_test(test_no_side_may_be_empty),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
