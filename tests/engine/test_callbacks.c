/* test_callbacks.c - callbacks against Keras 3's, which are written out here as Keras publishes
 * them; and what the trainer makes of what they want. */
#include "network.h"

#include "engine/plan.h"
#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { EPOCHS_MAX = 40 };

/* --- Keras's algorithms: NAN is an epoch without a value, as Keras's None
 * ----------------------------------------------- */

struct keras {
	double min_delta, factor, min_lr, baseline;
	int patience, cooldown, start_from_epoch;
	bool max;
};

static bool is_improvement(const struct keras *k, double value, double than)
{
	if (isnan(than)) /* None */
		return true;
	return k->max ? value - k->min_delta > than : value + k->min_delta < than;
}

/* EarlyStopping.on_epoch_end. The epoch that is the last one, from 1; the best one in *ret_best. */
static int keras_stops(const struct keras *k, const double *values, int n, int *ret_best)
{
	double best = NAN;
	int wait = 0;

	*ret_best = 0;
	for (int epoch = 0; epoch < n; epoch++) {
		if (isnan(values[epoch]) || epoch < k->start_from_epoch)
			continue;
		if (*ret_best == 0)
			*ret_best = epoch + 1;
		wait++;
		if (is_improvement(k, values[epoch], best)) {
			best = values[epoch];
			*ret_best = epoch + 1;
			if (isnan(k->baseline) || is_improvement(k, values[epoch], k->baseline))
				wait = 0;
			continue;
		}
		if (wait >= k->patience && epoch > 0)
			return epoch + 1;
	}
	return n;
}

/* ReduceLROnPlateau.on_epoch_end: the rate that each epoch was trained with. */
static void keras_rates(
	const struct keras *k, const double *values, int n, double rate, double *ret)
{
	double best = NAN;
	int wait = 0, cooldown_counter = 0;

	for (int epoch = 0; epoch < n; epoch++) {
		ret[epoch] = rate;
		if (isnan(values[epoch]))
			continue;
		if (cooldown_counter > 0) {
			cooldown_counter--;
			wait = 0;
		}
		if (is_improvement(k, values[epoch], best)) {
			best = values[epoch];
			wait = 0;
		} else if (cooldown_counter == 0) {
			wait++;
			if (wait >= k->patience && rate > k->min_lr) {
				rate = fmax(rate * k->factor, k->min_lr);
				cooldown_counter = k->cooldown;
				wait = 0;
			}
		}
	}
}

/* --- the classes by themselves, on values that are chosen ------------------------------------- */

static struct callback *one_callback(struct callbacks *c, const char *text)
{
	*c = (struct callbacks){ 0 };
	network_callback(c, text);
	return &c->callbacks[0];
}

struct course {
	int n, best;              /* epochs until it stopped, and the best of them */
	double rates[EPOCHS_MAX]; /* of each */
};

static struct course follow(const char *callback, const double *values, int n, bool higher)
{
	struct callbacks all;
	const struct callback *c = one_callback(&all, callback);
	double memory[CALLBACK_MEMORY_MAX] = { 0 }, rate = 0.1;
	struct course course = { 0 };

	while (course.n < n) {
		struct callback_epoch e = { .epoch = course.n + 1,
			.value = values[course.n],
			.higher = higher,
			.learning_rate = rate };
		course.rates[course.n++] = rate;
		c->class->epoch(c->conf, memory, &e);
		rate = e.learning_rate;
		if (e.is_best)
			course.best = course.n;
		if (e.stop)
			break;
	}
	return course;
}

