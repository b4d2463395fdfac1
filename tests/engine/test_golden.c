/* test_golden.c - the engine against PyTorch: each activation, and small networks, step by
 * step. golden/make_golden.py made the numbers, in double precision, and says what each network is.
 */
#include "network.h"

#include "engine/kernels/kernels.h"
#include "engine/registry.h"
#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { POINT_ROWS = 4, POINT_WIDTH = 6, POINTS = POINT_ROWS * POINT_WIDTH };

/* y = f(x) and dx at the points of activation_x, for the dy of activation_dy. */
struct activation_truth {
	const char *name;
	double y[POINTS], dx[POINTS];
};

/* The loss of each row of y at targets t, and the gradient of the rows' mean. */
struct loss_truth {
	const char *loss;
	const int8_t *y, *t;
	double losses[POINT_ROWS], dy[POINTS];
};

#include "golden/networks.inc"

/* The engine computes in float: sums of up to 60 terms, each rounded by at most 6e-8 of itself, a
 * few layers deep. Losses are near 1; gradients and weights are compared on the scale of the
 * largest of their tensor. The errors are below 3e-7; a wrong formula is out by far more than this.
 */
static const double TOLERANCE = 1e-6;
/* A gradient is read back as w0 - w1, where w1 was rounded: half a unit in the last place of a
 * number below 1. */
static const double READ_BACK = 6e-8;

enum { X_MAX = 10 * 9 * 2, Y_MAX = 3, WEIGHTS_MAX = 400 };

struct truth {
	int batch;
	const double *losses, *gradients, *after;
};

struct golden {
	const char *layers, *loss, *optimizer;
	const char *const *tensors; /* in the order of the weights below; NULL-terminated */
	const int8_t *x, *y, *weights;
	struct shape input, target;
	int n_weights;
	int64_t classes;
	struct truth truths[2];
};

static const char *const conv_tensors[] = { "conv2d/kernel", "conv2d/bias", "conv2d_1/kernel",
	"conv2d_1/bias", "dense/kernel", "dense/bias", "dense_1/kernel", "dense_1/bias", NULL };
static const char *const dense_tensors[] = { "dense/kernel", "dense/bias", "dense_1/kernel",
	"dense_1/bias", NULL };

static const struct golden conv = {
	.layers = "Conv2D filters=3 kernel_size=3 activation=relu; MaxPooling2D pool_size=2; "
		  "Conv2D filters=5 kernel_size=3 strides=2 padding=same activation=tanh; Flatten; "
		  "Dense units=7 activation=sigmoid; Dense units=4 activation=softmax",
	.loss = "sparse_categorical_crossentropy",
	.optimizer = "Adam learning_rate=0.01",
	.tensors = conv_tensors,
	.x = conv_x,
	.y = conv_y,
	.weights = conv_weights,
	.n_weights = COUNT_OF(conv_weights),
	.input = { 3, { 10, 9, 2 } },
	.classes = 4,
	.truths = { { 8, conv_8_losses, conv_8_gradients, conv_8_after },
		{ 20, conv_20_losses, conv_20_gradients, conv_20_after } },
};

static const struct golden dense = {
	.layers = "Dense units=6 activation=relu; Dense units=3",
	.loss = "mean_squared_error",
	.optimizer = "SGD learning_rate=0.1 momentum=0.9 nesterov=true",
	.tensors = dense_tensors,
	.x = dense_x,
	.y = dense_y,
	.weights = dense_weights,
	.n_weights = COUNT_OF(dense_weights),
	.input = { 1, { 5 } },
	.target = { 1, { 3 } },
	.truths = { { 8, dense_8_losses, dense_8_gradients, dense_8_after },
		{ 20, dense_20_losses, dense_20_gradients, dense_20_after } },
};

static const char *const groups_tensors[] = { "conv2d/kernel", "conv2d/bias", "conv2d_1/kernel",
	"conv2d_1/bias", "conv2d_2/kernel", "dense/kernel", "dense/bias", "dense_1/kernel",
	"dense_1/bias", NULL };
