/* test_trial.c - the faster of two ways is found, and found again when it changes. */
#include "engine/trial.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Does a cycle in which a step takes ns[way], and now and then much longer; returns how many of its
 * steps were done in the second way. */
static int cycle(struct trial *t, const int64_t ns[2])
{
	int second = 0;

	for (int i = 0; i < TRIAL_CYCLE; i++) {
		bool way = trial_second(t);
		second += way;
		trial_add(t, i % 3 == 0 ? 100 * ns[way] : ns[way]);
	}
	return second;
}

static void the_faster_way_does_all_steps_but_the_trial(void **state)
{
	static const int64_t first_is_faster[2] = { 900, 1000 },
			     second_is_faster[2] = { 1000, 900 };
	struct trial t = { 0 };

	(void)state;
	assert_int_equal(cycle(&t, first_is_faster), TRIAL_STEPS);
	assert_int_equal(cycle(&t, second_is_faster), TRIAL_CYCLE - TRIAL_STEPS);
	assert_int_equal(cycle(&t, second_is_faster), TRIAL_CYCLE - TRIAL_STEPS);
	assert_int_equal(cycle(&t, first_is_faster), TRIAL_STEPS);
}

static void the_first_way_is_kept_where_both_are_equal(void **state)
{
	static const int64_t equal[2] = { 1000, 1000 };
	struct trial t = { 0 };

	(void)state;
	assert_int_equal(cycle(&t, equal), TRIAL_STEPS);
}

/* Its caches are as the other way left them. */
static void the_first_step_of_a_way_does_not_count(void **state)
{
	struct trial t = { 0 };

	(void)state;
	for (int i = 0; i < 2 * TRIAL_STEPS; i++)
		trial_add(&t, i == 0 ? 1 : trial_second(&t) ? 1000 : 900);
	assert_false(trial_second(&t));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_faster_way_does_all_steps_but_the_trial),
		cmocka_unit_test(the_first_way_is_kept_where_both_are_equal),
		cmocka_unit_test(the_first_step_of_a_way_does_not_count),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