static const struct {
	const char *name, *callback;
	int n;
	double values[12];
	int last, best;
} stops[] = {
	{ "patience 0: at the first that is no better", "EarlyStopping", 5, { 3, 2, 1, 1, 0 }, 4,
		3 },
	{ "never at the first epoch", "EarlyStopping baseline=0", 3, { 3, 4, 5 }, 2, 1 },
	{ "patience 2", "EarlyStopping patience=2", 8, { 3, 2, 4, 1, 4, 4, 0, 0 }, 6, 4 },
	{ "better all the time", "EarlyStopping patience=1", 4, { 4, 3, 2, 1 }, 4, 4 },
	{ "a smaller change is none", "EarlyStopping min_delta=0.5 patience=2", 6,
		{ 3, 2.75, 2.5, 1, 1, 1 }, 3, 1 },
	{ "the baseline must be beaten, too", "EarlyStopping baseline=1 patience=3", 6,
		{ 5, 4, 3, 3, 0, 0 }, 4, 3 },
	{ "and waiting ends when it is", "EarlyStopping baseline=3.5 patience=3", 7,
		{ 5, 4, 3, 3, 3, 3, 3 }, 6, 3 },
	{ "epochs that are not looked at", "EarlyStopping start_from_epoch=3", 6,
		{ 1, 2, 3, 9, 8, 8 }, 6, 5 },
	{ "epochs without a value", "EarlyStopping patience=2", 7, { 3, NAN, 4, NAN, 2, NAN, 5 }, 7,
		5 },
	{ "no value at all", "EarlyStopping", 3, { NAN, NAN, NAN }, 3, 0 },
	{ "the first value is better, even if there is no worse one", "EarlyStopping patience=2", 6,
		{ INFINITY, INFINITY, INFINITY, 0, 0, 0 }, 3, 1 },
	{ "and one that is not infinite is better then", "EarlyStopping patience=2", 6,
		{ INFINITY, INFINITY, 1, 1, 1, 1 }, 5, 3 },
};

/* Each where lower is better, and turned round. */
static void test_early_stopping_ends_where_keras_does(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(stops); i++) {
		for (int higher = 0; higher <= !strstr(stops[i].callback, "baseline"); higher++) {
			double values[12];
			for (int k = 0; k < 12; k++)
				values[k] = higher ? -stops[i].values[k] : stops[i].values[k];
			struct course c = follow(stops[i].callback, values, stops[i].n, higher);
			if (c.n != stops[i].last || c.best != stops[i].best)
				fail_msg("%s: ends after %d, best is %d; wanted %d, %d",
					stops[i].name, c.n, c.best, stops[i].last, stops[i].best);
		}
	}
}

/* A walk that often stands still and sometimes has no value. */
static void make_values(uint64_t seed, double *ret)
{
	float noise[2 * EPOCHS_MAX];
	double value = 5;

	network_noise(seed, noise, 2 * EPOCHS_MAX);
	for (int i = 0; i < EPOCHS_MAX; i++) {
		value += floor((double)noise[i] * 4) / 4;
		ret[i] = noise[EPOCHS_MAX + i] > 0.8f ? (double)NAN : value;
	}
}

static void test_on_any_values_they_do_as_keras(void **state)
{
	double values[EPOCHS_MAX], rates[EPOCHS_MAX];
	char callback[256];

	(void)state;
	for (int i = 0; i < 500; i++) {
		struct keras k = { .min_delta = i % 3 * 0.25,
			.factor = i % 2 ? 0.5 : 0.1,
			.min_lr = i % 5 ? 0 : 0.02,
			.baseline = i % 4 ? (double)NAN : 4,
			.patience = i % 7,
			.cooldown = i % 4,
			.start_from_epoch = i % 6,
			.max = i % 11 > 5 };
		int best;
		make_values((uint64_t)i, values);
		(void)snprintf(callback, sizeof callback,
			"EarlyStopping min_delta=%g patience=%d start_from_epoch=%d baseline=%s",
			k.min_delta, k.patience, k.start_from_epoch, i % 4 ? "null" : "4");
		int last = keras_stops(&k, values, EPOCHS_MAX, &best);
		struct course c = follow(callback, values, EPOCHS_MAX, k.max);
		if (c.n != last || c.best != best)
			fail_msg("%d: %s: ends after %d, best is %d; Keras: %d, %d", i, callback,
				c.n, c.best, last, best);

		(void)snprintf(callback, sizeof callback,
			"ReduceLROnPlateau min_delta=%g patience=%d factor=%g min_lr=%g "
			"cooldown=%d",
			k.min_delta, k.patience, k.factor, k.min_lr, k.cooldown);
		keras_rates(&k, values, EPOCHS_MAX, 0.1, rates);
		c = follow(callback, values, EPOCHS_MAX, k.max);
		assert_int_equal(c.n, EPOCHS_MAX);
		for (int e = 0; e < EPOCHS_MAX; e++)
			if (c.rates[e] != rates[e])
				fail_msg("%d: %s: epoch %d has %.17g; Keras: %.17g", i, callback,
					e + 1, c.rates[e], rates[e]);
	}
}

