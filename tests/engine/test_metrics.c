/* test_metrics.c - every metric against its formula, worked out here in double and without any of
 * the engine's ways: over whole arrays, over all thresholds, in two passes. */
#include "network.h"

#include "engine/metric.h"
#include "engine/plan.h"
#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES = 90, BATCH = 32, WIDTH_MAX = 6 };

/* --- tasks: networks that answer with what they are given, or its activation
 * ------------------------------------------------------------- */

enum answer_kind { LINEAR, SIGMOID, SOFTMAX };
static const char *const kind_names[] = { "linear", "sigmoid", "softmax" };

static const struct task {
	const char *name, *loss;
	enum answer_kind kind;
	struct shape output;
	bool labels;
} tasks[] = {
	{ "one number", "mse", LINEAR, { 1, { 1 } }, false },
	{ "five numbers", "mse", LINEAR, { 1, { 5 } }, false },
	{ "one number, a label", "mse", LINEAR, { 1, { 1 } }, true },
	{ "one probability", "mse", SIGMOID, { 1, { 1 } }, false },
	{ "yes or no", "binary_crossentropy", SIGMOID, { 1, { 1 } }, true },
	{ "five times yes or no", "binary_crossentropy", SIGMOID, { 1, { 5 } }, false },
	{ "five classes, labels", "sparse_categorical_crossentropy", SOFTMAX, { 1, { 5 } }, true },
	{ "five classes, labels as rows", "categorical_crossentropy", SOFTMAX, { 1, { 5 } }, true },
	{ "five classes, rows", "categorical_crossentropy", SOFTMAX, { 1, { 5 } }, false },
	{ "twice three classes", "categorical_crossentropy", SOFTMAX, { 2, { 2, 3 } }, false },
	{ "logits", "sparse_categorical_crossentropy from_logits=true", LINEAR, { 1, { 5 } },
		true },
};

/* A step of 1e-30 does not change what it answers. */
static struct model *task_model(const struct task *t)
{
	char layers[128];

	(void)snprintf(layers, sizeof layers,
		"Dense units=%d kernel_initializer=Identity use_bias=false activation=%s",
		(int)t->output.dim[t->output.rank - 1], kind_names[t->kind]);
	return network_model(layers, t->loss, "SGD learning_rate=1e-30");
}

/* What the network says, and what was wanted of it, as rows. */
struct answers {
	int64_t width, depth;
	double y[SAMPLES][WIDTH_MAX], wanted[SAMPLES][WIDTH_MAX];
	/* The same as the trainer takes it. */
	float x[SAMPLES * WIDTH_MAX], targets[SAMPLES * WIDTH_MAX];
	int32_t labels[SAMPLES];
};

static void answer_row(enum answer_kind kind, const float *x, int64_t depth, double *y)
{
	double sum = 0;

	for (int64_t j = 0; j < depth; j++)
		sum += exp((double)x[j]);
	for (int64_t j = 0; j < depth; j++)
		y[j] = kind == LINEAR    ? (double)x[j]
		       : kind == SIGMOID ? 1 / (1 + exp(-(double)x[j]))
					 : exp((double)x[j]) / sum;
}

/* Targets follow the answers, but not always. */
static void want_row(const struct task *t, int sample, int64_t row, int64_t depth, const float *x,
	double *wanted)
{
	int64_t largest = (sample + row) % depth;

	for (int64_t j = 0; sample % 3 && j < depth; j++)
		largest = x[j] > x[largest] ? j : largest;
	for (int64_t j = 0; j < depth; j++) {
		bool yes = depth > 1 && t->kind == SOFTMAX ? j == largest
							   : (x[j] > 0.3f) == (sample % 4 != 0);
		wanted[j] = yes;
		if (t->kind == LINEAR && !t->labels)
			wanted[j] = (double)(float)(0.8 * (double)x[j] + 0.1 * (sample % 7) +
						    (double)j);
	}
	if (t->labels && depth > 1)
		for (int64_t j = 0; j < depth; j++)
			wanted[j] = j == largest;
}

