/* test_plan.c - what a plan accepts, what it refuses and in which words, and what it foretells. */
#include "network.h"

#include "engine/plan.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const char mnist[] =
	"Conv2D filters=32 kernel_size=3 activation=relu; MaxPooling2D pool_size=2; Flatten; "
	"Dense units=64 activation=relu; Dense units=10 activation=softmax";

static struct plan *plan_of(const struct model *m, const struct plan_options *o, struct error *err)
{
	*err = (struct error){ 0 };
	return plan_new(m, o, err);
}

static void test_the_mnist_job(void **state)
{
	struct error err;
	struct plan_forecast f;
	struct plan_layer_info info;
	char shape[SHAPE_TEXT_BYTES];

	(void)state;
	AUTO_FREE(model_free)
	struct model *m = network_model(mnist, "sparse_categorical_crossentropy", "Adam");
	AUTO_FREE(plan_free)
	struct plan *p = plan_of(m,
		&(struct plan_options){
			.input = SHAPE3(28, 28, 1), .classes = 10, .batch_size = 64 },
		&err);
	assert_non_null(p);
	plan_forecast(p, &f);
	/* 3*3*1*32 + 32 + 5408*64 + 64 + 64*10 + 10, as Keras's summary says */
	assert_int_equal(f.parameters, 347146);
	assert_true(f.weight_bytes >= 4 * f.parameters && f.weight_bytes < 4 * f.parameters + 4096);
	assert_true(f.optimizer_bytes >= 8 * f.parameters &&
		    f.optimizer_bytes < 8 * f.parameters + 8192);
	assert_int_equal(f.total_bytes, f.weight_bytes + f.gradient_bytes + f.optimizer_bytes +
						f.activation_bytes + f.scratch_bytes);
	static const struct {
		const char *name, *type, *shape;
		int64_t parameters;
	} wanted[] = {
		{ "conv2d", "Conv2D", "(26, 26, 32)", 320 },
		{ "max_pooling2d", "MaxPooling2D", "(13, 13, 32)", 0 },
		{ "flatten", "Flatten", "(5408,)", 0 },
		{ "dense", "Dense", "(64,)", 346176 },
		{ "dense_1", "Dense", "(10,)", 650 },
	};
	assert_int_equal(plan_layer_count(p), COUNT_OF(wanted));
	for (int i = 0; i < (int)COUNT_OF(wanted); i++) {
		plan_layer_info(p, i, &info);
		shape_text(&info.output, shape);
		assert_string_equal(info.name, wanted[i].name);
		assert_string_equal(info.type, wanted[i].type);
		assert_string_equal(shape, wanted[i].shape);
		assert_int_equal(info.parameters, wanted[i].parameters);
	}
}

struct refusal {
	const char *layers, *loss;
	struct plan_options options;
	const char *pointer, *text; /* text: a part of it */
};

#define IMAGES  .input = { 3, { 28, 28, 1 } }, .classes = 10, .batch_size = 64
#define SIGNALS .input = { 2, { 8, 6 } }, .classes = 3, .batch_size = 8
#define ROWS    .input = { 1, { 4 } }, .classes = 3, .batch_size = 8
static const char entropy[] = "sparse_categorical_crossentropy";

