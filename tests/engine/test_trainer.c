/* test_trainer.c - the training loop: it learns, it can be stopped anywhere and go on, and its
 * result is the same bits for any number of threads and any instruction set. */
#include "network.h"

#include "base/digest.h"
#include "engine/kernels/kernels.h"
#include "engine/trainer.h"

#include <malloc.h>
#include <math.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* --- allocations, counted: malloc and its kin are replaced at link time (--wrap)
 * ---------------------------------- */

static atomic_int allocations;
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

void *__wrap_malloc(size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_malloc(size);
}
void *__wrap_calloc(size_t n, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_calloc(n, size);
}
void *__wrap_realloc(void *p, size_t size)
{
	atomic_fetch_add(&allocations, 1);
	return __real_realloc(p, size);
}

/* --- a small task: which quarter of the image is bright
 * ------------------------------------------------------------ */

enum { SIDE = 9, SAMPLES = 150, CLASSES = 4, EPOCHS = 3 };
static uint8_t images[SAMPLES * SIDE * SIDE], labels[SAMPLES];

static const char network[] =
	"Conv2D filters=5 kernel_size=3 activation=relu; MaxPooling2D; Conv2D filters=17 "
	"kernel_size=2 "
	"padding=same activation=tanh; Flatten; Dense units=40 activation=sigmoid; Dense units=160 "
	"name=a; Dense "
	"units=160 activation=relu name=b; Add inputs=a,b; Dense units=4 activation=softmax";

static struct data task(int count)
{
	return (struct data){ .x = images,
		.x_type = DATA_U8,
		.shape = SHAPE3(SIDE, SIDE, 1),
		.y = labels,
		.y_type = DATA_U8,
		.count = count,
		.classes = CLASSES };
}

static int make_task(void **state)
{
	(void)state;
	for (int i = 0; i < SAMPLES; i++) {
		float noise[SIDE * SIDE];
		network_noise((uint64_t)i + 100, noise, SIDE * SIDE);
		labels[i] = (uint8_t)(i * 7 % CLASSES);
		for (int p = 0; p < SIDE * SIDE; p++) {
			int quarter = p / SIDE / 5 * 2 + p % SIDE / 5;
			images[i * SIDE * SIDE + p] =
				(uint8_t)(60 + 50 * noise[p] + (quarter == labels[i] ? 80 : 0));
		}
	}
	return 0;
}

/* --- running it
 * ----------------------------------------------------------------------------------------------------
 */

struct history {
	struct trainer_epoch epochs[16];
	int n;
	atomic_bool *stop_after_first; /* set after the first epoch */
	int allocations_before, allocations_after;
	bool refuse;
};

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct history *h = ctx;

	if (h->n == 0)
		h->allocations_before = atomic_load(&allocations);
	h->allocations_after = atomic_load(&allocations);
	h->epochs[h->n++] = *e;
	if (h->stop_after_first)
		atomic_store(h->stop_after_first, true);
	return h->refuse ? error_set(err, ERROR_NO_SPACE, "the disk is full") : true;
}

struct job {
	struct model *model;
	struct plan *plan;
	struct data train, validation;
	struct trainer_options options;
};

/* Counts, thresholds and sums of floats. */
static const char *const metrics[] = { "accuracy", "auc", "mean_absolute_error", "f1_score" };

static void job_init(struct job *j, const char *optimizer, int64_t batch)
{
	struct error err = { 0 };

	j->model = network_model(network, "sparse_categorical_crossentropy", optimizer);
	for (size_t i = 0; i < COUNT_OF(metrics); i++)
		assert_non_null(
			model_add_metric(j->model, metric_class_find(metrics[i]), NULL, &err));
	j->train = task(SAMPLES);
	j->validation = task(50);
	j->plan = plan_new(j->model,
		&(struct plan_options){
			.input = j->train.shape, .classes = CLASSES, .batch_size = batch },
		&err);
	if (!j->plan)
		fail_msg("%s", err.text);
	j->options = (struct trainer_options){ .plan = j->plan,
		.train = j->train,
		.validation = &j->validation,
		.epochs = EPOCHS,
		.seed = 42,
		.shuffle = true,
		.threads_max = 1 };
}

static void job_done(struct job *j)
{
	plan_free(j->plan);
	model_free(j->model);
}

static struct trainer *start(const struct job *j)
{
	struct error err = { 0 };
	struct trainer *t = trainer_new(&j->options, &err);