static void test_an_infinite_first_value_is_no_plateau_yet(void **state)
{
	static const double values[] = { INFINITY, INFINITY, INFINITY, 1, 1 };
	static const double wanted[] = { .1, .1, .1, .05, .05 };

	(void)state;
	struct course c =
		follow("ReduceLROnPlateau factor=0.5 patience=2", values, COUNT_OF(values), false);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		if (fabs(c.rates[i] - wanted[i]) > 1e-15)
			fail_msg("epoch %zu: %g, wanted %g", i + 1, c.rates[i], wanted[i]);
}

static void test_a_plateau_lowers_the_rate_by_its_factor(void **state)
{
	static const double values[] = { 5, 4, 4, 4, 4, 4, 4, 3, 3, 3, 3, 3 };
	static const double wanted[] = { .1, .1, .1, .1, .05, .05, .025, .025, .025, .025, .02,
		.02 };

	(void)state;
	struct course c = follow("ReduceLROnPlateau factor=0.5 patience=2 cooldown=1 min_lr=0.02",
		values, COUNT_OF(values), false);
	for (size_t i = 0; i < COUNT_OF(values); i++)
		if (fabs(c.rates[i] - wanted[i]) > 1e-15)
			fail_msg("epoch %zu: %g, wanted %g", i + 1, c.rates[i], wanted[i]);
}

/* --- in a training ---------------------------------------------------------------------------- */

enum { SAMPLES = 64, FEATURES = 4, BATCH = 16, VALUES_MAX = 256 };
static float rows[SAMPLES * FEATURES];
static int32_t labels[SAMPLES];

static int make_samples(void **state)
{
	(void)state;
	network_noise(3, rows, SAMPLES * FEATURES);
	for (int i = 0; i < SAMPLES; i++)
		labels[i] = rows[i * FEATURES] > rows[i * FEATURES + 1];
	return 0;
}

struct job {
	struct model *model;
	struct plan *plan;
	struct data data;
	struct callbacks callbacks;
	struct trainer_options options;
	/* What came of it. */
	struct trainer *trainer;
	struct trainer_epoch epochs[EPOCHS_MAX];
	float weights[EPOCHS_MAX][VALUES_MAX]; /* at the end of each */
	int n;
	atomic_bool stop;
	int stop_in; /* steps; 0: never */
};

static void job_init(struct job *j, const char *optimizer, const char *callback, int epochs)
{
	struct error err = { 0 };

	*j = (struct job){ 0 };
	j->model = network_model("Dense units=8 activation=tanh; Dense units=2 activation=softmax",
		"sparse_categorical_crossentropy", optimizer);
	network_metric(j->model, "accuracy");
	if (callback)
		network_callback(&j->callbacks, callback);
	j->data = (struct data){ .x = rows,
		.x_type = DATA_F32,
		.shape = SHAPE1(FEATURES),
		.y = labels,
		.y_type = DATA_I32,
		.count = SAMPLES,
		.classes = 2 };
	j->plan = plan_new(j->model,
		&(struct plan_options){ .input = j->data.shape,
			.classes = 2,
			.batch_size = BATCH,
			.keeps_best = callbacks_keep_best(&j->callbacks) },
		&err);
	if (!j->plan)
		fail_msg("%s", err.text);
	j->options = (struct trainer_options){ .plan = j->plan,
		.train = j->data,
		.validation = &j->data,
		.epochs = epochs,
		.callbacks = &j->callbacks,
		.seed = 11,
		.shuffle = true,
		.threads_max = 1 };
}

