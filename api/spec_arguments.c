/* spec_arguments.c - arguments between JSON and a conf, by the engine's tables. See spec_read.h. */
#include "api/spec_read.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

bool value_refuse(const struct json *v, const char *name, const char *wanted, const char *pointer,
	struct problems *problems)
{
	struct buffer text;
	enum json_type type = json_type(v);
	bool plain = type == JSON_BOOL || type == JSON_NUMBER || type == JSON_STRING;

	buffer_init(&text, JSON_BYTES_MAX);
	if (plain)
		json_print(v, &text);
	(void)problem_at(problems, pointer, "%s is %s%s%.60s%s; wanted: %s", name,
		json_type_names[type], plain ? " (" : "", text.data ? text.data : "",
		plain ? ")" : "", wanted);
	buffer_done(&text);
	return false;
}

static const char *const kinds[] = {
	[PARAM_TYPE_INT] = "an integer",
	[PARAM_TYPE_FLOAT] = "a number",
	[PARAM_TYPE_BOOL] = "a boolean",
	[PARAM_TYPE_CHOICE] = "a string",
	[PARAM_TYPE_PAIR] = "an integer or a list of two",
	[PARAM_TYPE_MARGINS] =
		"an integer, [rows, columns] or [[top, bottom], [left, right]] of integers",
	[PARAM_TYPE_LIST] = "a list",
	[PARAM_TYPE_VARIANT] = "a name, or an object with \"type\"",
	[PARAM_TYPE_NAME] = "a string",
};

static bool argument_refuse(
	const struct param *p, const struct json *v, const char *pointer, struct problems *problems)
{
	char allowed[400], wanted[480];

	param_allowed_text(p, allowed, sizeof allowed);
	(void)snprintf(wanted, sizeof wanted, "%s: %s", kinds[p->type], allowed);
	return value_refuse(v, p->name, wanted, pointer, problems);
}

/* One integer for both, or a list of two. */
static bool read_pair(const struct json *v, int64_t ret[static 2])
{
	if (json_integer(v, &ret[0])) {
		ret[1] = ret[0];
		return true;
	}
	if (json_type(v) != JSON_ARRAY || json_count(v) != 2)
		return false;
	const struct json *rows = json_first(v);
	return json_integer(rows, &ret[0]) && json_integer(json_next(rows), &ret[1]);
}

/* One integer for all, [rows, columns] or [[top, bottom], [left, right]]. */
static bool read_margins(const struct json *v, int64_t ret[static 4])
{
	int64_t pair[2];

	if (read_pair(v, pair)) {
		ret[0] = ret[1] = pair[0];
		ret[2] = ret[3] = pair[1];
		return true;
	}
	if (json_type(v) != JSON_ARRAY || json_count(v) != 2)
		return false;
	const struct json *rows = json_first(v), *columns = json_next(rows);
	return json_type(rows) == JSON_ARRAY && json_type(columns) == JSON_ARRAY &&
	       read_pair(rows, ret) && read_pair(columns, ret + 2);
}

/* What one type of argument is read by. What is no such value at all is refused with what is
 * wanted, and what is out of range by the table. */
typedef bool argument_reader(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems);

static bool argument_read_int(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	bool list = p->flags & PARAM_OR_LIST && json_type(v) == JSON_ARRAY && json_count(v) == 1;
	struct error err;
	int64_t value;

	if (!json_integer(list ? json_first(v) : v, &value))
		return argument_refuse(p, v, pointer, problems);
	return param_set_int(p, conf, value, pointer, &err) || problems_add(problems, &err);
}

static bool argument_read_float(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	struct error err;

	if (json_type(v) != JSON_NUMBER)
		return argument_refuse(p, v, pointer, problems);
	return param_set_float(p, conf, json_number(v), pointer, &err) ||
	       problems_add(problems, &err);
}

static bool argument_read_bool(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	if (json_type(v) != JSON_BOOL)
		return argument_refuse(p, v, pointer, problems);
	param_set_bool(p, conf, json_bool(v));
	return true;
}

static bool argument_read_choice(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	struct error err;

	if (json_type(v) != JSON_STRING)
		return argument_refuse(p, v, pointer, problems);
	return param_set_choice(p, conf, json_string(v), pointer, &err) ||
	       problems_add(problems, &err);
}