static const char *const signal_tensors[] = { "conv1d/kernel", "conv1d/bias", "conv1d_1/kernel",
	"conv1d_1/bias", "conv1d_2/kernel", "conv1d_2/bias", "dense/kernel", "dense/bias", NULL };

static const struct golden groups = {
	.layers =
		"Conv2D filters=6 kernel_size=3x2 groups=2 dilation_rate=1x2 activation=tanh; "
		"Conv2D filters=3 kernel_size=2x3 padding=same dilation_rate=3x2 activation=tanh; "
		"Conv2D filters=3 kernel_size=2 strides=2x1 groups=3 use_bias=false; "
		"Dense units=5 activation=tanh; Flatten; Dense units=4 activation=softmax",
	.loss = "sparse_categorical_crossentropy",
	.optimizer = "SGD learning_rate=0.1 momentum=0.9 nesterov=true",
	.tensors = groups_tensors,
	.x = groups_x,
	.y = groups_y,
	.weights = groups_weights,
	.n_weights = COUNT_OF(groups_weights),
	.input = { 3, { 6, 7, 4 } },
	.classes = 4,
	.truths = { { 8, groups_8_losses, groups_8_gradients, groups_8_after },
		{ 20, groups_20_losses, groups_20_gradients, groups_20_after } },
};

static const struct golden signal = {
	.layers = "Conv1D filters=6 kernel_size=3 padding=causal dilation_rate=2 activation=tanh; "
		  "Conv1D filters=4 kernel_size=4 strides=2 padding=same groups=2 activation=tanh; "
		  "Conv1D filters=5 kernel_size=2 activation=sigmoid; Flatten; "
		  "Dense units=4 activation=softmax",
	.loss = "sparse_categorical_crossentropy",
	.optimizer = "SGD learning_rate=0.1 momentum=0.9 nesterov=true",
	.tensors = signal_tensors,
	.x = signal_x,
	.y = signal_y,
	.weights = signal_weights,
	.n_weights = COUNT_OF(signal_weights),
	.input = { 2, { 13, 2 } },
	.classes = 4,
	.truths = { { 8, signal_8_losses, signal_8_gradients, signal_8_after },
		{ 20, signal_20_losses, signal_20_gradients, signal_20_after } },
};

static const char *const separable_tensors[] = { "depthwise_conv2d/kernel", "depthwise_conv2d/bias",
	"separable_conv2d/depthwise_kernel", "separable_conv2d/pointwise_kernel",
	"separable_conv2d/bias", "separable_conv2d_1/depthwise_kernel",
	"separable_conv2d_1/pointwise_kernel", "dense/kernel", "dense/bias", NULL };

static const struct golden separable = {
	.layers =
		"DepthwiseConv2D kernel_size=3x2 padding=same depth_multiplier=2 activation=tanh; "
		"SeparableConv2D filters=5 kernel_size=2x3 dilation_rate=2x1 activation=tanh; "
		"SeparableConv2D filters=3 kernel_size=3 strides=2 padding=same "
		"depth_multiplier=2 use_bias=false activation=sigmoid; Flatten; "
		"Dense units=4 activation=softmax",
	.loss = "sparse_categorical_crossentropy",
	.optimizer = "SGD learning_rate=0.1 momentum=0.9 nesterov=true",
	.tensors = separable_tensors,
	.x = separable_x,
	.y = separable_y,
	.weights = separable_weights,
	.n_weights = COUNT_OF(separable_weights),
	.input = { 3, { 5, 6, 2 } },
	.classes = 4,
	.truths = { { 8, separable_8_losses, separable_8_gradients, separable_8_after },
		{ 20, separable_20_losses, separable_20_gradients, separable_20_after } },
};