static void make_answers(const struct task *t, struct answers *a)
{
	a->width = shape_elements(&t->output);
	a->depth = t->output.dim[t->output.rank - 1];
	network_noise(7, a->x, SAMPLES * a->width);
	for (int i = 0; i < SAMPLES; i++) {
		float *x = a->x + i * a->width;
		for (int64_t j = 0; j < a->width; j++)
			x[j] *= 3;
		for (int64_t at = 0; at < a->width; at += a->depth) {
			answer_row(t->kind, x + at, a->depth, a->y[i] + at);
			want_row(t, i, at / a->depth, a->depth, x + at, a->wanted[i] + at);
		}
		for (int64_t j = 0; j < a->width; j++) {
			a->targets[i * a->width + j] = (float)a->wanted[i][j];
			if (a->width == 1 || a->wanted[i][j] == 1)
				a->labels[i] =
					(int32_t)(a->width == 1 ? a->wanted[i][j] : (double)j);
		}
	}
}

static struct data task_data(const struct task *t, const struct answers *a)
{
	struct data d = { .x = a->x, .x_type = DATA_F32, .shape = t->output, .count = SAMPLES };

	d.y = t->labels ? (const void *)a->labels : a->targets;
	d.y_type = t->labels ? DATA_I32 : DATA_F32;
	d.y_shape = t->labels ? (struct shape){ 0 } : t->output;
	d.classes = !t->labels ? 0 : a->width == 1 ? 2 : a->width;
	return d;
}

/* --- formulas -------------------------------------------------------------------------------- */

#define EACH_OUTPUT(a, i, j)                                                                       \
	for (int i = 0; i < SAMPLES; i++)                                                          \
		for (int64_t j = 0; j < (a)->width; j++)

static int64_t largest_of(const double *values, int64_t n)
{
	int64_t largest = n - 1;

	for (int64_t j = n - 1; j-- > 0;)
		largest = values[j] >= values[largest] ? j : largest;
	return largest;
}

static double right_sides(const struct answers *a, double threshold)
{
	int right = 0;

	EACH_OUTPUT(a, i, j)
	right += (a->y[i][j] > threshold) == (a->wanted[i][j] > 0.5);
	return right / (double)(SAMPLES * a->width);
}

static double right_classes(const struct answers *a, double k)
{
	int right = 0;

	for (int i = 0; i < SAMPLES; i++)
		for (int64_t at = 0; at < a->width; at += a->depth) {
			int64_t class = largest_of(a->wanted[i] + at, a->depth);
			int larger = 0;
			for (int64_t j = 0; j < a->depth; j++)
				larger += a->y[i][at + j] > a->y[i][at + class];
			right += larger < k;
		}
	return right / (double)(SAMPLES * a->width / a->depth);
}

static double accuracy(const struct answers *a, double unused)
{
	(void)unused;
	return a->depth == 1 ? right_sides(a, 0.5) : right_classes(a, 1);
}

static double absolute_error(const struct answers *a, double unused)
{
	double sum = 0;

	(void)unused;
	EACH_OUTPUT(a, i, j)
	sum += fabs(a->y[i][j] - a->wanted[i][j]);
	return sum / (double)(SAMPLES * a->width);
}

static double squared_error(const struct answers *a, double power)
{
	double sum = 0;

	EACH_OUTPUT(a, i, j)
	sum += pow(a->y[i][j] - a->wanted[i][j], 2);
	return pow(sum / (double)(SAMPLES * a->width), power);
}

struct hits {
	double tp, fp, fn;
};

/* Of output `only`, or of all (-1). */
static struct hits hits_above(const struct answers *a, double threshold, int64_t only)
{
	struct hits h = { 0 };

	EACH_OUTPUT(a, i, j)
	{
		bool said = a->y[i][j] > threshold, wanted = a->wanted[i][j] > 0.5;
		if (only >= 0 && only != j)
			continue;
		h.tp += said && wanted;
		h.fp += said && !wanted;
		h.fn += !said && wanted;
	}
	return h;
}

