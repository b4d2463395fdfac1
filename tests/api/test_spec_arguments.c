/* test_spec_arguments.c - every type of argument as JSON: what is taken and how it is echoed, and
 * what is refused, with the exact place. */
#include "api/spec_read.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { TEXT_BYTES_MAX = 1 << 16 };

struct penalty_conf {
	double l2;
	PARAM_LIST_OF(2) axis;
};
static const struct param penalty_params[] = {
	PARAM_FLOAT(struct penalty_conf, l2, 0.01, 0, INFINITY, 0, "weight"),
	PARAM_LIST(struct penalty_conf, axis, 0, 0, 3, 1, PARAM_WHOLE | PARAM_OR_NUMBER, "axes"),
	PARAM_END,
};
struct decay_conf {
	int64_t steps;
};
static const struct param decay_params[] = {
	PARAM_INT_REQUIRED(struct decay_conf, steps, 1, 100, "how long"),
	PARAM_END,
};
static const struct param_class penalty = { "L2Norm", "squares", penalty_params,
	sizeof(struct penalty_conf) };
static const struct param_class decay = { "LinearDecay", "falls", decay_params,
	sizeof(struct decay_conf) };
static const struct param_class nothing = { "NonNeg", "no arguments", NULL, 0 };
static const struct param_class *const classes[] = { &penalty, &decay, &nothing, NULL };
static const struct param_family family = { "penalties", "penalty", classes };

struct conf {
	int64_t n, pair[2], margins[4];
	double clip;
	PARAM_LIST_OF(3) list;
	PARAM_VARIANT_OF(4) thing;
	PARAM_VARIANT_OF(4) rate;
	char label[6];
};
static const struct param params[] = {
	{ .name = "n",
		.doc = "size",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_OR_LIST,
		.offset = offsetof(struct conf, n),
		.def = 1,
		.min = 1,
		.max = 9 },
	PARAM_PAIR(struct conf, pair, 1, 1, 9, 0, "sizes"),
	PARAM_MARGINS(struct conf, margins, 0, 0, 9, 0, "edges"),
	PARAM_FLOAT(struct conf, clip, NAN, 0, INFINITY, PARAM_NULLABLE, "limit"),
	PARAM_LIST(struct conf, list, NAN, 0, 1, 0, 0, "values"),
	PARAM_VARIANT(struct conf, thing, NAN, &family, PARAM_NULLABLE, "which"),
	PARAM_VARIANT_OR_NUMBER(
		struct conf, rate, 0.5, 0, 1, &family, PARAM_ABOVE_MIN, "a number, or which"),
	{ .name = "label",
		.doc = "what it is called",
		.type = PARAM_TYPE_NAME,
		.offset = offsetof(struct conf, label),
		.size = sizeof(((struct conf *)0)->label),
		.def_text = "thing" },
	PARAM_END,
};

/* With ' made "; the caller frees. */
static char *quoted(const char *text)
{
	char *copy = strdup(text);

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	return copy;
}

/* Reads {…} into a conf of defaults. */
static bool read_object(const char *object, struct conf *conf, struct problems *problems)
{
	static const char *const no_others[] = { NULL };
	char *text = quoted(object);
	struct error err;
	AUTO_FREE(json_free) struct json_document *d = json_parse(text, strlen(text), &err);

	if (!d)
		fail_msg("%s: %s", object, err.text);
	param_set_defaults(params, conf);
	bool ok = arguments_read(params, json_root(d), no_others, conf, "/a", problems);
	free(text);
	return ok;
}

static void print_one(const char *name, const struct conf *conf, struct buffer *out)
{
	struct param p = *param_find(params, name);
	struct json_writer w;

	p.name = NULL; /* a value alone */
	json_writer_init(&w, out);
	argument_print(&w, &p, conf);
}

