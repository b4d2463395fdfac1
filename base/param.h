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
	PARAM_TYPE_INT,     /* int64_t */
	PARAM_TYPE_FLOAT,   /* double */
	PARAM_TYPE_BOOL,    /* bool */
	PARAM_TYPE_CHOICE,  /* int: an index into `choices`; a string in JSON */
	PARAM_TYPE_PAIR,    /* int64_t[2]: rows, columns; in JSON one integer for both, or a list of
			       two */
	PARAM_TYPE_MARGINS, /* int64_t[4]: top, bottom, left, right; in JSON one integer for all,
			       [rows, columns] or [[top, bottom], [left, right]] */
	PARAM_TYPE_LIST,    /* PARAM_LIST_OF(n): up to n numbers */
	PARAM_TYPE_VARIANT, /* PARAM_VARIANT_OF(n): one class of a family with arguments of its own;
			       in JSON its name, or {"type": its name, arguments} */
	PARAM_TYPE_NAME, /* char[size]: a name that the user has given to something, 1 to size - 1
			    bytes; never null */
};

enum param_flags {
	PARAM_REQUIRED = 1,   /* has no default */
	PARAM_ABOVE_MIN = 2,  /* min itself is not allowed: (min, … instead of [min, … */
	PARAM_BELOW_MAX = 4,  /* max itself is not allowed */
	PARAM_NULLABLE = 8,   /* null is allowed: "none", or "as another argument says" */
	PARAM_OR_LIST = 16,   /* an INT that may be written as a list of one, as Keras does where
				 there is one axis */
	PARAM_OR_NUMBER = 32, /* a LIST of one, or a VARIANT, that may be written as a number */
	PARAM_WHOLE = 64,     /* a LIST of integers */
};

/* What a nullable argument that is null holds: an INT, both places of a PAIR, all four of MARGINS,
 * the count of a LIST. A FLOAT holds NAN, a VARIANT the index PARAM_VARIANT_NULL. */
#define PARAM_NULL INT64_MIN

struct param;

/* One of the things that a VARIANT can be. What computes with it embeds this as its first member.
 */
struct param_class {
	const char *name; /* Keras's, as "GlorotUniform"; found without regard to capitals and
			     underscores, so that "glorot_uniform" is the same */
	const char *doc;  /* one line */
	const struct param *params; /* may be NULL */
	size_t conf_size;           /* bytes, a multiple of 8 or anything less */
};

/* All that a VARIANT can be. */
struct param_family {
	const char *name; /* the key of its list in the catalogue: "initializers" */
	const char *what; /* one of them, for messages: "initializer" */
	const struct param_class *const *classes; /* NULL-terminated */
};

/* How a VARIANT begins; the conf of its class lies behind it. */
struct param_variant {
	int64_t index; /* in the classes of its family, or one of the two below */
	double number; /* where index is PARAM_VARIANT_NUMBER, else 0 */
};
enum { PARAM_VARIANT_NULL = -1, PARAM_VARIANT_NUMBER = -2 };

/* The types of a conf's members; n doubles (8 bytes each) hold the largest conf of the family. */
#define PARAM_VARIANT_OF(n)                                                                        \
	struct {                                                                                   \
		struct param_variant variant;                                                      \
		double conf[n];                                                                    \
	}
#define PARAM_LIST_OF(n)                                                                           \
	struct {                                                                                   \
		int64_t count;                                                                     \
		double values[n];                                                                  \
	}

struct param {
	const char *name; /* Keras's name; NULL ends a table */
	const char *doc;  /* one line */
	enum param_type type;
	unsigned flags;
	size_t offset; /* in the conf struct, bytes */
	size_t size;   /* of a LIST, a VARIANT or a NAME there, bytes */
	/* Numbers, or the index of a choice or of a class; NAN: null, or a LIST that is empty. A
	 * VARIANT that may be a number is one by default; a LIST has the one value. max may be
	 * INFINITY for "no limit". min and max are those of each number of a PAIR, MARGINS, a LIST,
	 * or of a VARIANT that is a number. */
	double def, min, max;
	int64_t count_min;                 /* numbers of a LIST, at least; at most those that fit */
	const char *const *choices;        /* NULL-terminated names of a CHOICE */
	const char *const *aliases;        /* other names that are taken for choices: pairs of one
					      and the choice it stands for, NULL-terminated; NULL:
					      there are none */
	const struct param_family *family; /* of a VARIANT */
	const char *def_text;              /* default of a NAME */
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
#define PARAM_PAIR_REQUIRED(conf, field, min_, max_, doc_)                                         \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_PAIR, .flags = PARAM_REQUIRED,     \
		.offset = offsetof(conf, field), .min = min_, .max = max_                          \
	}