static double precision(const struct answers *a, double threshold)
{
	struct hits h = hits_above(a, threshold, -1);

	return h.tp / (h.tp + h.fp);
}

static double recall(const struct answers *a, double threshold)
{
	struct hits h = hits_above(a, threshold, -1);

	return h.tp / (h.tp + h.fn);
}

static double f1_of(struct hits h)
{
	double p = h.tp / (h.tp + h.fp), r = h.tp / (h.tp + h.fn);

	return h.tp > 0 ? 2 * p * r / (p + r) : 0;
}

static double f1_micro(const struct answers *a, double threshold)
{
	return f1_of(hits_above(a, threshold, -1));
}

static double f1_macro(const struct answers *a, double threshold)
{
	double sum = 0;

	for (int64_t j = 0; j < a->width; j++)
		sum += f1_of(hits_above(a, threshold, j));
	return sum / (double)a->width;
}

static double f1_weighted(const struct answers *a, double threshold)
{
	double sum = 0, weights = 0;

	for (int64_t j = 0; j < a->width; j++) {
		struct hits h = hits_above(a, threshold, j);
		sum += (h.tp + h.fn) * f1_of(h);
		weights += h.tp + h.fn;
	}
	return sum / weights;
}

/* The largest output says yes: 1 where it is, 0 elsewhere. */
static double f1_of_largest(const struct answers *a, double unused)
{
	struct answers largest = *a;

	(void)unused;
	EACH_OUTPUT(a, i, j)
	largest.y[i][j] = largest_of(a->y[i], a->width) == j;
	return f1_macro(&largest, 0.5);
}

static double r2(const struct answers *a, double unused)
{
	double total = 0;

	(void)unused;
	for (int64_t j = 0; j < a->width; j++) {
		double mean = 0, error = 0, spread = 0;
		for (int i = 0; i < SAMPLES; i++)
			mean += a->wanted[i][j] / SAMPLES;
		for (int i = 0; i < SAMPLES; i++) {
			error += pow(a->y[i][j] - a->wanted[i][j], 2);
			spread += pow(a->wanted[i][j] - mean, 2);
		}
		total += 1 - error / spread;
	}
	return total / (double)a->width;
}

/* Keras's thresholds: the first a little below 0, the last a little above 1. */
static double threshold_at(int i, int n)
{
	return i == 0 ? -1e-7 : i == n - 1 ? 1 + 1e-7 : i / (double)(n - 1);
}

static double auc_roc(const struct answers *a, double thresholds)
{
	int n = (int)thresholds;
	double area = 0;

	for (int i = 0; i + 1 < n; i++) {
		struct hits low = hits_above(a, threshold_at(i, n), -1),
			    high = hits_above(a, threshold_at(i + 1, n), -1);
		double yes = low.tp + low.fn, no = (double)(SAMPLES * a->width) - yes;
		area += (low.fp - high.fp) / no * (low.tp + high.tp) / yes / 2;
	}
	return area;
}

/* interpolate_pr_auc, as Keras writes it. */
static double auc_pr(const struct answers *a, double thresholds)
{
	int n = (int)thresholds;
	double area = 0;

	for (int i = 0; i + 1 < n; i++) {
		struct hits low = hits_above(a, threshold_at(i, n), -1),
			    high = hits_above(a, threshold_at(i + 1, n), -1);
		double p = low.tp + low.fp, p_high = high.tp + high.fp;
		double slope = p > p_high ? (low.tp - high.tp) / (p - p_high) : 0;
		double intercept = high.tp - slope * p_high;
		double ratio = p > 0 && p_high > 0 ? p / p_high : 1;
		area += slope * (low.tp - high.tp + intercept * log(ratio)) / (high.tp + high.fn);
	}
	return area;
}

/* --- each metric in each task ---------------------------------------------------------------- */

enum {
	CLASSES = 1,       /* needs several outputs a row */
	LABELS = 2,        /* needs labels */
	PROBABILITIES = 4, /* and so is left out where answers are none */
	OUTPUTS = 8,       /* needs several outputs */
	YES_OR_NO = 16,    /* what it compares with is 0 or 1 */
};

