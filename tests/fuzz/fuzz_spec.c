/* fuzz_spec.c - a job from anybody: it is refused with a reason, or its echo is the same job; then
 * it is planned against a small data set, and refused with a reason or forecast. */
#include "api/spec.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

enum { ECHO_BYTES_MAX = 64 << 20, PLAN_BYTES_MAX = 256 << 20 };

static const struct dataset digits = {
	.name = "digits",
	.parts = {
		{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 100, 12, 12 } },
		{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 100 }, .label_max = 9 },
		{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 20, 12, 12 } },
		{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 20 }, .label_max = 9 },
	},
};

static void check_problems(const struct problems *problems)
{
	assert(problems->count > 0 && problems->count <= PROBLEMS_MAX);
	for (int i = 0; i < problems->count; i++) {
		const struct error *e = &problems->list[i];
		assert(e->code == ERROR_INVALID && e->text[0]);
		assert(e->pointer[0] == '\0' || e->pointer[0] == '/');
	}
}

/* The spec of a text; NULL: refused. */
static struct spec *parse(const char *bytes, size_t size)
{
	struct error err;
	struct problems problems = { 0 };
	AUTO_FREE(json_free) struct json_document *d = json_parse(bytes, size, &err);

	if (!d)
		return NULL;
	struct spec *s = spec_parse(json_root(d), &problems);
	if (!s)
		check_problems(&problems);
	else
		assert(problems.count == 0);
	return s;
}

static char *echo(const struct spec *s, size_t *ret_size)
{
	struct buffer out;

	buffer_init(&out, ECHO_BYTES_MAX);
	spec_print(s, &out);
	char *text = buffer_take(&out, ret_size);
	assert(text);
	return text;
}

static void check_plan(const struct spec *s)
{
	struct problems problems = { 0 };
	struct buffer out;
	struct error err;
	AUTO_FREE(plan_free) struct plan *plan = spec_plan(s, &digits, PLAN_BYTES_MAX, &problems);

	if (!plan) {
		check_problems(&problems);
		return;
	}
	buffer_init(&out, ECHO_BYTES_MAX);
	spec_print_forecast(s, plan, &digits, &out);
	assert(out.data && json_check(out.data, out.size, &err));
	buffer_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	AUTO_FREE(spec_free) struct spec *first = parse((const char *)bytes, size);
	size_t first_size, second_size;

	if (!first)
		return 0;
	char *first_echo = echo(first, &first_size);
	AUTO_FREE(spec_free) struct spec *second = parse(first_echo, first_size);
	assert(second);
	char *second_echo = echo(second, &second_size);
	assert(first_size == second_size && memcmp(first_echo, second_echo, first_size) == 0);
	check_plan(first);
	free(first_echo);
	free(second_echo);
	return 0;
}
