/* test_monitors.c - what callbacks may watch, which way of it is better, and what they refuse. */
#include "network.h"

#include "engine/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static void test_a_metric_of_any_name_can_be_watched(void **state)
{
	static const char *const names[] = { "mine", "val", "top-2.of_all",
		"name_of_63_bytes_is_the_longest_that_a_metric_of_a_job_can_have" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		AUTO_FREE(model_free)
		struct model *m = network_model("Dense units=2", "mean_squared_error", "SGD");
		struct callbacks all = { 0 };
		struct error err = { 0 };
		char text[128];
		bool validation;
		(void)snprintf(text, sizeof text, "accuracy name=%s", names[i]);
		network_metric(m, text);
		(void)snprintf(text, sizeof text, "EarlyStopping monitor=%s", names[i]);
		network_callback(&all, text);
		(void)snprintf(text, sizeof text, "ReduceLROnPlateau monitor=val_%s", names[i]);
		network_callback(&all, text);
		if (!callbacks_check(&all, m, true, &err))
			fail_msg("%s: %s", names[i], err.text);
		for (int k = 0; k < all.count; k++) {
			const struct callback *c = &all.callbacks[k];
			assert_string_equal(callback_monitored(c, &validation), names[i]);
			assert_int_equal(validation, k == 1);
			assert_true(callback_wants_higher(c, m));
		}
	}
}

static void test_every_callback_has_room_for_its_arguments(void **state)
{
	(void)state;
	for (int i = 0; callback_classes[i]; i++)
		assert_true(
			callback_class_row(callback_classes[i]).conf_size <= CALLBACK_CONF_BYTES);
}

static void test_which_way_is_better(void **state)
{
	static const struct {
		const char *callback;
		bool higher;
	} ways[] = {
		{ "EarlyStopping", false },
		{ "EarlyStopping monitor=loss", false },
		{ "EarlyStopping monitor=accuracy", true },
		{ "EarlyStopping monitor=val_accuracy", true },
		{ "EarlyStopping monitor=val_accuracy mode=min", false },
		{ "EarlyStopping monitor=val_mean_absolute_error", false },
		{ "EarlyStopping monitor=val_loss mode=max", true },
		/* It is called so, but it is another one. */
		{ "EarlyStopping monitor=auc", false },
	};
	AUTO_FREE(model_free) struct model *m = model_new();

	(void)state;
	network_metric(m, "accuracy");
	network_metric(m, "mae");
	network_metric(m, "mse name=auc");
	for (size_t i = 0; i < COUNT_OF(ways); i++) {
		struct callbacks all = { 0 };
		network_callback(&all, ways[i].callback);
		if (callback_wants_higher(&all.callbacks[0], m) != ways[i].higher)
			fail_msg("%s", ways[i].callback);
	}
}

/* --- refusals --------------------------------------------------------------------------------- */

static const struct {
	const char *optimizer, *callbacks[2];
	bool no_validation;
	const char *pointer, *text;
} refusals[] = {
	{ "SGD learning_rate=ExponentialDecay(initial_learning_rate=0.1|decay_steps=10|decay_rate="
	  "0.5)",
		{ "EarlyStopping", "ReduceLROnPlateau" }, false, "/callbacks/1",
		"ReduceLROnPlateau changes the learning rate, which follows a schedule here; "
		"allowed: a number as learning_rate" },
	{ "SGD", { "EarlyStopping monitor=val_auc" }, false, "/callbacks/0/monitor",
		"monitor is \"val_auc\"; the job has no metric \"auc\"" },
	{ "SGD", { "EarlyStopping", "ReduceLROnPlateau monitor=recall" }, false,
		"/callbacks/1/monitor", "monitor is \"recall\"; the job has no metric \"recall\"" },
	{ "SGD", { "EarlyStopping" }, true, "/callbacks/0/monitor",
		"monitor is \"val_loss\"; the job has no validation data" },
	{ "SGD", { "TerminateOnNaN", "EarlyStopping monitor=val_accuracy" }, true,
		"/callbacks/1/monitor",
		"monitor is \"val_accuracy\"; the job has no validation data" },
	{ "SGD",
		{ "EarlyStopping restore_best_weights=true",
			"EarlyStopping monitor=loss restore_best_weights=true" },
		false, "/callbacks/1/restore_best_weights",
		"an earlier callback restores the best weights already; allowed: one of them" },
};

static void test_callbacks_that_could_do_nothing_are_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct error err = { 0 };
		struct callbacks all = { 0 };
		AUTO_FREE(model_free)
		struct model *m =
			network_model("Dense units=2", "mean_squared_error", refusals[i].optimizer);
		network_metric(m, "accuracy");
		for (int k = 0; k < 2 && refusals[i].callbacks[k]; k++)
			network_callback(&all, refusals[i].callbacks[k]);
		if (callbacks_check(&all, m, !refusals[i].no_validation, &err))
			fail_msg("%s: accepted", refusals[i].text);
		assert_string_equal(err.pointer, refusals[i].pointer);
		assert_string_equal(err.text, refusals[i].text);
	}
}

static void test_there_are_at_most_eight(void **state)
{
	struct callbacks all = { 0 };
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < CALLBACKS_MAX; i++)
		network_callback(&all, "TerminateOnNaN");
	assert_false(network_add_callback(&all, "TerminateOnNaN", &err));
	assert_string_equal(err.text, "there are more than 8 callbacks");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_metric_of_any_name_can_be_watched),
		cmocka_unit_test(test_every_callback_has_room_for_its_arguments),
		cmocka_unit_test(test_which_way_is_better),
		cmocka_unit_test(test_callbacks_that_could_do_nothing_are_refused),
		cmocka_unit_test(test_there_are_at_most_eight),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
