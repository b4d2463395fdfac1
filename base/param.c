/* param.c - see param.h. */
#include "base/param.h"

#include <assert.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void *param_place(const struct param *p, void *conf)
{
	return (char *)conf + p->offset;
}

static const void *param_place_const(const struct param *p, const void *conf)
{
	return (const char *)conf + p->offset;
}

static int64_t param_default_int(const struct param *p)
{
	return isnan(p->def) ? PARAM_NULL : (int64_t)p->def;
}

static void fill(int64_t *place, int n, int64_t value)
{
	for (int i = 0; i < n; i++)
		place[i] = value;
}

/* A LIST begins with its count, a VARIANT with a struct param_variant; behind it come the values,
 * or the conf of the class. */
static void *list_values(void *place)
{
	return (int64_t *)place + 1;
}

static void *variant_conf(struct param_variant *v)
{
	return v + 1;
}

static void list_default(const struct param *p, void *place)
{
	int64_t *count = place;
	double *values = list_values(place);

	assert(p->size >= sizeof(int64_t) + sizeof(double));
	memset(place, 0, p->size);
	if (isnan(p->def)) {
		*count = p->flags & PARAM_NULLABLE ? PARAM_NULL : 0;
		return;
	}
	*count = 1;
	values[0] = p->def;
}

static void name_write(const struct param *p, char *place, const char *name)
{
	memset(place, 0, p->size); /* so that equal names are equal bytes */
	memcpy(place, name, strlen(name));
}

static void variant_become(const struct param *p, struct param_variant *v, int64_t index)
{
	memset(v, 0, p->size); /* what the last class left there */
	v->index = index;
	if (index < 0)
		return;
	const struct param_class *class = p->family->classes[index];
	assert(class->conf_size <= p->size - sizeof *v);
	param_set_defaults(class->params, variant_conf(v));
}

static void variant_default(const struct param *p, struct param_variant *v)
{
	if (isnan(p->def)) {
		variant_become(p, v, PARAM_VARIANT_NULL);
	} else if (p->flags & PARAM_OR_NUMBER) {
		variant_become(p, v, PARAM_VARIANT_NUMBER);
		v->number = p->def;
	} else {
		variant_become(p, v, (int64_t)p->def);
	}
}

void param_set_defaults(const struct param *table, void *conf)
{
	for (const struct param *p = table; p && p->name; p++) {
		void *place = param_place(p, conf);
		switch (p->type) {
		case PARAM_TYPE_INT:
			fill(place, 1, param_default_int(p));
			break;
		case PARAM_TYPE_FLOAT:
			*(double *)place = p->def;
			break;
		case PARAM_TYPE_BOOL:
			*(bool *)place = p->def != 0;
			break;
		case PARAM_TYPE_CHOICE:
			*(int *)place = (int)p->def;
			break;
		case PARAM_TYPE_PAIR:
			fill(place, 2, param_default_int(p));
			break;
		case PARAM_TYPE_MARGINS:
			fill(place, 4, param_default_int(p));
			break;
		case PARAM_TYPE_LIST:
			list_default(p, place);
			break;
		case PARAM_TYPE_VARIANT:
			variant_default(p, place);
			break;
		case PARAM_TYPE_NAME:
			name_write(p, place, p->def_text);
			break;
		}
	}
}

const struct param *param_find(const struct param *table, const char *name)
{
	for (const struct param *p = table; p && p->name; p++)
		if (strcmp(p->name, name) == 0)
			return p;
	return NULL;
}

int param_choice_count(const struct param *p)
{
	int n = 0;

	while (p->choices[n])
		n++;
	return n;
}

int param_choice_index(const char *const *choices, const char *name)
{
	for (int i = 0; choices[i]; i++)
		if (strcmp(choices[i], name) == 0)
			return i;
	return -1;
}