static bool argument_read_name(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	struct error err;

	if (json_type(v) != JSON_STRING)
		return argument_refuse(p, v, pointer, problems);
	return param_set_name(p, conf, json_string(v), pointer, &err) ||
	       problems_add(problems, &err);
}

static bool argument_read_pair(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	struct error err;
	int64_t pair[2];

	if (!read_pair(v, pair))
		return argument_refuse(p, v, pointer, problems);
	return param_set_pair(p, conf, pair[0], pair[1], pointer, &err) ||
	       problems_add(problems, &err);
}

static bool argument_read_margins(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	struct error err;
	int64_t margins[4];

	if (!read_margins(v, margins))
		return argument_refuse(p, v, pointer, problems);
	return param_set_margins(p, conf, margins, pointer, &err) || problems_add(problems, &err);
}

enum { LIST_MAX = 64 }; /* more than any row holds */

static bool argument_read_list(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	bool single = json_type(v) == JSON_NUMBER && p->flags & PARAM_OR_NUMBER;
	const struct json *e = single ? v : json_first(v);
	int64_t count = single ? 1 : json_count(v);
	double values[LIST_MAX];
	struct error err;

	assert(param_count_max(p) <= LIST_MAX);
	if (!single && json_type(v) != JSON_ARRAY)
		return argument_refuse(p, v, pointer, problems);
	for (int i = 0; i < count && i < LIST_MAX; i++, e = json_next(e)) {
		char place[POINTER_BYTES];
		pointer_index(place, pointer, i);
		if (json_type(e) != JSON_NUMBER)
			return argument_refuse(p, e, place, problems);
		values[i] = json_number(e);
	}
	return param_set_list(p, conf, values, count, pointer, &err) ||
	       problems_add(problems, &err);
}

bool variant_read_class(const struct param *p, const struct json *name, void *conf,
	const char *pointer, struct problems *problems)
{
	const char *text = name && json_type(name) == JSON_STRING ? json_string(name) : NULL;
	struct names known = { 0 };
	struct error err;

	if (name && !text)
		return argument_refuse(p, name, pointer, problems);
	if (text && param_class_index(p->family, text) >= 0)
		return param_set_variant(p, conf, text, pointer, &err) ||
		       problems_add(problems, &err);
	for (int i = 0; p->family->classes[i]; i++)
		names_add(&known, p->family->classes[i]->name);
	return names_refuse(&known, p->family->what, text, pointer, problems);
}

static bool argument_read_variant(const struct param *p, const struct json *v, void *conf,
	const char *pointer, struct problems *problems)
{
	static const char *const others[] = { "type", NULL };
	bool object = json_type(v) == JSON_OBJECT;
	char place[POINTER_BYTES];
	struct error err;

	if (json_type(v) == JSON_NUMBER && p->flags & PARAM_OR_NUMBER)
		return param_set_number(p, conf, json_number(v), pointer, &err) ||
		       problems_add(problems, &err);
	(void)snprintf(place, sizeof place, "%s", pointer);
	if (object)
		pointer_key(place, pointer, "type");
	if (!variant_read_class(p, object ? json_find(v, "type") : v, conf, place, problems))
		return false;
	/* A name alone has no members: its class's arguments keep their defaults. */
	return arguments_read(param_get_class(p, conf)->params, v, others,
		param_class_conf(p, conf), pointer, problems);
}

bool argument_read(const struct param *p, const struct json *v, void *conf, const char *pointer,
	struct problems *problems)
{
	static argument_reader *const readers[] = {
		[PARAM_TYPE_INT] = argument_read_int,
		[PARAM_TYPE_FLOAT] = argument_read_float,
		[PARAM_TYPE_BOOL] = argument_read_bool,
		[PARAM_TYPE_CHOICE] = argument_read_choice,
		[PARAM_TYPE_PAIR] = argument_read_pair,
		[PARAM_TYPE_MARGINS] = argument_read_margins,
		[PARAM_TYPE_LIST] = argument_read_list,
		[PARAM_TYPE_VARIANT] = argument_read_variant,
		[PARAM_TYPE_NAME] = argument_read_name,
	};