static const struct metric_case {
	const char *metric;
	double (*wanted)(const struct answers *a, double argument);
	double argument;
	unsigned needs;
} cases[] = {
	{ "accuracy", accuracy, 0, YES_OR_NO },
	{ "acc name=mine", accuracy, 0, YES_OR_NO },
	{ "binary_accuracy", right_sides, 0.5, YES_OR_NO },
	{ "binary_accuracy threshold=0.2", right_sides, 0.2, YES_OR_NO },
	{ "categorical_accuracy", right_classes, 1, CLASSES },
	{ "sparse_categorical_accuracy", right_classes, 1, CLASSES | LABELS },
	{ "top_k_categorical_accuracy k=2", right_classes, 2, CLASSES },
	{ "sparse_top_k_categorical_accuracy k=3", right_classes, 3, CLASSES | LABELS },
	{ "mean_absolute_error", absolute_error, 0, 0 },
	{ "mean_squared_error", squared_error, 1, 0 },
	{ "root_mean_squared_error", squared_error, 0.5, 0 },
	{ "precision", precision, 0.5, YES_OR_NO },
	{ "precision thresholds=0.3", precision, 0.3, YES_OR_NO },
	{ "recall", recall, 0.5, YES_OR_NO },
	{ "recall thresholds=0.3", recall, 0.3, YES_OR_NO },
	{ "f1_score threshold=0.4", f1_macro, 0.4, YES_OR_NO },
	{ "f1_score average=micro threshold=0.4", f1_micro, 0.4, YES_OR_NO },
	{ "f1_score average=weighted threshold=0.3", f1_weighted, 0.3, YES_OR_NO },
	{ "f1_score", f1_of_largest, 0, OUTPUTS | YES_OR_NO },
	{ "auc", auc_roc, 200, PROBABILITIES },
	{ "auc num_thresholds=3", auc_roc, 3, PROBABILITIES },
	{ "auc curve=PR", auc_pr, 200, PROBABILITIES },
	{ "auc curve=PR num_thresholds=17", auc_pr, 17, PROBABILITIES },
	{ "r2_score", r2, 0, 0 },
};

static bool goes_with(const struct metric_case *c, const struct task *t)
{
	int64_t depth = t->output.dim[t->output.rank - 1];
	bool numbers = t->kind == LINEAR && !t->labels;

	return (!(c->needs & CLASSES) || depth > 1) && (!(c->needs & LABELS) || t->labels) &&
	       (!(c->needs & PROBABILITIES) || t->kind != LINEAR) &&
	       (!(c->needs & OUTPUTS) || shape_elements(&t->output) > 1) &&
	       (!(c->needs & YES_OR_NO) || !numbers);
}

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	(void)err; /* never stops the training */
	*(struct trainer_epoch *)ctx = *e;
	return true;
}

/* One epoch. */
static struct trainer_epoch train(const struct plan *plan, const struct data *data, int threads)
{
	struct error err = { 0 };
	struct trainer_epoch ret = { 0 };
	AUTO_FREE(trainer_free)
	struct trainer *t = trainer_new(&(struct trainer_options){ .plan = plan,
						.train = *data,
						.validation = data,
						.epochs = 1,
						.threads_max = threads },
		&err);

	if (!t || trainer_run(t, &(struct trainer_events){ .epoch = on_epoch, .ctx = &ret }, NULL,
			  &err) != TRAINER_DONE)
		fail_msg("%s", err.text);
	return ret;
}

static struct plan *make_plan(
	const struct model *m, const struct data *d, int64_t bytes_max, struct error *err)
{
	return plan_new(m,
		&(struct plan_options){ .input = d->shape,
			.target = d->y_shape,
			.classes = d->classes,
			.batch_size = BATCH,
			.bytes_max = bytes_max },
		err);
}

/* Float answers and float shares of sums against double ones. */
static const double tolerance = 2e-6;