bool param_same_name(const char *a, const char *b)
{
	for (;; a++, b++) {
		while (*a == '_')
			a++;
		while (*b == '_')
			b++;
		if (tolower((unsigned char)*a) != tolower((unsigned char)*b))
			return false;
		if (!*a)
			return true;
	}
}

int param_class_index(const struct param_family *family, const char *name)
{
	for (int i = 0; family->classes[i]; i++)
		if (param_same_name(family->classes[i]->name, name))
			return i;
	return -1;
}

int64_t param_count_max(const struct param *p)
{
	assert(p->type == PARAM_TYPE_LIST);
	return (int64_t)((p->size - sizeof(int64_t)) / sizeof(double));
}

static bool param_allows(const struct param *p, double value)
{
	bool above = p->flags & PARAM_ABOVE_MIN ? value > p->min : value >= p->min;
	bool below = p->flags & PARAM_BELOW_MAX ? value < p->max : value <= p->max;

	return above && below;
}

static bool param_refuse(
	const struct param *p, const char *seen, const char *pointer, struct error *err)
{
	char allowed[400];

	param_allowed_text(p, allowed, sizeof allowed);
	return error_at(
		err, ERROR_INVALID, pointer, "%s is %s; allowed: %s", p->name, seen, allowed);
}

bool param_set_int(
	const struct param *p, void *conf, int64_t value, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_INT);
	if (!param_allows(p, (double)value)) {
		char seen[32];
		(void)snprintf(seen, sizeof seen, "%" PRId64, value);
		return param_refuse(p, seen, pointer, err);
	}
	*(int64_t *)param_place(p, conf) = value;
	return true;
}

bool param_set_float(
	const struct param *p, void *conf, double value, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_FLOAT);
	if (!isfinite(value) || !param_allows(p, value)) {
		char seen[32];
		(void)snprintf(seen, sizeof seen, "%g", value);
		return param_refuse(p, seen, pointer, err);
	}
	*(double *)param_place(p, conf) = value;
	return true;
}

/* The choice that a name stands for: itself, unless it is an alias. */
static const char *param_choice_name(const struct param *p, const char *name)
{
	for (const char *const *alias = p->aliases; alias && *alias; alias += 2)
		if (strcmp(alias[0], name) == 0)
			return alias[1];
	return name;
}

bool param_set_choice(
	const struct param *p, void *conf, const char *name, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_CHOICE);
	int index = param_choice_index(p->choices, param_choice_name(p, name));
	if (index < 0) {
		char seen[72];
		(void)snprintf(seen, sizeof seen, "\"%.64s\"", name);
		return param_refuse(p, seen, pointer, err);
	}
	*(int *)param_place(p, conf) = index;
	return true;
}

bool param_set_pair(const struct param *p, void *conf, int64_t rows, int64_t columns,
	const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_PAIR);
	if (!param_allows(p, (double)rows) || !param_allows(p, (double)columns)) {
		char seen[64];
		(void)snprintf(seen, sizeof seen, "[%" PRId64 ", %" PRId64 "]", rows, columns);
		return param_refuse(p, seen, pointer, err);
	}
	int64_t *place = param_place(p, conf);
	place[0] = rows;
	place[1] = columns;
	return true;
}

bool param_set_margins(const struct param *p, void *conf, const int64_t margins[static 4],
	const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_MARGINS);
	for (int i = 0; i < 4; i++) {
		char seen[112];
		if (param_allows(p, (double)margins[i]))
			continue;
		(void)snprintf(seen, sizeof seen,
			"[[%" PRId64 ", %" PRId64 "], [%" PRId64 ", %" PRId64 "]]", margins[0],
			margins[1], margins[2], margins[3]);
		return param_refuse(p, seen, pointer, err);
	}
	memcpy(param_place(p, conf), margins, 4 * sizeof *margins);
	return true;
}

static bool list_allows(const struct param *p, double value)
{
	return isfinite(value) && param_allows(p, value) &&
	       (!(p->flags & PARAM_WHOLE) || value == floor(value));
}

