/* test_jobs.c - jobs over the api, without a socket: what is answered, what is refused, what is
 * stored. */
#include "tests/api/support.h"

#include <math.h>

/* --- submit ---------------------------------------------------------------------------- */

static void test_submit_echoes_everything(void **state)
{
	struct world *w = *state;
	char target[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	int wakes = wakes_of(w);
	reply_to(w, POST("/v1/jobs", tiny_job), &r);
	assert_int_equal(r.status, 201);
	assert_int_equal(wakes_of(w), wakes + 1);
	assert_string_equal(
		header_of(&r.response, "Location"), job_target(target, text_at(&r, "id"), ""));
	assert_string_equal(header_of(&r.response, "X-Content-Type-Options"), "nosniff");
	assert_string_equal(header_of(&r.response, "Cache-Control"), "no-store");
	assert_string_equal(text_at(&r, "object"), "job");
	assert_int_equal(strlen(text_at(&r, "id")), 26);
	assert_string_equal(text_at(&r, "name"), "tiny-job");
	assert_string_equal(text_at(&r, "status"), "queued");
	assert_int_equal(integer_at(&r, "priority"), 0);
	assert_non_null(strchr(text_at(&r, "created_at"), 'T'));
	assert_true(is_null_at(&r, "started_at"));
	assert_true(is_null_at(&r, "finished_at"));
	/* what was left out has its default */
	assert_string_equal(text_at(&r, "spec.loss.type"), "sparse_categorical_crossentropy");
	assert_string_equal(text_at(&r, "spec.optimizer.type"), "Adam");
	assert_true(number_at(&r, "spec.optimizer.learning_rate") == 0.001);
	assert_string_equal(
		text_at(&r, "spec.model.layers.1.kernel_initializer.type"), "GlorotUniform");
	assert_string_equal(text_at(&r, "spec.validation.split"), "test");
	assert_int_equal(integer_at(&r, "progress.epoch"), 0);
	assert_int_equal(integer_at(&r, "progress.epochs"), 2);
	assert_int_equal(integer_at(&r, "progress.step"), 0);
	assert_int_equal(integer_at(&r, "progress.steps_per_epoch"), 4);
	assert_true(is_null_at(&r, "progress.samples_per_second"));
	assert_true(is_null_at(&r, "progress.eta_seconds"));
	assert_true(is_null_at(&r, "metrics.loss"));
	assert_true(is_null_at(&r, "metrics.val_accuracy"));
	assert_true(is_null_at(&r, "best"));
	assert_int_equal(integer_at(&r, "attempts"), 0);
	assert_true(is_null_at(&r, "error"));
	assert_string_equal(text_at(&r, "metadata.who"), "me");
	assert_int_equal(strlen(text_at(&r, "dataset_digest")), 64);
	assert_int_equal(integer_at(&r, "forecast.parameters"), 16 * 3 + 3);
	assert_int_equal(integer_at(&r, "forecast.steps_per_epoch"), 4);
	assert_int_equal(integer_at(&r, "forecast.last_batch_size"), 2);
	reply_done(&r);
}

static void test_dry_run_stores_nothing(void **state)
{
	struct world *w = *state;
	char before[65], after[65];
	struct reply r;

	put_tiny(w);
	digest_world(w, before);
	int wakes = wakes_of(w);
	reply_to(w, POST("/v1/jobs?dry_run=true", tiny_job), &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at(&r, "object"), "forecast");
	assert_int_equal(integer_at(&r, "forecast.parameters"), 51);
	assert_int_equal(integer_at(&r, "spec.batch_size"), 6);
	reply_done(&r);
	digest_world(w, after);
	assert_string_equal(before, after);
	assert_int_equal(wakes_of(w), wakes);
	assert_problem(w, POST("/v1/jobs?dry_run=1", tiny_job), 400, NULL, "dry_run");
	assert_int_equal(ask_status(w, POST("/v1/jobs?dry_run=false", tiny_job)), 201);
}

static void test_idempotency_key(void **state)
{
	struct world *w = *state;
	struct ask first = { .method = "POST", .target = "/v1/jobs", .body = tiny_job };
	struct reply one, two;

	put_tiny(w);
	first.header[HEADER_IDEMPOTENCY_KEY] = "k-1";
	reply_to(w, &first, &one);
	assert_int_equal(one.status, 201);
	int wakes = wakes_of(w);
	reply_to(w, &first, &two);
	assert_int_equal(two.status, 200);
	assert_string_equal(text_at(&one, "id"), text_at(&two, "id"));
	assert_int_equal(wakes_of(w), wakes);
	reply_done(&two);
	/* quoted, as the draft standard has it, it is the same key */
	first.header[HEADER_IDEMPOTENCY_KEY] = "\"k-1\"";
	reply_to(w, &first, &two);
	assert_int_equal(two.status, 200);
	reply_done(&two);
	struct ask other = first;
	other.body = "{\"dataset\": \"tiny\", \"model\": {\"layers\": [{\"type\": \"Flatten\"}, "
		     "{\"type\": \"Dense\", "
		     "\"units\": 3, \"activation\": \"softmax\"}]}}";
	assert_problem(w, &other, 409, NULL, text_at(&one, "id"));
	reply_done(&one);
	static const char *const bad[] = { "\"\"", "two words", "a\"b", "\x01" };
	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		first.header[HEADER_IDEMPOTENCY_KEY] = bad[i];
		assert_problem(w, &first, 400, NULL, "Idempotency-Key");
	}
	char long_key[300];
	memset(long_key, 'k', sizeof long_key);
	long_key[256] = '\0';
	first.header[HEADER_IDEMPOTENCY_KEY] = long_key;
	assert_problem(w, &first, 400, NULL, "255");
}