static void job_done(struct job *j)
{
	trainer_free(j->trainer);
	plan_free(j->plan);
	model_free(j->model);
}

static int64_t read_weights(const struct trainer *t, float *ret)
{
	int64_t n = 0;

	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor tensor;
		trainer_tensor(t, i, &tensor);
		if (!tensor.is_weight)
			continue;
		memcpy(ret + n, tensor.values, (size_t)shape_elements(&tensor.shape) * sizeof *ret);
		n += shape_elements(&tensor.shape);
	}
	assert_true(n <= VALUES_MAX);
	return n;
}

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct job *j = ctx;

	(void)err; /* never stops the training */
	(void)read_weights(j->trainer, j->weights[j->n]);
	j->epochs[j->n++] = *e;
	return true;
}

static void on_step(void *ctx)
{
	struct job *j = ctx;

	if (j->stop_in > 0 && --j->stop_in == 0)
		atomic_store(&j->stop, true);
}

static struct trainer *start(const struct job *j)
{
	struct error err = { 0 };
	struct trainer *t = trainer_new(&j->options, &err);

	if (!t)
		fail_msg("%s: %s", err.pointer, err.text);
	return t;
}

/* As a checkpoint does. */
static void go_on_in_a_new_trainer(struct job *j)
{
	struct error err = { 0 };
	struct trainer *new = start(j);
	struct trainer_state state;

	assert_int_equal(trainer_tensor_count(new), trainer_tensor_count(j->trainer));
	for (int i = 0; i < trainer_tensor_count(new); i++) {
		struct trainer_tensor to, from;
		trainer_tensor(new, i, &to);
		trainer_tensor(j->trainer, i, &from);
		assert_string_equal(to.name, from.name);
		memcpy(to.values, from.values, (size_t)shape_elements(&to.shape) * sizeof(float));
	}
	trainer_get_state(j->trainer, &state);
	assert_true(trainer_set_state(new, &state, &err));
	trainer_free(j->trainer);
	j->trainer = new;
}

/* To the end; steps_at_a_time: 0 for all at one go. */
static void job_run(struct job *j, int steps_at_a_time)
{
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .step = on_step, .ctx = j };
	enum trainer_outcome outcome;

	j->trainer = start(j);
	do {
		j->stop_in = steps_at_a_time;
		atomic_store(&j->stop, false);
		outcome = trainer_run(j->trainer, &events, &j->stop, &err);
		if (steps_at_a_time)
			go_on_in_a_new_trainer(j);
	} while (outcome == TRAINER_STOPPED);
	if (outcome != TRAINER_DONE)
		fail_msg("%s", err.text);
}

static void assert_ends_with_weights_of(const struct job *j, int epoch, const char *what)
{
	float last[VALUES_MAX];
	size_t bytes = (size_t)read_weights(j->trainer, last) * sizeof *last;

	if (memcmp(last, j->weights[epoch - 1], bytes) != 0)
		fail_msg("%s: not the weights of epoch %d", what, epoch);
}

/* The loss falls; so a job that takes higher for better knows its best epoch beforehand. */
static void test_the_best_weights_come_back(void **state)
{
	static const struct {
		const char *callback;
		int n, best;
	} cases[] = {
		{ "EarlyStopping monitor=loss mode=max patience=2 start_from_epoch=1 "
		  "restore_best_weights=true",
			4, 2 },
		{ "EarlyStopping monitor=loss mode=max patience=99 start_from_epoch=2 "
		  "restore_best_weights=true",
			8, 3 },
		{ "EarlyStopping monitor=loss restore_best_weights=true", 8, 8 },
		{ "EarlyStopping monitor=loss mode=max patience=3", 4, 4 },
		{ "EarlyStopping monitor=loss start_from_epoch=50 restore_best_weights=true", 8,
			8 },
	};
	static struct job whole, pieces, plain;

	(void)state;
	job_init(&plain, "Adam learning_rate=0.01", NULL, 8);
	job_run(&plain, 0);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *what = cases[i].callback;
		job_init(&whole, "Adam learning_rate=0.01", what, 8);
		job_run(&whole, 0);
		if (whole.n != cases[i].n)
			fail_msg("%s: %d epochs, wanted %d", what, whole.n, cases[i].n);
		for (int e = 0; e < whole.n; e++)
			assert_int_equal(whole.epochs[e].stops, e + 1 == whole.n && e + 1 < 8);
		/* the weights at the end of an epoch are those of a job without the callback */
		memcpy(whole.weights, plain.weights, sizeof whole.weights);
		assert_ends_with_weights_of(&whole, cases[i].best, what);
		for (int steps = 1; steps <= 7; steps += 3) {
			job_init(&pieces, "Adam learning_rate=0.01", what, 8);
			job_run(&pieces, steps);
			assert_int_equal(pieces.n, whole.n);
			memcpy(pieces.weights, plain.weights, sizeof pieces.weights);
			assert_ends_with_weights_of(&pieces, cases[i].best, what);
			job_done(&pieces);
		}
		job_done(&whole);
	}
	job_done(&plain);
}