static const struct refusal refusals[] = {
	{ "Dense units=10 activation=softmax", entropy, { IMAGES }, "/loss",
		"output is (28, 28, 10)" },
	{ "Conv2D filters=4 kernel_size=29; Flatten; Dense units=10 activation=softmax", entropy,
		{ IMAGES }, "/model/layers/0/kernel_size",
		"layer 0 (conv2d): a window of height 29 does not fit its input of height 28" },
	{ "Conv2D filters=4 kernel_size=3x29; Flatten; Dense units=10 activation=softmax", entropy,
		{ IMAGES }, "/model/layers/0/kernel_size",
		"width 29 does not fit its input of width 28" },
	{ "MaxPooling2D pool_size=15; MaxPooling2D; Flatten; Dense units=10 activation=softmax",
		entropy, { IMAGES }, "/model/layers/1/pool_size",
		"layer 1 (max_pooling2d_1): a window of height 2 does not fit its input of height "
		"1" },
	{ "MaxPooling2D pool_size=16x17; Flatten; Dense units=10 activation=softmax", entropy,
		{ IMAGES }, "/model/layers/0/pool_size",
		"a window of 16 x 17 has 272 positions; allowed: at most 255" },
	{ "Conv2D filters=4 kernel_size=15 dilation_rate=1x2", entropy, { IMAGES },
		"/model/layers/0/kernel_size", "width 29 does not fit its input of width 28" },
	{ "Conv2D filters=4 kernel_size=3 strides=1x2 dilation_rate=3x1", entropy, { IMAGES },
		"/model/layers/0/dilation_rate",
		"layer 0 (conv2d): dilation_rate is 3 and strides is 2; allowed: one of them above "
		"1" },
	{ "Conv2D filters=4 kernel_size=3 groups=2", entropy, { IMAGES }, "/model/layers/0/groups",
		"groups is 2, the input has 1 channels; allowed: a divisor of them" },
	{ "Conv2D filters=6 kernel_size=3; Conv2D filters=4 kernel_size=3 groups=3", entropy,
		{ IMAGES }, "/model/layers/1/groups",
		"groups is 3, filters is 4; allowed: a divisor of it" },
	{ "DepthwiseConv2D kernel_size=3", entropy, { SIGNALS }, "/model/layers/0",
		"its input has shape (8, 6); DepthwiseConv2D takes (height, width, channels)" },
	{ "DepthwiseConv2D kernel_size=29x3", entropy, { IMAGES }, "/model/layers/0/kernel_size",
		"height 29 does not fit its input of height 28" },
	{ "DepthwiseConv2D kernel_size=3 strides=2 dilation_rate=3", entropy, { IMAGES },
		"/model/layers/0/dilation_rate", "dilation_rate is 3 and strides is 2" },
	{ "DepthwiseConv2D kernel_size=1 depth_multiplier=3000; DepthwiseConv2D kernel_size=1 "
	  "depth_multiplier=3000",
		entropy, { IMAGES }, "/model/layers/1/depth_multiplier",
		"an image of 28 x 28 with 9000000 channels is larger than the 2^31 values" },
	{ "DepthwiseConv2D kernel_size=3 depthwise_initializer=Identity", entropy, { IMAGES },
		"/model/layers/0/depthwise_initializer", "Identity" },
	{ "SeparableConv2D filters=3 kernel_size=3 pointwise_initializer=Identity", entropy,
		{ IMAGES }, "/model/layers/0/pointwise_initializer", "Identity" },
	{ "SeparableConv2D filters=3 kernel_size=3", entropy, { ROWS }, "/model/layers/0",
		"its input has shape (4,); SeparableConv2D takes (height, width, channels)" },
	{ "SeparableConv2D filters=3 kernel_size=10 dilation_rate=1x4", entropy, { IMAGES },
		"/model/layers/0/kernel_size", "width 37 does not fit its input of width 28" },
	{ "Conv2DTranspose filters=3 kernel_size=3", entropy, { ROWS }, "/model/layers/0",
		"its input has shape (4,); Conv2DTranspose takes (height, width, channels)" },
	{ "Conv2DTranspose filters=3 kernel_size=3 strides=2x3 dilation_rate=2", entropy,
		{ IMAGES }, "/model/layers/0/dilation_rate",
		"dilation_rate is 2 and strides is 3" },
	{ "Conv2DTranspose filters=3 kernel_size=3 strides=2x3 output_padding=2", entropy,
		{ IMAGES }, "/model/layers/0/output_padding",
		"output_padding of height is 2, strides is 2; allowed: less than strides" },
	{ "Conv2DTranspose filters=3 kernel_size=2 strides=2 output_padding=0 padding=same",
		entropy, { .input = { 3, { 1, 1, 4 } }, .classes = 3, .batch_size = 8 },
		"/model/layers/0/output_padding", "the output's height is 0; allowed: at least 1" },
	{ "Conv1D filters=4 kernel_size=3", entropy, { IMAGES }, "/model/layers/0",
		"its input has shape (28, 28, 1); Conv1D takes (steps, channels)" },
	{ "Conv1D filters=4 kernel_size=5 dilation_rate=2", entropy, { SIGNALS },
		"/model/layers/0/kernel_size",
		"a window of length 9 does not fit its input of length 8" },
	{ "Conv1D filters=4 kernel_size=2 dilation_rate=2 strides=3 padding=causal", entropy,
		{ SIGNALS }, "/model/layers/0/dilation_rate",
		"dilation_rate is 2 and strides is 3" },
	{ "Conv1D filters=4 kernel_size=2 groups=4", entropy, { SIGNALS }, "/model/layers/0/groups",
		"groups is 4, the input has 6 channels" },
	{ "Flatten; Conv2D filters=4 kernel_size=3", entropy, { IMAGES }, "/model/layers/1",
		"its input has shape (784,); Conv2D takes (height, width, channels)" },
	{ "Dense units=2 activation=softmax", entropy, { ROWS }, "/loss",
		"the network has 2 outputs, the data set has labels up to 2: at least 3 outputs "
		"are needed" },
	{ "Dense units=3", entropy, { ROWS }, "/loss",
		"the last layer's activation is linear: make it softmax, or set from_logits" },
	{ "Dense units=3 activation=softmax", "sparse_categorical_crossentropy from_logits=true",
		{ ROWS }, "/loss/from_logits", "the last layer ends in softmax" },
	{ "Conv2D filters=4 kernel_size=3 activation=softmax", entropy, { IMAGES }, "/loss",
		"output is (26, 26, 4)" },
	{ "Dense units=3 activation=softmax", entropy,
		{ .input = { 1, { 4 } }, .target = { 1, { 3 } }, .batch_size = 8 }, "/loss",
		"needs integer labels" },
	{ "Dense units=3", "mean_squared_error",
		{ .input = { 1, { 4 } }, .target = { 1, { 2 } }, .batch_size = 8 }, "/loss",
		"output's shape (3,); those of this data set have shape (2,)" },
	{ "Dense units=6 name=a; Dense units=3 activation=softmax name=b inputs=a; Dense units=3 "
	  "activation=softmax inputs=a",
		entropy, { ROWS }, "/model/layers/1",
		"layer 1 (b): no layer uses its output, so the model would have several; allowed: "
		"one, that of the last layer" },
	{ "Dense units=6 name=a; Dense units=5 name=b; Add inputs=a,b; Dense units=3 "
	  "activation=softmax",
		entropy, { ROWS }, "/model/layers/2/inputs",
		"inputs must have one shape; input 0 has (6,), input 1 has (5,)" },
	{ "Dense units=6; Add; Dense units=3 activation=softmax", entropy, { ROWS },
		"/model/layers/1/inputs", "Add has 1 inputs; allowed: 2 to 8" },
	{ "Dense units=3 activation=softmax", entropy,
		{ .input = { 1, { 4 } }, .classes = 3, .batch_size = 0 }, "/batch_size",
		"batch_size is 0; allowed: [1, 1048576]" },
	{ "Dense units=3 activation=softmax", entropy,
		{ .input = { 1, { 4 } }, .classes = 3, .batch_size = -5 }, "/batch_size",
		"batch_size is -5" },
	{ "Flatten", entropy, { ROWS }, "/loss", "linear" },
	{ "Dense units=3", "categorical_crossentropy", { ROWS }, "/loss",
		"categorical_crossentropy needs probabilities; the last layer's activation is "
		"linear: make it softmax, or set from_logits" },
	{ "Dense units=3 activation=softmax", "categorical_crossentropy from_logits=true", { ROWS },
		"/loss/from_logits", "the last layer ends in softmax" },
	{ "Dense units=2 activation=softmax", "categorical_focal_crossentropy", { ROWS }, "/loss",
		"at least 3 outputs are needed" },
	{ "Dense units=3 activation=softmax", "categorical_crossentropy",
		{ .input = { 1, { 4 } }, .target = { 1, { 2 } }, .batch_size = 8 }, "/loss",
		"output's shape (3,); those of this data set have shape (2,)" },
	{ "Dense units=1 activation=sigmoid", "binary_crossentropy", { ROWS }, "/loss",
		"binary_crossentropy takes labels of 0 to 1; the data set has labels up to 2" },
	{ "Dense units=1 activation=softmax", "binary_crossentropy",
		{ .input = { 1, { 4 } }, .classes = 2, .batch_size = 8 }, "/loss",
		"the last layer's activation is softmax: make it sigmoid, or set from_logits" },
	{ "Dense units=2 activation=sigmoid", "binary_focal_crossentropy",
		{ .input = { 1, { 4 } }, .classes = 2, .batch_size = 8 }, "/loss",
		"output's shape (2,); those of this data set have shape ()" },
	{ "Dense units=1", "hinge", { ROWS }, "/loss", "hinge takes labels of 0 to 1" },
	{ "Dense units=3", "cosine_similarity", { ROWS }, "/loss",
		"output's shape (3,); those of this data set have shape ()" },
	{ "Softmax axis=2; Dense units=3 activation=softmax", entropy, { ROWS },
		"/model/layers/0/axis",
		"layer 0 (softmax): axis is 2; its input of shape (4,) has 1 to 1 and -1 to -1" },
	{ "Softmax axis=0; Dense units=3 activation=softmax", entropy, { ROWS },
		"/model/layers/0/axis", "0 is that of the samples" },
	{ "Conv2D filters=3 kernel_size=1; Softmax axis=-4", entropy, { IMAGES },
		"/model/layers/1/axis", "has 1 to 3 and -3 to -1" },
	{ "Dense units=3; PReLU shared_axes=1,2; Dense units=3 activation=softmax", entropy,
		{ ROWS }, "/model/layers/1/shared_axes/1",
		"axis 2 is shared; its input of shape (3,) has axes 1 to 1" },
	{ "Activation activation=softmax", entropy, { ROWS }, "/model/layers",
		"no layer has weights" },
	{ "Dense units=65536; Dense units=65536; Dense units=3 activation=softmax", entropy,
		{ ROWS }, "/model/layers/1",
		"layer 1 (dense_1): its kernel of shape (65536, 65536) is too large; allowed: at "
		"most 1073741824 values" },
	{ "Conv2D filters=65536 kernel_size=3 padding=same; Flatten; Dense units=3 "
	  "activation=softmax",
		entropy, { .input = { 3, { 20000, 20000, 1 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0/filters",
		"an image of 20004 x 20004 with 65536 channels is larger than the 2^31 values" },
	{ "Conv2DTranspose filters=65536 kernel_size=3 strides=16", entropy,
		{ .input = { 3, { 28, 28, 8 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0/filters",
		"an image of 448 x 448 with 65536 channels is larger than the 2^31 values" },
	{ "Conv2D filters=1 kernel_size=255 dilation_rate=100 padding=same", entropy,
		{ .input = { 3, { 10, 10, 4 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0/filters",
		"an image of 50810 x 50810 with 1 channels is larger than the 2^31 values" },
	{ "DepthwiseConv2D kernel_size=255 dilation_rate=100 padding=same", entropy,
		{ .input = { 3, { 10, 10, 1 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0/depth_multiplier",
		"an image of 50810 x 50810 with 1 channels is larger than the 2^31 values" },
	{ "DepthwiseConv2D kernel_size=255 dilation_rate=255 padding=same depth_multiplier=65536",
		entropy, { .input = { 3, { 1, 1, 1 << 30 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0/depth_multiplier",
		"an image of 129541 x 129541 with 70368744177664 channels is larger" },
	{ "Dense units=3 activation=softmax", entropy,
		{ .input = { 3, { 1 << 30, 1 << 30, 1 << 30 } }, .classes = 3, .batch_size = 1 },
		"/model/layers/0",
		"its input of shape (1073741824, 1073741824, 1073741824) is too large" },
	{ "AveragePooling2D pool_size=29; Flatten; Dense units=10 activation=softmax", entropy,
		{ IMAGES }, "/model/layers/0/pool_size",
		"a window of height 29 does not fit its input of height 28" },
	{ "MaxPooling1D; Flatten; Dense units=10 activation=softmax", entropy, { IMAGES },
		"/model/layers/0",
		"its input has shape (28, 28, 1); MaxPooling1D takes (steps, channels)" },
	{ "Reshape target_shape=784,1; MaxPooling1D pool_size=256; Flatten; Dense units=10 "
	  "activation=softmax",
		entropy, { IMAGES }, "/model/layers/1/pool_size", "allowed: at most 255" },
	{ "Reshape target_shape=28,28; AveragePooling1D pool_size=29; Flatten; Dense units=10 "
	  "activation=softmax",
		entropy, { IMAGES }, "/model/layers/1/pool_size",
		"a window of length 29 does not fit its input of length 28" },
	{ "Flatten; GlobalAveragePooling2D; Dense units=10 activation=softmax", entropy, { IMAGES },
		"/model/layers/1",
		"its input has shape (784,); GlobalAveragePooling2D takes (height, width, "
		"channels)" },
	{ "GlobalMaxPooling1D; Dense units=10 activation=softmax", entropy, { IMAGES },
		"/model/layers/0", "GlobalMaxPooling1D takes (steps, channels)" },
	{ "Reshape target_shape=28,27", entropy, { IMAGES }, "/model/layers/0/target_shape",
		"the 784 values of its input of shape (28, 28, 1) do not fit into (28, 27)" },
	{ "Reshape target_shape=-1,5", entropy, { IMAGES }, "/model/layers/0/target_shape",
		"do not fit into (-1, 5)" },
	{ "Reshape target_shape=-1,-1", entropy, { IMAGES }, "/model/layers/0/target_shape",
		"target_shape has more than one -1; allowed: one" },
	{ "Reshape target_shape=784,0", entropy, { IMAGES }, "/model/layers/0/target_shape",
		"an axis of target_shape is 0" },
	{ "Reshape target_shape=2000000000,2000000000,2000000000", entropy, { IMAGES },
		"/model/layers/0/target_shape", "do not fit into" },
	{ "Permute dims=1,2", entropy, { IMAGES }, "/model/layers/0/dims",
		"dims has 2 axes, its input has 3; allowed: each of 1 to 3, once" },
	{ "Permute dims=1,2,2", entropy, { IMAGES }, "/model/layers/0/dims",
		"dims lacks axis 3; allowed: each of 1 to 3, once" },
	{ "Permute dims=4,2,3", entropy, { IMAGES }, "/model/layers/0/dims",
		"dims lacks axis 1; allowed: each of 1 to 3, once" },
	{ "Flatten; ZeroPadding2D", entropy, { IMAGES }, "/model/layers/1",
		"ZeroPadding2D takes (height, width, channels)" },
	{ "Cropping2D cropping=14", entropy, { IMAGES }, "/model/layers/0/cropping",
		"nothing is left of its input of 28 x 28 without 14 + 14 rows and 14 + 14 "
		"columns" },
	{ "Flatten; Cropping2D", entropy, { IMAGES }, "/model/layers/1",
		"Cropping2D takes (height, width, channels)" },
	{ "Flatten; UpSampling2D", entropy, { IMAGES }, "/model/layers/1",
		"UpSampling2D takes (height, width, channels)" },
	{ "UpSampling2D size=255; UpSampling2D size=255", entropy, { IMAGES }, "/model/layers/1",
		"is too large" },
	{ "Dense units=6 name=a; "
	  "Dense units=5 name=b; Subtract inputs=a,b; "
	  "Dense units=3 activation=softmax",
		entropy, { ROWS }, "/model/layers/2/inputs",
		"inputs must have one shape; input 0 has (6,), input 1 has (5,)" },
	{ "Dense units=6 name=a; "
	  "Dense units=5 name=b; Multiply inputs=a,b; "
	  "Dense units=3 activation=softmax",
		entropy, { ROWS }, "/model/layers/2/inputs",
		"inputs must have one shape; input 0 has (6,), input 1 has (5,)" },
	{ "Dense units=6 name=a; "
	  "Dense units=5 name=b; Average inputs=a,b; "
	  "Dense units=3 activation=softmax",
		entropy, { ROWS }, "/model/layers/2/inputs",
		"inputs must have one shape; input 0 has (6,), input 1 has (5,)" },
	{ "Dense units=6 name=a; "
	  "Dense units=5 name=b; Maximum inputs=a,b; "
	  "Dense units=3 activation=softmax",
		entropy, { ROWS }, "/model/layers/2/inputs",
		"inputs must have one shape; input 0 has (6,), input 1 has (5,)" },
	{ "Dense units=6 name=a; Dense units=6 name=b; Dense units=6 name=c; Subtract "
	  "inputs=a,b,c; Dense units=3 activation=softmax",
		entropy, { ROWS }, "/model/layers/3/inputs",
		"Subtract has 3 inputs; allowed: 2 to 2" },
	{ "Conv2D filters=2 kernel_size=1 name=a; Conv2D filters=3 kernel_size=2 name=b; "
	  "Concatenate inputs=a,b; Flatten; Dense units=10 activation=softmax",
		entropy, { IMAGES }, "/model/layers/2/inputs",
		"inputs must have one shape but for axis -1; input 0 has (28, 28, 2), input 1 has "
		"(27, 27, 3)" },
	{ "Conv2D filters=2 kernel_size=1 name=a; Flatten name=b; Concatenate inputs=a,b; "
	  "Flatten; Dense units=10 activation=softmax",
		entropy, { IMAGES }, "/model/layers/2/inputs",
		"input 0 has (28, 28, 2), input 1 has (1568,)" },
	{ "Conv2D filters=2 kernel_size=1 name=a; Concatenate inputs=a,a axis=0; Flatten; Dense "
	  "units=10 activation=softmax",
		entropy, { IMAGES }, "/model/layers/1/axis",
		"axis is 0, its inputs have shape (28, 28, 2); allowed: 1 to 3, or -3 to -1" },
	{ "Conv2D filters=2 kernel_size=1 name=a; Concatenate inputs=a,a axis=-4; Flatten; Dense "
	  "units=10 activation=softmax",
		entropy, { IMAGES }, "/model/layers/1/axis", "axis is -4" },
	{ "Flatten; SpatialDropout2D rate=0.5", entropy, { IMAGES }, "/model/layers/1",
		"SpatialDropout2D takes (height, width, channels)" },
	{ "LayerNormalization axis=1", entropy, { IMAGES }, "/model/layers/0/axis",
		"axis is 1; allowed: the last one, which is -1 or 3" },
	{ "GroupNormalization axis=2", entropy, { IMAGES }, "/model/layers/0/axis",
		"axis is 2; allowed: the last one, which is -1 or 3" },
	{ "Conv2D filters=48 kernel_size=1; GroupNormalization", entropy, { IMAGES },
		"/model/layers/1/groups",
		"groups is 32, its input has 48 channels; allowed: a divisor of them, or -1" },
	{ "Conv2D filters=16 kernel_size=1; GroupNormalization", entropy, { IMAGES },
		"/model/layers/1/groups", "groups is 32, its input has 16 channels" },
	{ "GroupNormalization groups=0", entropy, { IMAGES }, "/model/layers/0/groups",
		"groups is 0" },
	{ "Normalization axis=2", entropy, { IMAGES }, "/model/layers/0/axis", "axis is 2" },
	{ "Normalization mean=1,2 variance=1", entropy, { IMAGES }, "/model/layers/0/mean",
		"mean has 2 values, its input has 1 channels; allowed: one for all, or one each" },
	{ "Normalization mean=1 variance=1,2", entropy, { IMAGES }, "/model/layers/0/variance",
		"variance has 2 values" },
	{ "Normalization mean=1", entropy, { IMAGES }, "/model/layers/0/variance",
		"one of mean and variance is null, the other is not; allowed: both or neither" },
	{ "Normalization variance=1", entropy, { IMAGES }, "/model/layers/0/mean",
		"one of mean and variance is null" },
	{ "Conv2D filters=2 kernel_size=1; Normalization", entropy, { IMAGES }, "/model/layers/1",
		"layer 1 (normalization): it measures mean and variance on the training data, and "
		"another layer stands between" },
	{ mnist, entropy, { IMAGES, .bytes_max = 1000000 }, "/batch_size",
		"for 16 samples at a time, scratch" },
};

static void test_refusals_say_what_and_where(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		const struct refusal *r = &refusals[i];
		struct error err;
		AUTO_FREE(model_free) struct model *m = network_model(r->layers, r->loss, "SGD");
		AUTO_FREE(plan_free) struct plan *p = plan_of(m, &r->options, &err);
		if (p)
			fail_msg("accepted: %s", r->layers);
		if (strcmp(err.pointer, r->pointer) != 0 || !strstr(err.text, r->text))
			fail_msg("%s\nseen:   %s: %s\nwanted: %s: …%s…", r->layers, err.pointer,
				err.text, r->pointer, r->text);
		assert_int_equal(err.code, ERROR_INVALID);
	}
}

/* The shapes that Keras gives. */
static void test_output_shapes_of_convolutions(void **state)
{
	static const struct {
		const char *layers;
		struct shape input;
		const char *output;
		int64_t parameters;
	} cases[] = {
		{ "Conv2D filters=6 kernel_size=3x2 dilation_rate=2x3 groups=2", SHAPE3(9, 8, 4),
			"(5, 5, 6)", 3 * 2 * 2 * 6 + 6 },
		{ "Conv2D filters=6 kernel_size=5 padding=same dilation_rate=3", SHAPE3(9, 8, 4),
			"(9, 8, 6)", 5 * 5 * 4 * 6 + 6 },
		{ "Conv1D filters=6 kernel_size=3 strides=2 padding=causal", SHAPE2(9, 4), "(5, 6)",
			3 * 4 * 6 + 6 },
		{ "Conv1D filters=6 kernel_size=3 dilation_rate=4 groups=2", SHAPE2(9, 4), "(1, 6)",
			3 * 2 * 6 + 6 },
		{ "DepthwiseConv2D kernel_size=3x2 strides=2 depth_multiplier=3", SHAPE3(9, 8, 4),
			"(4, 4, 12)", 3 * 2 * 4 * 3 + 12 },
		{ "SeparableConv2D filters=5 kernel_size=3 padding=same strides=2 "
		  "depth_multiplier=2",
			SHAPE3(9, 8, 4), "(5, 4, 5)", 3 * 3 * 4 * 2 + 4 * 2 * 5 + 5 },
		{ "Conv2DTranspose filters=5 kernel_size=3x2 strides=2x3", SHAPE3(9, 8, 4),
			"(19, 24, 5)", 3 * 2 * 5 * 4 + 5 },
		{ "Conv2DTranspose filters=5 kernel_size=3 strides=2x3 padding=same",
			SHAPE3(9, 8, 4), "(18, 24, 5)", 3 * 3 * 5 * 4 + 5 },
		{ "Conv2DTranspose filters=5 kernel_size=3x4 strides=2x3 padding=same "
		  "output_padding=0x1",
			SHAPE3(9, 8, 4), "(17, 22, 5)", 3 * 4 * 5 * 4 + 5 },
		{ "Conv2DTranspose filters=5 kernel_size=3x2 strides=2x3 output_padding=1x2",
			SHAPE3(9, 8, 4), "(20, 25, 5)", 3 * 2 * 5 * 4 + 5 },
		{ "Conv2DTranspose filters=5 kernel_size=3 dilation_rate=2", SHAPE3(9, 8, 4),
			"(13, 12, 5)", 3 * 3 * 5 * 4 + 5 },
		{ "Dense units=5", SHAPE3(9, 8, 4), "(9, 8, 5)", 4 * 5 + 5 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char layers[256], shape[SHAPE_TEXT_BYTES];
		struct error err;
		struct plan_layer_info info;
		(void)snprintf(
			layers, sizeof layers, "%s; Flatten; Dense units=3", cases[i].layers);
		AUTO_FREE(model_free)
		struct model *m = network_model(layers, "mean_squared_error", "SGD");
		AUTO_FREE(plan_free)
		struct plan *p = plan_of(m,
			&(struct plan_options){
				.input = cases[i].input, .target = SHAPE1(3), .batch_size = 4 },
			&err);
		if (!p)
			fail_msg("%s: %s", layers, err.text);
		plan_layer_info(p, 0, &info);
		shape_text(&info.output, shape);
		if (strcmp(shape, cases[i].output) != 0 || info.parameters != cases[i].parameters)
			fail_msg("%s: %s, %d parameters", layers, shape, (int)info.parameters);
	}
}

static struct plan_forecast forecast_of(const struct model *m, const struct plan_options *o)
{
	struct error err;
	struct plan_forecast f;
	AUTO_FREE(plan_free) struct plan *p = plan_of(m, o, &err);

	if (!p)
		fail_msg("%s", err.text);
	plan_forecast(p, &f);
	return f;
}

static void test_a_batch_beyond_the_budget_is_worked_in_parts(void **state)
{
	struct error err;

	(void)state;
	AUTO_FREE(model_free) struct model *m = network_model(mnist, entropy, "Adam");
	struct plan_options o = { IMAGES };
	o.batch_size = 1000;
	struct plan_forecast f = forecast_of(m, &o);
	assert_int_equal(f.part_samples, 1000);
	for (int64_t part = 512; part >= 16; part /= 2) {
		o.bytes_max = f.total_bytes - 1;
		f = forecast_of(m, &o);
		assert_int_equal(f.part_samples, part);
		assert_true(f.total_bytes <= o.bytes_max);
		assert_true(f.gradient_bytes >= 4 * f.parameters);
		o.bytes_max = f.total_bytes; /* is just enough */
		assert_int_equal(forecast_of(m, &o).part_samples, part);
	}
	o.bytes_max = f.total_bytes - 1;
	assert_null(plan_of(m, &o, &err));
	char both[64];
	(void)snprintf(both, sizeof both, "allowed: %lld", (long long)o.bytes_max);
	assert_non_null(strstr(err.text, both));
}

static void test_a_larger_batch_costs_activations_only(void **state)
{
	struct error err;
	struct plan_forecast f[2];

	(void)state;
	AUTO_FREE(model_free) struct model *m = network_model(mnist, entropy, "Adam");
	for (int i = 0; i < 2; i++) {
		struct plan_options o = {
			.input = SHAPE3(28, 28, 1), .classes = 10, .batch_size = i ? 128 : 64
		};
		AUTO_FREE(plan_free) struct plan *p = plan_of(m, &o, &err);
		assert_non_null(p);
		plan_forecast(p, &f[i]);
	}
	assert_int_equal(f[0].parameters, f[1].parameters);
	assert_true(llabs(f[0].weight_bytes - f[1].weight_bytes) < 4096);
	assert_true(llabs(f[0].scratch_bytes - f[1].scratch_bytes) < 4096);
	assert_true(f[1].activation_bytes > 2 * f[0].activation_bytes - 8192);
	assert_true(f[1].activation_bytes < 2 * f[0].activation_bytes + 8192);
}

/* Down to the bytes by which places are moved against each other: up to 448 each. */
static void test_weights_that_may_come_back_cost_their_room(void **state)
{
	(void)state;
	AUTO_FREE(model_free) struct model *m = network_model(mnist, entropy, "Adam");
	struct plan_options o = { IMAGES };
	o.batch_size = 64;
	struct plan_forecast without = forecast_of(m, &o);
	o.keeps_best = true;
	struct plan_forecast with = forecast_of(m, &o);
	int64_t more = with.total_bytes - without.total_bytes;
	assert_true(llabs(more - 4 * with.parameters) < 16384);
	assert_true(with.weight_bytes - without.weight_bytes >= 4 * with.parameters - 4096);
	o.bytes_max = with.total_bytes;
	assert_int_equal(forecast_of(m, &o).part_samples, 64);
	o.bytes_max--;
	assert_true(forecast_of(m, &o).part_samples < 64);
}

static int64_t activation_bytes_of(const char *layers)
{
	struct error err;
	struct plan_forecast f;
	AUTO_FREE(model_free) struct model *m = network_model(layers, entropy, "SGD");
	AUTO_FREE(plan_free)
	struct plan *p = plan_of(m,
		&(struct plan_options){ .input = SHAPE1(6), .classes = 3, .batch_size = 16 }, &err);

	assert_non_null(p);
	plan_forecast(p, &f);
	return f.activation_bytes;
}

static void test_an_activation_that_needs_its_input_costs_a_tensor(void **state)
{
	(void)state;
	int64_t relu = activation_bytes_of(
		"Dense units=16 activation=relu; Dense units=3 activation=softmax");
	int64_t gelu = activation_bytes_of(
		"Dense units=16 activation=gelu; Dense units=3 activation=softmax");
	assert_int_equal(gelu - relu, 16 * 16 * 4);
	/* The layer below does it, too, where it has none. */
	assert_int_equal(activation_bytes_of("Dense units=16; Activation activation=relu; "
					     "Dense units=3 activation=softmax"),
		relu);
	assert_int_equal(activation_bytes_of("Dense units=16; Activation activation=gelu; "
					     "Dense units=3; Activation activation=softmax"),
		gelu);
	/* On its own it has its input. */
	relu = activation_bytes_of("Dense units=16; Dropout rate=0.5; Activation activation=relu; "
				   "Dense units=3 activation=softmax");
	gelu = activation_bytes_of("Dense units=16; Dropout rate=0.5; Activation activation=gelu; "
				   "Dense units=3 activation=softmax");
	assert_int_equal(gelu, relu);
}

static void test_layer_names_are_keras_s(void **state)
{
	struct error err = { 0 };
	AUTO_FREE(model_free) struct model *m = model_new();

	(void)state;
	assert_non_null(m);
	assert_string_equal(
		model_add(m, layer_class_find("MaxPooling2D"), NULL, &err)->name, "max_pooling2d");
	assert_string_equal(model_add(m, layer_class_find("MaxPooling2D"), NULL, &err)->name,
		"max_pooling2d_1");
	assert_string_equal(model_add(m, layer_class_find("Conv2D"), NULL, &err)->name, "conv2d");
	assert_string_equal(
		model_add(m, layer_class_find("Dense"), "dense_1", &err)->name, "dense_1");
	assert_string_equal(model_add(m, layer_class_find("Dense"), NULL, &err)->name, "dense");
	assert_string_equal(model_add(m, layer_class_find("Dense"), NULL, &err)->name, "dense_2");
	assert_null(model_add(m, layer_class_find("Dense"), "dense", &err));
	assert_string_equal(err.pointer, "/name");
	assert_null(model_add(m, layer_class_find("Dense"), "a/b", &err));
	assert_null(model_add(m, layer_class_find("Dense"), "", &err));
	const char *below[] = { "dense_2" }, *unknown[] = { "dense", "nobody" };
	assert_false(model_set_inputs(m, below, 1, &err));
	assert_false(model_set_inputs(m, unknown, 2, &err));
	assert_string_equal(err.pointer, "/inputs/1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_mnist_job),
		cmocka_unit_test(test_output_shapes_of_convolutions),
		cmocka_unit_test(test_refusals_say_what_and_where),
		cmocka_unit_test(test_a_batch_beyond_the_budget_is_worked_in_parts),
		cmocka_unit_test(test_a_larger_batch_costs_activations_only),
		cmocka_unit_test(test_weights_that_may_come_back_cost_their_room),
		cmocka_unit_test(test_an_activation_that_needs_its_input_costs_a_tensor),
		cmocka_unit_test(test_layer_names_are_keras_s),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
