/* test_job_data.c - what a job has brought forth: epochs, checkpoints, the best one, the model. */
#include "tests/api/support.h"

#include "formats/safetensors.h"

#include <math.h>

/* The smallest val_loss, or loss as long as no epoch has a val_loss; the earliest of equals. */
static void test_best_epoch(void **state)
{
	static const struct {
		double loss, val_loss;
		int64_t best; /* after this epoch */
	} epochs[] = { { 3, NAN, 1 }, { 2, NAN, 2 }, { 2, NAN, 2 }, { 4, 2, 4 }, { 1, 2, 4 },
		{ NAN, 1.5, 6 }, { 0.5, NAN, 6 } };
	struct world *w = *state;
	char id[JOB_ID_BYTES], target[JOB_TARGET_BYTES];

	put_tiny(w);
	submit_epochs(w, COUNT_OF(epochs), id);
	move_job(w, id, JOB_RUNNING, NULL);
	for (size_t i = 0; i < COUNT_OF(epochs); i++) {
		struct reply r;
		finish_epoch(w, id, (int64_t)i + 1, epochs[i].loss, epochs[i].val_loss);
		reply_to(w, GET(job_target(target, id, "")), &r);
		assert_int_equal(integer_at(&r, "best.epoch"), epochs[i].best);
		reply_done(&r);
		/* and it is the one that is handed out */
		struct api_response model;
		char name[64];
		ask(w, GET(job_target(target, id, "/model?checkpoint=best")), &model);
		(void)snprintf(
			name, sizeof name, "-epoch%lld.safetensors", (long long)epochs[i].best);
		assert_non_null(strstr(header_of(&model, "Content-Disposition"), name));
		api_response_done(&model);
	}
}

static void with_two_epochs(struct world *w, char ret_id[static JOB_ID_BYTES])
{
	put_tiny(w);
	submit(w, ret_id);
	move_job(w, ret_id, JOB_RUNNING, NULL);
	finish_epoch(w, ret_id, 1, 1.5, 0.1);
	finish_epoch(w, ret_id, 2, NAN, 0.3);
}

static void test_epochs(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];
	struct reply r;

	with_two_epochs(w, id);
	reply_to(w, GET(job_target(t, id, "/epochs")), &r);
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
	reply_to(w, GET(job_target(t, id, "/epochs?after=1")), &r);
	assert_int_equal(json_count(value_at(&r, "data")), 1);
	assert_int_equal(integer_at(&r, "data.0.epoch"), 2);
	reply_done(&r);
	reply_to(w, GET(job_target(t, id, "/epochs?after=2")), &r);
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
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];
	struct api_response r;

	with_two_epochs(w, id);
	ask(w,
		&(struct ask){ .method = "GET",
			.target = job_target(t, id, "/epochs"),
			.header = { [HEADER_ACCEPT] = "text/csv" } },
		&r);
	assert_int_equal(r.status, 200);
	assert_string_equal(r.content_type, "text/csv; charset=utf-8");
	assert_string_equal(header_of(&r, "Vary"), "Accept");
	assert_string_equal(r.body.data, wanted);
	api_response_done(&r);
}

/* With validation_freq 2 the first epoch has none of the columns. */
static void test_csv_has_the_validation_that_comes_later(void **state)
{
	static const char wanted[] =
		"epoch,step,loss,accuracy,val_loss,val_accuracy,learning_rate,seconds,samples_per_"
		"second,data_seconds,"
		"forward_seconds,loss_seconds,backward_seconds,update_seconds\r\n"
		"1,4,1.5,0.5,nan,nan,0.001,0.5,40,0.1,0.1,0.1,0.1,0.1\r\n"
		"2,8,1.25,0.5,0.3,0.25,0.001,0.5,40,0.1,0.1,0.1,0.1,0.1\r\n"
		"3,12,1,0.5,nan,nan,0.001,0.5,40,0.1,0.1,0.1,0.1,0.1\r\n";
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];
	struct api_response r;

	put_tiny(w);
	submit_epochs(w, 4, id);
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, NAN);
	finish_epoch(w, id, 2, 1.25, 0.3);
	finish_epoch(w, id, 3, 1, NAN);
	ask(w,
		&(struct ask){ .method = "GET",
			.target = job_target(t, id, "/epochs"),
			.header = { [HEADER_ACCEPT] = "text/csv" } },
		&r);
	assert_string_equal(r.body.data, wanted);
	api_response_done(&r);
}

static void test_checkpoints(void **state)
{
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];
	struct reply r;

	with_two_epochs(w, id);
	reply_to(w, GET(job_target(t, id, "/checkpoints")), &r);
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
	assert_int_equal(file.n_tensors, 2); /* what only training needs is left out */
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
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES];

	put_tiny(w);
	submit(w, id);
	assert_problem(w, GET(job_target(t, id, "/model")), 404, NULL, NULL);
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, 0.1);
	finish_epoch(w, id, 2, 1.0, 0.3);
	assert_model_epoch(w, job_target(t, id, "/model"), "2");
	assert_model_epoch(w, job_target(t, id, "/model?format=safetensors&checkpoint=last"), "2");
	assert_model_epoch(w, job_target(t, id, "/model?checkpoint=best"), "1");
	assert_model_epoch(w, job_target(t, id, "/model?checkpoint=2"), "2");
	assert_problem(w, GET(job_target(t, id, "/model?checkpoint=7")), 404, NULL, NULL);
	assert_problem(w, GET(job_target(t, id, "/model?checkpoint=0")), 400, NULL, "checkpoint");
	assert_problem(
		w, GET(job_target(t, id, "/model?checkpoint=first")), 400, NULL, "checkpoint");
	assert_problem(w, GET(job_target(t, id, "/model?format=pickle")), 400, NULL, "safetensors");
}