static void check_case(const struct metric_case *c, const struct task *t, const struct answers *a)
{
	struct error err = { 0 };
	struct data d = task_data(t, a);
	AUTO_FREE(model_free) struct model *m = task_model(t);
	network_metric(m, c->metric);
	AUTO_FREE(plan_free) struct plan *p = make_plan(m, &d, 0, &err);

	if (!p)
		fail_msg("%s, %s: %s", c->metric, t->name, err.text);
	struct trainer_epoch e = train(p, &d, 2);
	double wanted = c->wanted(a, c->argument);
	if (!(fabs(e.metrics[0] - wanted) <= tolerance * (1 + fabs(wanted))))
		fail_msg("%s, %s: %.9g, wanted %.9g", c->metric, t->name, e.metrics[0], wanted);
	if (memcmp(&e.metrics[0], &e.val_metrics[0], sizeof(double)) != 0)
		fail_msg("%s, %s: %.17g, in the validation %.17g", c->metric, t->name, e.metrics[0],
			e.val_metrics[0]);
}

static void test_each_metric_is_what_its_formula_says(void **state)
{
	static struct answers a;

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tasks); i++) {
		memset(&a, 0, sizeof a);
		make_answers(&tasks[i], &a);
		for (size_t k = 0; k < COUNT_OF(cases); k++)
			if (goes_with(&cases[k], &tasks[i]))
				check_case(&cases[k], &tasks[i], &a);
	}
}

static void test_no_metric_is_without_a_case(void **state)
{
	(void)state;
	for (int i = 0; metric_classes[i]; i++) {
		bool found = false;
		for (size_t k = 0; k < COUNT_OF(cases); k++) {
			char type[64];
			(void)snprintf(type, sizeof type, "%.*s",
				(int)strcspn(cases[k].metric, " "), cases[k].metric);
			found |= metric_class_find(type) == metric_classes[i];
		}
		if (!found)
			fail_msg("%s has no case", metric_classes[i]->name);
	}
}

/* --- the same bits ---------------------------------------------------------------------------- */

static const char *const together[] = { "accuracy", "auc", "auc curve=PR name=pr",
	"binary_accuracy", "categorical_accuracy", "f1_score", "mean_absolute_error",
	"mean_squared_error", "precision", "r2_score", "recall", "root_mean_squared_error",
	"sparse_categorical_accuracy", "sparse_top_k_categorical_accuracy k=2",
	"top_k_categorical_accuracy k=2" };

/* The smallest budget that the plan accepts, by halving. */
static int64_t smallest_budget(const struct model *m, const struct data *d, int64_t accepted)
{
	int64_t refused = 0;

	while (accepted - refused > 1) {
		int64_t middle = refused + (accepted - refused) / 2;
		AUTO_FREE(plan_free) struct plan *p = make_plan(m, d, middle, NULL);
		*(p ? &accepted : &refused) = middle;
	}
	return accepted;
}

static void test_threads_and_parts_do_not_change_a_bit(void **state)
{
	static struct answers a;
	const struct task *t = &tasks[6];
	struct error err = { 0 };
	struct plan_forecast f;

	(void)state;
	make_answers(t, &a);
	struct data d = task_data(t, &a);
	AUTO_FREE(model_free)
	struct model *m =
		network_model("Dense units=400; Dense units=5 activation=softmax", t->loss, "Adam");
	for (size_t i = 0; i < COUNT_OF(together); i++)
		network_metric(m, together[i]);
	AUTO_FREE(plan_free) struct plan *whole = make_plan(m, &d, 0, &err);
	assert_non_null(whole);
	plan_forecast(whole, &f);
	AUTO_FREE(plan_free)
	struct plan *parts = make_plan(m, &d, smallest_budget(m, &d, f.total_bytes), &err);
	assert_non_null(parts);
	plan_forecast(parts, &f);
	assert_true(f.part_samples < BATCH);

	struct trainer_epoch first = train(whole, &d, 1);
	for (int threads = 1; threads <= 5; threads += 2) {
		struct trainer_epoch others[] = { train(whole, &d, threads),
			train(parts, &d, threads) };
		for (size_t i = 0; i < COUNT_OF(others) * COUNT_OF(together); i++) {
			const struct trainer_epoch *e = &others[i / COUNT_OF(together)];
			size_t k = i % COUNT_OF(together);
			if (memcmp(&e->metrics[k], &first.metrics[k], sizeof(double)) != 0 ||
				memcmp(&e->val_metrics[k], &first.val_metrics[k], sizeof(double)) !=
					0)
				fail_msg("%s on %d threads%s: other bits", together[k], threads,
					e == others ? "" : ", in parts");
		}
	}
}