#define PARAM_MARGINS(conf, field, def_, min_, max_, flags_, doc_)                                 \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_MARGINS, .flags = flags_,          \
		.offset = offsetof(conf, field), .def = def_, .min = min_, .max = max_             \
	}
#define PARAM_LIST(conf, field, def_, min_, max_, count_min_, flags_, doc_)                        \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_LIST, .flags = flags_,             \
		.offset = offsetof(conf, field), .size = sizeof(((conf *)0)->field), .def = def_,  \
		.min = min_, .max = max_, .count_min = count_min_                                  \
	}
/* One of a family, by default the class of index def_, or null: NAN. */
#define PARAM_VARIANT(conf, field, def_, family_, flags_, doc_)                                    \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_VARIANT, .flags = flags_,          \
		.offset = offsetof(conf, field), .size = sizeof(((conf *)0)->field), .def = def_,  \
		.family = family_                                                                  \
	}
/* One of a family, or a number, which it is by default. */
#define PARAM_VARIANT_OR_NUMBER(conf, field, def_, min_, max_, family_, flags_, doc_)              \
	{                                                                                          \
		.name = #field, .doc = doc_, .type = PARAM_TYPE_VARIANT,                           \
		.flags = PARAM_OR_NUMBER | (flags_), .offset = offsetof(conf, field),              \
		.size = sizeof(((conf *)0)->field), .def = def_, .min = min_, .max = max_,         \
		.family = family_                                                                  \
	}
#define PARAM_END                                                                                  \
	{                                                                                          \
		.name = NULL                                                                       \
	}

/* Writes every default into `conf`, those of a VARIANT's class too. */
void param_set_defaults(const struct param *table, void *conf);

/* The row of that name, or NULL. */
const struct param *param_find(const struct param *table, const char *name);

/* Number of choices of a CHOICE row, and the index of a name in a list of choices (-1 if it is not
 * there). */
int param_choice_count(const struct param *p);
int param_choice_index(const char *const *choices, const char *name);

/* Whether two names are the same but for capitals and underscores: "log_cosh" and "LogCosh". */
bool param_same_name(const char *a, const char *b);

/* The index of the class of that name, without regard to capitals and underscores, or -1. */
int param_class_index(const struct param_family *family, const char *name);

/* The most numbers that a LIST row holds. */
int64_t param_count_max(const struct param *p);

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
/* margins: top, bottom, left, right */
bool param_set_margins(const struct param *p, void *conf, const int64_t margins[static 4],
	const char *pointer, struct error *err) MUST_CHECK;
/* A value that is refused has its index in the pointer ("<pointer>/2"). */
bool param_set_list(const struct param *p, void *conf, const double *values, int64_t count,
	const char *pointer, struct error *err) MUST_CHECK;
bool param_set_name(const struct param *p, void *conf, const char *name, const char *pointer,
	struct error *err) MUST_CHECK;
/* Makes a VARIANT the class of that name, with that class's defaults. */
bool param_set_variant(const struct param *p, void *conf, const char *name, const char *pointer,
	struct error *err) MUST_CHECK;
/* Makes a VARIANT a number: PARAM_OR_NUMBER rows only. */
bool param_set_number(const struct param *p, void *conf, double value, const char *pointer,
	struct error *err) MUST_CHECK;
void param_set_bool(const struct param *p, void *conf, bool value);
void param_set_null(const struct param *p, void *conf); /* PARAM_NULLABLE rows only */

/* Typed reads. */
int64_t param_get_int(const struct param *p, const void *conf);
double param_get_float(const struct param *p, const void *conf);
bool param_get_bool(const struct param *p, const void *conf);
const char *param_get_choice(const struct param *p, const void *conf);
const int64_t *param_get_pair(
	const struct param *p, const void *conf); /* two values, borrowed from conf */
const int64_t *param_get_margins(
	const struct param *p, const void *conf); /* four values, borrowed from conf */
/* The values are borrowed from conf; the count of a null is 0. */
const double *param_get_list(const struct param *p, const void *conf, int64_t *ret_count);
const char *param_get_name(const struct param *p, const void *conf); /* borrowed from conf */
const struct param_variant *param_get_variant(
	const struct param *p, const void *conf); /* borrowed from conf */
/* The class of a VARIANT; NULL: it is null or a number. */
const struct param_class *param_get_class(const struct param *p, const void *conf);
bool param_is_null(const struct param *p, const void *conf);

/* The conf of a variant's class, and of one in a conf that is being filled. */
const void *param_variant_conf(const struct param_variant *v);
void *param_class_conf(const struct param *p, void *conf);

/* "[1, 65536]", "(0, inf)" or "\"valid\", \"same\"": the values a row allows, for messages and for
 * the catalogue. */
void param_allowed_text(const struct param *p, char *ret_text, size_t size);
