/* test_spec_plan.c - a job against its data set: shapes, refusals, the forecast. */
#include "spec_support.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct dataset_part part(
	const char *dtype, int rank, const int64_t *dim, int64_t label_min, int64_t label_max)
{
	struct dataset_part p = {
		.present = true, .rank = rank, .label_min = label_min, .label_max = label_max
	};

	(void)snprintf(p.dtype, sizeof p.dtype, "%s", dtype);
	memcpy(p.dim, dim, (size_t)rank * sizeof *dim);
	return p;
}

#define PART(dtype, min, max, ...)                                                                 \
	part(dtype, (int)(sizeof((int64_t[]){ __VA_ARGS__ }) / sizeof(int64_t)),                   \
		(int64_t[]){ __VA_ARGS__ }, min, max)

static struct dataset mnist(void)
{
	return (struct dataset){
		.name = "mnist",
		.parts = { PART("uint8", 0, 0, 60000, 28, 28), PART("uint8", 0, 9, 60000),
			PART("uint8", 0, 0, 10000, 28, 28), PART("uint8", 0, 9, 10000) },
	};
}

/* NULL: refused. */
static struct plan *plan(
	const struct spec *s, const struct dataset *d, int64_t bytes_max, struct problems *problems)
{
	*problems = (struct problems){ 0 };
	struct plan *p = spec_plan(s, d, bytes_max, problems);

	assert_true(p ? problems->count == 0 : problems->count == 1);
	return p;
}

static void the_forecast_counts_what_keras_counts(void **state)
{
	(void)state;
	struct dataset d = mnist();
	struct problems problems;
	AUTO_FREE(spec_free) struct spec *s = parse_good(mnist_job);
	AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
	struct buffer out;
	struct error err;
	static const struct {
		const char *pointer, *value;
	} wanted[] = {
		{ "/parameters", "347146" }, /* model.count_params() of this network */
		{ "/non_trainable_parameters", "0" },
		{ "/micro_batch_size", "64" },
		{ "/steps_per_epoch", "938" },
		{ "/last_batch_size", "32" },
		{ "/layers/0/name", "'conv2d'" },
		{ "/layers/0/type", "'Conv2D'" },
		{ "/layers/0/output_shape", "[26,26,32]" },
		{ "/layers/0/parameters", "320" },
		{ "/layers/1/output_shape", "[13,13,32]" },
		{ "/layers/2/output_shape", "[5408]" },
		{ "/layers/3/parameters", "346176" },
		{ "/layers/4/output_shape", "[10]" },
		{ "/layers/4/parameters", "650" },
	};

	assert_non_null(p);
	buffer_init(&out, TEXT_BYTES_MAX);
	spec_print_forecast(s, p, &d, &out);
	assert_true(buffer_ok(&out, &err));
	AUTO_FREE(json_free) struct json_document *doc = document(out.data);
	const struct json *root = json_root(doc);
	for (size_t i = 0; i < COUNT_OF(wanted); i++)
		assert_value_at(root, wanted[i].pointer, wanted[i].value);
	static const char *const kinds[] = { "weights", "gradients", "optimizer", "activations",
		"scratch" };
	int64_t sum = 0, bytes = 0;
	for (size_t i = 0; i < COUNT_OF(kinds); i++) {
		assert_true(json_integer(json_find(json_find(root, "bytes"), kinds[i]), &bytes));
		sum += bytes;
	}
	assert_true(json_integer(json_find(json_find(root, "bytes"), "total"), &bytes));
	assert_int_equal(bytes, sum);
	assert_true(json_integer(json_find(root, "flops_per_sample"), &bytes));
	assert_true(bytes > 0);
	buffer_done(&out);
}