/* Each leaves the database as it was. */
static void test_refused_jobs(void **state)
{
	static const char model[] =
		"\"model\": {\"layers\": [{\"type\": \"Flatten\"}, {\"type\": \"Dense\", "
		"\"units\": 3, \"activation\": \"softmax\"}]}";
	static const struct {
		const char *body, *pointer, *text;
		int status;
	} cases[] = {
		{ "", NULL, NULL, 400 },
		{ "{", NULL, NULL, 400 },
		{ "nonsense", NULL, NULL, 400 },
		{ "{\"a\": 1, \"a\": 2}", NULL, NULL, 400 },
		{ "[]", NULL, NULL, 422 },
		{ "{}", "/model", NULL, 422 },
		{ "{\"dataset\": \"tiny\", \"model\": {\"layers\": []}}", NULL, NULL, 422 },
		{ "{\"dataset\": \"tiny\", %s, \"epochs\": 0}", "/epochs", NULL, 422 },
		{ "{\"dataset\": \"tiny\", %s, \"batch_size\": -1}", "/batch_size", NULL, 422 },
		{ "{\"dataset\": \"tiny\", %s, \"colour\": \"red\"}", "/colour", NULL, 422 },
		{ "{\"dataset\": \"tiny\", %s, \"name\": \"<b>\"}", "/name", NULL, 422 },
		{ "{\"dataset\": \"nothing\", %s}", "/dataset", "tiny", 422 },
		{ "{\"dataset\": \"../etc\", %s}", "/dataset", NULL, 422 },
	};
	struct world *w = *state;
	char before[65], after[65], body[512];

	put_tiny(w);
	digest_world(w, before);
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		const char *rest = strstr(cases[i].body, "%s");
		if (rest)
			(void)snprintf(body, sizeof body, "%.*s%s%s", (int)(rest - cases[i].body),
				cases[i].body, model, rest + 2);
		else
			(void)snprintf(body, sizeof body, "%s", cases[i].body);
		assert_problem(w, POST("/v1/jobs", body), cases[i].status, cases[i].pointer,
			cases[i].text);
		digest_world(w, after);
		assert_string_equal(before, after);
	}
}