bool param_set_list(const struct param *p, void *conf, const double *values, int64_t count,
	const char *pointer, struct error *err)
{
	char seen[40], place[sizeof err->pointer];

	assert(p->type == PARAM_TYPE_LIST);
	if (count < p->count_min || count > param_count_max(p)) {
		(void)snprintf(seen, sizeof seen, "a list of %" PRId64, count);
		return param_refuse(p, seen, pointer, err);
	}
	for (int64_t i = 0; i < count; i++) {
		if (list_allows(p, values[i]))
			continue;
		(void)snprintf(seen, sizeof seen, "%.15g", values[i]);
		(void)snprintf(place, sizeof place, "%s/%" PRId64, pointer, i);
		return param_refuse(p, seen, place, err);
	}
	list_default(p, param_place(p, conf)); /* so that equal lists are equal bytes */
	*(int64_t *)param_place(p, conf) = count;
	if (count > 0)
		memcpy(list_values(param_place(p, conf)), values, (size_t)count * sizeof *values);
	return true;
}

bool param_set_name(
	const struct param *p, void *conf, const char *name, const char *pointer, struct error *err)
{
	size_t bytes = strlen(name);

	assert(p->type == PARAM_TYPE_NAME);
	if (bytes == 0 || bytes >= p->size) {
		char seen[32];
		(void)snprintf(seen, sizeof seen, "%zu bytes", bytes);
		return param_refuse(p, seen, pointer, err);
	}
	name_write(p, param_place(p, conf), name);
	return true;
}

bool param_set_variant(
	const struct param *p, void *conf, const char *name, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_VARIANT);
	int index = param_class_index(p->family, name);
	if (index < 0) {
		char seen[72];
		(void)snprintf(seen, sizeof seen, "\"%.64s\"", name);
		return param_refuse(p, seen, pointer, err);
	}
	variant_become(p, param_place(p, conf), index);
	return true;
}

bool param_set_number(
	const struct param *p, void *conf, double value, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_VARIANT && p->flags & PARAM_OR_NUMBER);
	if (!isfinite(value) || !param_allows(p, value)) {
		char seen[32];
		(void)snprintf(seen, sizeof seen, "%g", value);
		return param_refuse(p, seen, pointer, err);
	}
	struct param_variant *v = param_place(p, conf);
	variant_become(p, v, PARAM_VARIANT_NUMBER);
	v->number = value;
	return true;
}

void param_set_bool(const struct param *p, void *conf, bool value)
{
	assert(p->type == PARAM_TYPE_BOOL);
	*(bool *)param_place(p, conf) = value;
}

void param_set_null(const struct param *p, void *conf)
{
	struct param table[] = { *p, PARAM_END };

	assert(p->flags & PARAM_NULLABLE);
	table[0].def = (double)NAN;
	param_set_defaults(table, conf);
}

int64_t param_get_int(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_INT);
	return *(const int64_t *)param_place_const(p, conf);
}

double param_get_float(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_FLOAT);
	return *(const double *)param_place_const(p, conf);
}

bool param_get_bool(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_BOOL);
	return *(const bool *)param_place_const(p, conf);
}

const char *param_get_choice(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_CHOICE);
	return p->choices[*(const int *)param_place_const(p, conf)];
}

const int64_t *param_get_pair(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_PAIR);
	return param_place_const(p, conf);
}

const int64_t *param_get_margins(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_MARGINS);
	return param_place_const(p, conf);
}

const double *param_get_list(const struct param *p, const void *conf, int64_t *ret_count)
{
	const int64_t *count = param_place_const(p, conf);

	assert(p->type == PARAM_TYPE_LIST);
	*ret_count = *count > 0 ? *count : 0;
	return (const void *)(count + 1);
}

const char *param_get_name(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_NAME);
	return param_place_const(p, conf);
}

const struct param_variant *param_get_variant(const struct param *p, const void *conf)
{
	assert(p->type == PARAM_TYPE_VARIANT);
	return param_place_const(p, conf);
}

