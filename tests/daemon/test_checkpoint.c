/* test_checkpoint.c - a trainer as bytes and back: goes on to the same bits, and refuses what is
 * not its own. */
#include "daemon/checkpoint.h"

#include "formats/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SAMPLES = 40, FEATURES = 6, CLASSES = 3, BATCH = 8, EPOCHS = 3 };

/* A network of two dense layers, its plan and its data: what a trainer borrows. */
struct network {
	struct model *model;
	struct plan *plan;
	float x[SAMPLES * FEATURES];
	uint8_t y[SAMPLES];
};

static void add_dense(struct model *m, int64_t units, const char *activation)
{
	const struct layer_class *dense = layer_class_find("Dense");
	const struct param *params = layer_class_row(dense).params;
	const struct param *choice = param_find(params, "activation");
	int chosen = param_choice_index(choice->choices, activation);
	struct error err;
	struct model_layer *layer = model_add(m, dense, NULL, &err);

	assert_non_null(layer);
	memcpy(layer->conf + param_find(params, "units")->offset, &units, sizeof units);
	memcpy(layer->conf + choice->offset, &chosen, sizeof chosen);
}

static void network_init(struct network *n, int64_t hidden, const char *optimizer)
{
	struct plan_options options = {
		.input = SHAPE1(FEATURES), .classes = CLASSES, .batch_size = BATCH
	};
	struct error err = { 0 };

	n->model = model_new();
	assert_non_null(n->model);
	add_dense(n->model, hidden, "relu");
	add_dense(n->model, CLASSES, "softmax");
	model_set_loss(n->model, loss_class_find("sparse_categorical_crossentropy"));
	model_set_optimizer(n->model, optimizer_class_find(optimizer));
	n->plan = plan_new(n->model, &options, &err);
	if (!n->plan)
		fail_msg("%s: %s", err.pointer, err.text);
	for (int i = 0; i < SAMPLES * FEATURES; i++)
		n->x[i] = (float)(i * 37 % 101) / 101.0f;
	for (int i = 0; i < SAMPLES; i++)
		n->y[i] = (uint8_t)(i * 7 % CLASSES);
}

static void network_done(struct network *n)
{
	plan_free(n->plan);
	model_free(n->model);
}

static struct trainer *trainer_of(const struct network *n)
{
	struct trainer_options options = {
		.plan = n->plan,
		.train = { .x = n->x,
			.x_type = DATA_F32,
			.shape = SHAPE1(FEATURES),
			.y = n->y,
			.y_type = DATA_U8,
			.count = SAMPLES,
			.classes = CLASSES },
		.epochs = EPOCHS,
		.seed = 5,
		.shuffle = true,
		.threads_max = 1,
	};
	struct error err = { 0 };
	struct trainer *t = trainer_new(&options, &err);

	if (!t)
		fail_msg("%s", err.text);
	return t;
}

/* Sets the stop flag after so many epochs. */
struct stopper {
	atomic_bool stop;
	int64_t after;
};

static bool stop_after(void *ctx, const struct trainer_epoch *epoch, struct error *err)
{
	struct stopper *s = ctx;

	(void)err;
	if (epoch->epoch == s->after)
		atomic_store(&s->stop, true);
	return true;
}

static void run_until(struct trainer *t, int64_t epochs)
{
	struct stopper s = { .after = epochs };
	struct trainer_events events = { .epoch = stop_after, .ctx = &s };
	struct error err = { 0 };
	enum trainer_outcome outcome = trainer_run(t, &events, &s.stop, &err);

	if (outcome != (epochs < EPOCHS ? TRAINER_STOPPED : TRAINER_DONE))
		fail_msg("outcome %d: %s", (int)outcome, err.text);
}

static void save(const struct trainer *t, struct buffer *out)
{
	struct error err = { 0 };

	*out = (struct buffer){ 0 };
	if (!checkpoint_save(t, out, &err))
		fail_msg("%s", err.text);
}

static void a_checkpoint_goes_on_to_the_same_bits(void **state)
{
	static const char *const optimizers[] = { "Adam", "SGD" };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(optimizers); i++) {
		struct network n;
		struct buffer middle, want, got;
		struct error err = { 0 };

		network_init(&n, 4, optimizers[i]);
		struct trainer *whole = trainer_of(&n), *first = trainer_of(&n),
			       *second = trainer_of(&n);
		run_until(whole, EPOCHS);
		run_until(first, 1);
		save(first, &middle);
		if (!checkpoint_load(second, middle.data, middle.size, &err))
			fail_msg("%s: %s", optimizers[i], err.text);
		save(second, &got);
		assert_int_equal(got.size, middle.size);
		assert_memory_equal(got.data, middle.data, middle.size);
		buffer_done(&got);
		run_until(second, EPOCHS);
		save(whole, &want);
		save(second, &got);
		assert_int_equal(got.size, want.size);
		assert_memory_equal(got.data, want.data, want.size);
		assert_memory_not_equal(want.data, middle.data, want.size);
		buffer_done(&middle);
		buffer_done(&want);
		buffer_done(&got);
		trainer_free(whole);
		trainer_free(first);
		trainer_free(second);
		network_done(&n);
	}
}

/* What most tests begin with: a trainer, and its checkpoint. */
struct saved {
	struct network network;
	struct trainer *trainer;
	struct buffer bytes;
};

