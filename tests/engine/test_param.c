/* test_param.c - the tables of everything a user can name: each row is sound, and the defaults are
 * Keras's. A row that is added is tested here without a word. */
#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/model.h"
#include "engine/optimizer.h"
#include "engine/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { ROWS_MAX = 256 };

/* All layers, losses, optimizers, callbacks and what their arguments can be in one list. */
static struct registry_row rows[ROWS_MAX];
static int n_rows;

static int gather_rows(void **state)
{
	(void)state;
	for (int i = 0; layer_classes[i]; i++)
		rows[n_rows++] = layer_class_row(layer_classes[i]);
	for (int i = 0; loss_classes[i]; i++)
		rows[n_rows++] = loss_class_row(loss_classes[i]);
	for (int i = 0; optimizer_classes[i]; i++)
		rows[n_rows++] = optimizer_class_row(optimizer_classes[i]);
	for (int i = 0; callback_classes[i]; i++)
		rows[n_rows++] = callback_class_row(callback_classes[i]);
	for (int i = 0; param_families[i]; i++)
		for (int k = 0; param_families[i]->classes[k]; k++) {
			const struct param_class *c = param_families[i]->classes[k];
			rows[n_rows++] =
				(struct registry_row){ c->name, c->doc, c->params, c->conf_size };
		}
	return n_rows ? 0 : -1;
}

static const struct registry_row *row_named(const char *name)
{
	for (int i = 0; i < n_rows; i++)
		if (strcmp(rows[i].name, name) == 0)
			return &rows[i];
	fail_msg("nothing is named %s", name);
	return NULL;
}

static size_t param_bytes(const struct param *p)
{
	if (p->type == PARAM_TYPE_LIST || p->type == PARAM_TYPE_VARIANT ||
		p->type == PARAM_TYPE_NAME)
		return p->size;
	static const size_t bytes[] = {
		[PARAM_TYPE_INT] = sizeof(int64_t),
		[PARAM_TYPE_FLOAT] = sizeof(double),
		[PARAM_TYPE_BOOL] = sizeof(bool),
		[PARAM_TYPE_CHOICE] = sizeof(int),
		[PARAM_TYPE_PAIR] = 2 * sizeof(int64_t),
		[PARAM_TYPE_MARGINS] = 4 * sizeof(int64_t),
	};

	return bytes[p->type];
}

/* One line of doc: words, without a stop, a line break or a blank at an end. */
static bool is_one_line(const char *doc)
{
	size_t n = doc ? strlen(doc) : 0;

	return n > 0 && n <= 120 && !strchr(doc, '\n') && doc[0] != ' ' && doc[n - 1] != ' ' &&
	       doc[n - 1] != '.';
}

static void every_row_has_a_name_of_its_own_and_a_line_of_doc(void **state)
{
	(void)state;
	for (int i = 0; i < n_rows; i++) {
		assert_true(rows[i].conf_size <= MODEL_CONF_BYTES);
		if (!is_one_line(rows[i].doc))
			fail_msg("%s: its doc is not one line", rows[i].name);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(rows[i].name, rows[j].name);
	}
}

static void every_argument_has_a_name_of_its_own_and_a_line_of_doc(void **state)
{
	(void)state;
	for (int i = 0; i < n_rows; i++)
		for (const struct param *p = rows[i].params; p && p->name; p++) {
			if (!is_one_line(p->doc))
				fail_msg("%s.%s: its doc is not one line", rows[i].name, p->name);
			if (param_find(rows[i].params, p->name) != p)
				fail_msg("%s.%s stands there twice", rows[i].name, p->name);
		}
}

/* A row that names a wrong field, or the wrong type for it, writes where another row writes. */
static void every_argument_has_its_own_place_in_the_conf(void **state)
{
	(void)state;
	for (int i = 0; i < n_rows; i++) {
		bool taken[MODEL_CONF_BYTES] = { false };
		for (const struct param *p = rows[i].params; p && p->name; p++) {
			size_t bytes = param_bytes(p);
			size_t unit = bytes < sizeof(int64_t) ? bytes : sizeof(int64_t);
			if (p->offset + bytes > rows[i].conf_size || p->offset % unit)
				fail_msg("%s.%s: not a place in the conf", rows[i].name, p->name);
			for (size_t at = p->offset; at < p->offset + bytes; at++) {
				if (taken[at])
					fail_msg("%s.%s overlaps another", rows[i].name, p->name);
				taken[at] = true;
			}
		}
	}
}

