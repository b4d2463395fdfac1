/* test_precision.c - networks whose large products are of bfloat16: they learn as others do. That
 * their bits are the same everywhere is test_exact.c's affair. */
#include "network.h"

#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

enum { SAMPLES = 512, HEIGHT = 8, WIDTH = 8, DEPTH = 16, VALUES = HEIGHT * WIDTH * DEPTH };
enum { CLASSES = 4, BATCH = 32, EPOCHS = 6 };

static float images[SAMPLES * VALUES];
static int32_t labels[SAMPLES];

/* Noise, and under it one pattern a class. */
static int make_task(void **state)
{
	static float patterns[CLASSES * VALUES];

	(void)state;
	network_noise(1, images, SAMPLES * VALUES);
	network_noise(2, patterns, CLASSES * VALUES);
	for (int i = 0; i < SAMPLES; i++) {
		labels[i] = i * 7 % CLASSES;
		for (int j = 0; j < VALUES; j++)
			images[i * VALUES + j] += 0.15f * patterns[labels[i] * VALUES + j];
	}
	return 0;
}

static bool keep_loss(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	(void)err; /* never stops the training */
	*(double *)ctx = e->loss;
	return true;
}

/* The loss of the last epoch; ret_first: the first weight afterwards. */
static double train(const char *layers, enum plan_precision precision, float *ret_first)
{
	struct error err = { 0 };
	const struct shape input = SHAPE3(HEIGHT, WIDTH, DEPTH);
	double loss = NAN;
	AUTO_FREE(model_free)
	struct model *m = network_model(layers, "sparse_categorical_crossentropy", "Adam");
	AUTO_FREE(plan_free)
	struct plan *p = plan_new(m,
		&(struct plan_options){ .input = input,
			.classes = CLASSES,
			.batch_size = BATCH,
			.precision = precision },
		&err);
	if (!p)
		fail_msg("%s: %s", layers, err.text);
	AUTO_FREE(trainer_free)
	struct trainer *t = trainer_new(&(struct trainer_options){ .plan = p,
						.train = { .x = images,
							.x_type = DATA_F32,
							.shape = input,
							.y = labels,
							.y_type = DATA_I32,
							.count = SAMPLES,
							.classes = CLASSES },
						.epochs = EPOCHS,
						.seed = 3,
						.shuffle = true,
						.threads_max = 1 },
		&err);
	if (!t)
		fail_msg("%s: %s", layers, err.text);
	struct trainer_events events = { .epoch = keep_loss, .ctx = &loss };
	if (trainer_run(t, &events, NULL, &err) != TRAINER_DONE)
		fail_msg("%s: %s", layers, err.text);
	struct trainer_tensor first;
	trainer_tensor(t, 0, &first);
	*ret_first = first.values[0];
	return loss;
}

static const struct {
	const char *what, *layers;
} networks[] = {
	{ "dense", "Flatten; Dense units=64 activation=relu; Dense units=4 activation=softmax" },
	{ "convolution",
		"Conv2D filters=32 kernel_size=3 strides=2 activation=relu; Conv2D filters=32 "
		"kernel_size=2 activation=relu; Flatten; Dense units=4 activation=softmax" },
	{ "convolution and pooling",
		"Conv2D filters=32 kernel_size=5 padding=same activation=relu; MaxPooling2D; "
		"Flatten; Dense units=4 activation=softmax" },
	{ "separable", "SeparableConv2D filters=32 kernel_size=3 depth_multiplier=4 "
		       "activation=relu; Flatten; Dense units=4 activation=softmax" },
};

/* Factors differ by 2^-9 of themselves at most; a training of 96 steps spreads that. */
static void test_the_loss_is_that_of_float32_within_a_few_percent(void **state)
{
	const double far = 0.05, learnt = 0.7;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(networks); i++) {
		float a, b;
		double exact = train(networks[i].layers, PLAN_FLOAT32, &a);
		double loss = train(networks[i].layers, PLAN_BFLOAT16, &b);
		if (!(exact < learnt))
			fail_msg("%s: float32 has not learnt: loss %g", networks[i].what, exact);
		if (!(fabs(loss - exact) <= far * exact + 1e-3))
			fail_msg("%s: loss %g, in float32 %g", networks[i].what, loss, exact);
		if (a == b)
			fail_msg("%s: nothing was rounded", networks[i].what);
	}
}

static void test_small_layers_are_worked_in_float32(void **state)
{
	static const char layers[] =
		"AveragePooling2D pool_size=4; Flatten; Dense units=31 activation=relu; Dense "
		"units=4 activation=softmax";
	float a, b;

	(void)state;
	double exact = train(layers, PLAN_FLOAT32, &a);
	double loss = train(layers, PLAN_BFLOAT16, &b);
	assert_true(exact == loss && a == b);
}

static void test_winograd_is_worked_in_float32(void **state)
{
	static const char layers[] =
		"Conv2D filters=32 kernel_size=3 padding=same activation=relu; "
		"GlobalAveragePooling2D; Dense units=4 activation=softmax";
	float a, b;

	(void)state;
	double exact = train(layers, PLAN_FLOAT32, &a);
	double loss = train(layers, PLAN_BFLOAT16, &b);
	assert_true(exact == loss && a == b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_loss_is_that_of_float32_within_a_few_percent),
		cmocka_unit_test(test_small_layers_are_worked_in_float32),
		cmocka_unit_test(test_winograd_is_worked_in_float32),
	};

	return cmocka_run_group_tests(tests, make_task, NULL);
}