	if (!t)
		fail_msg("%s", err.text);
	return t;
}

static void digest_trainer(const struct trainer *t, char ret[static DIGEST_TEXT_BYTES])
{
	struct digest d;
	uint8_t sum[DIGEST_BYTES];

	digest_init(&d);
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor tensor;
		trainer_tensor(t, i, &tensor);
		digest_add(&d, tensor.name, strlen(tensor.name));
		digest_add(
			&d, tensor.values, (size_t)shape_elements(&tensor.shape) * sizeof(float));
	}
	digest_end(&d, sum);
	digest_text(sum, ret);
}

static void run_to_the_end(struct trainer *t, struct history *h)
{
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .ctx = h };

	if (trainer_run(t, &events, NULL, &err) != TRAINER_DONE)
		fail_msg("%s", err.text);
}

static void whole_run(const struct job *j, struct history *h, char ret[static DIGEST_TEXT_BYTES])
{
	AUTO_FREE(trainer_free) struct trainer *t = start(j);

	run_to_the_end(t, h);
	digest_trainer(t, ret);
}

static void assert_same_history(const struct history *a, const struct history *b, const char *what)
{
	for (int i = 0; i < a->n; i++)
		if (memcmp(&a->epochs[i].loss, &b->epochs[i].loss, sizeof(double)) != 0 ||
			memcmp(&a->epochs[i].val_loss, &b->epochs[i].val_loss, sizeof(double)) !=
				0 ||
			memcmp(a->epochs[i].metrics, b->epochs[i].metrics,
				sizeof a->epochs[i].metrics) != 0 ||
			memcmp(a->epochs[i].val_metrics, b->epochs[i].val_metrics,
				sizeof a->epochs[i].val_metrics) != 0)
			fail_msg("%s: epoch %d has other metrics", what, i + 1);
}

static void test_it_learns(void **state)
{
	struct job j;
	struct history h = { 0 };
	char digest[DIGEST_TEXT_BYTES];

	(void)state;
	job_init(&j, "Adam learning_rate=0.005", 16);
	j.options.epochs = 12;
	whole_run(&j, &h, digest);
	assert_int_equal(h.n, 12);
	assert_true(h.epochs[11].loss < 0.5 * h.epochs[0].loss);
	assert_true(h.epochs[11].val_metrics[0] > 0.9);
	assert_int_equal(h.epochs[11].epoch, 12);
	assert_int_equal(h.epochs[11].step, 12 * 10);
	assert_int_equal(h.epochs[0].samples, SAMPLES);
	assert_true(h.epochs[0].learning_rate == 0.005);
	job_done(&j);
}

static void test_the_learning_rate_follows_its_schedule(void **state)
{
	struct job j;
	struct history h = { 0 };
	char digest[DIGEST_TEXT_BYTES];

	(void)state;
	/* ten steps an epoch: an epoch's rate is that of the step after it */
	job_init(&j, "SGD learning_rate=PolynomialDecay(initial_learning_rate=0.05|decay_steps=40)",
		16);
	j.options.epochs = 5;
	whole_run(&j, &h, digest);
	for (int i = 0; i < 5; i++) {
		double left = i < 4 ? 1 - (i + 1) / 4. : 0;
		assert_true(fabs(h.epochs[i].learning_rate - (0.0499 * left + 0.0001)) < 1e-12);
	}
	job_done(&j);
}

static void test_one_result_for_all_threads_and_instruction_sets(void **state)
{
	static const int threads[] = { 1, 2, 3, 5, 8 };
	static const int64_t batches[] = { 7, 16, 50, 150 };
	static const char *const optimizers[] = { "Adam",
		"SGD learning_rate=0.05 momentum=0.9 nesterov=true global_clipnorm=0.1",
		"RMSprop clipnorm=0.01 weight_decay=0.01", "Adam use_ema=true" };
	char first[DIGEST_TEXT_BYTES], other[DIGEST_TEXT_BYTES], what[64];

	(void)state;
	for (size_t b = 0; b < COUNT_OF(batches); b++) {
		struct job j;
		struct history h = { 0 };
		job_init(&j, optimizers[b], batches[b]);
		whole_run(&j, &h, first);
		for (int k = 0; kernels_all[k]; k++) {
			j.options.isa = kernels_all[k]->name;
			if (!trainer_isa(j.options.isa))
				continue;
			for (size_t i = 0; i < COUNT_OF(threads); i++) {
				struct history again = { 0 };
				j.options.threads_max = threads[i];
				whole_run(&j, &again, other);
				(void)snprintf(what, sizeof what, "%s, %d threads, batch %d",
					j.options.isa, threads[i], (int)batches[b]);
				if (strcmp(first, other) != 0)
					fail_msg("%s: other weights", what);
				assert_same_history(&h, &again, what);
			}
		}
		job_done(&j);
	}
}

