/* test_param.c - a table of arguments: defaults, ranges, and what a user reads when a value is
 * refused. */
#include "base/param.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

/* Two things that one argument can be. */
struct square_conf {
	double side;
};
struct box_conf {
	int64_t width, height;
	double weight;
};
static const struct param square_params[] = {
	PARAM_FLOAT(struct square_conf, side, 0.5, 0, 1, 0, "length"),
	PARAM_END,
};
static const struct param box_params[] = {
	PARAM_INT(struct box_conf, width, 3, 1, 9, "columns"),
	PARAM_INT(struct box_conf, height, 4, 1, 9, "rows"),
	PARAM_FLOAT(struct box_conf, weight, NAN, 0, 1, PARAM_NULLABLE, "null: weightless"),
	PARAM_END,
};
static const struct param_class square = { "UnitSquare", "equal sides", square_params,
	sizeof(struct square_conf) };
static const struct param_class box = { "BigBox", "sides", box_params, sizeof(struct box_conf) };
static const struct param_class dot = { "Dot", "no sides", NULL, 0 };
static const struct param_class *const shapes_classes[] = { &square, &box, &dot, NULL };
static const struct param_family shapes = { "shapes", "shape", shapes_classes };

struct conf {
	int64_t units, rank;
	double rate, momentum;
	bool bias, frozen;
	int padding, activation;
	int64_t kernel[2], strides[2], pool[2], limit;
	double clip;
	int64_t margins[4];
	PARAM_LIST_OF(4) axes;
	PARAM_LIST_OF(3) steps;
	PARAM_LIST_OF(2) ends;
	PARAM_VARIANT_OF(3) outline;
	PARAM_VARIANT_OF(3) hole;
	PARAM_VARIANT_OF(3) size;
	char label[6];
};

static const char *const paddings[] = { "valid", "same", NULL };
static const char *const activations[] = { "linear", "relu", "tanh", NULL };
static const char *const other_names[] = { "ramp", "relu", "none", "linear", NULL };

static const struct param table[] = {
	PARAM_INT_REQUIRED(struct conf, units, 1, 65536, "width of the output"),
	PARAM_INT(struct conf, rank, 2, -1, 4, "axes"),
	PARAM_FLOAT(struct conf, rate, 0.001, 0, INFINITY, PARAM_ABOVE_MIN, "size of a step"),
	PARAM_FLOAT(struct conf, momentum, 0.9, 0, 1, PARAM_BELOW_MAX, "how much is taken again"),
	PARAM_BOOL(struct conf, bias, true, "add a bias"),
	PARAM_BOOL(struct conf, frozen, false, "do not train it"),
	PARAM_CHOICE(struct conf, padding, 0, paddings, "what happens at the edge"),
	{ .name = "activation",
		.doc = "function of the output",
		.type = PARAM_TYPE_CHOICE,
		.offset = offsetof(struct conf, activation),
		.def = 1,
		.choices = activations,
		.aliases = other_names },
	PARAM_PAIR(struct conf, kernel, 3, 1, 255, PARAM_REQUIRED, "rows and columns"),
	PARAM_PAIR(struct conf, strides, NAN, 1, 255, PARAM_NULLABLE, "null: as pool"),
	PARAM_PAIR(struct conf, pool, 2, 1, 255, 0, "rows and columns of a window"),
	{ .name = "limit",
		.doc = "null: none",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_NULLABLE,
		.offset = offsetof(struct conf, limit),
		.def = NAN,
		.min = 0,
		.max = 9 },
	PARAM_FLOAT(struct conf, clip, NAN, 0, INFINITY, PARAM_ABOVE_MIN | PARAM_NULLABLE,
		"null: not at all"),
	PARAM_MARGINS(struct conf, margins, 1, 0, 99, 0, "around it"),
	PARAM_LIST(struct conf, axes, -1, -4, 3, 1, PARAM_WHOLE | PARAM_OR_NUMBER, "which"),
	PARAM_LIST(struct conf, steps, NAN, -INFINITY, INFINITY, 0, PARAM_NULLABLE, "when"),
	PARAM_LIST(struct conf, ends, NAN, 0, 1, 2, PARAM_REQUIRED, "from and to"),
	PARAM_VARIANT(struct conf, outline, 1, &shapes, 0, "seen from outside"),
	PARAM_VARIANT(struct conf, hole, NAN, &shapes, PARAM_NULLABLE, "null: none"),
	PARAM_VARIANT_OR_NUMBER(
		struct conf, size, 0.25, 0, 8, &shapes, PARAM_ABOVE_MIN, "a number or as a shape"),
	{ .name = "label",
		.doc = "what it is called",
		.type = PARAM_TYPE_NAME,
		.offset = offsetof(struct conf, label),
		.size = sizeof(((struct conf *)0)->label),
		.def_text = "thing" },
	PARAM_END,
};

