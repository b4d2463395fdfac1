/* test_memory.c - reading, echoing and planning a job while each allocation fails in turn: the
 * answer is "out of memory", and nothing leaks (a build with AddressSanitizer sees that). */
#include "fault_alloc.h"
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* What else our code allocates with; see fault_alloc.h for the names. */
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
void *__real_cJSON_ParseWithLength(const char *text, size_t size);
void *__wrap_cJSON_ParseWithLength(const char *text, size_t size);

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_reallocarray(old, count, size);
}

void *__wrap_cJSON_ParseWithLength(const char *text, size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_cJSON_ParseWithLength(text, size);
}

static const struct dataset dataset = {
	.name = "mnist",
	.parts = {
		{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 100, 28, 28 } },
		{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 100 }, .label_max = 9 },
		{ .present = true, .dtype = "uint8", .rank = 3, .dim = { 20, 28, 28 } },
		{ .present = true, .dtype = "uint8", .rank = 1, .dim = { 20 }, .label_max = 9 },
	},
};

static void assert_no_memory(const struct problems *problems)
{
	assert_true(problems->count > 0);
	for (int i = 0; i < problems->count; i++)
		if (problems->list[i].code != ERROR_NO_MEMORY)
			fail_msg("%s: %s", problems->list[i].pointer, problems->list[i].text);
}

/* The whole way of a job; false: no memory, and everything said so. */
static bool go(const char *text, size_t size)
{
	struct problems problems = { 0 };
	struct error err = { 0 };
	struct buffer out;

	AUTO_FREE(json_free) struct json_document *d = json_parse(text, size, &err);
	if (!d) {
		assert_int_equal(err.code, ERROR_NO_MEMORY);
		return false;
	}
	AUTO_FREE(spec_free) struct spec *s = spec_parse(json_root(d), &problems);
	AUTO_FREE(plan_free)
	struct plan *plan = s ? spec_plan(s, &dataset, /* bytes_max= */ 0, &problems) : NULL;
	if (!plan) {
		assert_no_memory(&problems);
		return false;
	}
	buffer_init(&out, TEXT_BYTES_MAX);
	spec_print(s, &out);
	spec_print_forecast(s, plan, &dataset, &out);
	catalog_print(&out);
	bool ok = buffer_ok(&out, &err);
	if (!ok)
		assert_int_equal(err.code, ERROR_NO_MEMORY);
	buffer_done(&out);
	return ok;
}

static void check_each_allocation(const char *job, bool lasting)
{
	char *text = strdup(job);
	int nth = 0, hits;

	assert_non_null(text);
	for (char *c = text; *c; c++)
		if (*c == '\'')
			*c = '"';
	do {
		fault_arm(&fault_alloc, ++nth, lasting);
		bool ok = go(text, strlen(text));
		hits = fault_disarm(&fault_alloc);
		if (ok != (hits == 0))
			fail_msg("allocation %d: %s", nth,
				ok ? "its failure was not noticed" : "failed without a reason");
	} while (hits);
	assert_in_range(
		nth, 15, 1000); /* at least: keys, two trees, five layers, the plan, the answers */
	free(text);
}

static void a_job_survives_each_allocation_that_fails(void **state)
{
	(void)state;
	check_each_allocation(mnist_job, /* lasting= */ false);
	check_each_allocation(mnist_job, /* lasting= */ true);
}

static void so_does_one_with_names_and_metadata(void **state)
{
	(void)state;
	static const char job[] =
		"{'dataset':'mnist','metadata':{'a':'b'},'model':{'layers':[{'type':'Flatten','"
		"name':'x'},"
		"{'type':'Dense','units':4},{'type':'Dense','units':4,'inputs':['x']},"
		"{'type':'Add','inputs':['dense','dense_1']},{'type':'Dense','units':10,'"
		"activation':'softmax'}]}}";

	check_each_allocation(job, /* lasting= */ false);
	check_each_allocation(job, /* lasting= */ true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_job_survives_each_allocation_that_fails),
		cmocka_unit_test(so_does_one_with_names_and_metadata),
	};

	return cmocka_run_group_tests_name("api/memory", tests, NULL, NULL);
}