static void the_forecast_says_what_is_not_trained_and_how_a_batch_is_worked(void **state)
{
	(void)state;
	struct dataset d = mnist();
	struct problems problems;
	AUTO_FREE(spec_free)
	struct spec *s = parse_good(
		"{'dataset':'mnist','batch_size':64,'model':{'layers':[{'type':'Normalization'},"
		"{'type':'Flatten'},{'type':'BatchNormalization'},"
		"{'type':'Dense','units':10,'activation':'softmax'}]}}");
	int64_t total, samples;

	AUTO_FREE(plan_free) struct plan *whole = plan(s, &d, /* bytes_max= */ 0, &problems);
	assert_non_null(whole);
	struct plan_forecast f;
	plan_forecast(whole, &f);
	total = f.total_bytes;
	AUTO_FREE(plan_free) struct plan *parts = plan(s, &d, total - 1, &problems);
	assert_non_null(parts);
	struct buffer out;
	buffer_init(&out, TEXT_BYTES_MAX);
	spec_print_forecast(s, parts, &d, &out);
	AUTO_FREE(json_free) struct json_document *doc = document(out.data);
	assert_value_at(json_root(doc), "/parameters", "9418");
	/* mean and variance of one channel, and of 784 */
	assert_value_at(json_root(doc), "/non_trainable_parameters", "1570");
	assert_true(json_integer(json_find(json_root(doc), "micro_batch_size"), &samples));
	assert_true(samples >= 16 && samples < 64);
	buffer_done(&out);
}

static void steps_and_the_last_batch_follow_from_the_samples(void **state)
{
	(void)state;
	static const struct {
		int64_t samples;
		const char *steps, *last;
	} cases[] = { { 1, "1", "1" }, { 63, "1", "63" }, { 64, "1", "64" }, { 65, "2", "1" },
		{ 128, "2", "64" } };
	AUTO_FREE(spec_free) struct spec *s = parse_good(mnist_job);

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = mnist();
		struct problems problems;
		struct buffer out;
		d.parts[DATASET_X_TRAIN].dim[0] = d.parts[DATASET_Y_TRAIN].dim[0] =
			cases[i].samples;
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
		assert_non_null(p);
		buffer_init(&out, TEXT_BYTES_MAX);
		spec_print_forecast(s, p, &d, &out);
		AUTO_FREE(json_free) struct json_document *doc = document(out.data);
		assert_value_at(json_root(doc), "/steps_per_epoch", cases[i].steps);
		assert_value_at(json_root(doc), "/last_batch_size", cases[i].last);
		buffer_done(&out);
	}
}

