/* test_jobs.c - jobs over the api, without a socket: what is answered, what is refused, what is
 * stored. */
#include "tests/api/support.h"

#include "formats/safetensors.h"

#include <math.h>

/* "/v1/jobs/{id}" + rest, in a buffer of the caller's. */
enum { TARGET_BYTES = 128 };
static const char *target_of(char buffer[static TARGET_BYTES], const char *id, const char *rest)
{
	(void)snprintf(buffer, TARGET_BYTES, "/v1/jobs/%s%s", id, rest);
	return buffer;
}

static void move(struct world *w, const char *id, enum job_status to, const char *reason)
{
	struct error err;

	if (!jobs_move(w->db, id, to, reason, &err))
		fail_msg("%s", err.text);
}

/* --- submit ---------------------------------------------------------------------------- */

static void test_submit_echoes_everything(void **state)
{
	struct world *w = *state;
	char target[TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	int wakes = wakes_of(w);
	reply_to(w, POST("/v1/jobs", tiny_job), &r);
	assert_int_equal(r.status, 201);
	assert_int_equal(wakes_of(w), wakes + 1);
	assert_string_equal(
		header_of(&r.response, "Location"), target_of(target, text_at(&r, "id"), ""));
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
		text_at(&r, "spec.model.layers.1.kernel_initializer"), "glorot_uniform");
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

static void test_list_pages(void **state)
{
	struct world *w = *state;
	char ids[5][JOB_ID_BYTES], target[TARGET_BYTES];
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
	move(w, ids[1], JOB_RUNNING, NULL);
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
	char target[TARGET_BYTES];

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
	char id[JOB_ID_BYTES], target[TARGET_BYTES], etag[128], moving[128];
	struct ask a = { .method = "GET", .target = target };
	struct api_response r;

	put_tiny(w);
	submit(w, id);
	target_of(target, id, "");
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
	move(w, id, JOB_RUNNING, NULL);
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
	char id[JOB_ID_BYTES], target[TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	target_of(target, id, "");
	move(w, id, JOB_RUNNING, NULL);
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
				.accuracy = NAN } });
	reply_to(w, GET(target), &r);
	assert_int_equal(integer_at(&r, "progress.epoch"), 1);
	assert_int_equal(integer_at(&r, "progress.step"), 2);
	assert_true(number_at(&r, "progress.samples_per_second") == 123.5);
	assert_true(is_null_at(&r, "progress.eta_seconds"));
	assert_true(number_at(&r, "metrics.loss") == 0.75);
	assert_true(is_null_at(&r, "metrics.accuracy"));
	assert_true(number_at(&r, "metrics.val_loss") == 1.25);
	reply_done(&r);
	/* a worse epoch moves the metrics, not the best; the end is an end */
	set_live(w, NULL, NULL);
	finish_epoch(w, id, 2, 1.0, 1.75);
	move(w, id, JOB_SUCCEEDED, NULL);
	reply_to(w, GET(target), &r);
	assert_int_equal(integer_at(&r, "progress.epoch"), 2);
	assert_true(number_at(&r, "metrics.val_loss") == 1.75);
	assert_int_equal(integer_at(&r, "best.epoch"), 1);
	assert_string_equal(text_at(&r, "status"), "succeeded");
	assert_non_null(text_at(&r, "finished_at"));
	reply_done(&r);
}