/* --- the confusion matrix --------------------------------------------------------------------- */

struct confusion {
	const struct answers *answers;
	const int32_t *labels;
	int64_t classes;
	int epochs;
};

static bool check_confusion(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct confusion *c = ctx;
	int64_t wanted[WIDTH_MAX * WIDTH_MAX] = { 0 };

	(void)err; /* never stops the training */
	c->epochs++;
	if (c->classes == 0) {
		assert_null(e->confusion);
		return true;
	}
	assert_non_null(e->confusion);
	assert_int_equal(e->classes, c->classes);
	for (int i = 0; i < SAMPLES; i++) {
		const double *y = c->answers->y[i];
		int64_t seen =
			c->answers->width == 1 ? y[0] > 0.5 : largest_of(y, c->answers->width);
		wanted[c->labels[i] * c->classes + seen]++;
	}
	assert_memory_equal(
		e->confusion, wanted, (size_t)(c->classes * c->classes) * sizeof *wanted);
	return true;
}

static void test_the_confusion_matrix_counts_the_validation_data(void **state)
{
	static const int64_t classes[COUNT_OF(tasks)] = {
		[2] = 2, [4] = 2, [6] = 5, [7] = 5, [10] = 5
	};
	static struct answers a;
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(tasks); i++) {
		memset(&a, 0, sizeof a);
		make_answers(&tasks[i], &a);
		struct data d = task_data(&tasks[i], &a);
		struct confusion c = { .answers = &a, .labels = a.labels, .classes = classes[i] };
		AUTO_FREE(model_free)
		struct model *m = task_model(&tasks[i]);
		AUTO_FREE(plan_free) struct plan *p = make_plan(m, &d, 0, &err);
		assert_non_null(p);
		AUTO_FREE(trainer_free)
		struct trainer *t = trainer_new(&(struct trainer_options){ .plan = p,
							.train = d,
							.validation = &d,
							.epochs = 2,
							.threads_max = 3 },
			&err);
		assert_non_null(t);
		struct trainer_events events = { .epoch = check_confusion, .ctx = &c };
		assert_int_equal(trainer_run(t, &events, NULL, &err), TRAINER_DONE);
		assert_int_equal(c.epochs, 2);
	}
}

static void test_there_is_no_confusion_matrix_of_too_many_classes(void **state)
{
	static struct answers a;
	const struct task *t = &tasks[6];

	(void)state;
	make_answers(t, &a);
	for (int classes = 256; classes <= 257; classes++) {
		struct error err = { 0 };
		char layers[64];
		struct data d = task_data(t, &a);
		(void)snprintf(layers, sizeof layers, "Dense units=%d activation=softmax", classes);
		AUTO_FREE(model_free) struct model *m = network_model(layers, t->loss, "SGD");
		AUTO_FREE(plan_free) struct plan *p = make_plan(m, &d, 0, &err);
		assert_non_null(p);
		struct trainer_epoch e = train(p, &d, 1);
		assert_int_equal(e.confusion != NULL, classes == 256);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_metric_is_what_its_formula_says),
		cmocka_unit_test(test_no_metric_is_without_a_case),
		cmocka_unit_test(test_threads_and_parts_do_not_change_a_bit),
		cmocka_unit_test(test_the_confusion_matrix_counts_the_validation_data),
		cmocka_unit_test(test_there_is_no_confusion_matrix_of_too_many_classes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