static void a_fraction_is_kept_back(void **state)
{
	(void)state;
	static const struct {
		const char *job, *samples, *steps, *last;
	} cases[] = {
		{ JOB("'validation':{'fraction':0.3},'batch_size':64"), "42000", "657", "16" },
		{ JOB("'validation':{'fraction':0.3},'batch_size':64,'last_batch':'drop'"), "42000",
			"656", "64" },
		{ JOB("'validation':{'fraction':0.3},'batch_size':64,'last_batch':'merge'"),
			"42000", "656", "80" },
		{ JOB("'validation':{'fraction':0.999999},'batch_size':64"), "1", "1", "1" },
		{ JOB("'validation':{'fraction':0.5},'batch_size':64,'steps_per_epoch':5"), "30000",
			"5", "64" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = mnist();
		struct problems problems;
		struct buffer out;
		d.parts[DATASET_X_TEST] = (struct dataset_part){ 0 }; /* is not looked at */
		if (i == 3)
			d.parts[DATASET_X_TRAIN].dim[0] = d.parts[DATASET_Y_TRAIN].dim[0] = 1000000;
		AUTO_FREE(spec_free) struct spec *s = parse_good(cases[i].job);
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
		if (!p)
			fail_msg("%s: %s", cases[i].job, problems.list[0].text);
		buffer_init(&out, TEXT_BYTES_MAX);
		spec_print_forecast(s, p, &d, &out);
		AUTO_FREE(json_free) struct json_document *doc = document(out.data);
		assert_value_at(json_root(doc), "/training_samples", cases[i].samples);
		assert_value_at(json_root(doc), "/steps_per_epoch", cases[i].steps);
		assert_value_at(json_root(doc), "/last_batch_size", cases[i].last);
		buffer_done(&out);
	}
}

static void class_weights_become_one_a_class(void **state)
{
	(void)state;
	static const float wanted[] = { 0.5f, 1, 1, 2.5f, 1 };
	AUTO_FREE(spec_free) struct spec *plain = parse_good(JOB("'class_weight':null"));
	AUTO_FREE(spec_free) struct spec *s = parse_good(JOB("'class_weight':{'3':2.5,'0':0.5}"));
	struct error err;
	float *weights;

	assert_true(spec_class_weight(plain, 5, &weights, &err));
	assert_null(weights);
	assert_true(spec_class_weight(s, 5, &weights, &err));
	assert_memory_equal(weights, wanted, sizeof wanted);
	free(weights);
}

static void parts_become_samples_and_targets(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct {
			const char *dtype;
			int rank;
			int64_t dim[5];
		} x, y;
		int64_t label_max;
		const char *shape, *target;
		int64_t classes;
	} cases[] = {
		{ "grey images", { "uint8", 3, { 5, 28, 20 } }, { "uint8", 1, { 5 } }, 9,
			"(28, 20, 1)", "()", 10 },
		{ "colour images", { "uint8", 4, { 5, 32, 30, 3 } }, { "int32", 1, { 5 } }, 0,
			"(32, 30, 3)", "()", 1 },
		{ "rows", { "float32", 2, { 5, 7 } }, { "float32", 2, { 5, 3 } }, 0, "(7,)", "(3,)",
			0 },
		{ "one target", { "float32", 2, { 5, 7 } }, { "float32", 1, { 5 } }, 0, "(7,)",
			"(1,)", 0 },
		{ "images to images", { "float32", 3, { 5, 4, 4 } },
			{ "float32", 4, { 5, 4, 4, 2 } }, 0, "(4, 4, 1)", "(4, 4, 2)", 0 },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = { .name = "d" };
		struct data data;
		struct error err;
		char text[SHAPE_TEXT_BYTES], wanted[SHAPE_TEXT_BYTES];
		d.parts[DATASET_X_TRAIN] =
			part(cases[i].x.dtype, cases[i].x.rank, cases[i].x.dim, 0, 0);
		d.parts[DATASET_Y_TRAIN] = part(
			cases[i].y.dtype, cases[i].y.rank, cases[i].y.dim, 0, cases[i].label_max);
		if (!spec_describe_data(&d, DATASET_X_TRAIN, DATASET_Y_TRAIN, &data, &err))
			fail_msg("%s: %s", cases[i].name, err.text);
		shape_text(&data.shape, text);
		assert_string_equal(text, cases[i].shape);
		shape_text(&data.y_shape, wanted);
		assert_string_equal(wanted, cases[i].target);
		assert_int_equal(data.classes, cases[i].classes);
		assert_int_equal(data.count, 5);
		assert_int_equal(
			data.x_type, strcmp(cases[i].x.dtype, "uint8") == 0 ? DATA_U8 : DATA_F32);
	}
}