static void test_what_has_ended_does_not_go_on(void **state)
{
	static struct job j;
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .ctx = &j };

	(void)state;
	job_init(&j, "SGD", "EarlyStopping monitor=loss mode=max", 8);
	job_run(&j, 0);
	assert_int_equal(j.n, 2);
	go_on_in_a_new_trainer(&j);
	assert_int_equal(trainer_run(j.trainer, &events, NULL, &err), TRAINER_DONE);
	assert_int_equal(j.n, 2);
	job_done(&j);
}

/* Stopped early or not: Keras sets the weights to their means after the last epoch. */
static void test_a_training_that_stops_early_ends_with_the_means(void **state)
{
	static struct job early, short_one;
	float a[VALUES_MAX], b[VALUES_MAX];

	(void)state;
	job_init(&early, "Adam use_ema=true ema_momentum=0.5",
		"EarlyStopping monitor=loss mode=max patience=2", 9);
	job_run(&early, 0);
	assert_int_equal(early.n, 3);
	job_init(&short_one, "Adam use_ema=true ema_momentum=0.5", NULL, 3);
	job_run(&short_one, 0);
	int64_t n = read_weights(early.trainer, a);
	assert_int_equal(read_weights(short_one.trainer, b), n);
	assert_memory_equal(a, b, (size_t)n * sizeof *a);
	job_done(&early);
	job_done(&short_one);
}

/* As in Keras, with the weights as they were trained: the means come after it. */
static void test_the_last_epoch_is_validated_as_any_other(void **state)
{
	static struct job shorter, longer;

	(void)state;
	job_init(&shorter, "Adam use_ema=true ema_momentum=0.5", NULL, 3);
	job_run(&shorter, 0);
	job_init(&longer, "Adam use_ema=true ema_momentum=0.5", NULL, 4);
	job_run(&longer, 0);
	for (int i = 0; i < shorter.n; i++)
		if (shorter.epochs[i].val_loss != longer.epochs[i].val_loss)
			fail_msg("epoch %d: %.17g as one of 3, %.17g as one of 4", i + 1,
				shorter.epochs[i].val_loss, longer.epochs[i].val_loss);
	job_done(&shorter);
	job_done(&longer);
}

static void test_a_validation_loss_that_stays_nan_stops_the_training(void **state)
{
	static const float broken[FEATURES] = { NAN, 1, 1, 1 };
	static struct job j;

	(void)state;
	for (int freq = 1; freq <= 2; freq++) {
		job_init(&j, "SGD", "EarlyStopping patience=2", 12);
		struct data validation = j.data;
		validation.x = broken;
		validation.count = 1;
		j.options.validation = &validation;
		j.options.validation_freq = freq;
		job_run(&j, 0);
		assert_true(isnan(j.epochs[j.n - 1].val_loss));
		assert_int_equal(j.n, 3 * freq); /* an epoch without a validation has no loss */
		job_done(&j);
	}
}

