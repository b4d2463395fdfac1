/* test_batches.c - how the trainer cuts an epoch into steps, and which epochs it validates. */
#include "network.h"

#include "engine/plan.h"
#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

enum { SAMPLES_MAX = 64, STEPS_MAX = 32, EPOCHS = 5 };
static float rows[SAMPLES_MAX], targets[SAMPLES_MAX];

static const struct batches {
	const char *name;
	int64_t samples, batch_size;
	enum trainer_last_batch last;
	int64_t steps_per_epoch, steps, seen, last_size;
} cases[] = {
	{ "keep: a smaller one", 50, 16, TRAINER_LAST_KEEP, 0, 4, 50, 2 },
	{ "keep: nothing is left", 48, 16, TRAINER_LAST_KEEP, 0, 3, 48, 16 },
	{ "keep: less than one", 5, 16, TRAINER_LAST_KEEP, 0, 1, 5, 5 },
	{ "drop: left out", 50, 16, TRAINER_LAST_DROP, 0, 3, 48, 16 },
	{ "drop: exactly one", 16, 16, TRAINER_LAST_DROP, 0, 1, 16, 16 },
	{ "merge: a larger one", 50, 16, TRAINER_LAST_MERGE, 0, 3, 50, 18 },
	{ "merge: one of all", 20, 16, TRAINER_LAST_MERGE, 0, 1, 20, 20 },
	{ "merge: less than one", 5, 16, TRAINER_LAST_MERGE, 0, 1, 5, 5 },
	{ "fewer steps", 50, 16, TRAINER_LAST_KEEP, 2, 2, 32, 16 },
	{ "as many as there are", 50, 16, TRAINER_LAST_MERGE, 3, 3, 50, 18 },
};

struct job {
	struct model *model;
	struct plan *plan;
	struct data data;
	struct trainer_options options;
	struct trainer *trainer;
	int64_t sizes[STEPS_MAX], before; /* of the steps */
	int steps, n;
	struct trainer_epoch epochs[EPOCHS];
	atomic_bool stop;
	bool stops;
};

static void job_init(struct job *j, const struct batches *b, int64_t planned)
{
	struct error err = { 0 };

	*j = (struct job){ .model = network_model("Dense units=1", "mse", "SGD") };
	network_noise(1, rows, SAMPLES_MAX);
	j->data = (struct data){ .x = rows,
		.x_type = DATA_F32,
		.shape = SHAPE1(1),
		.y = targets,
		.y_type = DATA_F32,
		.y_shape = SHAPE1(1),
		.count = b->samples };
	j->plan = plan_new(j->model,
		&(struct plan_options){
			.input = SHAPE1(1), .target = SHAPE1(1), .batch_size = planned },
		&err);
	assert_non_null(j->plan);
	j->options = (struct trainer_options){ .plan = j->plan,
		.train = j->data,
		.epochs = 2,
		.batch_size = b->batch_size,
		.last_batch = b->last,
		.steps_per_epoch = b->steps_per_epoch,
		.shuffle = true,
		.threads_max = 1 };
}

static void job_done(struct job *j)
{
	trainer_free(j->trainer);
	plan_free(j->plan);
	model_free(j->model);
}

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct job *j = ctx;

	(void)err; /* never stops the training */
	j->epochs[j->n++] = *e;
	j->before = 0;
	return true;
}

static void on_step(void *ctx)
{
	struct job *j = ctx;
	struct trainer_state s;

	trainer_get_state(j->trainer, &s);
	assert_true(j->steps < STEPS_MAX);
	j->sizes[j->steps++] = s.epoch_samples - j->before;
	j->before = s.epoch_samples;
	atomic_store(&j->stop, j->stops);
}

/* Tensors and state, as a checkpoint has them. */
static void go_on_in_a_new_trainer(struct job *j)
{
	struct error err = { 0 };
	struct trainer *new = trainer_new(&j->options, &err);
	struct trainer_state s;

	assert_non_null(new);
	for (int i = 0; i < trainer_tensor_count(new); i++) {
		struct trainer_tensor to, from;
		trainer_tensor(new, i, &to);
		trainer_tensor(j->trainer, i, &from);
		memcpy(to.values, from.values, (size_t)shape_elements(&to.shape) * sizeof(float));
	}
	trainer_get_state(j->trainer, &s);
	if (!trainer_set_state(new, &s, &err))
		fail_msg("%s", err.text);
	trainer_free(j->trainer);
	j->trainer = new;
}

