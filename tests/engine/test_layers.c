/* test_layers.c - whole networks of odd shapes, a few steps each: weights and slots must be the
 * same bits for every instruction set, and for a batch worked by one thread or cut into pieces, at
 * once or in parts, as a small memory budget has it.
 * What test_kernels.c does for one kernel, this does for the addresses that the layers hand to it:
 * 1, 7, 17 and 33 channels, images of one pixel, batches of one sample. */
#include "network.h"

#include "base/digest.h"
#include "engine/kernels/kernels.h"
#include "engine/trainer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 53, CLASSES = 3, VALUES_MAX = 9 * 11 * 33 };
static float images[SAMPLES * VALUES_MAX];
static int32_t labels[SAMPLES];

static int make_samples(void **state)
{
	(void)state;
	network_noise(4, images, SAMPLES * VALUES_MAX);
	for (int i = 0; i < SAMPLES; i++)
		labels[i] = i % CLASSES;
	return 0;
}

static bool ignore_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	(void)ctx, (void)e, (void)err;
	return true;
}

static void train(const struct plan *plan, const struct data *data, const char *isa, int threads,
	char ret[static DIGEST_TEXT_BYTES])
{
	struct error err = { 0 };
	struct digest d;
	uint8_t sum[DIGEST_BYTES];
	struct trainer_options o = { .plan = plan,
		.train = *data,
		.epochs = 2,
		.seed = 1,
		.shuffle = true,
		.threads_max = threads,
		.isa = isa };
	AUTO_FREE(trainer_free) struct trainer *t = trainer_new(&o, &err);

	if (!t || trainer_run(t, &(struct trainer_events){ .epoch = ignore_epoch }, NULL, &err) !=
			  TRAINER_DONE)
		fail_msg("%s", err.text);
	digest_init(&d);
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor tensor;
		trainer_tensor(t, i, &tensor);
		digest_add(
			&d, tensor.values, (size_t)shape_elements(&tensor.shape) * sizeof(float));
	}
	digest_end(&d, sum);
	digest_text(sum, ret);
}

/* The same with less and less memory, until it is refused. */
static void check_parts(const struct model *m, const struct plan_options *options,
	const struct data *data, const char *wanted)
{
	struct plan_options less = *options;
	int64_t part = options->batch_size;
	struct error err = { 0 };

	for (;;) {
		struct plan_forecast f;
		char seen[DIGEST_TEXT_BYTES];
		AUTO_FREE(plan_free) struct plan *p = plan_new(m, &less, &err);
		if (!p)
			break;
		plan_forecast(p, &f);
		less.bytes_max = f.total_bytes - 1;
		if (f.part_samples == part)
			continue;
		part = f.part_samples;
		train(p, data, NULL, 2, seen);
		if (strcmp(wanted, seen) != 0)
			fail_msg("a batch of %d in parts of %d: other bits",
				(int)options->batch_size, (int)part);
	}
	int64_t chunk = plan_chunk(options->batch_size);
	if (options->batch_size > chunk && part != chunk)
		fail_msg("a batch of %d was never worked in parts of %d", (int)options->batch_size,
			(int)chunk);
}

static void check(const char *layers, struct shape input, int64_t batch)
{
	struct error err = { 0 };
	struct data data = { .x = images,
		.x_type = DATA_F32,
		.shape = input,
		.y = labels,
		.y_type = DATA_I32,
		.count = SAMPLES,
		.classes = CLASSES };
	struct plan_options options = { .input = input, .classes = CLASSES, .batch_size = batch };
	char wanted[DIGEST_TEXT_BYTES], seen[DIGEST_TEXT_BYTES];
	AUTO_FREE(model_free)
	struct model *m = network_model(layers, "sparse_categorical_crossentropy", "Adam");
	AUTO_FREE(plan_free) struct plan *p = plan_new(m, &options, &err);

	if (!p)
		fail_msg("%s: %s", layers, err.text);
	train(p, &data, "scalar", 1, wanted);
	check_parts(m, &options, &data, wanted);
	for (int k = 0; kernels_all[k]; k++) {
		for (int threads = 1; threads <= 2; threads++) {
			if (!trainer_isa(kernels_all[k]->name))
				continue;
			train(p, &data, kernels_all[k]->name, threads, seen);
			if (strcmp(wanted, seen) != 0)
				fail_msg("%s, %d threads, batch %d: other bits than scalar\n%s",
					kernels_all[k]->name, threads, (int)batch, layers);
		}
	}
}

static const int channels[] = { 1, 7, 17, 33 };

