/* spec_arguments.c - arguments between JSON and a conf, by the engine's tables. See spec_read.h. */
#include "api/spec_read.h"

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
};

static bool argument_refuse(
	const struct param *p, const struct json *v, const char *pointer, struct problems *problems)
{
	char allowed[256], wanted[320];

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

bool argument_read(const struct param *p, const struct json *v, void *conf, const char *pointer,
	struct problems *problems)
{
	enum json_type type = json_type(v);
	struct error err;
	int64_t pair[2];
	bool ok = false;

	if (type == JSON_NULL && p->flags & PARAM_NULLABLE) {
		param_set_null(p, conf);
		return true;
	}
	switch (p->type) {
	case PARAM_TYPE_INT:
		if (!json_integer(v, &pair[0]))
			return argument_refuse(p, v, pointer, problems);
		ok = param_set_int(p, conf, pair[0], pointer, &err);
		break;
	case PARAM_TYPE_FLOAT:
		if (type != JSON_NUMBER)
			return argument_refuse(p, v, pointer, problems);
		ok = param_set_float(p, conf, json_number(v), pointer, &err);
		break;
	case PARAM_TYPE_BOOL:
		if (type != JSON_BOOL)
			return argument_refuse(p, v, pointer, problems);
		param_set_bool(p, conf, json_bool(v));
		return true;
	case PARAM_TYPE_CHOICE:
		if (type != JSON_STRING)
			return argument_refuse(p, v, pointer, problems);
		ok = param_set_choice(p, conf, json_string(v), pointer, &err);
		break;
	case PARAM_TYPE_PAIR:
		if (!read_pair(v, pair))
			return argument_refuse(p, v, pointer, problems);
		ok = param_set_pair(p, conf, pair[0], pair[1], pointer, &err);
		break;
	}
	return ok || problems_add(problems, &err);
}

bool arguments_check_required(const struct param *params, const struct json *object,
	const char *pointer, struct problems *problems)
{
	bool ok = true;

	for (const struct param *p = params; p && p->name; p++) {
		char place[POINTER_BYTES], allowed[256];
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
		json_open_list(w, p->name);
		json_put_integer(w, NULL, param_get_pair(p, conf)[0]);
		json_put_integer(w, NULL, param_get_pair(p, conf)[1]);
		json_close_list(w);
		break;
	}
}