struct restless {
	struct trainer *trainer;
	atomic_bool leave;
};

static void *change_threads(void *arg)
{
	struct restless *r = arg;
	struct trainer_progress p;

	for (int i = 0; !atomic_load(&r->leave); i++) {
		trainer_set_threads(r->trainer, 1 + i % 4);
		trainer_progress(r->trainer, &p);
		(void)trainer_samples_per_second(r->trainer);
	}
	return NULL;
}

static void test_threads_may_come_and_go_between_steps(void **state)
{
	struct job j;
	struct history a = { 0 }, b = { 0 };
	char wanted[DIGEST_TEXT_BYTES], seen[DIGEST_TEXT_BYTES];
	pthread_t thread;

	(void)state;
	job_init(&j, "Adam", 64);
	whole_run(&j, &a, wanted);
	j.options.threads_max = 4;
	AUTO_FREE(trainer_free) struct trainer *t = start(&j);
	struct restless r = { .trainer = t };
	assert_int_equal(pthread_create(&thread, NULL, change_threads, &r), 0);
	run_to_the_end(t, &b);
	atomic_store(&r.leave, true);
	(void)pthread_join(thread, NULL);
	digest_trainer(t, seen);
	assert_string_equal(wanted, seen);
	job_done(&j);
}

/* Copies tensors and state of one trainer into a new one, as a checkpoint does. */
static struct trainer *move_to_a_new_trainer(const struct job *j, struct trainer *old)
{
	struct error err = { 0 };
	struct trainer *t = start(j);
	struct trainer_state s;

	assert_int_equal(trainer_tensor_count(t), trainer_tensor_count(old));
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor to, from;
		trainer_tensor(t, i, &to);
		trainer_tensor(old, i, &from);
		assert_string_equal(to.name, from.name);
		memcpy(to.values, from.values, (size_t)shape_elements(&to.shape) * sizeof(float));
	}
	trainer_get_state(old, &s);
	trainer_free(old);
	if (!trainer_set_state(t, &s, &err))
		fail_msg("%s", err.text);
	return t;
}

struct stopper {
	struct trainer *trainer;
	atomic_bool stop;
	_Atomic int64_t after; /* heartbeats */
};

static void *stop_after(void *arg)
{
	struct stopper *s = arg;

	while (trainer_heartbeat(s->trainer) < atomic_load(&s->after))
		;
	atomic_store(&s->stop, true);
	return NULL;
}

static void test_stopped_anywhere_it_goes_on_to_the_same_bits(void **state)
{
	struct job j;
	struct history whole = { 0 }, pieces = { 0 };
	char wanted[DIGEST_TEXT_BYTES], seen[DIGEST_TEXT_BYTES];
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .ctx = &pieces };
	enum trainer_outcome outcome = TRAINER_STOPPED;

	(void)state;
	job_init(&j, "Adam gradient_accumulation_steps=3 use_ema=true", 7);
	whole_run(&j, &whole, wanted);
	struct trainer *t = start(&j);
	for (int64_t i = 1; outcome == TRAINER_STOPPED; i++) {
		struct stopper s = { .trainer = t, .after = 1 + i % 9 };
		pthread_t thread;
		assert_int_equal(pthread_create(&thread, NULL, stop_after, &s), 0);
		outcome = trainer_run(t, &events, &s.stop, &err);
		atomic_store(&s.stop, true);
		atomic_store(&s.after, 0); /* if it is done first */
		(void)pthread_join(thread, NULL);
		if (outcome == TRAINER_STOPPED)
			t = move_to_a_new_trainer(&j, t);
	}
	assert_int_equal(outcome, TRAINER_DONE);
	digest_trainer(t, seen);
	trainer_free(t);
	assert_string_equal(wanted, seen);
	assert_int_equal(pieces.n, EPOCHS);
	assert_same_history(&whole, &pieces, "in pieces");
	job_done(&j);
}