static void test_model_beyond_the_memory_budget(void **state)
{
	static const char body[] = "{\"dataset\": \"tiny\", \"model\": {\"layers\": [{\"type\": "
				   "\"Flatten\"}, {\"type\": \"Dense\", "
				   "\"units\": 60000}, {\"type\": \"Dense\", \"units\": 3000}, "
				   "{\"type\": \"Dense\", \"units\": 3, "
				   "\"activation\": \"softmax\"}]}}";
	struct world *w = *state;

	put_tiny(w);
	/* the budget of the test's api is 64 MiB */
	assert_problem(w, POST("/v1/jobs", body), 422, NULL, "67108864");
	/* with more memory the same job is taken */
	api_set_memory(w->api, (int64_t)16 << 30);
	assert_int_equal(ask_status(w, POST("/v1/jobs?dry_run=true", body)), 200);
}

static void test_bodies_that_are_not_taken(void **state)
{
	struct world *w = *state;
	struct ask a = { .method = "POST", .target = "/v1/jobs", .body = tiny_job };

	put_tiny(w);
	a.header[HEADER_CONTENT_TYPE] = "text/plain";
	assert_problem(w, &a, 415, NULL, "application/json");
	a.header[HEADER_CONTENT_TYPE] = NOT_SENT;
	assert_problem(w, &a, 415, NULL, "application/json");
	a.header[HEADER_CONTENT_TYPE] = "application/json; charset=utf-8";
	a.header[HEADER_CONTENT_ENCODING] = "gzip";
	assert_problem(w, &a, 415, NULL, "Content-Encoding");
	a.header[HEADER_CONTENT_ENCODING] = "identity";
	assert_int_equal(ask_status(w, &a), 201);
	a.header[HEADER_CONTENT_LENGTH] = NOT_SENT;
	assert_problem(w, &a, 411, NULL, "Content-Length");
	a.header[HEADER_CONTENT_LENGTH] = "1048577";
	assert_problem(w, &a, 413, NULL, "1048576");
	a.header[HEADER_CONTENT_LENGTH] = NULL;
	a.header[HEADER_TRANSFER_ENCODING] = "chunked";
	assert_problem(w, &a, 400, NULL, "Transfer-Encoding");
	assert_problem(w, &(struct ask){ .method = "GET", .target = "/v1/jobs", .body = "x" }, 413,
		NULL, "at most 0");
}

/* --- list and show --------------------------------------------------------------------- */