static const struct {
	const char *name;
	enum dataset_part_index index; /* the part that is changed */
	struct {
		const char *dtype;
		int rank;
		int64_t dim[5];
		int64_t label_min, label_max;
	} to; /* rank 0: taken away */
	const char *pointer, *text;
} bad_data[] = {
	{ "no images", DATASET_X_TRAIN, { "", 0, { 0 }, 0, 0 }, "/dataset",
		"the data set \"mnist\" has no x_train; upload it to "
		"/v1/datasets/mnist/x_train" },
	{ "no labels", DATASET_Y_TRAIN, { "", 0, { 0 }, 0, 0 }, "/dataset", "has no y_train" },
	{ "no test images", DATASET_X_TEST, { "", 0, { 0 }, 0, 0 }, "/validation",
		"has no x_test" },
	{ "no test labels", DATASET_Y_TEST, { "", 0, { 0 }, 0, 0 }, "/validation",
		"has no y_test" },
	{ "empty", DATASET_X_TRAIN, { "uint8", 3, { 0, 28, 28 }, 0, 0 }, "/dataset",
		"x_train of the data set \"mnist\" is empty" },
	{ "another length", DATASET_Y_TRAIN, { "uint8", 1, { 59999 }, 0, 9 }, "/dataset",
		"x_train has 60000 samples, but y_train has 59999" },
	{ "another test length", DATASET_Y_TEST, { "uint8", 1, { 10001 }, 0, 9 }, "/validation",
		"x_test has 10000 samples, but y_test has 10001" },
	{ "another test shape", DATASET_X_TEST, { "uint8", 3, { 10000, 27, 28 }, 0, 0 },
		"/validation",
		"the samples of x_test are (27, 28, 1), those of x_train (28, 28, 1)" },
	{ "other test targets", DATASET_Y_TEST, { "float32", 2, { 10000, 10 }, 0, 0 },
		"/validation", "the targets of y_test are (10,)" },
	{ "a negative label", DATASET_Y_TRAIN, { "int32", 1, { 60000 }, -1, 9 }, "/dataset",
		"y_train has a label of -1; allowed: 0 or more" },
	{ "a negative test label", DATASET_Y_TEST, { "int32", 1, { 10000 }, -3, 9 }, "/validation",
		"y_test has a label of -3" },
	{ "a label too many", DATASET_Y_TRAIN, { "uint8", 1, { 60000 }, 0, 10 }, "/loss",
		"10 outputs, the data set has labels up to 10: at least 11 outputs" },
	{ "a label too many in the test", DATASET_Y_TEST, { "uint8", 1, { 10000 }, 0, 11 }, "/loss",
		"10 outputs, the data set has labels up to 11" },
	{ "integers as samples", DATASET_X_TRAIN, { "int32", 3, { 60000, 28, 28 }, 0, 0 },
		"/dataset", "x_train has type int32; allowed: uint8, float32" },
	{ "samples of one value", DATASET_X_TRAIN, { "uint8", 1, { 60000 }, 0, 0 }, "/dataset",
		"x_train has 1 axes; allowed: 2" },
	{ "rank 5", DATASET_X_TRAIN, { "uint8", 5, { 60000, 2, 2, 7, 28 }, 0, 0 }, "/dataset",
		"x_train has 5 axes" },
	{ "labels on two axes", DATASET_Y_TRAIN, { "uint8", 2, { 60000, 10 }, 0, 0 }, "/dataset",
		"y_train has integers on 2 axes" },
	{ "an unknown type", DATASET_Y_TRAIN, { "int64", 1, { 60000 }, 0, 0 }, "/dataset",
		"y_train has type int64" },
	{ "too few weights", DATASET_SAMPLE_WEIGHT_TRAIN, { "float32", 1, { 59999 }, 0, 0 },
		"/dataset",
		"sample_weight_train has 59999 weights, but x_train has 60000 samples" },
	{ "weights that are integers", DATASET_SAMPLE_WEIGHT_TRAIN, { "uint8", 1, { 60000 }, 0, 0 },
		"/dataset",
		"sample_weight_train has type uint8 on 1 axes; allowed: float32 on 1 axis" },
	{ "weights on two axes", DATASET_SAMPLE_WEIGHT_TRAIN, { "float32", 2, { 60000, 1 }, 0, 0 },
		"/dataset", "float32 on 2 axes" },
};

