/* test_training.c - what a job may ask beside its loss: regularizers, constraints, weights of
 * classes and samples, a choice of the samples. */
#include "network.h"

#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 40, WIDTH = 6, CLASSES = 3, EPOCHS = 3, WEIGHTS_MAX = 256 };
static float rows[SAMPLES * WIDTH];
static int32_t labels[SAMPLES];

static int make_samples(void **state)
{
	(void)state;
	network_noise(9, rows, SAMPLES * WIDTH);
	for (int i = 0; i < SAMPLES; i++)
		labels[i] = i % CLASSES;
	return 0;
}

static struct data task(void)
{
	return (struct data){ .x = rows,
		.x_type = DATA_F32,
		.shape = SHAPE1(WIDTH),
		.y = labels,
		.y_type = DATA_I32,
		.count = SAMPLES,
		.classes = CLASSES };
}

struct result {
	float weights[WEIGHTS_MAX]; /* one tensor behind the other */
	int n;
	struct trainer_epoch last;
};

static bool note_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	(void)err; /* never stops the training */
	((struct result *)ctx)->last = *e;
	return true;
}

/* Trains by plain descent and returns what came of it. */
static void train(const char *layers, const char *loss, struct trainer_options o, double rate,
	struct result *ret)
{
	struct error err = { 0 };
	char optimizer[64];

	(void)snprintf(optimizer, sizeof optimizer, "SGD learning_rate=%g", rate);
	*ret = (struct result){ .n = 0 };
	AUTO_FREE(model_free) struct model *m = network_model(layers, loss, optimizer);
	AUTO_FREE(plan_free)
	struct plan *p = plan_new(m,
		&(struct plan_options){ .input = o.train.shape,
			.target = o.train.y_shape,
			.classes = o.train.classes,
			.batch_size = 10 },
		&err);
	if (!p)
		fail_msg("%s: %s", layers, err.text);
	o.plan = p;
	o.epochs = EPOCHS;
	o.threads_max = 2;
	AUTO_FREE(trainer_free) struct trainer *t = trainer_new(&o, &err);
	if (!t || trainer_run(t, &(struct trainer_events){ .epoch = note_epoch, .ctx = ret }, NULL,
			  &err) != TRAINER_DONE)
		fail_msg("%s: %s", layers, err.text);
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor tensor;
		trainer_tensor(t, i, &tensor);
		int64_t n = tensor.is_weight ? shape_elements(&tensor.shape) : 0;
		assert_true(ret->n + n <= WEIGHTS_MAX);
		memcpy(ret->weights + ret->n, tensor.values, (size_t)n * sizeof(float));
		ret->n += (int)n;
	}
}

static void assert_same(const struct result *a, const struct result *b)
{
	assert_int_equal(a->n, b->n);
	assert_memory_equal(a->weights, b->weights, (size_t)a->n * sizeof(float));
}

/* One weight w, beginning at 1; the loss is (w - 3)² and what its regularizer costs. */
static void test_regularizers_cost_and_pull(void **state)
{
	static const float x = 1, y = 3;
	const struct data one = { .x = &x,
		.x_type = DATA_F32,
		.shape = SHAPE1(1),
		.y = &y,
		.y_type = DATA_F32,
		.y_shape = SHAPE1(1),
		.count = 1 };
	struct result r;
	double w = 1, loss = 0;

	(void)state;
	train("Dense units=1 use_bias=false kernel_initializer=ones "
	      "kernel_regularizer=L1L2(l1=0.25|l2=0.5)",
		"mean_squared_error", (struct trainer_options){ .train = one, .validation = &one },
		0.1, &r);
	for (int i = 0; i < EPOCHS; i++) {
		loss = (w - 3) * (w - 3) + 0.25 * fabs(w) + 0.5 * w * w;
		w -= 0.1 * (2 * (w - 3) + 0.25 + 2 * 0.5 * w);
	}
	assert_true(fabs((double)r.weights[0] - w) < 1e-6);
	assert_true(fabs(r.last.loss - loss) < 1e-6);
	assert_true(
		fabs(r.last.val_loss - ((w - 3) * (w - 3) + 0.25 * fabs(w) + 0.5 * w * w)) < 1e-6);
}

static void test_constraints_hold_after_every_step(void **state)
{
	struct result r;

	(void)state;
	train("Dense units=3 activation=softmax use_bias=false kernel_constraint=NonNeg",
		"sparse_categorical_crossentropy", (struct trainer_options){ .train = task() }, 0.5,
		&r);
	for (int i = 0; i < r.n; i++)
		assert_true(r.weights[i] >= 0);
	train("Dense units=3 activation=softmax use_bias=false "
	      "kernel_constraint=MaxNorm(max_value=0.5)",
		"sparse_categorical_crossentropy", (struct trainer_options){ .train = task() }, 0.5,
		&r);
	for (int unit = 0; unit < 3; unit++) {
		double squares = 0;
		for (int i = 0; i < WIDTH; i++)
			squares +=
				(double)r.weights[i * 3 + unit] * (double)r.weights[i * 3 + unit];
		assert_true(squares <= 0.25 * (1 + 1e-5));
	}
}