static int by_id(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void test_list_pages(void **state)
{
	struct world *w = *state;
	char ids[5][JOB_ID_BYTES], target[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	reply_to(w, GET("/v1/jobs"), &r);
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at(&r, "object"), "list");
	assert_null(value_at(&r, "data.0"));
	assert_true(is_null_at(&r, "last_id"));
	assert_false(json_bool(value_at(&r, "has_more")));
	reply_done(&r);
	for (int i = 0; i < 5; i++)
		submit(w, ids[i]);
	/* newest first; of those of one millisecond, by their ids */
	qsort(ids, COUNT_OF(ids), sizeof ids[0], by_id);
	reply_to(w, GET("/v1/jobs?limit=3"), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 3);
	assert_string_equal(text_at(&r, "data.0.id"), ids[4]);
	assert_string_equal(text_at(&r, "last_id"), ids[2]);
	assert_true(json_bool(value_at(&r, "has_more")));
	(void)snprintf(target, sizeof target, "/v1/jobs?limit=3&after=%s", text_at(&r, "last_id"));
	reply_done(&r);
	reply_to(w, GET(target), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 2);
	assert_string_equal(text_at(&r, "data.1.id"), ids[0]);
	assert_false(json_bool(value_at(&r, "has_more")));
	reply_done(&r);
	move_job(w, ids[1], JOB_RUNNING, NULL);
	reply_to(w, GET("/v1/jobs?status=running"), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 1);
	assert_string_equal(text_at(&r, "data.0.id"), ids[1]);
	reply_done(&r);
}

static void test_list_queries_that_are_wrong(void **state)
{
	static const char *const bad[] = { "?limit=0", "?limit=201", "?limit=-1", "?limit=1e1",
		"?limit=", "?limit=+5", "?status=run", "?status=", "?states=running",
		"?after=1&before=2", ("?token=" TOKEN) };
	struct world *w = *state;
	char target[JOB_TARGET_BYTES];

	for (size_t i = 0; i < COUNT_OF(bad); i++) {
		(void)snprintf(target, sizeof target, "/v1/jobs%s", bad[i]);
		assert_problem(w, GET(target), 400, NULL, NULL);
	}
	assert_problem(w, GET("/v1/jobs?states=running"), 400, NULL, "status, after, limit");
	assert_problem(w, GET("/v1/server?after=1"), 400, NULL, "none");
}

static void test_show_and_etag(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES], etag[128], moving[128];
	struct ask a = { .method = "GET", .target = target };
	struct api_response r;

	put_tiny(w);
	submit(w, id);
	job_target(target, id, "");
	ask(w, &a, &r);
	assert_int_equal(r.status, 200);
	(void)snprintf(etag, sizeof etag, "%s", header_of(&r, "ETag"));
	api_response_done(&r);
	a.header[HEADER_IF_NONE_MATCH] = etag;
	ask(w, &a, &r);
	assert_int_equal(r.status, 304);
	assert_null(r.content_type);
	assert_int_equal(r.body.size, 0);
	assert_string_equal(header_of(&r, "ETag"), etag);
	api_response_done(&r);
	/* a change in the database changes it, and so does a step of a running job */
	move_job(w, id, JOB_RUNNING, NULL);
	struct live_progress live = {
		.trainer = { .epoch = 1, .step = 2, .steps_per_epoch = 4, .loss = 2.5 }
	};
	set_live(w, id, &live);
	ask(w, &a, &r);
	assert_int_equal(r.status, 200);
	(void)snprintf(moving, sizeof moving, "%s", header_of(&r, "ETag"));
	api_response_done(&r);
	a.header[HEADER_IF_NONE_MATCH] = moving;
	assert_int_equal(ask_status(w, &a), 304);
	live.trainer.step = 3;
	set_live(w, id, &live);
	assert_int_equal(ask_status(w, &a), 200);
	a.method = "HEAD";
	a.header[HEADER_IF_NONE_MATCH] = NULL;
	assert_int_equal(ask_status(w, &a), 200);
}

static void test_running_job_shows_where_it_stands(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	job_target(target, id, "");
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, 1.25);
	reply_to(w, GET(target), &r);
	assert_string_equal(text_at(&r, "status"), "running");
	assert_int_equal(integer_at(&r, "attempts"), 1);
	assert_int_equal(integer_at(&r, "progress.epoch"), 1);
	assert_int_equal(integer_at(&r, "progress.step"), 0);
	assert_true(number_at(&r, "metrics.loss") == 1.5);
	assert_true(number_at(&r, "metrics.val_loss") == 1.25);
	assert_int_equal(integer_at(&r, "best.epoch"), 1);
	assert_true(number_at(&r, "best.val_loss") == 1.25);
	reply_done(&r);
	/* two steps into the second epoch: its own loss, the validation of the first; accuracy was
	 * not asked for */
	set_live(w, id,
		&(struct live_progress){ .samples_per_second = 123.5,
			.eta_seconds = NAN,
			.trainer = { .epoch = 2,
				.step = 2,
				.steps_per_epoch = 4,
				.loss = 0.75,
				.metrics = { { "accuracy", NAN } },
				.n_metrics = 1 } });
	reply_to(w, GET(target), &r);
	assert_int_equal(integer_at(&r, "progress.epoch"), 1);
	assert_int_equal(integer_at(&r, "progress.step"), 2);
	assert_true(number_at(&r, "progress.samples_per_second") == 123.5);
	assert_true(is_null_at(&r, "progress.eta_seconds"));
	assert_true(number_at(&r, "metrics.loss") == 0.75);
	assert_true(is_null_at(&r, "metrics.accuracy"));
	assert_true(number_at(&r, "metrics.val_loss") == 1.25);
	reply_done(&r);
	/* the worker has just stored its last epoch and says so a little late */
	finish_epoch(w, id, 2, 1.0, 1.75);
	reply_to(w, GET(target), &r);
	assert_int_equal(integer_at(&r, "progress.epoch"), 2);
	assert_int_equal(integer_at(&r, "progress.step"), 0);
	reply_done(&r);
	/* a worse epoch moves the metrics, not the best; the end is an end */
	set_live(w, NULL, NULL);
	move_job(w, id, JOB_SUCCEEDED, NULL);
	reply_to(w, GET(target), &r);
	assert_int_equal(integer_at(&r, "progress.epoch"), 2);
	assert_true(number_at(&r, "metrics.val_loss") == 1.75);
	assert_int_equal(integer_at(&r, "best.epoch"), 1);
	assert_string_equal(text_at(&r, "status"), "succeeded");
	assert_non_null(text_at(&r, "finished_at"));
	reply_done(&r);
}