static const char *const transposed_tensors[] = { "conv2d_transpose/kernel",
	"conv2d_transpose/bias", "conv2d_transpose_1/kernel", "conv2d_transpose_1/bias",
	"conv2d_transpose_2/kernel", "conv2d/kernel", "conv2d/bias", "dense/kernel", "dense/bias",
	NULL };

static const struct golden transposed = {
	.layers = "Conv2DTranspose filters=4 kernel_size=4x3 strides=2x1 padding=same "
		  "activation=tanh; "
		  "Conv2DTranspose filters=2 kernel_size=3x2 strides=2x3 activation=tanh; "
		  "Conv2DTranspose filters=2 kernel_size=2 padding=same dilation_rate=2 "
		  "use_bias=false activation=tanh; "
		  "Conv2D filters=2 kernel_size=3 strides=3 activation=tanh; Flatten; "
		  "Dense units=4 activation=softmax",
	.loss = "sparse_categorical_crossentropy",
	.optimizer = "SGD learning_rate=0.1 momentum=0.9 nesterov=true",
	.tensors = transposed_tensors,
	.x = transposed_x,
	.y = transposed_y,
	.weights = transposed_weights,
	.n_weights = COUNT_OF(transposed_weights),
	.input = { 3, { 2, 3, 3 } },
	.classes = 4,
	.truths = { { 8, transposed_8_losses, transposed_8_gradients, transposed_8_after },
		{ 20, transposed_20_losses, transposed_20_gradients, transposed_20_after } },
};

static void scaled(const int8_t *integers, int64_t n, int scale, float *ret)
{
	for (int64_t i = 0; i < n; i++)
		ret[i] = (float)integers[i] / (float)scale;
}

/* One network at work; everything that the trainer borrows. */
struct fixture {
	struct model *model;
	struct plan *plan;
	struct trainer *trainer;
	float x[SAMPLES * X_MAX], targets[SAMPLES * Y_MAX];
	int32_t labels[SAMPLES];
};

static struct trainer_tensor tensor_named(const struct trainer *t, const char *name)
{
	struct trainer_tensor tensor = { .values = NULL };

	for (int i = 0; i < trainer_tensor_count(t); i++) {
		trainer_tensor(t, i, &tensor);
		if (strcmp(tensor.name, name) == 0)
			return tensor;
	}
	fail_msg("no tensor is named %s", name);
	return tensor;
}

/* Copies the weights out of the trainer, or into it. */
static void move_weights(const struct golden *g, const struct trainer *t, float *all, bool into)
{
	int64_t at = 0;

	for (int i = 0; g->tensors[i]; i++) {
		struct trainer_tensor tensor = tensor_named(t, g->tensors[i]);
		int64_t n = shape_elements(&tensor.shape);
		assert_true(at + n <= g->n_weights);
		for (int64_t j = 0; j < n; j++, at++)
			*(into ? &tensor.values[j] : &all[at]) = into ? all[at] : tensor.values[j];
	}
	assert_int_equal(at, g->n_weights);
}

/* A batch is the whole data set, so that an epoch is one step and its loss that step's. */
static struct data data_of(const struct golden *g, int batch, struct fixture *f)
{
	bool labels = g->classes > 0;

	scaled(g->x, SAMPLES * shape_elements(&g->input), X_SCALE, f->x);
	if (!labels)
		scaled(g->y, SAMPLES * shape_elements(&g->target), X_SCALE, f->targets);
	for (int i = 0; labels && i < SAMPLES; i++)
		f->labels[i] = g->y[i];
	return (struct data){ .x = f->x,
		.x_type = DATA_F32,
		.shape = g->input,
		.y = labels ? (const void *)f->labels : f->targets,
		.y_type = labels ? DATA_I32 : DATA_F32,
		.y_shape = g->target,
		.count = batch,
		.classes = g->classes };
}

