/* test_faults.c - every request of the api while each allocation fails in turn, our own and
 * SQLite's: it is answered, it leaks nothing (a build with AddressSanitizer sees that), and asked
 * again it succeeds. */
#include "tests/api/support.h"

#include "tests/lib/fault_alloc.h"

#include <math.h>

static char job[JOB_ID_BYTES], *labels;
static size_t labels_size;

static void request(struct world *w, struct ask a, struct api_response *r)
{
	char target[256];
	const char *id = strstr(a.target, "{id}");

	(void)snprintf(target, sizeof target, "%.*s%s%s", id ? (int)(id - a.target) : 0, a.target,
		id ? job : "", id ? id + 4 : a.target);
	a.target = target;
	if (strcmp(a.method, "PUT") == 0) {
		a.body = labels;
		a.body_size = labels_size;
	}
	ask(w, &a, r);
}

/* What a stream has to say first; false: it ended without it, as it must without memory. */
static bool read_stream(struct api_response *r)
{
	struct buffer out;

	buffer_init(&out, 1 << 20);
	bool ok = api_stream_read(r->stream, &out) && strstr(out.data, "event: epoch\n");
	buffer_done(&out);
	return ok;
}

static const struct ask asks[] = {
	{ .method = "GET", .target = "/v1/jobs" },
	{ .method = "GET", .target = "/v1/jobs/{id}" },
	{ .method = "GET", .target = "/v1/jobs/{id}/epochs" },
	{ .method = "GET",
		.target = "/v1/jobs/{id}/epochs",
		.header = { [HEADER_ACCEPT] = "text/csv" } },
	{ .method = "GET", .target = "/v1/jobs/{id}/checkpoints" },
	{ .method = "GET", .target = "/v1/jobs/{id}/model?checkpoint=best" },
	{ .method = "GET", .target = "/v1/jobs/{id}/events" },
	{ .method = "GET",
		.target = "/v1/jobs/{id}/events",
		.header = { [HEADER_ACCEPT] = "text/event-stream" } },
	{ .method = "GET",
		.target = "/v1/events?after=0",
		.header = { [HEADER_ACCEPT] = "text/event-stream" } },
	{ .method = "GET", .target = "/v1/datasets" },
	{ .method = "GET", .target = "/v1/datasets/tiny" },
	{ .method = "GET", .target = "/v1/catalog" },
	{ .method = "GET", .target = "/v1/server" },
	{ .method = "GET", .target = "/readyz" },
	{ .method = "PATCH",
		.target = "/v1/jobs/{id}",
		.body = "{\"name\": \"n\", \"priority\": 3}" },
	{ .method = "POST", .target = "/v1/jobs/{id}/pause" },
	{ .method = "PUT", .target = "/v1/datasets/other/y_train" },
	{ .method = "POST", .target = "/v1/jobs?dry_run=true", .body = tiny_job },
	{ .method = "POST",
		.target = "/v1/jobs",
		.body = tiny_job,
		.header = { [HEADER_IDEMPOTENCY_KEY] = "once" } },
	/* refusals are answers too */
	{ .method = "POST", .target = "/v1/jobs", .body = "{\"dataset\": \"tiny\", \"model\": 1}" },
	{ .method = "GET", .target = "/v1/jobs/nothing" },
};

/* A GET that is answered well is answered whole: no failure may just leave something out. */
static void assert_same(
	const struct ask *a, const struct api_response *r, const struct api_response *good)
{
	if (strcmp(a->method, "GET") != 0 || r->status != good->status || !good->body.data)
		return;
	if (r->body.size != good->body.size ||
		memcmp(r->body.data, good->body.data, r->body.size) != 0)
		fail_msg("%s: %s, without a failure: %s", a->target, r->body.data, good->body.data);
}

static void fail_each(struct world *w, const struct ask *a, bool lasting)
{
	struct api_response good;
	int nth = 0, hits;

	request(w, *a, &good);
	assert_int_not_equal(good.status, 500);
	assert_int_not_equal(good.status, 503);
	do {
		struct api_response r;
		fault_arm(&fault_alloc, ++nth, lasting);
		request(w, *a, &r);
		bool told = !r.stream || read_stream(&r);
		hits = fault_disarm(&fault_alloc);
		bool refused = r.status == 500 || r.status == 503 || !told;
		if (hits == 0 && refused)
			fail_msg("%s %s: %d without a failure", a->method, a->target, r.status);
		if (!refused && r.status / 100 != good.status / 100)
			fail_msg("%s %s, allocation %d: %d", a->method, a->target, nth, r.status);
		assert_same(a, &r, &good);
		api_response_done(&r);
		assert_in_range(nth, 1, 5000);
	} while (hits);
	assert_true(nth > 1);
	api_response_done(&good);
}

static void test_every_allocation_fails_once(void **state)
{
	struct world *w = *state;
	int64_t counts[JOB_STATUS_COUNT], jobs = 0;
	struct error err;

	labels = idx_file(0x08, 1, (int64_t[]){ 100 }, 10, &labels_size);
	put_tiny(w);
	submit(w, job);
	move_job(w, job, JOB_RUNNING, NULL);
	finish_epoch(w, job, 1, 1.5, 1.25);
	set_live(w, job,
		&(struct live_progress){
			.eta_seconds = NAN, .trainer = { .epoch = 2, .step = 1 } });
	for (size_t i = 0; i < COUNT_OF(asks); i++) {
		fail_each(w, &asks[i], /* lasting= */ false);
		fail_each(w, &asks[i], /* lasting= */ true);
	}
	/* submitted again and again under one key, it is there once */
	assert_true(jobs_count(w->db, counts, &err));
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		jobs += counts[i];
	assert_int_equal(jobs, 2);
	free(labels);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_every_allocation_fails_once, world_setup, world_teardown),
	};

	fault_alloc_install();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