/* A family has room for each of its classes, and the catalogue tells of it. */
static void every_variant_has_room_for_all_that_it_can_be(void **state)
{
	(void)state;
	for (int i = 0; i < n_rows; i++)
		for (const struct param *p = rows[i].params; p && p->name; p++) {
			bool listed = false;
			if (p->type != PARAM_TYPE_VARIANT)
				continue;
			for (int k = 0; param_families[k]; k++)
				listed |= param_families[k] == p->family;
			if (!listed)
				fail_msg("%s.%s: its family is not listed", rows[i].name, p->name);
			for (int k = 0; p->family->classes[k]; k++)
				if (p->family->classes[k]->conf_size +
						sizeof(struct param_variant) >
					p->size)
					fail_msg("%s.%s has no room for %s", rows[i].name, p->name,
						p->family->classes[k]->name);
		}
}

static bool has_range(const struct param *p)
{
	return p->type != PARAM_TYPE_BOOL && p->type != PARAM_TYPE_CHOICE &&
	       p->type != PARAM_TYPE_NAME &&
	       (p->type != PARAM_TYPE_VARIANT || p->flags & PARAM_OR_NUMBER);
}

/* Sets the argument to a number, of the type it has. */
static bool set_number(const struct param *p, void *conf, double value)
{
	switch (p->type) {
	case PARAM_TYPE_INT:
		return param_set_int(p, conf, (int64_t)value, "", NULL);
	case PARAM_TYPE_FLOAT:
		return param_set_float(p, conf, value, "", NULL);
	case PARAM_TYPE_PAIR:
		return param_set_pair(p, conf, (int64_t)value, (int64_t)value, "", NULL);
	case PARAM_TYPE_MARGINS: {
		int64_t n = (int64_t)value;
		return param_set_margins(p, conf, (int64_t[]){ n, n, n, n }, "", NULL);
	}
	case PARAM_TYPE_LIST: {
		double values[64];
		for (int64_t i = 0; i < p->count_min || i == 0; i++)
			values[i] = value;
		return param_set_list(
			p, conf, values, p->count_min > 1 ? p->count_min : 1, "", NULL);
	}
	case PARAM_TYPE_VARIANT:
		if (p->flags & PARAM_OR_NUMBER)
			return param_set_number(p, conf, value, "", NULL);
		for (int i = 0; p->family->classes[i]; i++)
			if (value == i)
				return true;
		return false;
	case PARAM_TYPE_BOOL:
		return value == 0 || value == 1;
	case PARAM_TYPE_CHOICE:
		return value >= 0 && value < param_choice_count(p);
	case PARAM_TYPE_NAME:
		return false; /* is no number */
	}
	return false;
}

static bool is_default_allowed(const struct param *p)
{
	_Alignas(16) unsigned char conf[MODEL_CONF_BYTES];

	if (p->type == PARAM_TYPE_NAME)
		return param_set_name(p, conf, p->def_text, "", NULL);
	if (isnan(p->def))
		return p->flags & PARAM_NULLABLE ||
		       (p->type == PARAM_TYPE_LIST && p->count_min == 0);
	return set_number(p, conf, p->def);
}

static void every_default_is_allowed_by_its_own_row(void **state)
{
	(void)state;
	for (int i = 0; i < n_rows; i++)
		for (const struct param *p = rows[i].params; p && p->name; p++) {
			if (p->flags & PARAM_REQUIRED)
				continue;
			if (!is_default_allowed(p))
				fail_msg(
					"%s.%s: its default is not allowed", rows[i].name, p->name);
		}
}

/* A number past a limit; 1 is lost beside a large one. */
static double past(double limit, double by)
{
	return limit + by != limit ? limit + by : nextafter(limit, by * INFINITY);
}

static void every_range_refuses_what_lies_outside(void **state)
{
	_Alignas(16) unsigned char conf[MODEL_CONF_BYTES];

	(void)state;
	for (int i = 0; i < n_rows; i++)
		for (const struct param *p = rows[i].params; p && p->name; p++) {
			if (!has_range(p))
				continue;
			if (!(p->min < p->max))
				fail_msg("%s.%s: an empty range", rows[i].name, p->name);
			if (set_number(p, conf, past(p->min, -1)) ||
				set_number(p, conf, past(p->max, 1)))
				fail_msg("%s.%s takes a value outside of its range", rows[i].name,
					p->name);
		}
}

