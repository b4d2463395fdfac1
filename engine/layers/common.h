/* common.h - what several layers do in the same way. */
#pragma once

#include "engine/constraints.h"
#include "engine/layer.h"
#include "engine/registry.h"
#include "engine/regularizers.h"

#include <math.h>

/* Kernels of at least this many values get their gradient row by row over the whole batch; smaller
 * ones one partial sum a chunk. Part of the numeric contract: the two sum in different orders. */
enum { WEIGHT_TILED_MIN = 4096 };

/* Is the work on a matrix of weights, `sum` products for each output, with that many inputs and
 * outputs (of one place of a convolution) worth rounding its factors to bfloat16? Smaller ones are
 * no faster for it, and among them are most last layers, whose outputs are best kept exact. Part of
 * the numeric contract. */
static inline bool layer_is_large(int64_t sum, int64_t inputs, int64_t outputs)
{
	return sum >= 64 && inputs >= 16 && outputs >= 32;
}

/* What a layer's conf says of one of its weights: `struct weight_conf kernel;`, with
 * WEIGHT_PARAMS(struct conf, kernel, INITIALIZER_GLOROT_UNIFORM) in the table, which gives the rows
 * kernel_initializer, kernel_regularizer and kernel_constraint, and WEIGHT_PLAN(c->kernel) in the
 * weight's plan. */
struct weight_conf {
	PARAM_VARIANT_OF(INITIALIZER_DOUBLES) initializer;
	PARAM_VARIANT_OF(REGULARIZER_DOUBLES) regularizer;
	PARAM_VARIANT_OF(CONSTRAINT_DOUBLES) constraint;
};
#define WEIGHT_PARAM(conf, weight, argument, def_, family_, flags_, doc_)                          \
	{                                                                                          \
		.name = #weight "_" #argument, .doc = doc_, .type = PARAM_TYPE_VARIANT,            \
		.flags = flags_, .offset = offsetof(conf, weight.argument),                        \
		.size = sizeof(((conf *)0)->weight.argument), .def = def_, .family = family_       \
	}
#define WEIGHT_PARAMS(conf, weight, initializer_)                                                  \
	WEIGHT_PARAM(conf, weight, initializer, initializer_, &initializer_family, 0,              \
		"first values of the " #weight),                                                   \
		WEIGHT_PARAM(conf, weight, regularizer, NAN, &regularizer_family, PARAM_NULLABLE,  \
			"what its size adds to the loss; null: nothing"),                          \
		WEIGHT_PARAM(conf, weight, constraint, NAN, &constraint_family, PARAM_NULLABLE,    \
			"what it is made to be after each step; null: anything")
#define WEIGHT_PLAN(weight_)                                                                       \
	.initializer = &(weight_).initializer.variant,                                             \
	.regularizer = &(weight_).regularizer.variant, .constraint = &(weight_).constraint.variant

/* A weight of n values: "bias", "gamma". */
struct weight_plan weight_vector(const char *name, int64_t n, const struct weight_conf *conf);

/* Keras's fans of a weight that is no kernel of a known layer: the last two axes are in and out,
 * the others a window; a vector's are its length, both ways. */
void weight_fans(const struct shape *s, int64_t *ret_in, int64_t *ret_out);

/* The layer's activation, by an argument's index, with Keras's default of its alpha. The layer sets
 * z and calls layer_activate, and layer_activate_backward before it uses dy; then a layer that is
 * its activation alone and the only one behind it is not worked on its own. */
void layer_ends_in(struct layer_plan *ret, int activation);

/* The row of an argument `activation` that is "linear" unless it is given. */
#define PARAM_ACTIVATION(conf, field)                                                              \
	{                                                                                          \
		.name = #field, .doc = "function applied to the output",                           \
		.type = PARAM_TYPE_CHOICE, .offset = offsetof(conf, field),                        \
		.def = ACTIVATION_LINEAR, .choices = activation_names,                             \
		.aliases = activation_aliases                                                      \
	}

/* The rest of the plan of a layer that is its activation alone, y = f(x). */
void layer_plan_activates_input(const struct layer_request *r, struct layer_plan *ret);

/* The row of an argument `axis` that can only be the last one, and its check for an input; Keras 2
 * writes it as a list of one. */
#define PARAM_LAST_AXIS(conf, field)                                                               \
	{                                                                                          \
		.name = #field, .doc = "that of the channels; only the last one",                  \
		.type = PARAM_TYPE_INT, .flags = PARAM_OR_LIST, .offset = offsetof(conf, field),   \
		.def = -1, .min = -1, .max = SHAPE_RANK_MAX                                        \
	}
bool layer_check_last_axis(const struct shape *in, int64_t axis, struct error *err);

/* false: the first input of the layer `name` has another rank than 2, (steps, channels), or 3,
 * (height, width, channels). */
bool layer_check_rank(const struct layer_request *r, const char *name, int rank, struct error *err);

/* y = f(z), dy = dy f'(z) for the samples [begin, end) by the plan's activation. */
void layer_activate(const struct layer_step *s, int64_t begin, int64_t end);
void layer_activate_backward(const struct layer_step *s, int64_t begin, int64_t end);
/* dx = dy f'(x): the backward pass of a layer that is its activation alone. */
void layer_activate_backward_input(const struct layer_step *s, int64_t begin, int64_t end);

/* How many samples of y a layer works at a time, that it finds them in the caches when it goes
 * over them again: at least 1. */
int64_t layer_samples_at_once(const struct layer_step *s);

/* sum[j] = x[0][j] + x[1][j] + … */
void layer_sum_rows(
	const struct layer_step *s, const float *x, int64_t rows, int64_t n, float *sum);

/* "valid" and "same", in this order; "causal" is Conv1D's alone: all of it before the first value.
 */
enum padding { PADDING_VALID, PADDING_SAME, PADDING_CAUSAL };
extern const char *const padding_names[];

/* One axis of a window that slides: a convolution's or a pooling's. */
struct window_axis {
	int64_t in, size, stride;
	int64_t out;    /* positions */
	int64_t before; /* padding before the first value */
	int64_t padded; /* length with padding on both sides; at least `in` */
};
/* TensorFlow's rule: valid: out = (in - size) / stride + 1. same: out = ceil(in / stride), padding
 * max((out - 1) stride + size - in, 0), the smaller half before. causal: size - 1 before. false:
 * the window is larger than its input; err->pointer is `pointer`. */
bool window_axis_plan(int64_t in, int64_t size, int64_t stride, enum padding padding,
	const char *axis, const char *pointer, struct window_axis *ret, struct error *err);

/* What a window of `size` values reaches over that are `dilation` apart. */
static inline int64_t window_reach(int64_t size, int64_t dilation)
{
	return (size - 1) * dilation + 1;
}

/* Keras's rule for n axes: strides or dilation_rate may be above 1, not both. */
bool window_check_dilation(
	const int64_t *strides, const int64_t *dilation_rate, int n, struct error *err);

/* false: offsets of 32 bits do not reach over so many values; err->pointer is `pointer`. */
bool image_check_size(
	int64_t height, int64_t width, int64_t channels, const char *pointer, struct error *err);

/* Copies rows x (row) values into the middle of a padded image, and back. Rows are `row` and
 * `padded_row` floats. */
void image_pad(const float *x, int64_t rows, int64_t row, float *padded, int64_t padded_row);
void image_crop(const float *padded, int64_t rows, int64_t row, int64_t padded_row, float *x);