static const struct param *row(const char *name)
{
	const struct param *p = param_find(table, name);

	if (!p)
		fail_msg("no row is named %s", name);
	return p;
}

static struct conf defaults(void)
{
	struct conf conf;

	memset(&conf, 0x55, sizeof conf);
	param_set_defaults(table, &conf);
	return conf;
}

static void rows_are_found_by_their_whole_name(void **state)
{
	(void)state;
	assert_ptr_equal(param_find(table, "units"), &table[0]);
	assert_ptr_equal(param_find(table, "limit"), &table[11]);
	assert_null(param_find(table, "unit"));
	assert_null(param_find(table, "unitss"));
	assert_null(param_find(table, "Units"));
	assert_null(param_find(table, ""));
	assert_null(param_find(NULL, "units")); /* a layer without arguments has no table */
}

static void defaults_are_written_by_type(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_int_equal(param_get_int(row("rank"), &c), 2);
	assert_true(param_get_float(row("rate"), &c) == 0.001);
	assert_true(param_get_bool(row("bias"), &c));
	assert_false(param_get_bool(row("frozen"), &c));
	assert_string_equal(param_get_choice(row("padding"), &c), "valid");
	assert_string_equal(param_get_choice(row("activation"), &c), "relu");
	assert_int_equal(param_get_pair(row("pool"), &c)[0], 2);
	assert_int_equal(param_get_pair(row("pool"), &c)[1], 2);
}

static void a_default_may_be_null(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_true(param_is_null(row("strides"), &c));
	assert_true(c.strides[0] == PARAM_NULL && c.strides[1] == PARAM_NULL);
	assert_true(param_is_null(row("limit"), &c));
	assert_false(param_is_null(row("pool"), &c));
}

static void a_null_can_be_replaced_and_come_back(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_true(param_set_pair(row("strides"), &c, 2, 3, "", NULL));
	assert_false(param_is_null(row("strides"), &c));
	assert_true(c.strides[0] == 2 && c.strides[1] == 3);
	param_set_null(row("strides"), &c);
	assert_true(c.strides[0] == PARAM_NULL && c.strides[1] == PARAM_NULL);
	assert_true(param_set_int(row("limit"), &c, 0, "", NULL));
	assert_false(param_is_null(row("limit"), &c));
	param_set_null(row("limit"), &c);
	assert_true(param_is_null(row("limit"), &c));
	assert_int_equal(c.pool[0], 2); /* its neighbours are as they were */
}

static void values_that_are_set_are_read_back(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_true(param_set_int(row("units"), &c, 64, "", NULL));
	assert_int_equal(param_get_int(row("units"), &c), 64);
	assert_true(param_set_float(row("rate"), &c, 1e-30, "", NULL));
	assert_true(param_get_float(row("rate"), &c) == 1e-30);
	assert_true(param_set_choice(row("padding"), &c, "same", "", NULL));
	assert_string_equal(param_get_choice(row("padding"), &c), "same");
	assert_true(param_set_pair(row("kernel"), &c, 5, 1, "", NULL));
	assert_int_equal(param_get_pair(row("kernel"), &c)[0], 5);
	assert_int_equal(param_get_pair(row("kernel"), &c)[1], 1);
	param_set_bool(row("frozen"), &c, true);
	assert_true(param_get_bool(row("frozen"), &c));
	assert_int_equal(c.rank, 2);
}

