/* param.c - see param.h. */
#include "base/param.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
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

void param_set_defaults(const struct param *table, void *conf)
{
	for (const struct param *p = table; p && p->name; p++) {
		void *place = param_place(p, conf);
		switch (p->type) {
		case PARAM_TYPE_INT:
			*(int64_t *)place = param_default_int(p);
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
			((int64_t *)place)[0] = ((int64_t *)place)[1] = param_default_int(p);
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

static bool param_allows(const struct param *p, double value)
{
	bool above = p->flags & PARAM_ABOVE_MIN ? value > p->min : value >= p->min;
	bool below = p->flags & PARAM_BELOW_MAX ? value < p->max : value <= p->max;

	return above && below;
}

static bool param_refuse(
	const struct param *p, const char *seen, const char *pointer, struct error *err)
{
	char allowed[256];

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

bool param_set_choice(
	const struct param *p, void *conf, const char *name, const char *pointer, struct error *err)
{
	assert(p->type == PARAM_TYPE_CHOICE);
	int index = param_choice_index(p->choices, name);
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

void param_set_bool(const struct param *p, void *conf, bool value)
{
	assert(p->type == PARAM_TYPE_BOOL);
	*(bool *)param_place(p, conf) = value;
}

void param_set_null(const struct param *p, void *conf)
{
	assert(p->flags & PARAM_NULLABLE);
	int64_t *place = param_place(p, conf);
	place[0] = PARAM_NULL;
	if (p->type == PARAM_TYPE_PAIR)
		place[1] = PARAM_NULL;
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

bool param_is_null(const struct param *p, const void *conf)
{
	return p->flags & PARAM_NULLABLE &&
	       *(const int64_t *)param_place_const(p, conf) == PARAM_NULL;
}

static void param_choices_text(const struct param *p, char *ret_text, size_t size)
{
	size_t used = 0;

	for (int i = 0; p->choices[i] && used < size; i++) {
		int n = snprintf(
			ret_text + used, size - used, "%s\"%s\"", i ? ", " : "", p->choices[i]);
		used += n > 0 ? (size_t)n : 0;
	}
}

/* Whole numbers in full, others as short as they are; beyond every limit: inf. */
static void limit_text(double limit, char ret_text[static 32])
{
	bool whole = fabs(limit) < 0x1p63 && limit == (double)(int64_t)limit;

	(void)snprintf(ret_text, 32, whole ? "%.0f" : "%.15g", limit);
}

void param_allowed_text(const struct param *p, char *ret_text, size_t size)
{
	char min[32], max[32];

	if (p->type == PARAM_TYPE_CHOICE) {
		param_choices_text(p, ret_text, size);
		return;
	}
	if (p->type == PARAM_TYPE_BOOL) {
		(void)snprintf(ret_text, size, "true, false");
		return;
	}
	limit_text(p->min, min);
	limit_text(p->max, max);
	(void)snprintf(ret_text, size, "%s%s, %s%s%s", p->flags & PARAM_ABOVE_MIN ? "(" : "[", min,
		max, p->flags & PARAM_BELOW_MAX || isinf(p->max) ? ")" : "]",
		p->flags & PARAM_NULLABLE ? " or null" : "");
}