static void sample_weights_are_used_unless_a_job_says_no(void **state)
{
	(void)state;
	struct dataset d = mnist();
	struct problems problems;
	AUTO_FREE(spec_free) struct spec *s = parse_good(mnist_job);
	AUTO_FREE(spec_free) struct spec *no = parse_good(JOB("'sample_weight':false"));

	assert_false(spec_weighs_samples(s, &d));
	d.parts[DATASET_SAMPLE_WEIGHT_TRAIN] = PART("float32", 0, 0, 60000);
	assert_true(spec_weighs_samples(s, &d));
	AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
	assert_non_null(p);
	d.parts[DATASET_SAMPLE_WEIGHT_TRAIN] = PART("uint8", 0, 0, 3);
	assert_false(spec_weighs_samples(no, &d));
	AUTO_FREE(plan_free) struct plan *q = plan(no, &d, /* bytes_max= */ 0, &problems);
	assert_non_null(q);
}

static void bad_data_are_refused_where_they_are_named(void **state)
{
	(void)state;
	AUTO_FREE(spec_free) struct spec *s = parse_good(mnist_job);
	for (size_t i = 0; i < COUNT_OF(bad_data); i++) {
		struct dataset d = mnist();
		struct problems problems;
		d.parts[bad_data[i].index] = (struct dataset_part){ 0 };
		if (bad_data[i].to.rank)
			d.parts[bad_data[i].index] =
				part(bad_data[i].to.dtype, bad_data[i].to.rank, bad_data[i].to.dim,
					bad_data[i].to.label_min, bad_data[i].to.label_max);
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
		if (p)
			fail_msg("%s: planned", bad_data[i].name);
		const struct error *err = &problems.list[0];
		if (strcmp(err->pointer, bad_data[i].pointer) != 0 ||
			!strstr(err->text, bad_data[i].text))
			fail_msg("%s: %s: %s", bad_data[i].name, err->pointer, err->text);
	}
}

static void samples_that_are_rows_need_no_flatten(void **state)
{
	(void)state;
	AUTO_FREE(spec_free)
	struct spec *s = parse_good(LAYERS("{'type':'Dense','units':10,'activation':'softmax'}"));
	struct dataset d = mnist();
	struct problems problems;
	d.parts[DATASET_X_TRAIN] = PART("uint8", 0, 0, 60000, 784);
	d.parts[DATASET_X_TEST] = PART("uint8", 0, 0, 10000, 784);
	AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
	assert_non_null(p);
}

static void test_parts_do_not_matter_without_validation(void **state)
{
	(void)state;
	struct dataset d = mnist();
	struct problems problems;
	AUTO_FREE(spec_free) struct spec *s = parse_good(JOB("'validation':null"));

	d.parts[DATASET_X_TEST] = (struct dataset_part){ 0 };
	d.parts[DATASET_Y_TEST].label_max = 99;
	AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
	assert_non_null(p);
}