static void test_the_loop_allocates_nothing(void **state)
{
	struct job j;
	struct history h = { 0 };
	char digest[DIGEST_TEXT_BYTES];

	(void)state;
	job_init(&j, "Adam", 20);
	j.options.threads_max = 2;
	j.options.epochs = 6;
	int before = atomic_load(&allocations);
	whole_run(&j, &h, digest);
	assert_true(atomic_load(&allocations) > before); /* they are counted */
	assert_int_equal(h.allocations_before, h.allocations_after);
	job_done(&j);
}

static void test_an_epoch_that_cannot_be_stored_ends_the_training(void **state)
{
	struct job j;
	struct history h = { .refuse = true };
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .ctx = &h };

	(void)state;
	job_init(&j, "Adam", 20);
	AUTO_FREE(trainer_free) struct trainer *t = start(&j);
	assert_int_equal(trainer_run(t, &events, NULL, &err), TRAINER_FAILED);
	assert_int_equal(err.code, ERROR_NO_SPACE);
	assert_int_equal(h.n, 1);
	job_done(&j);
}

static void test_a_loss_that_is_not_finite_fails_at_its_step(void **state)
{
	struct job j;
	struct history h = { 0 };
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .ctx = &h };

	(void)state;
	job_init(&j, "SGD learning_rate=1e30", 20);
	AUTO_FREE(trainer_free) struct trainer *t = start(&j);
	assert_int_equal(trainer_run(t, &events, NULL, &err), TRAINER_FAILED);
	assert_non_null(strstr(err.text, "the loss is not a finite number in epoch 1, step "));
	assert_int_equal(h.n, 0);
	job_done(&j);
}

static void test_it_says_where_it_was(void **state)
{
	static const struct {
		const char *layers;
		float value; /* the first feature of sample 40 */
		const char *text;
	} cases[] = {
		{ "Dense units=1 name=first; Dense units=1", INFINITY,
			"the loss is not a finite number in epoch 1, step 3 (samples 32 to 47 of "
			"the epoch); first not finite is layer 0 (first): " },
		{ "Dense units=1 kernel_initializer=Ones name=a; Rescaling scale=1e30 name=b",
			1e15f, "first not finite is layer 1 (b): " },
		{ "Dense units=1 kernel_initializer=Ones", 1e30f,
			"first not finite is the loss itself: " },
	};
	float x[64 * 2] = { 0 }, y[64] = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct error err = { 0 };
		struct history h = { 0 };
		struct trainer_events events = { .epoch = on_epoch, .ctx = &h };
		x[40 * 2] = cases[i].value;
		AUTO_FREE(model_free)
		struct model *m = network_model(cases[i].layers, "mean_squared_error", "SGD");
		AUTO_FREE(plan_free)
		struct plan *p = plan_new(m,
			&(struct plan_options){
				.input = SHAPE1(2), .target = SHAPE1(1), .batch_size = 16 },
			&err);
		assert_non_null(p);
		struct trainer_options o = { .plan = p,
			.train = { .x = x,
				.x_type = DATA_F32,
				.shape = SHAPE1(2),
				.y = y,
				.y_type = DATA_F32,
				.y_shape = SHAPE1(1),
				.count = 64 },
			.epochs = 1,
			.threads_max = 2 };
		AUTO_FREE(trainer_free) struct trainer *t = trainer_new(&o, &err);
		assert_non_null(t);
		assert_int_equal(trainer_run(t, &events, NULL, &err), TRAINER_FAILED);
		if (!strstr(err.text, cases[i].text))
			fail_msg("%s: %s", cases[i].layers, err.text);
		assert_int_equal(h.n, 0);
	}
}

/* Labels that are no places in the output have a limit, too. */
static void test_a_binary_loss_takes_labels_of_0_and_1(void **state)
{
	static const float x[8];
	static const int32_t y[4] = { 0, 1, 1, 2 };
	struct error err = { 0 };
	AUTO_FREE(model_free)
	struct model *m =
		network_model("Dense units=1 activation=sigmoid", "binary_crossentropy", "SGD");
	AUTO_FREE(plan_free)
	struct plan *p = plan_new(m,
		&(struct plan_options){ .input = SHAPE1(2), .classes = 2, .batch_size = 4 }, &err);

	(void)state;
	assert_non_null(p);
	struct trainer_options o = { .plan = p,
		.train = { .x = x,
			.x_type = DATA_F32,
			.shape = SHAPE1(2),
			.y = y,
			.y_type = DATA_I32,
			.count = 4,
			.classes = 2 },
		.epochs = 1,
		.threads_max = 1 };
	assert_null(trainer_new(&o, &err));
	assert_string_equal(err.text, "label 3 of the training data is 2; allowed: [0, 1]");
	o.train.count = 3;
	AUTO_FREE(trainer_free) struct trainer *t = trainer_new(&o, &err);
	assert_non_null(t);
}