static void test_convolutions_of_odd_channels(void **state)
{
	char layers[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		for (size_t j = 0; j < COUNT_OF(channels); j++) {
			(void)snprintf(layers, sizeof layers,
				"Conv2D filters=%d kernel_size=3x2 strides=%dx2 padding=%s "
				"activation=relu; Conv2D filters=%d "
				"kernel_size=2 padding=same activation=tanh; Flatten; Dense "
				"units=3 activation=softmax",
				channels[j], 1 + (int)(j % 2), i % 2 ? "same" : "valid",
				channels[i]);
			check(layers, SHAPE3(9, 11, channels[i]), 16);
		}
	}
}

static void test_convolutions_in_groups_and_dilated(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		int c = channels[i];
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2x3 groups=%d strides=1x2 padding=same "
			"activation=relu; Conv2D filters=%d kernel_size=3x2 groups=3 "
			"dilation_rate=2x1; Conv2D filters=4 kernel_size=2 dilation_rate=1x3 "
			"padding=same; Flatten; Dense units=3 activation=softmax",
			3 * c, c, 6 * c);
		check(layers, SHAPE3(6, 7, c), 20);
	}
}

static void test_sequences_of_odd_channels(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		int c = channels[i];
		(void)snprintf(layers, sizeof layers,
			"Conv1D filters=%d kernel_size=3 padding=causal dilation_rate=2 "
			"activation=tanh; Conv1D filters=%d kernel_size=4 strides=3 padding=same "
			"groups=2; Conv1D filters=7 kernel_size=2; Dense units=%d activation=relu; "
			"Flatten; Dense units=3 activation=softmax",
			2 * c, 4 * c, c);
		check(layers, SHAPE2(14, c), 20);
	}
}

static void test_depthwise_and_separable_of_odd_channels(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"DepthwiseConv2D kernel_size=3 padding=same strides=%d activation=relu; "
			"SeparableConv2D filters=%d kernel_size=2x5 depth_multiplier=3 "
			"padding=same activation=tanh; DepthwiseConv2D kernel_size=2 "
			"dilation_rate=2x1 depth_multiplier=2; SeparableConv2D filters=5 "
			"kernel_size=2; Flatten; Dense units=3 activation=softmax",
			1 + (int)(i % 2), channels[COUNT_OF(channels) - 1 - i]);
		check(layers, SHAPE3(9, 11, channels[i]), 20);
	}
}

static void test_transposed_convolutions_of_odd_channels(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2DTranspose filters=%d kernel_size=3x2 strides=2x1 padding=same "
			"activation=relu; Conv2DTranspose filters=%d kernel_size=2 "
			"dilation_rate=2x3; Conv2DTranspose filters=3 kernel_size=2 strides=3 "
			"output_padding=1x2; Flatten; Dense units=3 activation=softmax",
			channels[COUNT_OF(channels) - 1 - i], channels[i]);
		check(layers, SHAPE3(3, 4, channels[i]), 20);
	}
}

static void test_pooling_of_odd_channels(void **state)
{
	char layers[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2 activation=relu; MaxPooling2D "
			"pool_size=2x3; MaxPooling2D pool_size=3x2 strides=1 "
			"padding=same; Flatten; Dense units=3 activation=softmax",
			channels[i]);
		check(layers, SHAPE3(9, 11, 7), SAMPLES);
	}
}

static void test_pooling_of_convolutions_with_few_taps(void **state)
{
	char layers[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=3 activation=relu padding=%s; MaxPooling2D; "
			"Conv2D filters=9 kernel_size=1; Conv2D filters=%d kernel_size=1x3 "
			"use_bias=false; MaxPooling2D; Flatten; Dense units=3 activation=softmax",
			channels[i], i % 2 ? "same" : "valid", channels[i]);
		check(layers, SHAPE3(13, 15, 1), 21);
	}
}

static void test_images_of_one_pixel(void **state)
{
	char layers[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=3 padding=same activation=relu; "
			"MaxPooling2D pool_size=1; Conv2D filters=5 kernel_size=1; "
			"Flatten; Dense units=3 activation=softmax",
			channels[i]);
		check(layers, SHAPE3(1, 1, channels[i]), 8);
	}
}

static void test_dense_layers_of_odd_widths_and_batches_of_one(void **state)
{
	char layers[256];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Dense units=%d activation=sigmoid; Dense units=131 activation=relu; Dense "
			"units=3 activation=softmax",
			channels[i]);
		check(layers, SHAPE1(channels[i]), 1);
		check(layers, SHAPE1(channels[i]), 5);
		check(layers, SHAPE1(259), 40);
	}
}