static void test_failed_job_says_why(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	move(w, id, JOB_RUNNING, NULL);
	move(w, id, JOB_FAILED, "the loss became NaN in epoch 1");
	reply_to(w, GET(target_of(target, id, "")), &r);
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
	char target[TARGET_BYTES];

	for (size_t i = 0; i < COUNT_OF(cases); i++)
		assert_problem(w,
			&(struct ask){ .method = cases[i].method,
				.target = target_of(
					target, "01ARZ3NDEKTSV4RRFFQ69G5FAV", cases[i].rest) },
			404, NULL, "01ARZ3NDEKTSV4RRFFQ69G5FAV");
	assert_problem(w,
		&(struct ask){
			.method = "PATCH", .target = target_of(target, "x", ""), .body = "{}" },
		404, NULL, NULL);
	assert_problem(w, GET(target_of(target, "%27%20OR%201%3D1", "")), 404, NULL, NULL);
	assert_problem(w, GET(target_of(target, "x", "/nothing")), 404, NULL, "no such path");
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
	char id[JOB_ID_BYTES], target[TARGET_BYTES], before[65], after[65];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	target_of(target, id, "");
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
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct reply r;

	put_tiny(w);
	submit(w, id);
	int wakes = wakes_of(w);
	reply_to(w, &(struct ask){ .method = "POST", .target = target_of(t, id, "/pause") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "paused");
	reply_done(&r);
	reply_to(w, &(struct ask){ .method = "POST", .target = target_of(t, id, "/resume") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "queued");
	reply_done(&r);
	assert_problem(w, &(struct ask){ .method = "POST", .target = target_of(t, id, "/resume") },
		409, NULL, "queued");
	move(w, id, JOB_RUNNING, NULL);
	assert_problem(w, DELETE(target_of(t, id, "")), 409, NULL, "running");
	reply_to(w, &(struct ask){ .method = "POST", .target = target_of(t, id, "/cancel") }, &r);
	assert_int_equal(r.status, 202);
	assert_string_equal(text_at(&r, "status"), "cancelling");
	reply_done(&r);
	assert_int_equal(wakes_of(w), wakes + 3);
	move(w, id, JOB_CANCELLED, NULL);
	assert_problem(w, &(struct ask){ .method = "POST", .target = target_of(t, id, "/cancel") },
		409, NULL, "cancelled");
	assert_problem(w,
		&(struct ask){
			.method = "POST", .target = target_of(t, id, "/cancel"), .body = "{}" },
		413, NULL, NULL);
	assert_int_equal(ask_status(w, DELETE(target_of(t, id, ""))), 204);
	assert_problem(w, GET(target_of(t, id, "")), 404, NULL, NULL);
}

/* --- epochs, checkpoints, model -------------------------------------------------------- */

static void with_two_epochs(struct world *w, char ret_id[static JOB_ID_BYTES])
{
	put_tiny(w);
	submit(w, ret_id);
	move(w, ret_id, JOB_RUNNING, NULL);
	finish_epoch(w, ret_id, 1, 1.5, 0.1);
	finish_epoch(w, ret_id, 2, NAN, 0.3);
}

static void test_epochs(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct reply r;

	with_two_epochs(w, id);
	reply_to(w, GET(target_of(t, id, "/epochs")), &r);
	assert_int_equal(r.status, 200);
	assert_int_equal(json_count(value_at(&r, "data")), 2);
	assert_int_equal(integer_at(&r, "data.0.epoch"), 1);
	assert_true(number_at(&r, "data.0.loss") == 1.5);
	assert_true(is_null_at(&r, "data.1.loss"));
	assert_true(number_at(&r, "data.1.val_loss") == 0.3);
	assert_true(number_at(&r, "data.1.learning_rate") == 0.001);
	assert_true(number_at(&r, "data.1.seconds") == 0.5);
	assert_true(number_at(&r, "data.1.samples_per_second") == 40);
	static const char *const phases[] = { "data", "forward", "loss", "backward", "update" };
	for (size_t i = 0; i < COUNT_OF(phases); i++) {
		char path[64];
		(void)snprintf(path, sizeof path, "data.1.phase_seconds.%s", phases[i]);
		assert_true(number_at(&r, path) == 0.1);
	}
	assert_int_equal(integer_at(&r, "last_id"), 2);
	reply_done(&r);
	reply_to(w, GET(target_of(t, id, "/epochs?after=1")), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 1);
	assert_int_equal(integer_at(&r, "data.0.epoch"), 2);
	reply_done(&r);
	reply_to(w, GET(target_of(t, id, "/epochs?after=2")), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 0);
	assert_true(is_null_at(&r, "last_id"));
	reply_done(&r);
}

static void test_epochs_as_csv(void **state)
{
	static const char wanted[] =
		"epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,samples_per_"
		"second,data_seconds,"
		"forward_seconds,loss_seconds,backward_seconds,update_seconds\r\n"
		"1,4,1.5,0.5,0.1,0.25,0.001,0.5,40,0.1,0.1,0.1,0.1,0.1\r\n"
		"2,8,nan,0.5,0.3,0.25,0.001,0.5,40,0.1,0.1,0.1,0.1,0.1\r\n";
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct api_response r;

	with_two_epochs(w, id);
	ask(w,
		&(struct ask){ .method = "GET",
			.target = target_of(t, id, "/epochs"),
			.header = { [HEADER_ACCEPT] = "text/csv" } },
		&r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type, "text/csv; charset=utf-8");
	assert_string_equal(header_of(&r, "Vary"), "Accept");
	assert_string_equal(r.body.data, wanted);
	api_response_done(&r);
}

static void test_checkpoints(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];
	struct reply r;

	with_two_epochs(w, id);
	reply_to(w, GET(target_of(t, id, "/checkpoints")), &r);
	assert_int_equal(r.status, 200);
	int n = json_count(value_at(&r, "data"));
	assert_true(n >= 1);
	char path[32];
	(void)snprintf(path, sizeof path, "data.%d.epoch", n - 1);
	assert_int_equal(integer_at(&r, path), 2);
	(void)snprintf(path, sizeof path, "data.%d.step", n - 1);
	assert_int_equal(integer_at(&r, path), 8);
	(void)snprintf(path, sizeof path, "data.%d.sha256", n - 1);
	assert_int_equal(strlen(text_at(&r, path)), 64);
	(void)snprintf(path, sizeof path, "data.%d.bytes", n - 1);
	assert_true(integer_at(&r, path) > (48 + 3 + 48) * 4);
	(void)snprintf(path, sizeof path, "data.%d.metrics.val_loss", n - 1);
	assert_true(number_at(&r, path) == 0.3);
	reply_done(&r);
}

static void assert_model_epoch(struct world *w, const char *target, const char *epoch)
{
	_Alignas(8) char bytes[4096];
	struct safetensors_file file;
	struct api_response r;
	struct error err;

	ask(w, GET(target), &r);
	if (r.status != 200)
		fail_msg("%s: %d", target, r.status);
	assert_true(r.body.size <= sizeof bytes);
	memcpy(bytes, r.body.data, r.body.size);
	if (!safetensors_read(bytes, r.body.size, &file, &err))
		fail_msg("%s", err.text);
	assert_int_equal(file.n_tensors, 2); /* what belongs to the optimizer is left out */
	const struct safetensors_tensor *bias = safetensors_find(&file, "dense/bias");
	assert_non_null(bias);
	assert_true(bias->values[0] == 1 && bias->values[2] == 3);
	assert_non_null(safetensors_find(&file, "dense/kernel"));
	assert_string_equal(safetensors_meta_find(&file, "epoch"), epoch);
	assert_non_null(safetensors_meta_find(&file, "step"));
	assert_null(safetensors_meta_find(&file, "epochs_finished"));
	char disposition[128];
	(void)snprintf(disposition, sizeof disposition,
		"attachment; filename=\"tiny-job-epoch%s.safetensors\"", epoch);
	assert_string_equal(header_of(&r, "Content-Disposition"), disposition);
	safetensors_file_done(&file);
	api_response_done(&r);
}

static void test_model(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[TARGET_BYTES];

	put_tiny(w);
	submit(w, id);
	assert_problem(w, GET(target_of(t, id, "/model")), 404, NULL, NULL);
	move(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, 0.1);
	finish_epoch(w, id, 2, 1.0, 0.3);
	assert_model_epoch(w, target_of(t, id, "/model"), "2");
	assert_model_epoch(w, target_of(t, id, "/model?format=safetensors&checkpoint=last"), "2");
	assert_model_epoch(w, target_of(t, id, "/model?checkpoint=best"), "1");
	assert_model_epoch(w, target_of(t, id, "/model?checkpoint=2"), "2");
	assert_problem(w, GET(target_of(t, id, "/model?checkpoint=7")), 404, NULL, NULL);
	assert_problem(w, GET(target_of(t, id, "/model?checkpoint=0")), 400, NULL, "checkpoint");
	assert_problem(
		w, GET(target_of(t, id, "/model?checkpoint=first")), 400, NULL, "checkpoint");
	assert_problem(w, GET(target_of(t, id, "/model?format=pickle")), 400, NULL, "safetensors");
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
		WORLD_TEST(test_failed_job_says_why),
		WORLD_TEST(test_jobs_that_are_not_there),
		WORLD_TEST(test_patch),
		WORLD_TEST(test_pause_resume_cancel_delete),
		WORLD_TEST(test_epochs),
		WORLD_TEST(test_epochs_as_csv),
		WORLD_TEST(test_checkpoints),
		WORLD_TEST(test_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