static const char network[] = "Dense units=5 activation=tanh; Dense units=3 activation=softmax";
static const char entropy[] = "sparse_categorical_crossentropy";

/* 2 and 0.1 are as good as 1 and 0.2: doubling is exact. */
static void test_weights_multiply_gradient_and_loss(void **state)
{
	static const float twice[] = { 2, 2, 2 };
	float each[SAMPLES];
	struct result plain, by_class, by_sample;
	struct data weighted = task();

	(void)state;
	for (int i = 0; i < SAMPLES; i++)
		each[i] = 2;
	weighted.weights = each;
	train(network, entropy, (struct trainer_options){ .train = task() }, 0.2, &plain);
	train(network, entropy, (struct trainer_options){ .train = task(), .class_weight = twice },
		0.1, &by_class);
	train(network, entropy, (struct trainer_options){ .train = weighted }, 0.1, &by_sample);
	assert_same(&plain, &by_class);
	assert_same(&plain, &by_sample);
	assert_true(fabs(by_class.last.loss - 2 * plain.last.loss) < 1e-6);
}

static void test_a_weight_below_0_or_without_end_is_refused(void **state)
{
	static const float wrong[] = { -1, -INFINITY, INFINITY, NAN };
	float each[SAMPLES] = { 0 };
	struct data weighted = task();
	struct error err = { 0 };

	(void)state;
	AUTO_FREE(model_free) struct model *m = network_model(network, entropy, "SGD");
	AUTO_FREE(plan_free)
	struct plan *p = plan_new(m,
		&(struct plan_options){
			.input = SHAPE1(WIDTH), .classes = CLASSES, .batch_size = 10 },
		&err);
	weighted.weights = each;
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		each[17] = wrong[i];
		const struct trainer_options o = {
			.plan = p, .train = weighted, .epochs = 1, .threads_max = 1
		};
		assert_null(trainer_new(&o, &err));
		assert_string_equal(err.pointer, "/dataset");
		assert_non_null(strstr(err.text, "the weight of sample 17 of the training data"));
	}
}

static void test_a_class_of_weight_0_teaches_nothing(void **state)
{
	static const float none[] = { 0, 0, 0 }, one[] = { 0, 1, 0 };
	struct result untouched, seen;
	struct data other = task();

	(void)state;
	train(network, entropy, (struct trainer_options){ .train = task(), .class_weight = none },
		0.1, &seen);
	other.count = 1;
	train(network, entropy, (struct trainer_options){ .train = other, .class_weight = none },
		0.1, &untouched);
	assert_same(&untouched, &seen);
	assert_true(seen.last.loss == 0);
	train(network, entropy, (struct trainer_options){ .train = task(), .class_weight = one },
		0.1, &seen);
	assert_memory_not_equal(untouched.weights, seen.weights, sizeof(float) * 8);
}

static void test_validation_is_not_weighted_by_class(void **state)
{
	static const float none[] = { 0, 0, 0 };
	const struct data validation = task();
	struct result r;

	(void)state;
	train(network, entropy,
		(struct trainer_options){
			.train = task(), .validation = &validation, .class_weight = none },
		0.1, &r);
	assert_true(r.last.loss == 0);
	assert_true(r.last.val_loss > 0.5);
}

static void test_a_choice_of_samples_is_as_good_as_a_copy_of_them(void **state)
{
	static const int32_t chosen[] = { 3, 5, 8, 13, 21, 34, 2, 17, 33, 39, 12, 11 };
	enum { CHOSEN = COUNT_OF(chosen) };
	float copied[CHOSEN * WIDTH];
	int32_t copied_labels[CHOSEN];
	struct data choice = task(), copy = task();
	struct result a, b;

	(void)state;
	for (int i = 0; i < CHOSEN; i++) {
		memcpy(copied + i * WIDTH, rows + chosen[i] * WIDTH, WIDTH * sizeof(float));
		copied_labels[i] = labels[chosen[i]];
	}
	choice.index = chosen;
	choice.count = copy.count = CHOSEN;
	copy.x = copied;
	copy.y = copied_labels;
	train("Normalization; Dense units=3 activation=softmax", entropy,
		(struct trainer_options){ .train = choice, .shuffle = true, .seed = 4 }, 0.1, &a);
	train("Normalization; Dense units=3 activation=softmax", entropy,
		(struct trainer_options){ .train = copy, .shuffle = true, .seed = 4 }, 0.1, &b);
	assert_same(&a, &b);
	assert_true(a.last.loss == b.last.loss);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_regularizers_cost_and_pull),
		cmocka_unit_test(test_constraints_hold_after_every_step),
		cmocka_unit_test(test_weights_multiply_gradient_and_loss),
		cmocka_unit_test(test_a_weight_below_0_or_without_end_is_refused),
		cmocka_unit_test(test_a_class_of_weight_0_teaches_nothing),
		cmocka_unit_test(test_validation_is_not_weighted_by_class),
		cmocka_unit_test(test_a_choice_of_samples_is_as_good_as_a_copy_of_them),
	};

	return cmocka_run_group_tests(tests, make_samples, NULL);
}