static void saved_init(struct saved *s, int64_t epochs)
{
	network_init(&s->network, 4, "Adam");
	s->trainer = trainer_of(&s->network);
	if (epochs)
		run_until(s->trainer, epochs);
	save(s->trainer, &s->bytes);
}

static void saved_done(struct saved *s)
{
	buffer_done(&s->bytes);
	trainer_free(s->trainer);
	network_done(&s->network);
}

static void it_is_a_safetensors_file_that_others_read(void **state)
{
	struct saved s;
	struct safetensors_file file;
	struct error err = { 0 };

	(void)state;
	saved_init(&s, 2);
	assert_true(safetensors_read(s.bytes.data, s.bytes.size, &file, &err));
	assert_int_equal(file.n_tensors, trainer_tensor_count(s.trainer));
	assert_non_null(safetensors_find(&file, "dense/kernel"));
	assert_non_null(safetensors_find(&file, "dense_1/bias"));
	assert_string_equal(safetensors_meta_find(&file, "epoch"), "2");
	assert_string_equal(safetensors_meta_find(&file, "step_in_epoch"), "0");
	assert_string_equal(safetensors_meta_find(&file, "step"), "10");
	safetensors_file_done(&file);
	saved_done(&s);
}

static void another_networks_checkpoint_is_refused(void **state)
{
	static const struct {
		int64_t hidden;
		const char *optimizer;
	} others[] = { { 5, "Adam" }, { 4, "SGD" } };
	struct saved s;

	(void)state;
	saved_init(&s, 0);
	for (size_t i = 0; i < COUNT_OF(others); i++) {
		struct network other;
		struct error err = { 0 };

		network_init(&other, others[i].hidden, others[i].optimizer);
		struct trainer *wrong = trainer_of(&other);
		assert_false(checkpoint_load(wrong, s.bytes.data, s.bytes.size, &err));
		assert_int_equal(err.code, ERROR_INVALID);
		assert_true(*err.text);
		trainer_free(wrong);
		network_done(&other);
	}
	saved_done(&s);
}

/* The checkpoint of a fresh trainer, written again with one thing changed. */
enum change {
	CHANGE_NOTHING,
	CHANGE_TENSOR_NAME,
	CHANGE_FORMAT,
	CHANGE_NUMBER_TEXT,
	CHANGE_NUMBER_VALUE,
	CHANGE_META_MISSING,
	CHANGE_TENSOR_MISSING,
	CHANGE_COUNT,
};

static void rewrite(const struct buffer *bytes, enum change change, struct buffer *out)
{
	struct safetensors_file file;
	struct error err = { 0 };

	assert_true(safetensors_read(bytes->data, bytes->size, &file, &err));
	int n_tensors = file.n_tensors - (change == CHANGE_TENSOR_MISSING);
	if (change == CHANGE_TENSOR_NAME)
		(void)snprintf(file.tensors[0].name, sizeof file.tensors[0].name, "dense/nucleus");
	for (int i = 0; i < file.n_meta; i++) {
		struct safetensors_meta *m = &file.meta[i];

		if (change == CHANGE_FORMAT && strcmp(m->key, "format") == 0)
			(void)snprintf(m->value, sizeof m->value, "epochd-0");
		if (change == CHANGE_NUMBER_TEXT && strcmp(m->key, "step") == 0)
			(void)snprintf(m->value, sizeof m->value, "0x");
		if (change == CHANGE_NUMBER_VALUE && strcmp(m->key, "epoch") == 0)
			(void)snprintf(m->value, sizeof m->value, "-1");
		if (change == CHANGE_META_MISSING && strcmp(m->key, "epoch_loss_sum") == 0)
			(void)snprintf(m->key, sizeof m->key, "other");
	}
	buffer_init(out, 1 << 20);
	assert_true(safetensors_write(file.tensors, n_tensors, file.meta, file.n_meta, out, &err));
	safetensors_file_done(&file);
}

static void a_changed_checkpoint_is_refused(void **state)
{
	struct saved s;

	(void)state;
	saved_init(&s, 0);
	for (int change = 0; change < CHANGE_COUNT; change++) {
		struct buffer changed;
		struct error err = { 0 };

		rewrite(&s.bytes, (enum change)change, &changed);
		bool ok = checkpoint_load(s.trainer, changed.data, changed.size, &err);
		if (ok != (change == CHANGE_NOTHING))
			fail_msg("change %d: %s", change, ok ? "accepted" : err.text);
		assert_true(ok || err.code == ERROR_INVALID);
		buffer_done(&changed);
	}
	saved_done(&s);
}

static void a_cut_checkpoint_is_refused(void **state)
{
	struct saved s;

	(void)state;
	saved_init(&s, 0);
	for (size_t size = 0; size < s.bytes.size; size++) {
		struct error err;
		void *cut = malloc(size ? size : 1); /* of its very size: a read beyond shows */

		assert_non_null(cut);
		memcpy(cut, s.bytes.data, size);
		if (checkpoint_load(s.trainer, cut, size, &err))
			fail_msg("the first %zu of %zu bytes were accepted", size, s.bytes.size);
		free(cut);
	}
	saved_done(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_checkpoint_goes_on_to_the_same_bits),
		cmocka_unit_test(it_is_a_safetensors_file_that_others_read),
		cmocka_unit_test(another_networks_checkpoint_is_refused),
		cmocka_unit_test(a_changed_checkpoint_is_refused),
		cmocka_unit_test(a_cut_checkpoint_is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