static void both_ends_of_a_range_belong_to_it_unless_the_row_says_otherwise(void **state)
{
	static const struct {
		const char *name;
		double value;
		bool allowed;
	} cases[] = {
		{ "units", 1, true },
		{ "units", 65536, true },
		{ "units", 0, false },
		{ "units", -1, false },
		{ "units", 65537, false },
		{ "rank", -1, true },
		{ "rank", -2, false },
		{ "rate", 0, false }, /* above the minimum */
		{ "rate", 5e-324, true },
		{ "rate", 1e300, true }, /* no limit */
		{ "rate", (double)INFINITY, false },
		{ "rate", (double)NAN, false },
		{ "momentum", 0, true },
		{ "momentum", 1, false }, /* below the maximum */
		{ "momentum", 0.999999, true },
		{ "momentum", -0.1, false },
		{ "momentum", -(double)INFINITY, false },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const struct param *p = row(cases[i].name);
		struct conf c = defaults(), before = c;
		struct error err = { 0 };
		bool set = p->type == PARAM_TYPE_INT
				   ? param_set_int(p, &c, (int64_t)cases[i].value, "/here", &err)
				   : param_set_float(p, &c, cases[i].value, "/here", &err);
		if (set != cases[i].allowed)
			fail_msg("%s = %g is %s", cases[i].name, cases[i].value,
				set ? "allowed" : "refused");
		assert_int_equal(err.code, set ? ERROR_NONE : ERROR_INVALID);
		assert_string_equal(err.pointer, set ? "" : "/here");
		if (!set)
			assert_memory_equal(&c, &before, sizeof c);
	}
}

static void a_pair_is_refused_for_either_half(void **state)
{
	struct conf c = defaults();
	struct error err = { 0 };

	(void)state;
	assert_false(param_set_pair(row("pool"), &c, 0, 3, "/pool", &err));
	assert_false(param_set_pair(row("pool"), &c, 3, 256, "/pool", &err));
	assert_string_equal(err.text, "pool is [3, 256]; allowed: [1, 255]");
	assert_true(c.pool[0] == 2 && c.pool[1] == 2);
}

static void a_number_may_be_null_too(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_true(param_is_null(row("clip"), &c) && isnan(c.clip));
	assert_true(param_set_float(row("clip"), &c, 0.5, "", NULL));
	assert_false(param_is_null(row("clip"), &c));
	assert_false(param_set_float(row("clip"), &c, (double)NAN, "", NULL));
	param_set_null(row("clip"), &c);
	assert_true(param_is_null(row("clip"), &c));
	assert_false(param_is_null(row("rate"), &c));
}

static void margins_are_four_numbers(void **state)
{
	static const int64_t good[] = { 1, 2, 3, 99 }, bad[] = { 1, 2, -3, 4 };
	struct conf c = defaults();
	struct error err = { 0 };

	(void)state;
	for (int i = 0; i < 4; i++)
		assert_int_equal(param_get_margins(row("margins"), &c)[i], 1);
	assert_true(param_set_margins(row("margins"), &c, good, "", NULL));
	assert_memory_equal(c.margins, good, sizeof good);
	assert_false(param_set_margins(row("margins"), &c, bad, "/margins", &err));
	assert_string_equal(err.text, "margins is [[1, 2], [-3, 4]]; allowed: [0, 99]");
	assert_string_equal(err.pointer, "/margins");
	assert_memory_equal(c.margins, good, sizeof good);
}

static void a_list_holds_up_to_as_many_as_fit(void **state)
{
	static const double values[] = { 0, 1, -4, 3, 2 };
	struct conf c = defaults();
	struct error err = { 0 };
	int64_t count;

	(void)state;
	assert_int_equal(param_count_max(row("axes")), 4);
	assert_true(*param_get_list(row("axes"), &c, &count) == -1 && count == 1);
	assert_true(param_set_list(row("axes"), &c, values, 4, "", NULL));
	assert_memory_equal(param_get_list(row("axes"), &c, &count), values, 4 * sizeof *values);
	assert_int_equal(count, 4);
	assert_false(param_set_list(row("axes"), &c, values, 5, "/axes", &err));
	assert_string_equal(err.text, "axes is a list of 5; allowed: 1 to 4 integers in [-4, 3]");
	assert_string_equal(err.pointer, "/axes");
	assert_false(param_set_list(row("axes"), &c, values, 0, "/axes", &err));
	assert_string_equal(err.text, "axes is a list of 0; allowed: 1 to 4 integers in [-4, 3]");
	assert_int_equal(c.axes.count, 4);
}