const struct param_class *param_get_class(const struct param *p, const void *conf)
{
	int64_t index = param_get_variant(p, conf)->index;

	return index < 0 ? NULL : p->family->classes[index];
}

const void *param_variant_conf(const struct param_variant *v)
{
	return v + 1;
}

void *param_class_conf(const struct param *p, void *conf)
{
	assert(p->type == PARAM_TYPE_VARIANT);
	return variant_conf(param_place(p, conf));
}

bool param_is_null(const struct param *p, const void *conf)
{
	const void *place = param_place_const(p, conf);

	if (!(p->flags & PARAM_NULLABLE))
		return false;
	if (p->type == PARAM_TYPE_FLOAT)
		return isnan(*(const double *)place);
	if (p->type == PARAM_TYPE_VARIANT)
		return param_get_variant(p, conf)->index == PARAM_VARIANT_NULL;
	return *(const int64_t *)place == PARAM_NULL;
}

/* Writes into what is left of a text; what has no room is cut. */
static void PRINTF_LIKE(3, 4) text_add(char *text, size_t size, const char *format, ...)
{
	size_t used = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text + used, size - used, format, arguments);
	va_end(arguments);
}

static void text_add_names(const struct param *p, char *text, size_t size)
{
	if (p->type == PARAM_TYPE_CHOICE)
		for (int i = 0; p->choices[i]; i++)
			text_add(text, size, "%s\"%s\"", i ? ", " : "", p->choices[i]);
	else
		for (int i = 0; p->family->classes[i]; i++)
			text_add(
				text, size, "%s\"%s\"", i ? ", " : "", p->family->classes[i]->name);
}

/* Whole numbers in full, others as short as they are; beyond every limit: inf. */
static void limit_text(double limit, char ret_text[static 32])
{
	bool whole = fabs(limit) < 0x1p63 && limit == (double)(int64_t)limit;

	(void)snprintf(ret_text, 32, whole ? "%.0f" : "%.15g", limit);
}

static void text_add_range(const struct param *p, char *text, size_t size)
{
	char min[32], max[32];

	limit_text(p->min, min);
	limit_text(p->max, max);
	text_add(text, size, "%s%s, %s%s", p->flags & PARAM_ABOVE_MIN || isinf(p->min) ? "(" : "[",
		min, max, p->flags & PARAM_BELOW_MAX || isinf(p->max) ? ")" : "]");
}

static void text_add_count(const struct param *p, char *text, size_t size)
{
	int64_t most = param_count_max(p);

	if (p->count_min < most)
		text_add(text, size, "%" PRId64 " to ", p->count_min);
	text_add(text, size, "%" PRId64 " %s in ", most,
		p->flags & PARAM_WHOLE ? "integers" : "numbers");
}

void param_allowed_text(const struct param *p, char *ret_text, size_t size)
{
	ret_text[0] = '\0';
	switch (p->type) {
	case PARAM_TYPE_BOOL:
		text_add(ret_text, size, "true, false");
		break;
	case PARAM_TYPE_CHOICE:
		text_add_names(p, ret_text, size);
		break;
	case PARAM_TYPE_VARIANT:
		text_add_names(p, ret_text, size);
		if (p->flags & PARAM_OR_NUMBER) {
			text_add(ret_text, size, " or a number in ");
			text_add_range(p, ret_text, size);
		}
		break;
	case PARAM_TYPE_LIST:
		text_add_count(p, ret_text, size);
		text_add_range(p, ret_text, size);
		break;
	case PARAM_TYPE_NAME:
		text_add(ret_text, size, "1 to %zu bytes", p->size - 1);
		break;
	case PARAM_TYPE_INT:
	case PARAM_TYPE_FLOAT:
	case PARAM_TYPE_PAIR:
	case PARAM_TYPE_MARGINS:
		text_add_range(p, ret_text, size);
		break;
	}
	if (p->flags & PARAM_NULLABLE)
		text_add(ret_text, size, " or null");
}
