/* test_gradients.c - every row of the engine's tables against central differences.
 *
 * A network's loss is a function of its weights; its gradient by the engine must be that of
 * (L(w + h) - L(w - h)) / 2h. What a layer hands down is seen in the weights of the layers above
 * it, so each case has one above the layer it is for. The loss is a float with about 1e-7 of error,
 * so at h = 2^-12 the quotient is good to about 2e-4; the tolerance is ten times that. Where relu
 * or a maximum has a kink within h, one h is off and another is not: a wrong gradient agrees with
 * none. */
#include "network.h"

#include "engine/plan_layout.h"
#include "engine/run.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 19 }; /* a chunk and a part of one */
static const float steps[] = { 0x1p-12f, 0x1p-11f, 0x1p-13f, 0x1p-10f, 0x1p-9f };
static const double tolerance = 2e-3;

/* LABELS: 0 to 2; BIT_LABELS: 0 and 1. The others are floats: noise, noise away from 0, between 0
 * and 1, 0 and 1. */
enum targets { LABELS, BIT_LABELS, NUMBERS, FAR_NUMBERS, SHARES, BITS };

struct gradient_case {
	const char *layers;
	struct shape input;
	const char *loss;
	enum targets targets;
	struct shape target;
};

static const char *const entropy = "sparse_categorical_crossentropy";