/* https://keras.io/api/: what each argument is when it is left out. */
static const struct {
	const char *row, *argument, *value;
} keras_defaults[] = {
	{ "Conv2D", "filters", "required" },
	{ "Conv2D", "kernel_size", "required" },
	{ "Conv2D", "strides", "1" },
	{ "Conv2D", "padding", "valid" },
	{ "Conv2D", "activation", "linear" },
	{ "Conv2D", "use_bias", "true" },
	{ "Conv2D", "kernel_initializer", "GlorotUniform" },
	{ "Conv2D", "bias_initializer", "Zeros" },
	{ "MaxPooling2D", "pool_size", "2" },
	{ "MaxPooling2D", "strides", "null" },
	{ "MaxPooling2D", "padding", "valid" },
	{ "Dense", "units", "required" },
	{ "Dense", "activation", "linear" },
	{ "Dense", "use_bias", "true" },
	{ "Dense", "kernel_initializer", "GlorotUniform" },
	{ "Dense", "bias_initializer", "Zeros" },
	{ "Activation", "activation", "required" },
	{ "LeakyReLU", "negative_slope", "0.3" },
	{ "PReLU", "alpha_initializer", "Zeros" },
	{ "PReLU", "shared_axes", "null" },
	{ "ELU", "alpha", "1" },
	{ "Softmax", "axis", "-1" },
	{ "sparse_categorical_crossentropy", "from_logits", "false" },
	{ "categorical_crossentropy", "from_logits", "false" },
	{ "categorical_crossentropy", "label_smoothing", "0" },
	{ "categorical_focal_crossentropy", "alpha", "0.25" },
	{ "categorical_focal_crossentropy", "gamma", "2" },
	{ "categorical_focal_crossentropy", "from_logits", "false" },
	{ "categorical_focal_crossentropy", "label_smoothing", "0" },
	{ "binary_crossentropy", "from_logits", "false" },
	{ "binary_crossentropy", "label_smoothing", "0" },
	{ "binary_focal_crossentropy", "apply_class_balancing", "false" },
	{ "binary_focal_crossentropy", "alpha", "0.25" },
	{ "binary_focal_crossentropy", "gamma", "2" },
	{ "binary_focal_crossentropy", "from_logits", "false" },
	{ "binary_focal_crossentropy", "label_smoothing", "0" },
	{ "huber", "delta", "1" },
	{ "VarianceScaling", "scale", "1" },
	{ "VarianceScaling", "mode", "fan_in" },
	{ "VarianceScaling", "distribution", "truncated_normal" },
	{ "VarianceScaling", "seed", "null" },
	{ "RandomUniform", "minval", "-0.05" },
	{ "RandomUniform", "maxval", "0.05" },
	{ "RandomNormal", "mean", "0" },
	{ "RandomNormal", "stddev", "0.05" },
	{ "TruncatedNormal", "stddev", "0.05" },
	{ "Orthogonal", "gain", "1" },
	{ "Identity", "gain", "1" },
	{ "Constant", "value", "0" },
	{ "GlorotUniform", "seed", "null" },
	{ "L1", "l1", "0.01" },
	{ "L2", "l2", "0.01" },
	{ "L1L2", "l1", "0" },
	{ "L1L2", "l2", "0" },
	{ "MaxNorm", "max_value", "2" },
	{ "CosineDecay", "initial_learning_rate", "required" },
	{ "CosineDecay", "decay_steps", "required" },
	{ "CosineDecay", "alpha", "0" },
	{ "CosineDecay", "warmup_target", "null" },
	{ "CosineDecay", "warmup_steps", "0" },
	{ "CosineDecayRestarts", "first_decay_steps", "required" },
	{ "CosineDecayRestarts", "t_mul", "2" },
	{ "CosineDecayRestarts", "m_mul", "1" },
	{ "CosineDecayRestarts", "alpha", "0" },
	{ "ExponentialDecay", "decay_rate", "required" },
	{ "ExponentialDecay", "staircase", "false" },
	{ "InverseTimeDecay", "decay_rate", "required" },
	{ "PolynomialDecay", "end_learning_rate", "0.0001" },
	{ "PolynomialDecay", "power", "1" },
	{ "PolynomialDecay", "cycle", "false" },
	{ "PiecewiseConstantDecay", "boundaries", "required" },
	{ "PiecewiseConstantDecay", "warmup_steps", "0" },
	{ "MaxNorm", "axis", "0" },
	{ "UnitNorm", "axis", "0" },
	{ "Dense", "kernel_regularizer", "null" },
	{ "Dense", "bias_constraint", "null" },
	{ "Adam", "learning_rate", "0.001" },
	{ "Adam", "beta_1", "0.9" },
	{ "Adam", "beta_2", "0.999" },
	{ "Adam", "epsilon", "1e-07" },
	{ "SGD", "learning_rate", "0.01" },
	{ "SGD", "momentum", "0" },
	{ "SGD", "nesterov", "false" },
};