	if (json_type(v) == JSON_NULL && p->flags & PARAM_NULLABLE) {
		param_set_null(p, conf);
		return true;
	}
	return readers[p->type](p, v, conf, pointer, problems);
}

bool arguments_check_required(const struct param *params, const struct json *object,
	const char *pointer, struct problems *problems)
{
	bool ok = true;

	for (const struct param *p = params; p && p->name; p++) {
		char place[POINTER_BYTES], allowed[400];
		if (!(p->flags & PARAM_REQUIRED) || json_find(object, p->name))
			continue;
		pointer_key(place, pointer, p->name);
		param_allowed_text(p, allowed, sizeof allowed);
		ok = problem_at(problems, place, "%s is missing; wanted: %s: %s", p->name,
			kinds[p->type], allowed);
	}
	return ok;
}

static bool is_among(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (strcmp(*names, name) == 0)
			return true;
	return false;
}

bool arguments_read(const struct param *params, const struct json *object,
	const char *const *others, void *conf, const char *pointer, struct problems *problems)
{
	bool ok = true;

	for (const struct json *v = json_first(object); v; v = json_next(v)) {
		char place[POINTER_BYTES];
		const struct param *p = param_find(params, json_key(v));
		pointer_key(place, pointer, json_key(v));
		if (is_among(others, json_key(v)))
			continue;
		if (p) {
			ok &= argument_read(p, v, conf, place, problems);
			continue;
		}
		struct names known = { 0 };
		for (const char *const *name = others; *name; name++)
			names_add(&known, *name);
		names_add_params(&known, params);
		ok = names_refuse(&known, "key", json_key(v), place, problems);
	}
	return arguments_check_required(params, object, pointer, problems) && ok;
}

static void print_pair(struct json_writer *w, const char *key, const int64_t pair[static 2])
{
	json_open_list(w, key);
	json_put_integer(w, NULL, pair[0]);
	json_put_integer(w, NULL, pair[1]);
	json_close_list(w);
}

static void print_margins(struct json_writer *w, const char *key, const int64_t margins[static 4])
{
	json_open_list(w, key);
	print_pair(w, NULL, margins);
	print_pair(w, NULL, margins + 2);
	json_close_list(w);
}

static void print_list(struct json_writer *w, const struct param *p, const void *conf)
{
	int64_t count;
	const double *values = param_get_list(p, conf, &count);

	json_open_list(w, p->name);
	for (int64_t i = 0; i < count; i++)
		json_put_number(w, NULL, values[i]);
	json_close_list(w);
}

static void print_variant(struct json_writer *w, const struct param *p, const void *conf)
{
	const struct param_variant *v = param_get_variant(p, conf);
	const struct param_class *class = param_get_class(p, conf);

	if (!class) {
		json_put_number(w, p->name, v->number);
		return;
	}
	json_open_object(w, p->name);
	json_put_string(w, "type", class->name);
	for (const struct param *argument = class->params; argument && argument->name; argument++)
		argument_print(w, argument, param_variant_conf(v));
	json_close_object(w);
}

void argument_print(struct json_writer *w, const struct param *p, const void *conf)
{
	if (param_is_null(p, conf)) {
		json_put_null(w, p->name);
		return;
	}
	switch (p->type) {
	case PARAM_TYPE_INT:
		json_put_integer(w, p->name, param_get_int(p, conf));
		break;
	case PARAM_TYPE_FLOAT:
		json_put_number(w, p->name, param_get_float(p, conf));
		break;
	case PARAM_TYPE_BOOL:
		json_put_bool(w, p->name, param_get_bool(p, conf));
		break;
	case PARAM_TYPE_CHOICE:
		json_put_string(w, p->name, param_get_choice(p, conf));
		break;
	case PARAM_TYPE_PAIR:
		print_pair(w, p->name, param_get_pair(p, conf));
		break;
	case PARAM_TYPE_MARGINS:
		print_margins(w, p->name, param_get_margins(p, conf));
		break;
	case PARAM_TYPE_LIST:
		print_list(w, p, conf);
		break;
	case PARAM_TYPE_VARIANT:
		print_variant(w, p, conf);
		break;
	case PARAM_TYPE_NAME:
		json_put_string(w, p->name, param_get_name(p, conf));
		break;
	}
}