static const struct gradient_case cases[] = {
	{ "Dense units=5; Dense units=3 activation=softmax", { 1, { 7 } }, entropy },
	{ "Dense units=3 use_bias=false", { 1, { 1 } },
		"sparse_categorical_crossentropy from_logits=true" },
	{ "Dense units=40 activation=tanh; Dense units=130 activation=sigmoid; Dense units=3 "
	  "activation=softmax",
		{ 1, { 150 } }, entropy }, /* tiled kernels */
	{ "Dense units=5 activation=softmax; Dense units=3 activation=softmax", { 1, { 7 } },
		entropy },
	{ "Dense units=5 activation=tanh; Dense units=3 activation=softmax", { 1, { 7 } },
		"mean_squared_error", NUMBERS, { 1, { 3 } } },
	{ "Conv2D filters=3 kernel_size=3x2; Flatten; Dense units=4 activation=softmax",
		{ 3, { 6, 5, 2 } }, entropy },
	{ "Conv2D filters=4 kernel_size=1; Conv2D filters=3 kernel_size=3 padding=same "
	  "activation=tanh; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 5, 4, 1 } }, entropy },
	{ "Conv2D filters=2 kernel_size=2; Conv2D filters=17 kernel_size=2x3 strides=2x1 "
	  "padding=same use_bias=false; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 6, 7, 3 } }, entropy },
	{ "Conv2D filters=2 kernel_size=2; Conv2D filters=3 kernel_size=3 strides=2x3; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 8, 9, 1 } }, entropy },
	{ "Conv2D filters=2 kernel_size=2; Conv2D filters=3 kernel_size=1x2 strides=3x2 "
	  "padding=same; Flatten; Dense units=3 activation=softmax",
		{ 3, { 9, 8, 1 } }, entropy }, /* positions that no tap leads to */
	{ "Conv2D filters=16 kernel_size=1; Conv2D filters=17 kernel_size=3 padding=same "
	  "activation=tanh; Conv2D filters=16 kernel_size=3; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 8, 6, 2 } }, entropy }, /* by Winograd's way */
	{ "Conv2D filters=16 kernel_size=1; Conv2D filters=16 kernel_size=3 padding=same "
	  "activation=relu; MaxPooling2D; Flatten; Dense units=3 activation=softmax",
		{ 3, { 6, 6, 2 } }, entropy }, /* which is not fused */
	{ "Conv2D filters=3 kernel_size=2; MaxPooling2D; Flatten; Dense units=3 activation=softmax",
		{ 3, { 7, 6, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2 activation=relu; MaxPooling2D pool_size=2x3; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 7, 7, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2 activation=relu; MaxPooling2D pool_size=2; Conv2D "
	  "filters=2 kernel_size=2; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 7, 9, 2 } }, entropy },
	{ "Conv2D filters=2 kernel_size=1; Conv2D filters=3 kernel_size=3 padding=same "
	  "activation=relu; MaxPooling2D; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 6, 6, 2 } }, entropy },
	{ "Conv2D filters=9 kernel_size=1; Conv2D filters=3 kernel_size=2 activation=relu; "
	  "MaxPooling2D; Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 6, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=3 padding=same strides=1x2 use_bias=false; MaxPooling2D; "
	  "Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 8, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; MaxPooling2D pool_size=3 strides=2 padding=same; "
	  "Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 7, 6, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; MaxPooling2D pool_size=3 strides=1; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 6, 5, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; MaxPooling2D pool_size=1 strides=2; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 6, 5, 1 } }, entropy },
	{ "Dense units=5 activation=tanh; Dense units=4; Flatten; Dense units=3 activation=softmax",
		{ 3, { 2, 3, 4 } }, entropy },
	{ "Dense units=64; Dense units=70 activation=tanh; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 2, { 3, 20 } }, entropy }, /* tiled kernels */
	{ "Conv2D filters=4 kernel_size=1; Conv2D filters=6 kernel_size=2x3 groups=2 "
	  "activation=relu; MaxPooling2D; Flatten; Dense units=3 activation=softmax",
		{ 3, { 6, 7, 2 } }, entropy },
	{ "Conv2D filters=2 kernel_size=1; Conv2D filters=3 kernel_size=3x2 dilation_rate=2x3 "
	  "padding=same activation=relu; MaxPooling2D; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 7, 6, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Conv2D filters=6 kernel_size=3 dilation_rate=1x2 "
	  "groups=3 activation=tanh; Conv2D filters=4 kernel_size=3 strides=2x1 groups=2 "
	  "padding=same; Flatten; Dense units=3 activation=softmax",
		{ 3, { 6, 7, 2 } }, entropy },
	{ "Conv1D filters=3 kernel_size=1; Conv1D filters=5 kernel_size=3 padding=causal "
	  "dilation_rate=2 activation=tanh; Flatten; Dense units=3 activation=softmax",
		{ 2, { 7, 2 } }, entropy },
	{ "Conv1D filters=4 kernel_size=1; Conv1D filters=6 kernel_size=4 strides=3 padding=same "
	  "groups=2; Conv1D filters=2 kernel_size=2 strides=2 padding=causal use_bias=false; "
	  "Dense units=2; Flatten; Dense units=3 activation=softmax",
		{ 2, { 13, 3 } }, entropy },
	{ "Conv2D filters=5 kernel_size=1; DepthwiseConv2D kernel_size=3x2 activation=tanh; "
	  "Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 6, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; DepthwiseConv2D kernel_size=3 strides=2x3 padding=same "
	  "depth_multiplier=3 activation=relu; DepthwiseConv2D kernel_size=2 dilation_rate=1x2 "
	  "use_bias=false; Flatten; Dense units=3 activation=softmax",
		{ 3, { 6, 9, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; SeparableConv2D filters=4 kernel_size=2x3 padding=same "
	  "activation=tanh; SeparableConv2D filters=5 kernel_size=3 strides=2 depth_multiplier=2 "
	  "use_bias=false; Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 6, 2 } }, entropy },
	{ "Conv2D filters=2 kernel_size=1; SeparableConv2D filters=18 kernel_size=2 "
	  "dilation_rate=2 padding=same depth_multiplier=9; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 4, 3, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Conv2DTranspose filters=4 kernel_size=3x2 "
	  "activation=tanh; Flatten; Dense units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Conv2DTranspose filters=2 kernel_size=3x4 strides=2x3 "
	  "padding=same output_padding=1x2 activation=relu; Conv2D filters=2 kernel_size=3 "
	  "strides=2; Flatten; Dense units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Conv2DTranspose filters=2 kernel_size=2 strides=3 "
	  "padding=same; Conv2DTranspose filters=3 kernel_size=3x2 dilation_rate=2x1 "
	  "padding=same use_bias=false; Flatten; Dense units=3 activation=softmax",
		{ 3, { 2, 3, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Conv2DTranspose filters=2 kernel_size=2 strides=3; "
	  "Conv2DTranspose filters=2 kernel_size=3 strides=2 output_padding=1; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 2, 3, 2 } }, entropy },
	{ "Dense units=6; Activation activation=tanh; Dense units=3; Activation activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=6; BatchNormalization; Dense units=3 activation=softmax", { 1, { 4 } },
		entropy },
	{ "Conv2D filters=5 kernel_size=2; BatchNormalization scale=false epsilon=0.1; Conv2D "
	  "filters=40 kernel_size=2 activation=tanh; BatchNormalization center=false; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 4, 5, 2 } }, entropy },
	{ "Dense units=6; LeakyReLU; Dense units=5; LeakyReLU negative_slope=0; Dense units=5; ELU "
	  "alpha=0.7; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=6; PReLU alpha_initializer=random_uniform; Dense units=5; PReLU "
	  "alpha_initializer=ones shared_axes=1; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; PReLU alpha_initializer=random_normal shared_axes=1,2; "
	  "Conv2D filters=2 kernel_size=2; PReLU shared_axes=3; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 4, 3, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; PReLU alpha_initializer=random_normal shared_axes=2; "
	  "Flatten; Dense units=3 activation=softmax",
		{ 3, { 4, 3, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1; Softmax axis=1; Conv2D filters=3 kernel_size=1; Softmax "
	  "axis=-2; Conv2D filters=4 kernel_size=1; Softmax axis=3; Flatten; Dense units=3; "
	  "Softmax",
		{ 3, { 4, 3, 2 } }, entropy },
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Add inputs=a,b; Dense "
	  "units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Conv2D filters=2 kernel_size=1 name=a; Flatten name=f; Dense units=8 name=d inputs=f; "
	  "Dense units=8 name=e inputs=f; Add "
	  "inputs=d,e,f; Dense units=3 activation=softmax",
		{ 3, { 2, 2, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; AveragePooling2D; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 7, 6, 2 } }, entropy },
	{ "Conv2D filters=35 kernel_size=1; AveragePooling2D pool_size=3x2 strides=2x1 "
	  "padding=same; Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 4, 2 } }, entropy },
	{ "Conv2D filters=4 kernel_size=1 name=c; Reshape target_shape=-1,4; MaxPooling1D; "
	  "AveragePooling1D pool_size=3 strides=2 padding=same; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 4, 5, 2 } }, entropy },
	{ "Conv2D filters=5 kernel_size=2; GlobalAveragePooling2D; Dense units=3 "
	  "activation=softmax",
		{ 3, { 5, 4, 2 } }, entropy },
	{ "Conv2D filters=5 kernel_size=2; GlobalMaxPooling2D keepdims=true; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 5, 4, 2 } }, entropy },
	{ "Conv2D filters=6 kernel_size=2; Reshape target_shape=9,8 name=r; "
	  "GlobalAveragePooling1D keepdims=true; Flatten; Dense units=8 name=a; "
	  "GlobalMaxPooling1D inputs=r name=m; Add inputs=a,m; Dense units=3 activation=softmax",
		{ 3, { 5, 4, 1 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2 activation=tanh; Permute dims=3,1,2; Conv2D filters=2 "
	  "kernel_size=2; Permute dims=2,1,3; Flatten; Dense units=3 activation=softmax",
		{ 3, { 5, 4, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; ZeroPadding2D padding=1,2x0,1; Conv2D filters=2 "
	  "kernel_size=2 activation=tanh; Cropping2D cropping=1,0x0,2; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 5, 4, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=2; UpSampling2D size=2x3; Conv2D filters=2 kernel_size=2 "
	  "activation=tanh; UpSampling2D size=3x2 interpolation=bilinear; Flatten; Dense units=3 "
	  "activation=softmax",
		{ 3, { 3, 3, 2 } }, entropy },
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Subtract inputs=a,b; Dense "
	  "units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Dense units=6 name=c "
	  "inputs=a; Multiply inputs=a,b,c; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Average inputs=a,b,a; "
	  "Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Dense units=6 name=c "
	  "inputs=a; Maximum inputs=a,b,c; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	/* Second gradients of two tensors at once. */
	{ "Dense units=6 name=a; Dense units=6 activation=tanh name=b; Multiply inputs=a,b "
	  "name=m; Subtract inputs=b,a name=s; Multiply inputs=a,b,m,s; Dense units=3 "
	  "activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1 name=a; Conv2D filters=2 kernel_size=1 name=b; "
	  "Concatenate inputs=a,b,a; Conv2D filters=4 kernel_size=2 activation=tanh; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Conv2D filters=3 kernel_size=1 name=a; ZeroPadding2D padding=1,0x0,0 name=b; "
	  "Concatenate axis=1 inputs=a,b name=c; Concatenate axis=-2 inputs=c,c; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 3, 2, 2 } }, entropy },
	{ "Dense units=70; Dropout rate=0.3; Dense units=3 activation=softmax", { 1, { 4 } },
		entropy },
	{ "Conv2D filters=7 kernel_size=2; SpatialDropout2D rate=0.4 seed=7; Flatten; Dense "
	  "units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Dense units=70; GaussianNoise stddev=0.5; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Dense units=37; LayerNormalization; Dense units=3 activation=softmax", { 1, { 4 } },
		entropy },
	{ "Conv2D filters=5 kernel_size=2; LayerNormalization scale=false epsilon=0.1; Conv2D "
	  "filters=4 kernel_size=1 activation=tanh; LayerNormalization center=false; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Conv2D filters=6 kernel_size=2; GroupNormalization groups=2; Conv2D filters=5 "
	  "kernel_size=1 activation=tanh; GroupNormalization groups=-1 scale=false; Conv2D "
	  "filters=4 kernel_size=1; GroupNormalization groups=1 center=false epsilon=0.1; Flatten; "
	  "Dense units=3 activation=softmax",
		{ 3, { 3, 4, 2 } }, entropy },
	{ "Dense units=64; GroupNormalization; Dense units=3 activation=softmax", { 1, { 4 } },
		entropy },
	{ "Dense units=6; Rescaling scale=-2 offset=0.5; Normalization mean=1,2,3,4,5,6 "
	  "variance=4; Dense units=3 activation=softmax",
		{ 1, { 4 } }, entropy },
	{ "Normalization; Dense units=3 activation=softmax", { 1, { 4 } }, entropy },
};

/* Losses at the end of one small network; each has targets that make sense for it. */
#define NET   "Dense units=5 activation=tanh; "
#define FRAME "Conv2D filters=4 kernel_size=1 activation=tanh; "
static const struct gradient_case loss_cases[] = {
	{ NET "Dense units=3", { 1, { 4 } }, "mean_squared_error", NUMBERS, { 1, { 3 } } },
	{ NET "Dense units=1", { 1, { 4 } }, "mean_squared_error", LABELS, { 0 } },
	{ NET "Dense units=3", { 1, { 4 } }, "mean_absolute_error", NUMBERS, { 1, { 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "mean_absolute_percentage_error", FAR_NUMBERS,
		{ 1, { 3 } } },
	{ NET "Dense units=3 activation=softplus", { 1, { 4 } }, "mean_squared_logarithmic_error",
		SHARES, { 1, { 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "huber", NUMBERS, { 1, { 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "huber delta=0.3", NUMBERS, { 1, { 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "log_cosh", NUMBERS, { 1, { 3 } } },
	{ NET "Dense units=3 activation=exponential", { 1, { 4 } }, "poisson", SHARES,
		{ 1, { 3 } } },
	{ NET "Dense units=1 activation=exponential", { 1, { 4 } }, "poisson", LABELS, { 0 } },
	{ NET "Dense units=3 activation=softmax", { 1, { 4 } }, "kl_divergence", SHARES,
		{ 1, { 3 } } },
	{ FRAME "Conv2D filters=3 kernel_size=1 activation=softmax", { 3, { 2, 3, 2 } },
		"kl_divergence", SHARES, { 3, { 2, 3, 3 } } },
	{ NET "Dense units=3 activation=tanh", { 1, { 4 } }, "hinge", BITS, { 1, { 3 } } },
	{ NET "Dense units=1", { 1, { 4 } }, "hinge", BIT_LABELS, { 0 } },
	{ NET "Dense units=3", { 1, { 4 } }, "squared_hinge", BITS, { 1, { 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "categorical_hinge", LABELS, { 0 } },
	{ FRAME "Conv2D filters=3 kernel_size=1", { 3, { 2, 3, 2 } }, "categorical_hinge", SHARES,
		{ 3, { 2, 3, 3 } } },
	{ NET "Dense units=3", { 1, { 4 } }, "cosine_similarity", NUMBERS, { 1, { 3 } } },
	{ FRAME "Conv2D filters=3 kernel_size=1", { 3, { 2, 3, 2 } }, "cosine_similarity", NUMBERS,
		{ 3, { 2, 3, 3 } } },
	{ NET "Dense units=3 activation=softmax", { 1, { 4 } }, "categorical_crossentropy", LABELS,
		{ 0 } },
	{ NET "Dense units=3", { 1, { 4 } },
		"categorical_crossentropy from_logits=true label_smoothing=0.2", SHARES,
		{ 1, { 3 } } },
	{ FRAME "Conv2D filters=3 kernel_size=1 activation=softmax", { 3, { 2, 3, 2 } },
		"categorical_crossentropy label_smoothing=0.1", BITS, { 3, { 2, 3, 3 } } },
	{ NET "Dense units=3 activation=softmax", { 1, { 4 } }, "categorical_focal_crossentropy",
		LABELS, { 0 } },
	{ NET "Dense units=3", { 1, { 4 } },
		"categorical_focal_crossentropy from_logits=true gamma=0.5 alpha=2 "
		"label_smoothing=0.1",
		SHARES, { 1, { 3 } } },
	{ NET "Dense units=1 activation=sigmoid", { 1, { 4 } }, "binary_crossentropy", BIT_LABELS,
		{ 0 } },
	{ NET "Dense units=3", { 1, { 4 } },
		"binary_crossentropy from_logits=true label_smoothing=0.2", BITS, { 1, { 3 } } },
	{ FRAME "Conv2D filters=3 kernel_size=1 activation=sigmoid", { 3, { 2, 3, 2 } },
		"binary_crossentropy", SHARES, { 3, { 2, 3, 3 } } },
	{ NET "Dense units=1 activation=sigmoid", { 1, { 4 } }, "binary_focal_crossentropy",
		BIT_LABELS, { 0 } },
	{ NET "Dense units=3", { 1, { 4 } },
		"binary_focal_crossentropy from_logits=true apply_class_balancing=true gamma=1.5 "
		"label_smoothing=0.1",
		BITS, { 1, { 3 } } },
};

static void fill_targets(enum targets kind, float *y, int64_t n)
{
	network_noise(12, y, n);
	for (int64_t i = 0; i < n; i++) {
		if (kind == FAR_NUMBERS)
			y[i] += y[i] < 0 ? -2.0f : 2.0f;
		if (kind == SHARES)
			y[i] = 0.1f + 0.8f * fabsf(y[i]);
		if (kind == BITS)
			y[i] = y[i] < 0 ? 0.0f : 1.0f;
	}
}

static struct data case_data(const struct gradient_case *c, float *x, void *y)
{
	struct data d = { .x = x, .x_type = DATA_F32, .shape = c->input, .y = y, .count = SAMPLES };

	network_noise(11, x, SAMPLES * shape_elements(&c->input));
	if (c->targets != LABELS && c->targets != BIT_LABELS) {
		d.y_type = DATA_F32;
		d.y_shape = c->target;
		fill_targets(c->targets, y, SAMPLES * shape_elements(&c->target));
		return d;
	}
	d.y_type = DATA_I32;
	d.classes = c->targets == LABELS ? 3 : 2;
	for (int i = 0; i < SAMPLES; i++)
		((int32_t *)y)[i] = (i * 7) % (int)d.classes;
	return d;
}

/* The stages before the loss, and forward through the rest. */
static void forward(struct run *r, const struct plan *p)
{
	for (int i = 0; i < p->n_stages; i++) {
		const struct plan_stage *st = &p->stages[i];
		run_forward(r, 0, st->forward_from, st->forward_to, 0, SAMPLES);
		if (st->has_loss)
			return;
		run_collect(r, 0, i, 0, SAMPLES);
		run_combine(r, i);
	}
}

static void backward(struct run *r, const struct plan *p)
{
	for (int i = 0; i < p->n_stages; i++) {
		const struct plan_stage *st = &p->stages[i];
		if (st->has_loss)
			run_loss(r, true, 0, SAMPLES);
		run_backward(r, 0, st->backward_from, st->backward_to, 0, SAMPLES);
		if (st->collect >= 0)
			continue;
		run_collect(r, 0, i, 0, SAMPLES);
		run_combine(r, i);
	}
}

static double loss_of(struct run *r, const struct plan *p)
{
	struct run_totals totals = { .loss = 0 };

	forward(r, p);
	run_loss(r, false, 0, SAMPLES);
	run_results(r, &totals);
	return totals.loss / SAMPLES;
}

static double central_difference(struct run *r, const struct plan *p, float *w, float h)
{
	float saved = *w;

	*w = saved + h;
	double up = loss_of(r, p), width = (double)*w;
	*w = saved - h;
	double down = loss_of(r, p);
	width -= (double)*w;
	*w = saved;
	return (up - down) / width;
}

static void check_weight(
	struct run *r, const struct plan *p, int index, const float *g, const char *what)
{
	float *w = run_weight(r, index);
	int64_t n = p->weights[index].values, stride = n > 400 ? n / 200 : 1;

	for (int64_t i = 0; i < n; i += stride) {
		double wanted = 0;
		bool agrees = false;
		for (size_t s = 0; s < COUNT_OF(steps) && !agrees; s++) {
			wanted = central_difference(r, p, &w[i], steps[s]);
			agrees = fabs(wanted - (double)g[i]) <= tolerance * (1 + fabs(wanted));
		}
		if (!agrees)
			fail_msg(
				"%s: weight %d, value %lld: central difference %.6f, gradient %.6f",
				what, index, (long long)i, wanted, (double)g[i]);
	}
}

static void check_case(const struct gradient_case *c, const struct kernels *kernels)
{
	struct error err = { 0 };
	AUTO_FREE(model_free) struct model *m = network_model(c->layers, c->loss, "SGD");
	float x[SAMPLES * 256], y[SAMPLES * 18];
	struct data d = case_data(c, x, y);
	struct plan_options o = {
		.input = c->input, .target = d.y_shape, .classes = d.classes, .batch_size = SAMPLES
	};
	AUTO_FREE(plan_free) struct plan *p = plan_new(m, &o, &err);

	if (!p)
		fail_msg("%s: %s %s", c->layers, err.pointer, err.text);
	AUTO_FREE(run_free) struct run *r = run_new(p, kernels, 1, &err);
	assert_non_null(r);
	run_initialize(r, 3);
	for (int i = 0; i < p->n_weights; i++)
		if (strcmp(p->layers[p->weights[i].layer].plan.weights[p->weights[i].index].name,
			    "bias") == 0)
			network_noise((uint64_t)i, run_weight(r, i), p->weights[i].values);
	run_set_batch(r, SAMPLES, true, 0);
	run_set_part(r, 0);
	run_gather(r, 0, &d, NULL, 0, 0, SAMPLES);
	forward(r, p);
	backward(r, p);
	float *gradients[32];
	char what[640];
	(void)snprintf(what, sizeof what, "%s, %s", c->layers, c->loss);
	for (int i = 0; i < p->n_weights; i++) {
		gradients[i] = calloc((size_t)p->weights[i].values, sizeof(float));
		assert_non_null(gradients[i]);
		if (!p->weights[i].frozen)
			run_gradient(r, i, gradients[i]);
	}
	for (int i = 0; i < p->n_weights; i++) {
		if (!p->weights[i].frozen)
			check_weight(r, p, i, gradients[i], what);
		free(gradients[i]);
	}
}

static void test_each_case(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		check_case(&cases[i], kernels_find(NULL));
}

static void test_the_reference_kernels_too(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i += 3)
		check_case(&cases[i], kernels_find("scalar"));
}

static void test_each_activation(void **state)
{
	(void)state;
	for (int i = 0; activation_names[i]; i++) {
		char layers[160];
		(void)snprintf(layers, sizeof layers,
			"Dense units=6 activation=%s; Dense units=5; Activation activation=%s; "
			"Dense units=3 activation=softmax",
			activation_names[i], activation_names[i]);
		check_case(
			&(struct gradient_case){ layers, SHAPE1(4), entropy }, kernels_find(NULL));
		(void)snprintf(layers, sizeof layers,
			"Conv2D filters=3 kernel_size=2 activation=%s; Flatten; Dense units=3 "
			"activation=softmax",
			activation_names[i]);
		check_case(&(struct gradient_case){ layers, SHAPE3(3, 4, 1), entropy },
			kernels_find(NULL));
	}
}

static void test_each_loss(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(loss_cases); i++)
		check_case(&loss_cases[i], kernels_find(NULL));
}

/* Does the word stand in the text, between its ends, spaces and semicolons? */
static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);

	for (const char *at = strstr(text, word); at; at = strstr(at + 1, word)) {
		bool begins = at == text || strchr(" ;", at[-1]);
		if (begins && strchr(" ;", at[n])) /* which finds the NUL, too */
			return true;
	}
	return false;
}

static bool any_case_has(const char *word)
{
	for (size_t i = 0; i < COUNT_OF(loss_cases); i++)
		if (has_word(loss_cases[i].loss, word))
			return true;
	for (size_t i = 0; i < COUNT_OF(cases); i++)
		if (has_word(cases[i].layers, word) || has_word(cases[i].loss, word))
			return true;
	return false;
}

static void test_no_row_is_left_out(void **state)
{
	(void)state;
	for (int i = 0; layer_classes[i]; i++)
		if (!any_case_has(layer_classes[i]->name))
			fail_msg("no case for the layer %s", layer_classes[i]->name);
	for (int i = 0; loss_classes[i]; i++)
		if (!any_case_has(loss_classes[i]->name))
			fail_msg("no case for the loss %s", loss_classes[i]->name);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_case),
		cmocka_unit_test(test_the_reference_kernels_too),
		cmocka_unit_test(test_each_activation),
		cmocka_unit_test(test_each_loss),
		cmocka_unit_test(test_no_row_is_left_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