static void what_is_taken_has_one_echo(void **state)
{
	static const struct {
		const char *object, *argument, *echo;
	} cases[] = {
		{ "{}", "n", "1" },
		{ "{'n':3}", "n", "3" },
		{ "{'n':[3]}", "n", "3" },
		{ "{}", "margins", "[[0,0],[0,0]]" },
		{ "{'margins':2}", "margins", "[[2,2],[2,2]]" },
		{ "{'margins':[1,2]}", "margins", "[[1,1],[2,2]]" },
		{ "{'margins':[[1,2],[3,4]]}", "margins", "[[1,2],[3,4]]" },
		{ "{}", "clip", "null" },
		{ "{'clip':null}", "clip", "null" },
		{ "{'clip':1.5}", "clip", "1.5" },
		{ "{}", "list", "[]" },
		{ "{'list':[]}", "list", "[]" },
		{ "{'list':[0,0.5,1]}", "list", "[0,0.5,1]" },
		{ "{}", "thing", "null" },
		{ "{'thing':null}", "thing", "null" },
		{ "{'thing':'L2Norm'}", "thing", "{'type':'L2Norm','l2':0.01,'axis':[0]}" },
		{ "{'thing':'l2_norm'}", "thing", "{'type':'L2Norm','l2':0.01,'axis':[0]}" },
		{ "{'thing':{'type':'l2norm','l2':0.5,'axis':[1,2]}}", "thing",
			"{'type':'L2Norm','l2':0.5,'axis':[1,2]}" },
		{ "{'thing':{'axis':3,'type':'L2Norm'}}", "thing",
			"{'type':'L2Norm','l2':0.01,'axis':[3]}" },
		{ "{'thing':'non_neg'}", "thing", "{'type':'NonNeg'}" },
		{ "{'thing':{'type':'NonNeg'}}", "thing", "{'type':'NonNeg'}" },
		{ "{}", "rate", "0.5" },
		{ "{'rate':0.25}", "rate", "0.25" },
		{ "{'rate':{'type':'LinearDecay','steps':7}}", "rate",
			"{'type':'LinearDecay','steps':7}" },
		{ "{}", "label", "'thing'" },
		{ "{'label':'é b'}", "label", "'é b'" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct problems problems = { 0 };
		struct buffer out;
		struct conf conf;
		if (!read_object(cases[i].object, &conf, &problems))
			fail_msg("%s: %s: %s", cases[i].object, problems.list[0].pointer,
				problems.list[0].text);
		char *wanted = quoted(cases[i].echo);
		buffer_init(&out, TEXT_BYTES_MAX);
		print_one(cases[i].argument, &conf, &out);
		if (strcmp(out.data, wanted) != 0)
			fail_msg("%s: %s is %s, not %s", cases[i].object, cases[i].argument,
				out.data, wanted);
		buffer_done(&out);
		free(wanted);
	}
}

static void what_is_refused_has_its_place(void **state)
{
	static const struct {
		const char *object, *pointer, *text;
	} cases[] = {
		{ "{'n':[3,3]}", "/a/n", "n is a list; wanted: an integer: [1, 9]" },
		{ "{'n':[]}", "/a/n", "n is a list" },
		{ "{'n':[0]}", "/a/n", "n is 0; allowed: [1, 9]" },
		{ "{'pair':[1]}", "/a/pair",
			"pair is a list; wanted: an integer or a list of two" },
		{ "{'margins':[1,2,3]}", "/a/margins",
			"margins is a list; wanted: an integer, [rows, columns] or [[top, bottom], "
			"[left, right]]" },
		{ "{'margins':[[1,2],3]}", "/a/margins", "margins is a list" },
		{ "{'margins':[[1,2],[3]]}", "/a/margins", "margins is a list" },
		{ "{'margins':[[1,2],[3,4.5]]}", "/a/margins", "margins is a list" },
		{ "{'margins':[[1,2],[3,10]]}", "/a/margins",
			"margins is [[1, 2], [3, 10]]; allowed: [0, 9]" },
		{ "{'margins':null}", "/a/margins", "margins is null" },
		{ "{'clip':'a'}", "/a/clip",
			"clip is a string (\"a\"); wanted: a number: [0, inf) or null" },
		{ "{'list':1}", "/a/list",
			"list is a number (1); wanted: a list: 0 to 3 numbers in [0, 1]" },
		{ "{'list':[0,'a']}", "/a/list/1", "list is a string (\"a\")" },
		{ "{'list':[0,1,2]}", "/a/list/2", "list is 2; allowed: 0 to 3 numbers in [0, 1]" },
		{ "{'list':[0,0,0,0]}", "/a/list", "list is a list of 4" },
		{ "{'thing':7}", "/a/thing",
			"thing is a number (7); wanted: a name, or an object with \"type\": "
			"\"L2Norm\", \"LinearDecay\", \"NonNeg\" or null" },
		{ "{'thing':'l3_norm'}", "/a/thing",
			"unknown penalty \"l3_norm\"; did you mean \"L2Norm\"? known: \"L2Norm\"" },
		{ "{'thing':{}}", "/a/thing/type", "penalty is missing; known: \"L2Norm\"" },
		{ "{'thing':{'type':7}}", "/a/thing/type", "thing is a number (7)" },
		{ "{'thing':{'type':'L3Norm'}}", "/a/thing/type", "did you mean \"L2Norm\"?" },
		{ "{'thing':{'type':'L2Norm','l3':1}}", "/a/thing/l3",
			"unknown key \"l3\"; did you mean \"l2\"? known: \"type\", \"l2\"" },
		{ "{'thing':{'type':'L2Norm','l2':-1}}", "/a/thing/l2",
			"l2 is -1; allowed: [0, inf)" },
		{ "{'thing':{'type':'L2Norm','axis':[0,4]}}", "/a/thing/axis/1", "axis is 4" },
		{ "{'thing':{'type':'L2Norm','axis':0.5}}", "/a/thing/axis/0", "axis is 0.5" },
		{ "{'thing':{'type':'NonNeg','l2':1}}", "/a/thing/l2", "unknown key \"l2\"" },
		{ "{'thing':'LinearDecay'}", "/a/thing/steps",
			"steps is missing; wanted: an integer: [1, 100]" },
		{ "{'thing':{'type':'LinearDecay'}}", "/a/thing/steps", "steps is missing" },
		{ "{'rate':null}", "/a/rate", "rate is null" },
		{ "{'rate':0}", "/a/rate", "rate is 0; allowed: " },
		{ "{'rate':[1]}", "/a/rate", "\"NonNeg\" or a number in (0, 1]" },
		{ "{'label':'things'}", "/a/label", "label is 6 bytes; allowed: 1 to 5 bytes" },
		{ "{'label':''}", "/a/label", "label is 0 bytes" },
		{ "{'label':7}", "/a/label",
			"label is a number (7); wanted: a string: 1 to 5 bytes" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct problems problems = { 0 };
		struct conf conf;
		if (read_object(cases[i].object, &conf, &problems))
			fail_msg("%s: taken", cases[i].object);
		const struct error *err = &problems.list[0];
		if (strcmp(err->pointer, cases[i].pointer) != 0 ||
			!strstr(err->text, cases[i].text))
			fail_msg("%s:\n  seen   %s: %s\n  wanted %s: %s", cases[i].object,
				err->pointer, err->text, cases[i].pointer, cases[i].text);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_taken_has_one_echo),
		cmocka_unit_test(what_is_refused_has_its_place),
	};

	return cmocka_run_group_tests_name("api/spec_arguments", tests, NULL, NULL);
}