static void test_the_recorded_rates_are_those_of_keras(void **state)
{
	static const struct keras k = {
		.min_delta = 0.01, .factor = 0.5, .min_lr = 0.02, .patience = 2, .cooldown = 1
	};
	static struct job j;
	double losses[EPOCHS_MAX], rates[EPOCHS_MAX];
	int changes = 0;

	(void)state;
	for (int steps = 0; steps <= 3; steps += 3) {
		job_init(&j, "SGD learning_rate=0.3",
			"ReduceLROnPlateau monitor=val_loss min_delta=0.01 factor=0.5 min_lr=0.02 "
			"patience=2 cooldown=1",
			EPOCHS_MAX);
		job_run(&j, steps);
		assert_int_equal(j.n, EPOCHS_MAX);
		for (int i = 0; i < j.n; i++)
			losses[i] = j.epochs[i].val_loss;
		keras_rates(&k, losses, j.n, 0.3, rates);
		for (int i = 0; i < j.n; i++) {
			if (j.epochs[i].learning_rate != rates[i])
				fail_msg("epoch %d, %d steps at a time: %.17g; Keras: %.17g", i + 1,
					steps, j.epochs[i].learning_rate, rates[i]);
			changes += i > 0 && rates[i] != rates[i - 1];
		}
		job_done(&j);
	}
	assert_true(changes >= 4); /* or nothing was tried */
}

static void test_a_lower_rate_is_used(void **state)
{
	static struct job j;

	(void)state;
	/* nothing is better than the first value by 1000: lowered after each epoch */
	job_init(&j, "SGD learning_rate=0.5",
		"ReduceLROnPlateau monitor=loss patience=1 factor=1e-30 min_delta=1000", 4);
	job_run(&j, 0);
	assert_true(j.epochs[1].learning_rate == 0.5 && j.epochs[2].learning_rate == 0.5 * 1e-30);
	assert_ends_with_weights_of(&j, 2, "a rate of next to nothing");
	job_done(&j);
}

static void test_callbacks_that_do_not_watch_go_with_anything(void **state)
{
	static struct job j;

	(void)state;
	job_init(&j, "SGD", "TerminateOnNaN", 2);
	network_callback(&j.callbacks, "EarlyStopping monitor=accuracy patience=5");
	j.options.validation = NULL;
	job_run(&j, 0);
	assert_int_equal(j.n, 2);
	job_done(&j);
}

/* Lowered below what a double holds, it does not jump back to the first one. */
static void test_a_rate_lowered_to_nothing_stays_there(void **state)
{
	static struct job j;

	(void)state;
	job_init(&j, "SGD learning_rate=0.5",
		"ReduceLROnPlateau monitor=loss patience=1 factor=1e-200 min_delta=1000", 7);
	job_run(&j, 2);
	assert_int_equal(j.n, 7);
	for (int i = 2; i < j.n; i++)
		if (!(j.epochs[i].learning_rate <= 0.5 * 1e-200))
			fail_msg("epoch %d has %g", i + 1, j.epochs[i].learning_rate);
	assert_ends_with_weights_of(&j, 2, "rates of nothing");
	job_done(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_early_stopping_ends_where_keras_does),
		cmocka_unit_test(test_on_any_values_they_do_as_keras),
		cmocka_unit_test(test_an_infinite_first_value_is_no_plateau_yet),
		cmocka_unit_test(test_a_plateau_lowers_the_rate_by_its_factor),
		cmocka_unit_test(test_the_best_weights_come_back),
		cmocka_unit_test(test_what_has_ended_does_not_go_on),
		cmocka_unit_test(test_a_training_that_stops_early_ends_with_the_means),
		cmocka_unit_test(test_the_last_epoch_is_validated_as_any_other),
		cmocka_unit_test(test_the_recorded_rates_are_those_of_keras),
		cmocka_unit_test(test_a_lower_rate_is_used),
		cmocka_unit_test(test_a_rate_lowered_to_nothing_stays_there),
		cmocka_unit_test(test_a_validation_loss_that_stays_nan_stops_the_training),
		cmocka_unit_test(test_callbacks_that_do_not_watch_go_with_anything),
	};

	return cmocka_run_group_tests(tests, make_samples, NULL);
}
