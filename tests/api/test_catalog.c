/* test_catalog.c - the catalogue is valid JSON and has every row of the engine's tables, whole. */
#include "api/spec.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { CATALOG_BYTES_MAX = 1 << 20 };

static int set_up(void **state)
{
	struct buffer out;
	struct error err;

	buffer_init(&out, CATALOG_BYTES_MAX);
	catalog_print(&out);
	assert_true(buffer_ok(&out, &err));
	struct json_document *d = json_parse(out.data, out.size, &err);
	if (!d)
		fail_msg("%s", err.text);
	buffer_done(&out);
	*state = d;
	return 0;
}

static int tear_down(void **state)
{
	json_free(*state);
	return 0;
}

static const struct json *find_named(const struct json *list, const char *name)
{
	for (const struct json *v = json_first(list); v; v = json_next(v))
		if (strcmp(json_string(json_find(v, "name")), name) == 0)
			return v;
	return NULL;
}

static void check_limit(const struct json *v, const struct param *p, double limit)
{
	bool ranged = p->type != PARAM_TYPE_BOOL && p->type != PARAM_TYPE_CHOICE &&
		      p->type != PARAM_TYPE_NAME &&
		      (p->type != PARAM_TYPE_VARIANT || p->flags & PARAM_OR_NUMBER);

	if (!ranged || !isfinite(limit))
		assert_int_equal(json_type(v), JSON_NULL);
	else
		assert_true(json_number(v) == limit);
}

static void check_default(const struct json *v, const struct param *p)
{
	const double *def = &p->def;

	if (p->type == PARAM_TYPE_LIST && isnan(*def) && !(p->flags & PARAM_NULLABLE)) {
		assert_int_equal(json_count(v), 0);
		return;
	}
	if (p->flags & PARAM_REQUIRED || isnan(*def)) {
		assert_int_equal(json_type(v), JSON_NULL);
		return;
	}
	switch (p->type) {
	case PARAM_TYPE_INT:
	case PARAM_TYPE_FLOAT:
		assert_true(json_number(v) == *def);
		break;
	case PARAM_TYPE_BOOL:
		assert_true(json_bool(v) == (*def > 0));
		break;
	case PARAM_TYPE_CHOICE:
		assert_string_equal(json_string(v), p->choices[(int)*def]);
		break;
	case PARAM_TYPE_PAIR:
		assert_int_equal(json_count(v), 2);
		assert_true(json_number(json_first(v)) == *def);
		assert_true(json_number(json_next(json_first(v))) == *def);
		break;
	case PARAM_TYPE_MARGINS:
		for (const struct json *half = json_first(v); half; half = json_next(half)) {
			assert_int_equal(json_count(half), 2);
			assert_true(json_number(json_first(half)) == *def);
		}
		assert_int_equal(json_count(v), 2);
		break;
	case PARAM_TYPE_LIST:
		assert_int_equal(json_count(v), 1);
		assert_true(json_number(json_first(v)) == *def);
		break;
	case PARAM_TYPE_VARIANT:
		if (p->flags & PARAM_OR_NUMBER)
			assert_true(json_number(v) == *def);
		else
			assert_string_equal(json_string(json_find(v, "type")),
				p->family->classes[(int)*def]->name);
		break;
	case PARAM_TYPE_NAME:
		assert_string_equal(json_string(v), p->def_text);
		break;
	}
}

static void check_argument(const struct json *v, const struct param *p)
{
	static const char *const types[] = { "integer", "number", "boolean", "choice", "pair",
		"margins", "list", "variant", "name" };

	assert_string_equal(json_string(json_find(v, "name")), p->name);
	assert_string_equal(json_string(json_find(v, "type")), types[p->type]);
	assert_string_equal(json_string(json_find(v, "doc")), p->doc);
	assert_true(json_bool(json_find(v, "required")) == !!(p->flags & PARAM_REQUIRED));
	assert_true(json_bool(json_find(v, "nullable")) == !!(p->flags & PARAM_NULLABLE));
	assert_true(json_bool(json_find(v, "exclusive_minimum")) == !!(p->flags & PARAM_ABOVE_MIN));
	assert_true(json_bool(json_find(v, "exclusive_maximum")) == !!(p->flags & PARAM_BELOW_MAX));
	check_limit(json_find(v, "minimum"), p, p->min);
	check_limit(json_find(v, "maximum"), p, p->max);
	check_default(json_find(v, "default"), p);
	assert_true(json_bool(json_find(v, "or_number")) == !!(p->flags & PARAM_OR_NUMBER));
	const struct json *most = json_find(v, "maximum_count"),
			  *variants = json_find(v, "variants");
	if (p->type == PARAM_TYPE_LIST)
		assert_true(json_number(most) == (double)param_count_max(p));
	else
		assert_int_equal(json_type(most), JSON_NULL);
	if (p->type == PARAM_TYPE_VARIANT)
		assert_string_equal(json_string(variants), p->family->name);
	else
		assert_int_equal(json_type(variants), JSON_NULL);
	const struct json *choices = json_find(v, "choices");
	if (p->type != PARAM_TYPE_CHOICE) {
		assert_int_equal(json_type(choices), JSON_NULL);
		return;
	}
	assert_int_equal(json_count(choices), param_choice_count(p));
	int i = 0;
	for (const struct json *c = json_first(choices); c; c = json_next(c))
		assert_string_equal(json_string(c), p->choices[i++]);
}