static void job_run(struct job *j, bool stops)
{
	struct error err = { 0 };
	struct trainer_events events = { .epoch = on_epoch, .step = on_step, .ctx = j };
	enum trainer_outcome outcome;

	j->stops = stops;
	j->trainer = trainer_new(&j->options, &err);
	if (!j->trainer)
		fail_msg("%s: %s", err.pointer, err.text);
	do {
		atomic_store(&j->stop, false);
		outcome = trainer_run(j->trainer, &events, &j->stop, &err);
		if (outcome == TRAINER_STOPPED)
			go_on_in_a_new_trainer(j);
	} while (outcome == TRAINER_STOPPED);
	assert_int_equal(outcome, TRAINER_DONE);
}

static void check_batches(const struct batches *b, bool stops)
{
	struct job j;

	job_init(&j, b, trainer_batch_most(b->samples, b->batch_size, b->last));
	job_run(&j, stops);
	if (j.n != 2 || j.steps != 2 * b->steps || j.epochs[0].samples != b->seen ||
		j.epochs[1].samples != b->seen || j.epochs[1].step != 2 * b->steps)
		fail_msg("%s: %d steps, %d samples", b->name, j.steps, (int)j.epochs[0].samples);
	for (int i = 0; i < j.steps; i++) {
		bool last = i % b->steps == b->steps - 1;
		if (j.sizes[i] != (last ? b->last_size : b->batch_size))
			fail_msg("%s: step %d has %d samples", b->name, i + 1, (int)j.sizes[i]);
	}
	job_done(&j);
}

static void test_batches_of_an_epoch(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		check_batches(&cases[i], false);
		check_batches(&cases[i], true); /* in a new trainer after every step */
	}
}

static void test_what_leaves_no_batch_is_refused(void **state)
{
	static const struct {
		struct batches batches;
		int64_t planned;
		const char *pointer, *text;
	} refusals[] = {
		{ { "", 15, 16, TRAINER_LAST_DROP, 0, 0, 0, 0 }, 16, "/last_batch",
			"all batches would be dropped: there are 15 samples, less than one batch "
			"of 16" },
		{ { "", 50, 16, TRAINER_LAST_KEEP, 5, 0, 0, 0 }, 16, "/steps_per_epoch",
			"steps_per_epoch is 5; an epoch has 4 batches of the training data" },
		{ { "", 50, 16, TRAINER_LAST_DROP, 4, 0, 0, 0 }, 16, "/steps_per_epoch",
			"steps_per_epoch is 4; an epoch has 3 batches" },
		{ { "", 50, 16, TRAINER_LAST_MERGE, 0, 0, 0, 0 }, 17, "/batch_size",
			"a step has up to 18 samples; the model was planned for 17" },
		{ { "", 50, 16, TRAINER_LAST_KEEP, 0, 0, 0, 0 }, 15, "/batch_size",
			"a step has up to 16 samples; the model was planned for 15" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		struct error err = { 0 };
		struct job j;
		job_init(&j, &refusals[i].batches, refusals[i].planned);
		j.trainer = trainer_new(&j.options, &err);
		if (j.trainer || !strstr(err.text, refusals[i].text))
			fail_msg("%s: %s", refusals[i].text, err.text);
		assert_string_equal(err.pointer, refusals[i].pointer);
		job_done(&j);
	}
}

static void test_every_so_many_epochs_are_validated_and_the_last_one(void **state)
{
	static const bool wanted[][EPOCHS] = { { 1, 1, 1, 1, 1 }, { 0, 1, 0, 1, 1 },
		{ 0, 0, 1, 0, 1 }, { 0, 0, 0, 0, 1 } };
	static const int64_t freqs[] = { 1, 2, 3, 100 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(freqs); i++) {
		struct job j;
		job_init(&j, &cases[0], 16);
		j.options.epochs = EPOCHS;
		j.options.validation_freq = freqs[i];
		j.options.validation = &j.data;
		job_run(&j, false);
		for (int e = 0; e < EPOCHS; e++) {
			assert_int_equal(j.epochs[e].validated, wanted[i][e]);
			assert_int_equal(isnan(j.epochs[e].val_loss), !wanted[i][e]);
			assert_true(isfinite(j.epochs[e].loss));
		}
		job_done(&j);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_batches_of_an_epoch),
		cmocka_unit_test(test_what_leaves_no_batch_is_refused),
		cmocka_unit_test(test_every_so_many_epochs_are_validated_and_the_last_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