static void fixture_init(struct fixture *f, const struct golden *g, const char *optimizer,
	int batch, int epochs, const char *isa)
{
	struct error err = { 0 };
	float first[WEIGHTS_MAX];

	f->model = network_model(g->layers, g->loss, optimizer);
	f->plan = plan_new(f->model,
		&(struct plan_options){ .input = g->input,
			.target = g->target,
			.classes = g->classes,
			.batch_size = batch },
		&err);
	if (!f->plan)
		fail_msg("%s", err.text);
	f->trainer = trainer_new(&(struct trainer_options){ .plan = f->plan,
					 .train = data_of(g, batch, f),
					 .epochs = epochs,
					 .threads_max = 2,
					 .isa = isa },
		&err);
	if (!f->trainer)
		fail_msg("%s", err.text);
	scaled(g->weights, g->n_weights, WEIGHT_SCALE, first);
	move_weights(g, f->trainer, first, /* into= */ true);
}

static void fixture_done(struct fixture *f)
{
	trainer_free(f->trainer);
	plan_free(f->plan);
	model_free(f->model);
}

static bool note_loss(void *ctx, const struct trainer_epoch *epoch, struct error *err)
{
	double *losses = ctx;

	(void)err; /* never stops the training */
	losses[epoch->epoch - 1] = epoch->loss;
	return true;
}

/* Trains to the end; the loss before each step, and the weights after the last. */
static void fixture_train(struct fixture *f, const struct golden *g,
	double ret_losses[static STEPS], float *ret_weights)
{
	atomic_bool stop = false;
	struct error err = { 0 };

	if (trainer_run(f->trainer,
		    &(struct trainer_events){ .epoch = note_loss, .ctx = ret_losses }, &stop,
		    &err) != TRAINER_DONE)
		fail_msg("%s", err.text);
	move_weights(g, f->trainer, ret_weights, /* into= */ false);
}

/* Compares one number a weight, tensor by tensor, on the scale of each one's largest; `floor` is
 * allowed in any case. */
static void compare(const struct golden *g, const struct trainer *t, const char *what,
	const char *isa, const double *seen, const double *wanted, double floor)
{
	int64_t at = 0;

	for (int i = 0; g->tensors[i]; i++) {
		struct trainer_tensor tensor = tensor_named(t, g->tensors[i]);
		int64_t n = shape_elements(&tensor.shape);
		double largest = 0, allowed;
		for (int64_t j = 0; j < n; j++)
			largest = fmax(largest, fabs(wanted[at + j]));
		allowed = TOLERANCE * largest + floor;
		for (int64_t j = 0; j < n; j++, at++)
			if (!(fabs(seen[at] - wanted[at]) <= allowed))
				fail_msg(
					"%s, %s of %s[%d]: %.9g, PyTorch has %.9g; allowed is %.1e",
					isa, what, tensor.name, (int)j, seen[at], wanted[at],
					allowed);
	}
}

static void check_steps(const struct golden *g, const struct truth *truth, const char *isa)
{
	struct fixture f;
	double losses[STEPS], seen[WEIGHTS_MAX];
	float weights[WEIGHTS_MAX];

	fixture_init(&f, g, g->optimizer, truth->batch, STEPS, isa);
	fixture_train(&f, g, losses, weights);
	for (int i = 0; i < STEPS; i++)
		if (!(fabs(losses[i] - truth->losses[i]) <= TOLERANCE))
			fail_msg("%s, batch of %d, loss before step %d: %.9g, PyTorch has %.9g",
				isa, truth->batch, i + 1, losses[i], truth->losses[i]);
	for (int i = 0; i < g->n_weights; i++)
		seen[i] = (double)weights[i];
	compare(g, f.trainer, "last weights", isa, seen, truth->after, 0);
	fixture_done(&f);
}