static void test_statistics_of_the_whole_batch(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2 name=a; BatchNormalization name=b; "
			"Activation activation=relu; Conv2D filters=%d kernel_size=1; "
			"BatchNormalization center=false momentum=0.5 name=c; Add inputs=b,c; "
			"MaxPooling2D; Flatten; BatchNormalization scale=false; Dense units=3 "
			"activation=softmax",
			channels[i], channels[i]);
		check(layers, SHAPE3(5, 7, 2), SAMPLES);
		check(layers, SHAPE3(5, 7, 2), 33);
		check(layers, SHAPE3(5, 7, 2), 20);
	}
}

static void test_poolings_and_shapes(void **state)
{
	char layers[768];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2; AveragePooling2D padding=same; "
			"ZeroPadding2D padding=0,1x2,0; UpSampling2D size=2x1 "
			"interpolation=bilinear; Cropping2D cropping=1,0x0,1; AveragePooling2D "
			"pool_size=3 strides=2; UpSampling2D size=1x2; Permute dims=2,1,3; "
			"GlobalMaxPooling2D name=a; Dense units=3 activation=softmax",
			channels[i]);
		check(layers, SHAPE3(9, 11, 2), SAMPLES);
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2; Reshape target_shape=-1,%d; MaxPooling1D "
			"pool_size=3 strides=2 padding=same; AveragePooling1D pool_size=3 "
			"strides=1; MaxPooling1D name=b; GlobalMaxPooling1D name=m; "
			"GlobalAveragePooling1D inputs=b name=n; Add inputs=m,n; Dense units=3 "
			"activation=softmax",
			channels[i], channels[i]);
		check(layers, SHAPE3(9, 11, 2), SAMPLES);
	}
	check("Conv2D filters=33 kernel_size=2; GlobalAveragePooling2D; Dense units=3 "
	      "activation=softmax",
		SHAPE3(9, 11, 2), SAMPLES);
}

static void test_merging(void **state)
{
	char layers[768];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=%d kernel_size=2 name=a; Conv2D filters=%d kernel_size=1 "
			"name=b; Multiply inputs=a,b name=c; Subtract inputs=a,c name=d; Maximum "
			"inputs=a,b,d name=e; Average inputs=b,d,e name=f; Concatenate "
			"inputs=a,f,e; GlobalMaxPooling2D; Dense units=3 activation=softmax",
			channels[i], channels[i]);
		check(layers, SHAPE3(3, 5, 2), SAMPLES);
	}
	check("Conv2D filters=3 kernel_size=2 name=a; ZeroPadding2D name=b padding=1x0; "
	      "Concatenate axis=1 inputs=b,a; Flatten; Dense units=3 activation=softmax",
		SHAPE3(3, 5, 2), SAMPLES);
}

static void test_noise(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"GaussianNoise stddev=0.1; Conv2D filters=%d kernel_size=2; "
			"SpatialDropout2D rate=0.3; Conv2D filters=3 kernel_size=1; Dropout "
			"rate=0.4; Flatten; Dropout rate=0.1 seed=3; Dense units=3 "
			"activation=softmax",
			channels[i]);
		check(layers, SHAPE3(5, 7, 2), SAMPLES);
		check(layers, SHAPE3(5, 7, 2), 33);
	}
}

static void test_statistics_of_a_sample(void **state)
{
	char layers[512];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(channels); i++) {
		(void)snprintf(layers, sizeof layers,
			"Normalization; Rescaling scale=0.5 offset=0.1; Conv2D filters=%d "
			"kernel_size=2; LayerNormalization; Conv2D filters=%d kernel_size=1; "
			"GroupNormalization groups=%d; Flatten; LayerNormalization; Dense units=3 "
			"activation=softmax",
			channels[i], 2 * channels[i], channels[i]);
		check(layers, SHAPE3(5, 7, 2), SAMPLES);
	}
	check("Dense units=259; GroupNormalization groups=7; LayerNormalization scale=false; "
	      "Dense units=3 activation=softmax",
		SHAPE1(33), SAMPLES);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_convolutions_of_odd_channels),
		cmocka_unit_test(test_convolutions_in_groups_and_dilated),
		cmocka_unit_test(test_sequences_of_odd_channels),
		cmocka_unit_test(test_depthwise_and_separable_of_odd_channels),
		cmocka_unit_test(test_transposed_convolutions_of_odd_channels),
		cmocka_unit_test(test_pooling_of_odd_channels),
		cmocka_unit_test(test_pooling_of_convolutions_with_few_taps),
		cmocka_unit_test(test_images_of_one_pixel),
		cmocka_unit_test(test_dense_layers_of_odd_widths_and_batches_of_one),
		cmocka_unit_test(test_statistics_of_the_whole_batch),
		cmocka_unit_test(test_poolings_and_shapes),
		cmocka_unit_test(test_merging),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_statistics_of_a_sample),
	};

	return cmocka_run_group_tests(tests, make_samples, NULL);
}