static void test_data_are_checked_against_the_plan(void **state)
{
	struct job j;
	struct error err = { 0 };

	(void)state;
	job_init(&j, "Adam", 20);
	labels[17] = 4;
	assert_null(trainer_new(&j.options, &err));
	assert_string_equal(err.text, "label 17 of the training data is 4; allowed: [0, 3]");
	labels[17] = 17 * 7 % CLASSES;
	j.options.train.count = 0;
	assert_null(trainer_new(&j.options, &err));
	assert_non_null(strstr(err.text, "no sample"));
	j.options.train = j.train;
	j.validation.shape = SHAPE3(9, 8, 1);
	assert_null(trainer_new(&j.options, &err));
	assert_non_null(strstr(err.text, "the validation data have samples of shape (9, 8, 1); the "
					 "model was planned for (9, 9, 1)"));
	j.options.validation = NULL;
	j.options.isa = "mmx";
	assert_null(trainer_new(&j.options, &err));
	assert_non_null(strstr(err.text, "\"mmx\""));
	job_done(&j);
}

static void test_a_state_that_no_job_of_this_kind_can_have_is_refused(void **state)
{
	struct job j;
	struct error err = { 0 };

	(void)state;
	job_init(&j, "Adam", 20);
	AUTO_FREE(trainer_free) struct trainer *t = start(&j);
	static const struct trainer_state wrong[] = {
		{ .epoch = EPOCHS + 1, .step = (EPOCHS + 1) * 8 },
		{ .epoch = -1 },
		{ .epoch = 1, .step = 9 },
		{ .step_in_epoch = 2, .step = 2, .epoch_samples = 41 },
		{ .step_in_epoch = 9, .step = 9, .epoch_samples = 150 },
		{ .step_in_epoch = 2, .step = 2, .epoch_samples = 40, .epoch_loss_sum = NAN },
	};
	for (size_t i = 0; i < COUNT_OF(wrong); i++)
		if (trainer_set_state(t, &wrong[i], &err))
			fail_msg("state %zu was accepted", i);
	assert_true(trainer_set_state(t, &(struct trainer_state){ .epoch = 1, .step = 8 }, &err));
	job_done(&j);
}

static void test_a_refusal_names_the_row_of_the_data_set_where_it_is_split(void **state)
{
	static const int32_t rows[] = { 3, 17 };
	float weights[SAMPLES] = { 0 };
	struct job j;
	struct error err = { 0 };

	(void)state;
	job_init(&j, "Adam", 20);
	j.options.train.index = rows;
	j.options.train.count = COUNT_OF(rows);
	labels[17] = 4;
	assert_null(trainer_new(&j.options, &err));
	assert_string_equal(err.text, "label 17 of the training data is 4; allowed: [0, 3]");
	labels[17] = 17 * 7 % CLASSES;
	j.options.train.weights = weights;
	weights[17] = -1;
	assert_null(trainer_new(&j.options, &err));
	assert_non_null(strstr(err.text, "the weight of sample 17 of the training data is -1"));
	job_done(&j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_learns),
		cmocka_unit_test(test_the_learning_rate_follows_its_schedule),
		cmocka_unit_test(test_one_result_for_all_threads_and_instruction_sets),
		cmocka_unit_test(test_threads_may_come_and_go_between_steps),
		cmocka_unit_test(test_stopped_anywhere_it_goes_on_to_the_same_bits),
		cmocka_unit_test(test_the_loop_allocates_nothing),
		cmocka_unit_test(test_an_epoch_that_cannot_be_stored_ends_the_training),
		cmocka_unit_test(test_a_loss_that_is_not_finite_fails_at_its_step),
		cmocka_unit_test(test_it_says_where_it_was),
		cmocka_unit_test(test_a_binary_loss_takes_labels_of_0_and_1),
		cmocka_unit_test(test_data_are_checked_against_the_plan),
		cmocka_unit_test(test_a_refusal_names_the_row_of_the_data_set_where_it_is_split),
		cmocka_unit_test(test_a_state_that_no_job_of_this_kind_can_have_is_refused),
	};

	return cmocka_run_group_tests(tests, make_task, NULL);
}