/* One step of plain gradient descent at rate 1 takes the gradient off the weights. */
static void check_gradients(const struct golden *g, const struct truth *truth, const char *isa)
{
	struct fixture f;
	double losses[STEPS], seen[WEIGHTS_MAX];
	float first[WEIGHTS_MAX], weights[WEIGHTS_MAX];

	fixture_init(&f, g, "SGD learning_rate=1", truth->batch, /* epochs= */ 1, isa);
	fixture_train(&f, g, losses, weights);
	scaled(g->weights, g->n_weights, WEIGHT_SCALE, first);
	for (int i = 0; i < g->n_weights; i++)
		seen[i] = (double)first[i] - (double)weights[i];
	compare(g, f.trainer, "gradient", isa, seen, truth->gradients, READ_BACK);
	fixture_done(&f);
}

/* Every instruction set that this CPU has. */
static void check_all(const struct golden *g,
	void (*check)(const struct golden *, const struct truth *, const char *))
{
	static const char *const sets[] = { "scalar", "avx2", "avx512", "avx512bf16", "neon" };

	for (size_t i = 0; i < COUNT_OF(sets); i++)
		for (size_t j = 0; trainer_isa(sets[i]) && j < COUNT_OF(g->truths); j++)
			check(g, &g->truths[j], sets[i]);
}

static void compare_points(const char *isa, const char *name, const char *what, const float *seen,
	const double *wanted, int n)
{
	for (int i = 0; i < n; i++)
		if (!(fabs((double)seen[i] - wanted[i]) <= TOLERANCE * fmax(1, fabs(wanted[i]))))
			fail_msg("%s, %s of %s at point %d: %.9g, PyTorch has %.9g", isa, what,
				name, i, (double)seen[i], wanted[i]);
}

static void check_activation(const struct kernels *k, const struct activation_truth *truth)
{
	enum activation a = (enum activation)param_choice_index(activation_names, truth->name);
	float x[POINTS], y[POINTS], dy[POINTS];

	scaled(activation_x, POINTS, POINT_SCALE, x);
	scaled(activation_dy, POINTS, POINT_SCALE, dy);
	k->activate(a, activation_alpha(a), x, y, POINT_ROWS, POINT_WIDTH);
	compare_points(k->name, truth->name, "value", y, truth->y, POINTS);
	k->activate_backward(a, activation_alpha(a), x, y, dy, POINT_ROWS, POINT_WIDTH);
	compare_points(k->name, truth->name, "gradient", dy, truth->dx, POINTS);
}

static void each_activation_is_pytorch_s(void **state)
{
	(void)state;
	assert_int_equal(COUNT_OF(activation_truths), ACTIVATION_COUNT);
	for (int i = 0; kernels_all[i]; i++)
		for (int a = 0; kernels_find(kernels_all[i]->name) && a < ACTIVATION_COUNT; a++)
			check_activation(kernels_all[i], &activation_truths[a]);
}

static void check_loss(const struct kernels *k, const struct loss_truth *truth)
{
	AUTO_FREE(model_free) struct model *m = network_model("Flatten", truth->loss, "SGD");
	float y[POINTS], t[POINTS], dy[POINTS], loss[POINT_ROWS];
	struct loss_step s = { .kernels = k,
		.conf = m->loss_conf,
		.width = POINT_WIDTH,
		.depth = POINT_WIDTH,
		.y = y,
		.targets = t,
		.scale = 1.0f / POINT_ROWS,
		.dy = dy,
		.loss = loss };

	scaled(truth->y, POINTS, LOSS_SCALE, y);
	scaled(truth->t, POINTS, LOSS_SCALE, t);
	m->loss->run(&s, 0, POINT_ROWS);
	compare_points(k->name, truth->loss, "loss", loss, truth->losses, POINT_ROWS);
	compare_points(k->name, truth->loss, "gradient", dy, truth->dy, POINTS);
	s.dy = NULL;
	memset(loss, 0, sizeof loss);
	m->loss->run(&s, 0, POINT_ROWS);
	compare_points(k->name, truth->loss, "loss alone", loss, truth->losses, POINT_ROWS);
}

static bool any_truth_for(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(loss_truths); i++)
		if (strncmp(loss_truths[i].loss, name, strlen(name)) == 0)
			return true;
	return false;
}

