/* param.h - the table that describes the arguments of everything a user can name.
 *
 * One row an argument. From the rows follow: reading and checking a spec, the spec as it is echoed
 * with its defaults, the catalogue, the dashboard's form, the reference page. Tables are const and
 * shared by all threads. */
#pragma once

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum param_type {
	PARAM_TYPE_INT,    /* int64_t */
	PARAM_TYPE_FLOAT,  /* double */
	PARAM_TYPE_BOOL,   /* bool */
	PARAM_TYPE_CHOICE, /* int: an index into `choices`; a string in JSON */
	PARAM_TYPE_PAIR,   /* int64_t[2]: rows, columns; in JSON one integer for both, or a list of
			      two */
};

enum param_flags {
	PARAM_REQUIRED = 1,  /* has no default */
	PARAM_ABOVE_MIN = 2, /* min itself is not allowed: (min, … instead of [min, … */
	PARAM_BELOW_MAX = 4, /* max itself is not allowed */
	PARAM_NULLABLE =
		8, /* null is allowed and means "as another argument says"; stored as PARAM_NULL */
};

/* A nullable INT or PAIR that is null holds this (in both places of a pair). */
#define PARAM_NULL INT64_MIN

struct param {
	const char *name; /* Keras's name; NULL ends a table */
	const char *doc;  /* one line */
	enum param_type type;
	unsigned flags;
	size_t offset; /* in the conf struct, bytes */
	double def, min,
		max; /* numbers, or the index of a choice; max may be INFINITY for "no limit" */
	const char *const *choices; /* NULL-terminated names */
};

#define PARAM_INT(conf, field, def_, min_, max_, doc_)                                             \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_INT,                               \
		.offset = offsetof(conf, field), .def = def_, .min = min_, .max = max_             \
	}
#define PARAM_INT_REQUIRED(conf, field, min_, max_, doc_)                                          \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_INT, .flags = PARAM_REQUIRED,      \
		.offset = offsetof(conf, field), .min = min_, .max = max_                          \
	}
#define PARAM_FLOAT(conf, field, def_, min_, max_, flags_, doc_)                                   \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_FLOAT, .flags = flags_,            \
		.offset = offsetof(conf, field), .def = def_, .min = min_, .max = max_             \
	}
#define PARAM_BOOL(conf, field, def_, doc_)                                                        \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_BOOL,                              \
		.offset = offsetof(conf, field), .def = def_, .min = 0, .max = 1                   \
	}
#define PARAM_CHOICE(conf, field, def_, choices_, doc_)                                            \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_CHOICE,                            \
		.offset = offsetof(conf, field), .def = def_, .choices = choices_                  \
	}
#define PARAM_PAIR(conf, field, def_, min_, max_, flags_, doc_)                                    \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_PAIR, .flags = flags_,             \
		.offset = offsetof(conf, field), .def = def_, .min = min_, .max = max_             \
	}
#define PARAM_END                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Writes every default into `conf` (PARAM_NULL where a nullable argument's default is null, given
 * as NAN). */
void param_set_defaults(const struct param *table, void *conf);

/* The row of that name, or NULL. */
const struct param *param_find(const struct param *table, const char *name);

/* Number of choices of a CHOICE row, and the index of a name in a list of choices (-1 if it is not
 * there). */
int param_choice_count(const struct param *p);
int param_choice_index(const char *const *choices, const char *name);

/* Typed writes with the row's own range checks. `pointer` is where the value stands in the request.
 * false: the value is out of range; err says the value seen and the values allowed. */
bool param_set_int(const struct param *p, void *conf, int64_t value, const char *pointer,
	struct error *err) MUST_CHECK;
bool param_set_float(const struct param *p, void *conf, double value, const char *pointer,
	struct error *err) MUST_CHECK;
bool param_set_choice(const struct param *p, void *conf, const char *name, const char *pointer,
	struct error *err) MUST_CHECK;
bool param_set_pair(const struct param *p, void *conf, int64_t rows, int64_t columns,
	const char *pointer, struct error *err) MUST_CHECK;
void param_set_bool(const struct param *p, void *conf, bool value);
void param_set_null(const struct param *p, void *conf); /* PARAM_NULLABLE rows only */

/* Typed reads. */
int64_t param_get_int(const struct param *p, const void *conf);
double param_get_float(const struct param *p, const void *conf);
bool param_get_bool(const struct param *p, const void *conf);
const char *param_get_choice(const struct param *p, const void *conf);
const int64_t *param_get_pair(
	const struct param *p, const void *conf); /* two values, borrowed from conf */
bool param_is_null(const struct param *p, const void *conf);

/* "[1, 65536]", "(0, inf)" or "\"valid\", \"same\"": the values a row allows, for messages and for
 * the catalogue. */
void param_allowed_text(const struct param *p, char *ret_text, size_t size);