static void test_a_validation_is_shown_until_the_next(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit_epochs(w, 4, id);
	job_target(target, id, "");
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, NAN);
	finish_epoch(w, id, 2, 1.25, 0.75);
	finish_epoch(w, id, 3, 1.0, NAN);
	reply_to(w, GET(target), &r);
	assert_true(number_at(&r, "metrics.loss") == 1.0);
	assert_true(number_at(&r, "metrics.val_loss") == 0.75);
	assert_true(number_at(&r, "metrics.val_accuracy") == 0.25);
	reply_done(&r);
	finish_epoch(w, id, 4, 0.5, 0.625);
	reply_to(w, GET(target), &r);
	assert_true(number_at(&r, "metrics.val_loss") == 0.625);
	reply_done(&r);
}

static void test_failed_job_says_why(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	move_job(w, id, JOB_RUNNING, NULL);
	move_job(w, id, JOB_FAILED, "the loss became NaN in epoch 1");
	reply_to(w, GET(job_target(target, id, "")), &r);
	assert_string_equal(text_at(&r, "error"), "the loss became NaN in epoch 1");
	reply_done(&r);
}

static void test_jobs_that_are_not_there(void **state)
{
	static const struct {
		const char *method, *rest;
	} cases[] = { { "GET", "" }, { "DELETE", "" }, { "POST", "/cancel" }, { "POST", "/pause" },
		{ "POST", "/resume" }, { "GET", "/epochs" }, { "GET", "/events" },
		{ "GET", "/checkpoints" }, { "GET", "/model" } };
	struct world *w = *state;
	char target[JOB_TARGET_BYTES];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_problem(w,
			&(struct ask){ .method = cases[i].method,
				.target = job_target(
					target, "01ARZ3NDEKTSV4RRFFQ69G5FAV", cases[i].rest) },
			404, NULL, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	assert_problem(w,
		&(struct ask){
			.method = "PATCH", .target = job_target(target, "x", ""), .body = "{}" },
		404, NULL, NULL);
	assert_problem(w, GET(job_target(target, "%27%20OR%201%3D1", "")), 404, NULL, NULL);
	assert_problem(w, GET(job_target(target, "x", "/nothing")), 404, NULL, "no such path");
}

/* --- changes --------------------------------------------------------------------------- */

static void test_patch(void **state)
{
	static const struct {
		const char *body, *pointer;
		int status;
	} bad[] = {
		{ "[]", "", 422 },
		{ "{", NULL, 400 },
		{ "{\"name\": \"<script>\"}", "/name", 422 },
		{ "{\"name\": null}", "/name", 422 },
		{ "{\"priority\": 1001}", "/priority", 422 },
		{ "{\"priority\": \"high\"}", "/priority", 422 },
		{ "{\"metadata\": {\"a\": 1}}", "/metadata/a", 422 },
		{ "{\"metadata\": []}", "/metadata", 422 },
		{ "{\"epochs\": 3}", "/epochs", 422 },
		{ "{\"name\": \"good\", \"st~at/us\": 1}", "/st~0at~1us", 422 },
	};
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES], before[65], after[65];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	job_target(target, id, "");
	reply_to(w,
		&(struct ask){ .method = "PATCH",
			.target = target,
			.body = "{\"name\": \"other\", \"priority\": -5, \"metadata\": {\"a\": "
				"\"b\"}}" },
		&r);
	assert_int_equal(r.status, 200);
	assert_string_equal(text_at(&r, "name"), "other");
	assert_int_equal(integer_at(&r, "priority"), -5);
	assert_string_equal(text_at(&r, "metadata.a"), "b");
	assert_null(value_at(&r, "metadata.who"));
	reply_done(&r);
	reply_to(w,
		&(struct ask){ .method = "PATCH", .target = target, .body = "{\"priority\": 9}" },
		&r);
	assert_string_equal(text_at(&r, "name"), "other");
	assert_int_equal(integer_at(&r, "priority"), 9);
	reply_done(&r);
	digest_world(w, before);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_problem(w,
			&(struct ask){ .method = "PATCH", .target = target, .body = bad[i].body },
			bad[i].status, bad[i].pointer && bad[i].pointer[0] ? bad[i].pointer : NULL,
			NULL);
	digest_world(w, after);
	assert_string_equal(before, after);
}