static void what_the_plan_refuses_is_passed_on(void **state)
{
	(void)state;
	static const struct {
		const char *job;
		int64_t bytes_max;
		const char *pointer, *text;
	} cases[] = {
		{ LAYERS("{'type':'Conv2D','filters':1,'kernel_size':29},{'type':'Flatten'},{'type'"
			 ":'Dense','units':10,'activation':'softmax'}"),
			0, "/model/layers/0/kernel_size",
			"29 does not fit its input of height 28" },
		{ LAYERS("{'type':'Dense','units':10,'activation':'softmax'}"), 0, "/loss",
			"output is (28, 28, 10): put Flatten and Dense at its end" },
		{ LAYERS("{'type':'Flatten'},{'type':'Conv2D','filters':1,'kernel_size':1}"), 0,
			"/model/layers/1", "Conv2D takes (height, width, channels)" },
		{ LAYERS("{'type':'Flatten'},{'type':'Dense','units':9,'activation':'softmax'}"), 0,
			"/loss", "9 outputs, the data set has labels up to 9" },
		{ LAYERS(MNIST_LAYERS), 1000000, "/batch_size", "allowed: 1000000" },
		{ JOB("'validation':{'fraction':0.000001}"), 0, "/validation/fraction",
			"a fraction of 1e-06 of 60000 samples leaves 60000 for training and 0 for "
			"validation" },
		{ JOB("'validation':{'fraction':0.999999}"), 0, "/validation/fraction",
			"leaves 0 for training and 60000 for validation" },
		{ JOB("'class_weight':{'1':2,'10':1}"), 0, "/class_weight/10",
			"y_train has no class 10; its classes: 0 to 9" },
		{ JOB("'steps_per_epoch':657,'batch_size':64,'validation':{'fraction':0.301}"), 0,
			"/steps_per_epoch", "an epoch has 656 batches" },
		{ JOB("'last_batch':'drop','batch_size':60001"), 0, "/last_batch",
			"all batches would be dropped" },
		{ JOB("'augment':[{'type':'RandomRotation','factor':0.1},"
		      "{'type':'RandomZoom','height_factor':0.1,'interpolation':'nearest'}]"),
			0, "/augment/1/interpolation", "interpolation is \"nearest\"" },
		{ JOB("'validation':null,'callbacks':['EarlyStopping']"), 0, "/callbacks/0/monitor",
			"monitor is \"val_loss\"; the job has no validation data" },
		{ JOB("'callbacks':[{'type':'EarlyStopping','monitor':'auc'}]"), 0,
			"/callbacks/0/monitor", "the job has no metric \"auc\"" },
		{ JOB("'metrics':[{'type':'auc','name':'roc'}],"
		      "'callbacks':[{'type':'EarlyStopping','monitor':'val_auc'}]"),
			0, "/callbacks/0/monitor",
			"monitor is \"val_auc\"; the job has no metric \"auc\"" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = mnist();
		struct problems problems;
		AUTO_FREE(spec_free) struct spec *s = parse_good(cases[i].job);
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, cases[i].bytes_max, &problems);
		if (p)
			fail_msg("%s: planned", cases[i].job);
		const struct error *err = &problems.list[0];
		if (strcmp(err->pointer, cases[i].pointer) != 0 ||
			!strstr(err->text, cases[i].text))
			fail_msg("%s: %s: %s", cases[i].job, err->pointer, err->text);
	}
}