/* --- evaluation ------------------------------------------------------------------------ */

static void assert_number(const struct reply *r, const char *path, double wanted)
{
	double seen = number_at(r, path);

	if (fabs(seen - wanted) > 1e-15)
		fail_msg("%s is %.17g, wanted %.17g", path, seen, wanted);
}

static void test_evaluation(void **state)
{
	static const struct {
		const char *query;
		int64_t epoch;
	} cases[] = { { "", 2 }, { "?epoch=best", 2 }, { "?epoch=last", 3 }, { "?epoch=1", 1 },
		{ "?epoch=3", 3 } };
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES], rest[64];
	struct reply r;

	put_tiny(w);
	submit_epochs(w, 5, id);
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, 0.3);
	finish_epoch(w, id, 2, 1.2, 0.1);
	finish_epoch(w, id, 3, 1.1, 0.2);
	finish_epoch(w, id, 4, 1.0, NAN); /* not validated: the last with a matrix is the third */
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		(void)snprintf(rest, sizeof rest, "/evaluation%s", cases[i].query);
		reply_to(w, GET(job_target(t, id, rest)), &r);
		if (r.status != 200 || integer_at(&r, "epoch") != cases[i].epoch)
			fail_msg("%s: %d: %s", rest, r.status, r.response.body.data);
		assert_string_equal(text_at(&r, "object"), "evaluation");
		assert_int_equal(integer_at(&r, "classes"), 3);
		assert_int_equal(integer_at(&r, "samples"), 8);
		assert_int_equal(json_count(value_at(&r, "confusion_matrix")), 3);
		assert_int_equal(integer_at(&r, "confusion_matrix.0.1"), 1);
		assert_int_equal(integer_at(&r, "confusion_matrix.2.0"), 1);
		assert_int_equal(json_count(value_at(&r, "per_class")), 3);
		assert_int_equal(integer_at(&r, "per_class.0.class"), 0);
		assert_int_equal(integer_at(&r, "per_class.0.support"), 5);
		assert_number(&r, "per_class.0.precision", 0.8);
		assert_number(&r, "per_class.0.recall", 0.8);
		assert_number(&r, "per_class.1.precision", 2.0 / 3);
		assert_number(&r, "per_class.1.recall", 1);
		assert_number(&r, "per_class.1.f1", 0.8);
		/* Never predicted: nothing is divided by 0. */
		assert_number(&r, "per_class.2.precision", 0);
		assert_number(&r, "per_class.2.f1", 0);
		reply_done(&r);
	}
}

static void test_evaluation_refused(void **state)
{
	static const char *const wrong[] = { "?epoch=0", "?epoch=-1", "?epoch=", "?epoch=first",
		"?epoch=1e3", "?epoch=99999999999999999999" };
	struct world *w = *state;
	char id[JOB_ID_BYTES], t[JOB_TARGET_BYTES], rest[64];

	put_tiny(w);
	submit(w, id);
	assert_problem(w, GET(job_target(t, id, "/evaluation")), 404, NULL, "no epoch");
	for (size_t i = 0; i < COUNT_OF(wrong); i++) {
		(void)snprintf(rest, sizeof rest, "/evaluation%s", wrong[i]);
		assert_problem(w, GET(job_target(t, id, rest)), 400, NULL, "best, last or");
	}
	assert_problem(w, GET(job_target(t, id, "/evaluation?class=1")), 400, NULL, NULL);
	assert_problem(w, GET("/v1/jobs/01ARZ3NDEKTSV4RRFFQ69G0001/evaluation"), 404, NULL, NULL);
	move_job(w, id, JOB_RUNNING, NULL);
	finish_epoch(w, id, 1, 1.5, NAN);
	assert_problem(w, GET(job_target(t, id, "/evaluation")), 404, NULL, "validat");
	assert_problem(
		w, GET(job_target(t, id, "/evaluation?epoch=last")), 404, NULL, "validation data");
	assert_problem(w, GET(job_target(t, id, "/evaluation?epoch=1")), 404, NULL,
		"epoch 1 was not validated");
	assert_problem(w, GET(job_target(t, id, "/evaluation?epoch=2")), 404, NULL,
		"no epoch 2; it has finished epochs 1 to 1");
}

#define WORLD_TEST(f) cmocka_unit_test_setup_teardown(f, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_best_epoch),
		WORLD_TEST(test_epochs),
		WORLD_TEST(test_epochs_as_csv),
		WORLD_TEST(test_csv_has_the_validation_that_comes_later),
		WORLD_TEST(test_checkpoints),
		WORLD_TEST(test_model),
		WORLD_TEST(test_evaluation),
		WORLD_TEST(test_evaluation_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