static void a_list_is_refused_for_any_of_its_numbers(void **state)
{
	static const struct {
		double values[2];
		const char *text, *pointer;
	} cases[] = {
		{ { 4, 0 }, "axes is 4; allowed: 1 to 4 integers in [-4, 3]", "/axes/0" },
		{ { 0, 0.5 }, "axes is 0.5; allowed: 1 to 4 integers in [-4, 3]", "/axes/1" },
		{ { 0, (double)INFINITY }, "axes is inf; allowed: 1 to 4 integers in [-4, 3]",
			"/axes/1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = defaults(), before = c;
		struct error err = { 0 };
		assert_false(param_set_list(row("axes"), &c, cases[i].values, 2, "/axes", &err));
		assert_string_equal(err.text, cases[i].text);
		assert_string_equal(err.pointer, cases[i].pointer);
		assert_memory_equal(&c, &before, sizeof c);
	}
}

static void a_list_may_be_null_or_empty(void **state)
{
	struct conf c = defaults();
	int64_t count = 7;

	(void)state;
	assert_true(param_is_null(row("steps"), &c));
	(void)param_get_list(row("steps"), &c, &count);
	assert_int_equal(count, 0);
	assert_true(param_set_list(row("steps"), &c, NULL, 0, "", NULL));
	assert_false(param_is_null(row("steps"), &c));
	param_set_null(row("steps"), &c);
	assert_true(param_is_null(row("steps"), &c));
}

static void a_name_is_as_long_as_its_place(void **state)
{
	struct conf c = defaults(), before;
	struct error err = { 0 };

	(void)state;
	assert_string_equal(param_get_name(row("label"), &c), "thing");
	assert_false(param_is_null(row("label"), &c));
	assert_true(param_set_name(row("label"), &c, "a", "", NULL));
	before = c;
	assert_true(param_set_name(row("label"), &c, "12345", "", NULL));
	assert_string_equal(param_get_name(row("label"), &c), "12345");
	assert_false(param_set_name(row("label"), &c, "123456", "/label", &err));
	assert_string_equal(err.text, "label is 6 bytes; allowed: 1 to 5 bytes");
	assert_string_equal(err.pointer, "/label");
	assert_false(param_set_name(row("label"), &c, "", "/label", &err));
	assert_string_equal(param_get_name(row("label"), &c), "12345");
	assert_true(param_set_name(row("label"), &c, "a", "", NULL));
	assert_memory_equal(&c, &before, sizeof c); /* nothing is left of the longer one */
}

static void a_variant_begins_as_its_row_says(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_ptr_equal(param_get_class(row("outline"), &c), &box);
	const struct box_conf *b = param_variant_conf(param_get_variant(row("outline"), &c));
	assert_true(b->width == 3 && b->height == 4 && isnan(b->weight));
	assert_true(param_is_null(row("hole"), &c));
	assert_null(param_get_class(row("hole"), &c));
	assert_false(param_is_null(row("size"), &c));
	assert_null(param_get_class(row("size"), &c));
	assert_true(param_get_variant(row("size"), &c)->index == PARAM_VARIANT_NUMBER);
	assert_true(param_get_variant(row("size"), &c)->number == 0.25);
}

static void a_variant_is_named_in_either_of_keras_s_spellings(void **state)
{
	static const struct {
		const char *name;
		const struct param_class *class;
	} cases[] = {
		{ "UnitSquare", &square },
		{ "unit_square", &square },
		{ "unitsquare", &square },
		{ "BigBox", &box },
		{ "big_box", &box },
		{ "DOT", &dot },
		{ "dots", NULL },
		{ "do", NULL },
		{ "Unit Square", NULL },
		{ "", NULL },
		{ "_", NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = defaults();
		bool set = param_set_variant(row("hole"), &c, cases[i].name, "", NULL);
		if (set != !!cases[i].class || param_get_class(row("hole"), &c) != cases[i].class)
			fail_msg("\"%s\" is %s", cases[i].name, set ? "another" : "refused");
	}
}

static void a_variant_that_changes_has_the_defaults_of_its_new_class(void **state)
{
	struct conf c = defaults(), first;
	const struct param *side = param_find(square_params, "side");

	(void)state;
	assert_true(param_set_variant(row("outline"), &c, "UnitSquare", "", NULL));
	first = c;
	assert_true(param_set_float(side, param_class_conf(row("outline"), &c), 0.75, "", NULL));
	assert_true(param_set_variant(row("outline"), &c, "big_box", "", NULL));
	assert_true(param_set_variant(row("outline"), &c, "unit_square", "", NULL));
	assert_memory_equal(&c, &first, sizeof c); /* nothing is left of what was there */
	assert_true(param_set_variant(row("hole"), &c, "dot", "", NULL));
	param_set_null(row("hole"), &c);
	assert_true(param_is_null(row("hole"), &c));
}

static void a_variant_says_what_it_can_be(void **state)
{
	struct conf c = defaults(), before = c;
	struct error err = { 0 };

	(void)state;
	assert_false(param_set_variant(row("hole"), &c, "circle", "/hole", &err));
	assert_string_equal(err.text, "hole is \"circle\"; allowed: \"UnitSquare\", \"BigBox\", "
				      "\"Dot\" or null");
	assert_false(param_set_number(row("size"), &c, 0, "/size", &err));
	assert_string_equal(err.text, "size is 0; allowed: \"UnitSquare\", \"BigBox\", \"Dot\" or "
				      "a number in (0, 8]");
	assert_false(param_set_number(row("size"), &c, (double)NAN, "/size", &err));
	assert_string_equal(err.pointer, "/size");
	assert_memory_equal(&c, &before, sizeof c);
	assert_true(param_set_number(row("size"), &c, 8, "", NULL));
	assert_true(c.size.variant.number == 8);
}

static void the_null_of_the_table_is_no_value(void **state)
{
	struct conf c = defaults();

	(void)state;
	assert_true(param_set_int(row("limit"), &c, 4, "", NULL));
	assert_false(param_set_int(row("limit"), &c, PARAM_NULL, "", NULL));
	assert_int_equal(param_get_int(row("limit"), &c), 4);
}

static void a_choice_is_one_of_its_names(void **state)
{
	struct conf c = defaults();
	struct error err = { 0 };

	(void)state;
	assert_int_equal(param_choice_count(row("activation")), 3);
	assert_int_equal(param_choice_index(activations, "tanh"), 2);
	assert_int_equal(param_choice_index(activations, "Tanh"), -1);
	assert_int_equal(param_choice_index(activations, ""), -1);
	assert_false(param_set_choice(row("padding"), &c, "sames", "/layers/0/padding", &err));
	assert_string_equal(err.pointer, "/layers/0/padding");
	assert_string_equal(err.text, "padding is \"sames\"; allowed: \"valid\", \"same\"");
	assert_string_equal(param_get_choice(row("padding"), &c), "valid");
}

static void an_alias_stands_for_a_choice(void **state)
{
	struct conf c = defaults();
	struct error err = { 0 };

	(void)state;
	assert_true(param_set_choice(row("activation"), &c, "none", "", NULL));
	assert_string_equal(param_get_choice(row("activation"), &c), "linear");
	assert_true(param_set_choice(row("activation"), &c, "ramp", "", NULL));
	assert_string_equal(param_get_choice(row("activation"), &c), "relu");
	assert_false(param_set_choice(row("activation"), &c, "ramps", "", &err));
	assert_string_equal(err.text, "activation is \"ramps\"; allowed: \"linear\", \"relu\", "
				      "\"tanh\"");
}

static void a_long_name_is_not_echoed_whole(void **state)
{
	struct conf c = defaults();
	struct error err = { 0 };
	char name[1000];

	(void)state;
	memset(name, 'x', sizeof name);
	name[sizeof name - 1] = '\0';
	assert_false(param_set_choice(row("padding"), &c, name, "", &err));
	assert_true(strlen(err.text) < 150);
	assert_non_null(strstr(err.text, "allowed: \"valid\", \"same\""));
}

static void refusals_tell_the_value_seen_and_the_values_allowed(void **state)
{
	struct conf c = defaults();
	struct error err = { 0 };

	(void)state;
	assert_false(param_set_int(row("units"), &c, -3, "/units", &err));
	assert_string_equal(err.text, "units is -3; allowed: [1, 65536]");
	assert_false(param_set_int(row("units"), &c, INT64_MAX, "/units", &err));
	assert_string_equal(err.text, "units is 9223372036854775807; allowed: [1, 65536]");
	assert_false(param_set_float(row("momentum"), &c, 1.5, "/momentum", &err));
	assert_string_equal(err.text, "momentum is 1.5; allowed: [0, 1)");
}

static void the_allowed_values_have_a_text(void **state)
{
	static const struct {
		const char *name, *text;
	} cases[] = {
		{ "units", "[1, 65536]" },
		{ "rank", "[-1, 4]" },
		{ "rate", "(0, inf)" },
		{ "momentum", "[0, 1)" },
		{ "bias", "true, false" },
		{ "padding", "\"valid\", \"same\"" },
		{ "activation", "\"linear\", \"relu\", \"tanh\"" },
		{ "kernel", "[1, 255]" },
		{ "strides", "[1, 255] or null" },
		{ "limit", "[0, 9] or null" },
		{ "clip", "(0, inf) or null" },
		{ "margins", "[0, 99]" },
		{ "axes", "1 to 4 integers in [-4, 3]" },
		{ "steps", "0 to 3 numbers in (-inf, inf) or null" },
		{ "ends", "2 numbers in [0, 1]" },
		{ "outline", "\"UnitSquare\", \"BigBox\", \"Dot\"" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char text[64];
		param_allowed_text(row(cases[i].name), text, sizeof text);
		assert_string_equal(text, cases[i].text);
	}
}

static void a_text_without_room_is_cut_and_closed(void **state)
{
	char text[16];

	(void)state;
	for (size_t size = 1; size <= 12; size++) {
		memset(text, '#', sizeof text);
		param_allowed_text(row("activation"), text, size);
		assert_int_equal(strlen(text), size - 1);
		assert_int_equal(text[size], '#');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_are_found_by_their_whole_name),
		cmocka_unit_test(defaults_are_written_by_type),
		cmocka_unit_test(a_default_may_be_null),
		cmocka_unit_test(a_null_can_be_replaced_and_come_back),
		cmocka_unit_test(values_that_are_set_are_read_back),
		cmocka_unit_test(both_ends_of_a_range_belong_to_it_unless_the_row_says_otherwise),
		cmocka_unit_test(a_pair_is_refused_for_either_half),
		cmocka_unit_test(a_number_may_be_null_too),
		cmocka_unit_test(margins_are_four_numbers),
		cmocka_unit_test(a_list_holds_up_to_as_many_as_fit),
		cmocka_unit_test(a_list_is_refused_for_any_of_its_numbers),
		cmocka_unit_test(a_list_may_be_null_or_empty),
		cmocka_unit_test(a_name_is_as_long_as_its_place),
		cmocka_unit_test(a_variant_begins_as_its_row_says),
		cmocka_unit_test(a_variant_is_named_in_either_of_keras_s_spellings),
		cmocka_unit_test(a_variant_that_changes_has_the_defaults_of_its_new_class),
		cmocka_unit_test(a_variant_says_what_it_can_be),
		cmocka_unit_test(the_null_of_the_table_is_no_value),
		cmocka_unit_test(a_choice_is_one_of_its_names),
		cmocka_unit_test(an_alias_stands_for_a_choice),
		cmocka_unit_test(a_long_name_is_not_echoed_whole),
		cmocka_unit_test(refusals_tell_the_value_seen_and_the_values_allowed),
		cmocka_unit_test(the_allowed_values_have_a_text),
		cmocka_unit_test(a_text_without_room_is_cut_and_closed),
	};

	return cmocka_run_group_tests_name("param", tests, NULL, NULL);
}
