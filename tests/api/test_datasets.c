/* test_datasets.c - data sets over the api: a part streams in, is described, is removed. */
#include "tests/api/support.h"

static int put(struct world *w, const char *target, const char *bytes, size_t size)
{
	return ask_status(
		w, &(struct ask){
			   .method = "PUT", .target = target, .body = bytes, .body_size = size });
}

static void assert_put_refused(struct world *w, const char *target, const char *bytes, size_t size,
	int status, const char *text)
{
	char before[65], after[65];

	digest_world(w, before);
	assert_problem(w,
		&(struct ask){
			.method = "PUT", .target = target, .body = bytes, .body_size = size },
		status, NULL, text);
	digest_world(w, after);
	assert_string_equal(before, after);
}

static void test_parts_make_a_data_set(void **state)
{
	struct world *w = *state;
	struct reply r;
	size_t size;
	char *file = idx_file(0x08, 3, (int64_t[]){ 20, 4, 4 }, 251, &size);

	reply_to(w,
		&(struct ask){ .method = "PUT",
			.target = "/v1/datasets/tiny/x_train",
			.body = file,
			.body_size = size },
		&r);
	free(file);
	assert_int_equal(r.status, 201);
	assert_string_equal(header_of(&r.response, "Location"), "/v1/datasets/tiny");
	assert_string_equal(text_at(&r, "object"), "dataset");
	assert_string_equal(text_at(&r, "name"), "tiny");
	assert_string_equal(text_at(&r, "parts.x_train.dtype"), "uint8");
	assert_int_equal(json_count(value_at(&r, "parts.x_train.shape")), 3);
	assert_int_equal(integer_at(&r, "parts.x_train.shape.0"), 20);
	assert_int_equal(integer_at(&r, "parts.x_train.shape.2"), 4);
	assert_int_equal(integer_at(&r, "parts.x_train.bytes"), 320);
	assert_true(is_null_at(&r, "parts.y_train"));
	assert_int_equal(integer_at(&r, "splits.train.samples"), 20);
	assert_true(is_null_at(&r, "splits.test"));
	assert_true(is_null_at(&r, "classes"));
	reply_done(&r);
	put_tiny(w);
	reply_to(w, GET("/v1/datasets/tiny"), &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(integer_at(&r, "classes"), 3);
	assert_int_equal(json_count(value_at(&r, "splits.train.class_counts")), 3);
	assert_int_equal(integer_at(&r, "splits.train.class_counts.0"), 7);
	assert_int_equal(integer_at(&r, "splits.train.class_counts.2"), 6);
	assert_int_equal(integer_at(&r, "splits.test.class_counts.2"), 2);
	assert_int_equal(strlen(text_at(&r, "digest")), 64);
	reply_done(&r);
	reply_to(w, GET("/v1/datasets"), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 1);
	assert_string_equal(text_at(&r, "data.0.name"), "tiny");
	assert_int_equal(integer_at(&r, "data.0.splits.test.samples"), 8);
	assert_string_equal(text_at(&r, "last_id"), "tiny");
	reply_done(&r);
}

static void test_all_types_gzipped_or_not(void **state)
{
	static const struct {
		int type;
		const char *dtype;
	} types[] = { { 0x08, "uint8" }, { 0x0c, "int32" }, { 0x0d, "float32" } };
	struct world *w = *state;
	char plain_digest[65];
	struct reply r;

	for (size_t i = 0; i < COUNT_OF(types); i++) {
		size_t size, gzip_size;
		char *file = idx_file(types[i].type, 2, (int64_t[]){ 30, 7 }, 100, &size);
		char *gzip = gzip_of(file, size, &gzip_size);
		reply_to(w,
			&(struct ask){ .method = "PUT",
				.target = "/v1/datasets/d/x_train",
				.body = file,
				.body_size = size },
			&r);
		assert_int_equal(r.status, 201);
		assert_string_equal(text_at(&r, "parts.x_train.dtype"), types[i].dtype);
		memcpy(plain_digest, text_at(&r, "digest"), 65);
		reply_done(&r);
		reply_to(w,
			&(struct ask){ .method = "PUT",
				.target = "/v1/datasets/d/x_train",
				.body = gzip,
				.body_size = gzip_size },
			&r);
		assert_int_equal(r.status, 201);
		assert_string_equal(text_at(&r, "digest"), plain_digest);
		reply_done(&r);
		free(file);
		free(gzip);
	}
}

static void test_etag_of_a_data_set(void **state)
{
	struct world *w = *state;
	struct ask a = { .method = "GET", .target = "/v1/datasets/tiny" };
	struct api_response r;
	char etag[128];

	put_tiny(w);
	ask(w, &a, &r);
	(void)snprintf(etag, sizeof etag, "%s", header_of(&r, "ETag"));
	api_response_done(&r);
	a.header[HEADER_IF_NONE_MATCH] = etag;
	assert_int_equal(ask_status(w, &a), 304);
	size_t size;
	char *file = idx_file(0x08, 1, (int64_t[]){ 8 }, 2, &size);
	assert_int_equal(put(w, "/v1/datasets/tiny/y_test", file, size), 201);
	free(file);
	assert_int_equal(ask_status(w, &a), 200);
}

static void test_refused_uploads(void **state)
{
	struct world *w = *state;
	size_t size;
	char *file = idx_file(0x08, 1, (int64_t[]){ 100 }, 10, &size);
	char name[80];

	assert_put_refused(w, "/v1/datasets/d/x_train", file, size - 1, 422, NULL); /* cut short */
	assert_put_refused(w, "/v1/datasets/d/x_train", "not an IDX file at all", 22, 422, NULL);
	assert_put_refused(w, "/v1/datasets/d/images", file, size, 404, "x_train");
	assert_put_refused(w, "/v1/datasets/.d/x_train", file, size, 422, "letter or a digit");
	assert_put_refused(w, "/v1/datasets/d%20e/x_train", file, size, 422, NULL);
	assert_put_refused(w, "/v1/datasets/%3Cb%3E/x_train", file, size, 422, NULL);
	memset(name, 'n', sizeof name);
	name[65] = '\0';
	char target[128];
	(void)snprintf(target, sizeof target, "/v1/datasets/%s/x_train", name);
	assert_put_refused(w, target, file, size, 422, "64");
	struct ask a = { .method = "PUT",
		.target = "/v1/datasets/d/x_train",
		.body = file,
		.body_size = size,
		.header = { [HEADER_CONTENT_LENGTH] = NOT_SENT } };
	assert_problem(w, &a, 411, NULL, NULL);
	a.header[HEADER_CONTENT_LENGTH] = "2000000"; /* the limit of the test's api is 1 MiB */
	assert_problem(w, &a, 413, NULL, "2000000");
	a.header[HEADER_CONTENT_LENGTH] = NULL;
	a.header[HEADER_CONTENT_ENCODING] = "gzip";
	assert_problem(w, &a, 415, NULL, "Content-Encoding");
	free(file);
}

/* A name, a part or a size that is wrong is refused before a byte is read of what may be gigabytes.
 */
static void test_refused_before_the_body(void **state)
{
	static const struct {
		const char *target, *length;
	} cases[] = { { "/v1/datasets/.d/x_train", "100" }, { "/v1/datasets/D/x_train", "100" },
		{ "/v1/datasets/d/images", "100" }, { "/v1/datasets/d/x_train", "100000000" } };
	struct world *w = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct api_request head = { .method = "PUT",
			.target = cases[i].target,
			.listen_port = 7070,
			.header = { [HEADER_HOST] = "localhost:7070",
				[HEADER_AUTHORIZATION] = "Bearer " TOKEN,
				[HEADER_CONTENT_LENGTH] = cases[i].length } };
		struct api_response r;
		assert_null(api_begin(w->api, &head, &r));
		assert_in_range(r.status, 400, 499);
		api_response_done(&r);
	}
}