static void each_loss_is_keras_s(void **state)
{
	(void)state;
	for (int i = 0; kernels_all[i]; i++)
		for (size_t j = 0; kernels_find(kernels_all[i]->name) && j < COUNT_OF(loss_truths);
			j++)
			check_loss(kernels_all[i], &loss_truths[j]);
	/* The networks below end in it. */
	const struct loss_class *sparse = loss_class_find("sparse_categorical_crossentropy");
	for (int i = 0; loss_classes[i]; i++)
		if (loss_classes[i] != sparse && !any_truth_for(loss_classes[i]->name))
			fail_msg("no truth for the loss %s", loss_classes[i]->name);
}

/* Keras divides by no length below 1e-7: that of one case is above it, the other's below. */
static void cosine_similarity_of_short_vectors_is_keras_s(void **state)
{
	static const struct {
		float y[2];
		double loss;
		bool is_short; /* then the gradient is that of a product with t */
	} cases[] = { { { 3e-7f, 4e-7f }, -1, false }, { { 3e-8f, 4e-8f }, -0.5, true } };
	const float t[2] = { 3, 4 };
	const double wanted[2] = { -0.6e7, -0.8e7 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		float loss, dy[2];
		loss_class_find("cosine_similarity")
			->run(&(struct loss_step){ .width = 2,
				      .depth = 2,
				      .y = cases[i].y,
				      .targets = t,
				      .scale = 1,
				      .dy = dy,
				      .loss = &loss },
				0, 1);
		compare_points("any", "cosine_similarity", "loss", &loss, &cases[i].loss, 1);
		if (cases[i].is_short)
			compare_points("any", "cosine_similarity", "gradient", dy, wanted, 2);
	}
}

static void a_convolutional_network_has_pytorch_s_gradients(void **state)
{
	(void)state;
	check_all(&conv, check_gradients);
}

static void a_convolutional_network_takes_pytorch_s_adam_steps(void **state)
{
	(void)state;
	check_all(&conv, check_steps);
}

static void a_dense_network_has_pytorch_s_gradients(void **state)
{
	(void)state;
	check_all(&dense, check_gradients);
}

static void a_dense_network_takes_pytorch_s_nesterov_steps(void **state)
{
	(void)state;
	check_all(&dense, check_steps);
}

static void convolutions_in_groups_and_dilated_are_pytorch_s(void **state)
{
	(void)state;
	check_all(&groups, check_gradients);
	check_all(&groups, check_steps);
}

static void depthwise_and_separable_convolutions_are_pytorch_s(void **state)
{
	(void)state;
	check_all(&separable, check_gradients);
	check_all(&separable, check_steps);
}

static void transposed_convolutions_are_pytorch_s(void **state)
{
	(void)state;
	check_all(&transposed, check_gradients);
	check_all(&transposed, check_steps);
}

static void one_dimensional_convolutions_are_pytorch_s(void **state)
{
	(void)state;
	check_all(&signal, check_gradients);
	check_all(&signal, check_steps);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_activation_is_pytorch_s),
		cmocka_unit_test(each_loss_is_keras_s),
		cmocka_unit_test(cosine_similarity_of_short_vectors_is_keras_s),
		cmocka_unit_test(a_convolutional_network_has_pytorch_s_gradients),
		cmocka_unit_test(a_convolutional_network_takes_pytorch_s_adam_steps),
		cmocka_unit_test(a_dense_network_has_pytorch_s_gradients),
		cmocka_unit_test(a_dense_network_takes_pytorch_s_nesterov_steps),
		cmocka_unit_test(convolutions_in_groups_and_dilated_are_pytorch_s),
		cmocka_unit_test(depthwise_and_separable_convolutions_are_pytorch_s),
		cmocka_unit_test(transposed_convolutions_are_pytorch_s),
		cmocka_unit_test(one_dimensional_convolutions_are_pytorch_s),
	};

	return cmocka_run_group_tests_name("golden", tests, NULL, NULL);
}
