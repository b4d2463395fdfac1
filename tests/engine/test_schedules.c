/* test_schedules.c - learning rates by Keras's formulas, and the mathematics under them. */
#include "engine/math64.h"
#include "engine/model.h"
#include "engine/optimizer.h"
#include "network.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

/* A schedule as a network's string has it. */
static struct model *model_of(const char *schedule)
{
	char optimizer[400];

	(void)snprintf(optimizer, sizeof optimizer, "SGD learning_rate=%s", schedule);
	return network_model("Dense units=1", "mean_squared_error", optimizer);
}

static const struct param_variant *schedule_of(const struct model *m)
{
	return &((const struct optimizer_conf *)(const void *)m->optimizer_conf)
			->learning_rate.variant;
}

static void check_relative(const char *what, double seen, double wanted, double most)
{
	if (!(fabs(seen - wanted) <= most * fabs(wanted)))
		fail_msg("%s: %.17g, not %.17g", what, seen, wanted);
}

/* Values worked out by hand from the formulas of https://keras.io/api/optimizers/. */
static const struct {
	const char *schedule;
	int64_t step;
	double rate;
} keras_rates[] = {
	{ "0.25", 0, 0.25 },
	{ "0.25", 1000000, 0.25 },
	{ "ConstantSchedule(learning_rate=0.3)", 7, 0.3 },
	{ "ConstantSchedule(learning_rate=0.3|warmup_steps=4)", 0, 0 },
	{ "ConstantSchedule(learning_rate=0.3|warmup_steps=4)", 1, 0.075 },
	{ "ConstantSchedule(learning_rate=0.3|warmup_steps=4)", 4, 0.3 },
	{ "ConstantSchedule(learning_rate=0.3|warmup_steps=4|warmup_from=0.1)", 2, 0.2 },
	{ "StepDecay(initial_learning_rate=8|drop=0.5|every=10)", 9, 8 },
	{ "StepDecay(initial_learning_rate=8|drop=0.5|every=10)", 10, 4 },
	{ "StepDecay(initial_learning_rate=8|drop=0.5|every=10)", 39, 1 },
	{ "StepDecay(initial_learning_rate=8|every=10|warmup_steps=5)", 14, 8 },
	{ "StepDecay(initial_learning_rate=8|every=10|warmup_steps=5)", 15, 4 },
	{ "PiecewiseConstantDecay(boundaries=10,20|values=1,0.5,0.1)", 10, 1 },
	{ "PiecewiseConstantDecay(boundaries=10,20|values=1,0.5,0.1)", 11, 0.5 },
	{ "PiecewiseConstantDecay(boundaries=10,20|values=1,0.5,0.1)", 20, 0.5 },
	{ "PiecewiseConstantDecay(boundaries=10,20|values=1,0.5,0.1)", 21, 0.1 },
	{ "ExponentialDecay(initial_learning_rate=2|decay_steps=4|decay_rate=0.25)", 0, 2 },
	{ "ExponentialDecay(initial_learning_rate=2|decay_steps=4|decay_rate=0.25)", 2, 1 },
	{ "ExponentialDecay(initial_learning_rate=2|decay_steps=4|decay_rate=0.25)", 6, 0.25 },
	{ "ExponentialDecay(initial_learning_rate=2|decay_steps=4|decay_rate=0.25|"
	  "staircase=true)",
		7, 0.5 },
	{ "InverseTimeDecay(initial_learning_rate=1|decay_steps=2|decay_rate=3)", 1, 0.4 },
	{ "InverseTimeDecay(initial_learning_rate=1|decay_steps=2|decay_rate=3|staircase="
	  "true)",
		3, 0.25 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0.2)", 0, 1 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0.2)", 4, 0.6 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0.2)", 9, 0.2 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0|power="
	  "2)",
		2, 0.5625 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0|power="
	  "0.5)",
		6, 0.5 },
	{ "PolynomialDecay(initial_learning_rate=1|decay_steps=8|end_learning_rate=0|cycle="
	  "true)",
		12, 0.25 },
	{ "CosineDecay(initial_learning_rate=2|decay_steps=9)", 0, 2 },
	{ "CosineDecay(initial_learning_rate=2|decay_steps=9)", 3, 1.5 },
	{ "CosineDecay(initial_learning_rate=2|decay_steps=9)", 100, 0 },
	{ "CosineDecay(initial_learning_rate=2|decay_steps=9|alpha=0.5)", 6, 1.25 },
	{ "CosineDecay(initial_learning_rate=0|decay_steps=9|warmup_target=2|warmup_steps="
	  "4)",
		1, 0.5 },
	{ "CosineDecay(initial_learning_rate=0|decay_steps=9|warmup_target=2|warmup_steps="
	  "4)",
		4, 2 },
	{ "CosineDecay(initial_learning_rate=0|decay_steps=9|warmup_target=2|warmup_steps="
	  "4)",
		7, 1.5 },
	/* periods of 3, 6, 12 steps */
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3)", 1, 1.5 },
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3)", 3, 2 },
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3)", 5, 1.5 },
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3)", 9, 2 },
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3|m_mul=0.5)", 13, 0.375 },
	{ "CosineDecayRestarts(initial_learning_rate=2|first_decay_steps=3|t_mul=1|alpha="
	  "0.5)",
		8, 1.25 },
};