/* A small gzip that says it becomes more than is allowed ends where it says so, not where it has
 * become so. */
static void test_gzip_bomb(void **state)
{
	struct world *w = *state;
	size_t size, gzip_size;
	char *file = idx_file(0x08, 2, (int64_t[]){ 4000, 4000 }, 1, &size);
	char *gzip = gzip_of(file, size, &gzip_size);

	assert_true(gzip_size < 100000);
	assert_put_refused(w, "/v1/datasets/d/x_train", gzip, gzip_size, 413, "1048576");
	free(file);
	free(gzip);
}

static void test_data_set_in_use(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[64];
	size_t size;
	char *file = idx_file(0x08, 1, (int64_t[]){ 8 }, 2, &size);

	put_tiny(w);
	submit(w, id);
	assert_problem(w, DELETE("/v1/datasets/tiny"), 409, NULL, "tiny");
	assert_put_refused(w, "/v1/datasets/tiny/y_test", file, size, 409, "tiny");
	free(file);
	(void)snprintf(target, sizeof target, "/v1/jobs/%s/cancel", id);
	assert_int_equal(ask_status(w, &(struct ask){ .method = "POST", .target = target }), 202);
	assert_int_equal(ask_status(w, DELETE("/v1/datasets/tiny")), 204);
	assert_problem(w, GET("/v1/datasets/tiny"), 404, NULL, NULL);
	assert_problem(w, DELETE("/v1/datasets/tiny"), 404, NULL, NULL);
}

/* The client went away in the middle: the temporary file goes with it. */
static void test_aborted_upload_leaves_nothing(void **state)
{
	struct world *w = *state;
	char before[65], after[65];
	size_t size;
	char *file = idx_file(0x08, 1, (int64_t[]){ 1000 }, 10, &size);
	struct api_request head = { .method = "PUT",
		.target = "/v1/datasets/d/y_train",
		.listen_port = 7070,
		.header = { [HEADER_HOST] = "localhost:7070",
			[HEADER_AUTHORIZATION] = "Bearer " TOKEN,
			[HEADER_CONTENT_LENGTH] = "1008" } };
	struct api_response r;

	digest_world(w, before);
	struct api_call *call = api_begin(w->api, &head, &r);
	assert_non_null(call);
	assert_true(api_body(call, file, 500, &r));
	api_abort(call);
	free(file);
	digest_world(w, after);
	assert_string_equal(before, after);
	assert_problem(w, GET("/v1/datasets/d"), 404, NULL, NULL);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_parts_make_a_data_set),
		WORLD_TEST(test_all_types_gzipped_or_not),
		WORLD_TEST(test_etag_of_a_data_set),
		WORLD_TEST(test_refused_uploads),
		WORLD_TEST(test_refused_before_the_body),
		WORLD_TEST(test_gzip_bomb),
		WORLD_TEST(test_data_set_in_use),
		WORLD_TEST(test_aborted_upload_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