static void the_defaults_are_keras_s(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(keras_defaults); i++) {
		const struct param *p = param_find(
			row_named(keras_defaults[i].row)->params, keras_defaults[i].argument);
		char value[32];
		if (!p)
			fail_msg("%s has no argument %s", keras_defaults[i].row,
				keras_defaults[i].argument);
		if (p->flags & PARAM_REQUIRED)
			(void)snprintf(value, sizeof value, "required");
		else if (isnan(p->def))
			(void)snprintf(value, sizeof value, "null");
		else if (p->type == PARAM_TYPE_BOOL)
			(void)snprintf(value, sizeof value, "%s", p->def != 0 ? "true" : "false");
		else if (p->type == PARAM_TYPE_CHOICE)
			(void)snprintf(value, sizeof value, "%s", p->choices[(int)p->def]);
		else if (p->type == PARAM_TYPE_VARIANT && !(p->flags & PARAM_OR_NUMBER))
			(void)snprintf(
				value, sizeof value, "%s", p->family->classes[(int)p->def]->name);
		else
			(void)snprintf(value, sizeof value, "%g", p->def);
		if (strcmp(value, keras_defaults[i].value) != 0)
			fail_msg("%s.%s is %s; in Keras it is %s", keras_defaults[i].row,
				keras_defaults[i].argument, value, keras_defaults[i].value);
	}
}

static void classes_are_found_by_the_names_that_keras_takes(void **state)
{
	(void)state;
	assert_string_equal(layer_class_row(layer_class_find("Conv2D")).name, "Conv2D");
	assert_null(layer_class_find("conv2d"));
	assert_null(layer_class_find("Conv2d"));
	assert_null(layer_class_find(""));
	assert_ptr_equal(optimizer_class_find("adam"), optimizer_class_find("Adam"));
	assert_non_null(optimizer_class_find("sgd"));
	assert_null(optimizer_class_find("ada"));
	assert_non_null(loss_class_find("mean_squared_error"));
	assert_ptr_equal(
		loss_class_find("MeanSquaredError"), loss_class_find("mean_squared_error"));
	assert_ptr_equal(loss_class_find("mse"), loss_class_find("mean_squared_error"));
	assert_ptr_equal(loss_class_find("MSE"), loss_class_find("mse"));
	assert_ptr_equal(
		loss_class_find("BinaryCrossentropy"), loss_class_find("binary_crossentropy"));
	assert_ptr_equal(loss_class_find("KLDivergence"), loss_class_find("kl_divergence"));
	assert_ptr_equal(loss_class_find("logcosh"), loss_class_find("log_cosh"));
	assert_null(loss_class_find("mean_squared"));
	assert_null(loss_class_find("ms"));
	assert_null(loss_class_find(""));
}

/* In every row that has activations. */
static void swish_is_silu(void **state)
{
	int found = 0;

	(void)state;
	for (int i = 0; layer_classes[i]; i++) {
		const struct registry_row row = layer_class_row(layer_classes[i]);
		const struct param *p = param_find(row.params, "activation");
		max_align_t conf[MODEL_CONF_BYTES / sizeof(max_align_t) + 1];
		if (!p)
			continue;
		if (!param_set_choice(p, conf, "swish", "", NULL))
			fail_msg("%s does not take swish", row.name);
		assert_string_equal(param_get_choice(p, conf), "silu");
		found++;
	}
	assert_true(found >= 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_row_has_a_name_of_its_own_and_a_line_of_doc),
		cmocka_unit_test(every_argument_has_a_name_of_its_own_and_a_line_of_doc),
		cmocka_unit_test(every_argument_has_its_own_place_in_the_conf),
		cmocka_unit_test(every_variant_has_room_for_all_that_it_can_be),
		cmocka_unit_test(every_default_is_allowed_by_its_own_row),
		cmocka_unit_test(every_range_refuses_what_lies_outside),
		cmocka_unit_test(the_defaults_are_keras_s),
		cmocka_unit_test(swish_is_silu),
		cmocka_unit_test(classes_are_found_by_the_names_that_keras_takes),
	};

	return cmocka_run_group_tests_name("tables", tests, gather_rows, NULL);
}