static void rates_are_keras_s(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keras_rates); i++) {
		char what[300];
		AUTO_FREE(model_free) struct model *m = model_of(keras_rates[i].schedule);
		(void)snprintf(what, sizeof what, "%s at %d", keras_rates[i].schedule,
			(int)keras_rates[i].step);
		check_relative(what, schedule_rate(schedule_of(m), keras_rates[i].step),
			keras_rates[i].rate, 1e-15 * 8);
	}
}

/* A restart is where a period's steps are over, for every period: the logarithm decides nothing. */
static void restarts_come_on_time(void **state)
{
	AUTO_FREE(model_free)
	struct model *m = model_of(
		"CosineDecayRestarts(initial_learning_rate=1|first_decay_steps=7|t_mul=3)");

	(void)state;
	for (int64_t begin = 0, length = 7; begin < 1000000000; begin += length, length *= 3) {
		assert_true(schedule_rate(schedule_of(m), begin) == 1);
		assert_true(schedule_rate(schedule_of(m), begin + length - 1) < 0.06);
	}
}

static void arguments_that_do_not_go_together_are_refused(void **state)
{
	static const struct {
		const char *schedule, *pointer, *text;
	} cases[] = {
		{ "PiecewiseConstantDecay(boundaries=10,20|values=1,0.5)", "/at/values",
			"there are 2 values and 2 boundaries; wanted: one value more" },
		{ "PiecewiseConstantDecay(boundaries=10,10|values=1,2,3)", "/at/boundaries/1",
			"boundary 10 stands behind 10" },
		{ "CosineDecay(initial_learning_rate=1|decay_steps=9|warmup_steps=4)",
			"/at/warmup_steps", "there is no warmup_target to rise to" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct error err = { 0 };
		AUTO_FREE(model_free) struct model *m = model_of(cases[i].schedule);
		if (schedule_check(schedule_of(m), "/at", &err))
			fail_msg("%s: taken", cases[i].schedule);
		assert_string_equal(err.pointer, cases[i].pointer);
		if (!strstr(err.text, cases[i].text))
			fail_msg("%s: %s", cases[i].schedule, err.text);
	}
	AUTO_FREE(model_free) struct model *number = model_of("0.5");
	assert_true(schedule_check(schedule_of(number), "/at", NULL));
}

static const double tolerance = 1e-14; /* a few roundings; libm is right to one */

static void the_mathematics_are_libm_s(void **state)
{
	char what[100];

	(void)state;
	for (int i = -7000; i <= 7000; i++) {
		double x = i * 0.1013;
		(void)snprintf(what, sizeof what, "exp(%g)", x);
		check_relative(what, math64_exp(x), exp(x), tolerance);
		x = ldexp(1 + (i + 7000) * 6.1e-5, i / 7);
		(void)snprintf(what, sizeof what, "log(%g)", x);
		check_relative(what, math64_log(x), log(x), tolerance);
		x = 1 + i * 1.3e-5;
		check_relative("log near 1", math64_log(x), log(x), tolerance);
	}
	for (int i = 1; i < 200; i++)
		for (int k = -200; k < 200; k++) {
			double x = i * 0.0173, y = k * 1.37, wanted = pow(x, y);
			(void)snprintf(what, sizeof what, "%g^%g", x, y);
			if (wanted > 1e-300 && wanted < 1e300)
				check_relative(what, math64_pow(x, y), wanted, tolerance);
		}
	for (int i = 0; i <= 10000; i++) {
		double t = i * 1e-4;
		/* libm's argument is rounded: near 1/2 that is all there is of the cosine */
		if (fabs(math64_cos_pi(t) - cos(3.14159265358979323846 * t)) > 4e-16)
			fail_msg("cos(pi %g): %.17g", t, math64_cos_pi(t));
	}
}

static void the_mathematics_have_ends(void **state)
{
	(void)state;
	assert_true(math64_exp(0) == 1 && math64_exp(-800) == 0 && isinf(math64_exp(800)));
	assert_true(math64_log(1) == 0 && math64_log(0) == -(double)INFINITY);
	assert_true(isnan(math64_log(-1)) && isnan(math64_exp((double)NAN)));
	assert_true(math64_pow(0, 0) == 1 && math64_pow(0, 2) == 0 && math64_pow(1, 1e9) == 1);
	assert_true(math64_pow(0.5, 3) == 0.125 && math64_pow(0.5, 1e9) == 0);
	assert_true(math64_cos_pi(0) == 1 && math64_cos_pi(0.5) == 0 && math64_cos_pi(1) == -1);
	assert_true(math64_log(5e-324) == log(5e-324));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_are_keras_s),
		cmocka_unit_test(restarts_come_on_time),
		cmocka_unit_test(arguments_that_do_not_go_together_are_refused),
		cmocka_unit_test(the_mathematics_are_libm_s),
		cmocka_unit_test(the_mathematics_have_ends),
	};

	return cmocka_run_group_tests_name("schedules", tests, NULL, NULL);
}