static void numbers_as_targets_have_no_classes(void **state)
{
	(void)state;
	static const struct {
		const char *more, *pointer, *text;
	} cases[] = {
		{ "'validation':{'fraction':0.3}", NULL, NULL },
		{ "'validation':{'fraction':0.3,'stratify':false}", NULL, NULL },
		{ "'validation':{'fraction':0.3,'stratify':true}", "/validation/stratify",
			"y_train has no labels" },
		{ "'class_weight':{'0':2},'validation':null", "/class_weight",
			"y_train has no labels" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = { .name = "rows",
			.parts = { PART("float32", 0, 0, 50, 7), PART("float32", 0, 0, 50, 1) } };
		struct problems problems;
		char job[256];
		(void)snprintf(job, sizeof job,
			"{'dataset':'rows','loss':'mse','model':{'layers':[{'type':'Dense','units':"
			"1}]},%s}",
			cases[i].more);
		AUTO_FREE(spec_free) struct spec *s = parse_good(job);
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
		assert_int_equal(p != NULL, cases[i].pointer == NULL);
		if (p)
			continue;
		assert_string_equal(problems.list[0].pointer, cases[i].pointer);
		assert_non_null(strstr(problems.list[0].text, cases[i].text));
	}
}

/* A split by them would take memory and time by the largest of them, on the scheduler's thread. */
static void labels_that_are_numbers_are_no_classes(void **state)
{
	(void)state;
	static const struct {
		const char *more;
		int64_t label_max;
		bool stratifies;
		const char *pointer, *text; /* NULL: it is taken */
	} cases[] = {
		{ "'validation':{'fraction':0.3}", SPEC_CLASSES_MAX - 1, true, NULL, NULL },
		{ "'validation':{'fraction':0.3}", SPEC_CLASSES_MAX, false, NULL, NULL },
		{ "'validation':{'fraction':0.3,'stratify':null}", 1000000000, false, NULL, NULL },
		{ "'validation':{'fraction':0.3,'stratify':true}", 1000000000, false,
			"/validation/stratify",
			"stratify is true; y_train has labels up to 1000000000; allowed: up to "
			"4095" },
		{ "'class_weight':{'0':2},'validation':null", SPEC_CLASSES_MAX, false,
			"/class_weight",
			"class_weight is given; y_train has labels up to 4096; allowed: up to "
			"4095" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset d = { .name = "rows",
			.parts = { PART("float32", 0, 0, 50, 7),
				PART("int32", 0, cases[i].label_max, 50) } };
		struct problems problems;
		struct data train;
		struct error err;
		char job[256];
		(void)snprintf(job, sizeof job,
			"{'dataset':'rows','loss':'mse','model':{'layers':[{'type':'Dense','units':"
			"1}]},%s}",
			cases[i].more);
		AUTO_FREE(spec_free) struct spec *s = parse_good(job);
		AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
		if (p && cases[i].pointer)
			fail_msg("%s: planned", job);
		if (!p && !cases[i].pointer)
			fail_msg("%s: %s", job, problems.list[0].text);
		if (!p) {
			assert_string_equal(problems.list[0].pointer, cases[i].pointer);
			assert_string_equal(problems.list[0].text, cases[i].text);
			continue;
		}
		assert_true(spec_describe_data(&d, DATASET_X_TRAIN, DATASET_Y_TRAIN, &train, &err));
		assert_int_equal(spec_stratifies(s, &train), cases[i].stratifies);
	}
}

static void a_merged_batch_too_large_is_refused_where_merge_is_asked_for(void **state)
{
	(void)state;
	struct dataset d = mnist();
	struct problems problems;
	AUTO_FREE(spec_free)
	struct spec *s =
		parse_good(JOB("'batch_size':700000,'last_batch':'merge','validation':null"));

	d.parts[DATASET_X_TRAIN].dim[0] = d.parts[DATASET_Y_TRAIN].dim[0] = 1300000;
	AUTO_FREE(plan_free) struct plan *p = plan(s, &d, /* bytes_max= */ 0, &problems);
	assert_null(p);
	assert_string_equal(problems.list[0].pointer, "/last_batch");
	assert_string_equal(problems.list[0].text,
		"last_batch is \"merge\", so the last batch has 1300000 samples; allowed: at most "
		"1048576");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_forecast_counts_what_keras_counts),
		cmocka_unit_test(the_forecast_says_what_is_not_trained_and_how_a_batch_is_worked),
		cmocka_unit_test(steps_and_the_last_batch_follow_from_the_samples),
		cmocka_unit_test(a_fraction_is_kept_back),
		cmocka_unit_test(class_weights_become_one_a_class),
		cmocka_unit_test(numbers_as_targets_have_no_classes),
		cmocka_unit_test(labels_that_are_numbers_are_no_classes),
		cmocka_unit_test(parts_become_samples_and_targets),
		cmocka_unit_test(bad_data_are_refused_where_they_are_named),
		cmocka_unit_test(sample_weights_are_used_unless_a_job_says_no),
		cmocka_unit_test(samples_that_are_rows_need_no_flatten),
		cmocka_unit_test(test_parts_do_not_matter_without_validation),
		cmocka_unit_test(what_the_plan_refuses_is_passed_on),
		cmocka_unit_test(a_merged_batch_too_large_is_refused_where_merge_is_asked_for),
	};

	return cmocka_run_group_tests_name("api/spec_plan", tests, NULL, NULL);
}
