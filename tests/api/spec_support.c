/* spec_support.c - see spec_support.h. */
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

const char mnist_job[] = "{'name':'mnist-cnn','dataset':'mnist','validation':{'split':'test'},"
			 "'model':{'layers':[" MNIST_LAYERS "]},"
			 "'loss':'sparse_categorical_crossentropy',"
			 "'optimizer':{'type':'Adam','learning_rate':0.002},"
			 "'metrics':['accuracy'],'batch_size':64,'epochs':5,'seed':7}";

/* With ' made "; the caller frees. */
static char *quoted(const char *job)
{
	char *text = strdup(job);

	assert_non_null(text);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	return text;
}

struct json_document *document(const char *text)
{
	struct error err;
	struct json_document *d = json_parse(text, strlen(text), &err);

	if (!d)
		fail_msg("%.100s: %s", text, err.text);
	return d;
}

struct spec *parse(const char *job, struct problems *problems)
{
	char *text = quoted(job);
	AUTO_FREE(json_free) struct json_document *d = document(text);

	*problems = (struct problems){ 0 };
	struct spec *s = spec_parse(json_root(d), problems);
	assert_true(s ? problems->count == 0 : problems->count > 0);
	free(text);
	return s;
}

struct spec *parse_good(const char *job)
{
	struct problems problems;
	struct spec *s = parse(job, &problems);

	if (!s)
		fail_msg("%s: %s: %s", job, problems.list[0].pointer, problems.list[0].text);
	return s;
}

/* What spec_print makes of it; the caller frees. */
char *echo(const struct spec *s)
{
	struct buffer out;
	struct error err;

	buffer_init(&out, TEXT_BYTES_MAX);
	spec_print(s, &out);
	assert_true(buffer_ok(&out, &err));
	assert_true(json_check(out.data, out.size, &err));
	return buffer_take(&out, NULL);
}

char *echo_of_job(const char *job)
{
	AUTO_FREE(spec_free) struct spec *s = parse_good(job);

	return echo(s);
}

/* The value at a pointer without escapes; NULL if there is none. */
const struct json *value_at(const struct json *v, const char *pointer)
{
	while (v && *pointer) {
		char key[64];
		size_t length = strcspn(++pointer, "/");
		assert_true(length < sizeof key);
		memcpy(key, pointer, length);
		key[length] = '\0';
		pointer += length;
		if (json_type(v) == JSON_ARRAY) {
			int index = atoi(key);
			for (v = json_first(v); v && index > 0; index--)
				v = json_next(v);
		} else {
			v = json_find(v, key);
		}
	}
	return v;
}

void assert_value_at(const struct json *root, const char *pointer, const char *wanted)
{
	const struct json *v = value_at(root, pointer);
	char *text = quoted(wanted);
	struct buffer out;

	if (!v)
		fail_msg("%s is not there", pointer);
	buffer_init(&out, TEXT_BYTES_MAX);
	json_print(v, &out);
	if (strcmp(out.data, text) != 0)
		fail_msg("%s is %s, and not %s", pointer, out.data, text);
	buffer_done(&out);
	free(text);
}

void assert_refused(const struct refusal *refusal)
{
	struct problems problems;
	AUTO_FREE(spec_free) struct spec *s = parse(refusal->job, &problems);

	if (s)
		fail_msg("%s: taken", refusal->job);
	const struct error *err = &problems.list[0];
	if (strcmp(err->pointer, refusal->pointer) != 0 || !strstr(err->text, refusal->text))
		fail_msg("%s:\n  seen   %s: %s\n  wanted %s: %s", refusal->job, err->pointer,
			err->text, refusal->pointer, refusal->text);
	if (err->code != ERROR_INVALID)
		fail_msg("%s: code %d", refusal->job, (int)err->code);
}
