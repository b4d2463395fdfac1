/* spec_data.c - which samples a job is validated on, and how much each class counts. See
 * spec_read.h. */
#include "api/spec_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* --- validation --------------------------------------------------------------------------------
 */

static const char validation_wanted[] =
	"{\"split\": \"test\"}, {\"fraction\": 0.3, \"stratify\": true} or null";

static bool read_split(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	s->validation = SPEC_VALIDATION_TEST;
	return (json_type(v) == JSON_STRING && strcmp(json_string(v), "test") == 0) ||
	       value_refuse(v, "split", "\"test\"", pointer, problems);
}

static bool read_fraction(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	s->validation = SPEC_VALIDATION_FRACTION;
	s->fraction = json_type(v) == JSON_NUMBER ? json_number(v) : NAN;
	return (s->fraction > 0 && s->fraction < 1) ||
	       value_refuse(v, "fraction", "a number: (0, 1)", pointer, problems);
}

static bool read_stratify(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	if (json_type(v) == JSON_BOOL)
		s->stratify = json_bool(v) ? SPEC_STRATIFY_YES : SPEC_STRATIFY_NO;
	return json_type(v) == JSON_BOOL || json_type(v) == JSON_NULL ||
	       value_refuse(v, "stratify", "a boolean, or null: where the targets are classes",
		       pointer, problems);
}

static const struct {
	const char *name;
	bool (*read)(struct spec *s, const struct json *v, const char *pointer,
		struct problems *problems);
} validation_keys[] = {
	{ "split", read_split },
	{ "fraction", read_fraction },
	{ "stratify", read_stratify },
};

static bool read_validation_key(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	struct names known = { 0 };

	for (size_t i = 0; i < COUNT_OF(validation_keys); i++) {
		if (strcmp(validation_keys[i].name, json_key(v)) == 0)
			return validation_keys[i].read(s, v, pointer, problems);
		names_add(&known, validation_keys[i].name);
	}
	return names_refuse(&known, "key", json_key(v), pointer, problems);
}

bool validation_read(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	bool ok = true;

	s->validation = SPEC_VALIDATION_NONE;
	if (json_type(v) == JSON_NULL)
		return true;
	if (json_type(v) != JSON_OBJECT)
		return value_refuse(v, "validation", validation_wanted, pointer, problems);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		char place[POINTER_BYTES];
		pointer_key(place, pointer, json_key(e));
		ok &= read_validation_key(s, e, place, problems);
	}
	if (!ok)
		return false;
	if (!json_find(v, "split") == !json_find(v, "fraction"))
		return problem_at(problems, pointer,
			"validation has %s \"split\" and \"fraction\"; wanted: %s",
			json_find(v, "split") ? "both" : "neither", validation_wanted);
	if (json_find(v, "split") && json_find(v, "stratify"))
		return problem_at(problems, pointer,
			"validation has \"stratify\", which goes with \"fraction\" alone; wanted: "
			"%s",
			validation_wanted);
	return true;
}

void validation_print(struct json_writer *w, const struct spec *s)
{
	if (s->validation == SPEC_VALIDATION_NONE) {
		json_put_null(w, "validation");
		return;
	}
	json_open_object(w, "validation");
	if (s->validation == SPEC_VALIDATION_TEST) {
		json_put_string(w, "split", "test");
	} else {
		json_put_number(w, "fraction", s->fraction);
		if (s->stratify == SPEC_STRATIFY_LABELS)
			json_put_null(w, "stratify");
		else
			json_put_bool(w, "stratify", s->stratify == SPEC_STRATIFY_YES);
	}
	json_close_object(w);
}

bool spec_stratifies(const struct spec *s, const struct data *train)
{
	return s->stratify != SPEC_STRATIFY_NO && train->classes > 0 &&
	       train->classes <= SPEC_CLASSES_MAX;
}

/* --- class_weight ------------------------------------------------------------------------------
 */

#define CLASS_WEIGHT_MAX 1e6

/* The number of a class as it is written: digits, and no 0 in front. */
static bool read_class(const char *text, int64_t *ret)
{
	size_t digits = strspn(text, "0123456789");

	if (digits < 1 || digits > 9 || text[digits] || (digits > 1 && text[0] == '0'))
		return false;
	*ret = strtoll(text, NULL, 10);
	return true;
}

static bool read_weight(const struct json *v, const char *pointer, struct spec_class_weight *ret,
	struct problems *problems)
{
	if (!read_class(json_key(v), &ret->class))
		return problem_at(problems, pointer,
			"\"%.40s\" is not the number of a class; wanted: \"0\", \"1\", …",
			json_key(v));
	ret->weight = json_type(v) == JSON_NUMBER ? json_number(v) : NAN;
	/* The loss is multiplied by a float. */
	return ((float)ret->weight > 0 && ret->weight <= CLASS_WEIGHT_MAX) ||
	       value_refuse(
		       v, "the weight of a class", "a number: (0, 1000000]", pointer, problems);
}

static int by_class(const void *a, const void *b)
{
	const struct spec_class_weight *x = a, *y = b;

	return (x->class > y->class) - (x->class < y->class);
}

bool class_weight_read(
	struct spec *s, const struct json *v, const char *pointer, struct problems *problems)
{
	struct error err;
	bool ok = true;

	if (json_type(v) == JSON_NULL)
		return true;
	if (json_type(v) != JSON_OBJECT)
		return value_refuse(v, "class_weight",
			"an object of numbers, {\"<class>\": weight}, or null", pointer, problems);
	if (json_count(v) > SPEC_CLASSES_MAX)
		return problem_at(problems, pointer,
			"class_weight has %d classes; allowed: at most %d", json_count(v),
			SPEC_CLASSES_MAX);
	s->class_weights = calloc((size_t)json_count(v) + 1, sizeof *s->class_weights);
	if (!s->class_weights)
		return error_no_memory(&err) || problems_add(problems, &err);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		char place[POINTER_BYTES];
		pointer_key(place, pointer, json_key(e));
		ok &= read_weight(e, place, &s->class_weights[s->n_class_weights++], problems);
	}
	qsort(s->class_weights, (size_t)s->n_class_weights, sizeof *s->class_weights, by_class);
	return ok;
}

void class_weight_print(struct json_writer *w, const struct spec *s)
{
	if (s->n_class_weights == 0) {
		json_put_null(w, "class_weight");
		return;
	}
	json_open_object(w, "class_weight");
	for (int i = 0; i < s->n_class_weights; i++) {
		char class[24];
		(void)snprintf(class, sizeof class, "%lld", (long long)s->class_weights[i].class);
		json_put_number(w, class, s->class_weights[i].weight);
	}
	json_close_object(w);
}

bool spec_class_weight(const struct spec *s, int64_t classes, float **ret, struct error *err)
{
	*ret = NULL;
	if (s->n_class_weights == 0)
		return true;
	float *weights = calloc((size_t)classes, sizeof *weights);
	if (!weights)
		return error_no_memory(err);
	for (int64_t i = 0; i < classes; i++)
		weights[i] = 1;
	for (int i = 0; i < s->n_class_weights; i++)
		weights[s->class_weights[i].class] = (float)s->class_weights[i].weight;
	*ret = weights;
	return true;
}