static void check_row(const struct json *list, struct registry_row row)
{
	const struct json *v = find_named(list, row.name);

	if (!v)
		fail_msg("%s is not in the catalogue", row.name);
	assert_string_equal(json_string(json_find(v, "doc")), row.doc);
	const struct json *argument = json_first(json_find(v, "arguments"));
	for (const struct param *p = row.params; p && p->name;
		p++, argument = json_next(argument)) {
		if (!argument)
			fail_msg("%s lacks %s", row.name, p->name);
		check_argument(argument, p);
	}
	assert_null(argument);
}

static void every_layer_is_there(void **state)
{
	const struct json *list = json_find(json_root(*state), "layers");
	int n = 0;

	for (; layer_classes[n]; n++)
		check_row(list, layer_class_row(layer_classes[n]));
	assert_true(n > 0);
	assert_int_equal(json_count(list), n);
}

static void every_loss_is_there(void **state)
{
	const struct json *list = json_find(json_root(*state), "losses");
	int n = 0;

	for (; loss_classes[n]; n++)
		check_row(list, loss_class_row(loss_classes[n]));
	assert_true(n > 0);
	assert_int_equal(json_count(list), n);
}

static void every_optimizer_is_there(void **state)
{
	const struct json *list = json_find(json_root(*state), "optimizers");
	int n = 0;

	for (; optimizer_classes[n]; n++)
		check_row(list, optimizer_class_row(optimizer_classes[n]));
	assert_true(n > 0);
	assert_int_equal(json_count(list), n);
}

static void every_family_is_there(void **state)
{
	for (int i = 0; param_families[i]; i++) {
		const struct param_family *family = param_families[i];
		const struct json *list = json_find(json_root(*state), family->name);
		int n = 0;
		for (; family->classes[n]; n++) {
			const struct param_class *c = family->classes[n];
			check_row(list,
				(struct registry_row){ c->name, c->doc, c->params, c->conf_size });
		}
		assert_true(n > 0);
		assert_int_equal(json_count(list), n);
	}
}

static void every_metric_is_there(void **state)
{
	const struct json *list = json_find(json_root(*state), "metrics");
	int n = 0;

	for (; metric_classes[n]; n++)
		check_row(list, metric_class_row(metric_classes[n]));
	assert_true(n > 0);
	assert_int_equal(json_count(list), n);
}

static void every_callback_is_there(void **state)
{
	const struct json *list = json_find(json_root(*state), "callbacks");
	int n = 0;

	for (; callback_classes[n]; n++)
		check_row(list, callback_class_row(callback_classes[n]));
	assert_true(n > 0);
	assert_int_equal(json_count(list), n);
}

static void every_name_is_there(void **state)
{
	static const struct {
		const char *key;
		const char *const *names;
	} lists[] = {
		{ "activations", activation_names },
	};

	for (size_t i = 0; i < COUNT_OF(lists); i++) {
		const struct json *v = json_first(json_find(json_root(*state), lists[i].key));
		assert_non_null(v);
		for (const char *const *name = lists[i].names; *name; name++, v = json_next(v)) {
			assert_non_null(v);
			assert_string_equal(json_string(v), *name);
		}
		assert_null(v);
	}
}

static void a_line_of_it_reads_like_this(void **state)
{
	const struct json *adam = find_named(json_find(json_root(*state), "optimizers"), "Adam");
	const struct json *rate = find_named(json_find(adam, "arguments"), "learning_rate");
	struct buffer out;

	buffer_init(&out, CATALOG_BYTES_MAX);
	json_print(rate, &out);
	assert_string_equal(out.data,
		"{\"name\":\"learning_rate\",\"type\":\"variant\",\"required\":false,\"nullable\":"
		"false,\"or_number\":true,"
		"\"default\":0.001,\"minimum\":0,\"maximum\":null,\"exclusive_minimum\":true,"
		"\"exclusive_maximum\":false,\"minimum_count\":null,\"maximum_count\":null,"
		"\"element\":null,\"choices\":null,\"variants\":\"schedules\",\"doc\":"
		"\"size of a step, or how it changes\"}");
	buffer_done(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_layer_is_there),
		cmocka_unit_test(every_loss_is_there),
		cmocka_unit_test(every_optimizer_is_there),
		cmocka_unit_test(every_family_is_there),
		cmocka_unit_test(every_metric_is_there),
		cmocka_unit_test(every_callback_is_there),
		cmocka_unit_test(every_name_is_there),
		cmocka_unit_test(a_line_of_it_reads_like_this),
	};

	return cmocka_run_group_tests_name("api/catalog", tests, set_up, tear_down);
}