static void test_pause_resume_cancel_delete(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	int wakes = wakes_of(w);
	reply_to(w, &(struct ask){ .method = "POST", .target = job_target(t, id, "/pause") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "paused");
	reply_done(&r);
	reply_to(w, &(struct ask){ .method = "POST", .target = job_target(t, id, "/resume") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "queued");
	reply_done(&r);
	assert_problem(w, &(struct ask){ .method = "POST", .target = job_target(t, id, "/resume") },
		409, NULL, "queued");
	move_job(w, id, JOB_RUNNING, NULL);
	assert_problem(w, DELETE(job_target(t, id, "")), 409, NULL, "running");
	reply_to(w, &(struct ask){ .method = "POST", .target = job_target(t, id, "/cancel") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "cancelling");
	reply_done(&r);
	assert_int_equal(wakes_of(w), wakes + 3);
	move_job(w, id, JOB_CANCELLED, NULL);
	assert_problem(w, &(struct ask){ .method = "POST", .target = job_target(t, id, "/cancel") },
		409, NULL, "cancelled");
	assert_problem(w,
		&(struct ask){
			.method = "POST", .target = job_target(t, id, "/cancel"), .body = "{}" },
		413, NULL, NULL);
	assert_int_equal(ask_status(w, DELETE(job_target(t, id, ""))), 204);
	assert_problem(w, GET(job_target(t, id, "")), 404, NULL, NULL);
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_submit_echoes_everything),
		WORLD_TEST(test_dry_run_stores_nothing),
		WORLD_TEST(test_idempotency_key),
		WORLD_TEST(test_refused_jobs),
		WORLD_TEST(test_model_beyond_the_memory_budget),
		WORLD_TEST(test_bodies_that_are_not_taken),
		WORLD_TEST(test_list_pages),
		WORLD_TEST(test_list_queries_that_are_wrong),
		WORLD_TEST(test_show_and_etag),
		WORLD_TEST(test_running_job_shows_where_it_stands),
		WORLD_TEST(test_a_validation_is_shown_until_the_next),
		WORLD_TEST(test_failed_job_says_why),
		WORLD_TEST(test_jobs_that_are_not_there),
		WORLD_TEST(test_patch),
		WORLD_TEST(test_pause_resume_cancel_delete),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
