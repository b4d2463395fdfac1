/* trainer_new.c - a trainer before its first step: what it is asked for, checked and allocated. See
 * trainer.h. */
#include "engine/trainer_layout.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *trainer_isa(const char *isa)
{
	const struct kernels *k = kernels_find(isa);

	return k ? k->name : NULL;
}

int64_t trainer_steps(int64_t samples, int64_t batch_size, enum trainer_last_batch last_batch)
{
	int64_t whole = samples / batch_size;

	if (last_batch == TRAINER_LAST_DROP)
		return whole;
	if (last_batch == TRAINER_LAST_MERGE)
		return whole > 1 ? whole : 1;
	return whole + (samples % batch_size != 0);
}

int64_t trainer_batch_most(int64_t samples, int64_t batch_size, enum trainer_last_batch last_batch)
{
	if (last_batch == TRAINER_LAST_MERGE && samples > batch_size)
		return batch_size + samples % batch_size;
	return batch_size;
}

/* --- checks
 * ------------------------------------------------------------------------------------------------------
 */

static int64_t label_at(const struct data *d, int64_t i)
{
	return data_label(d, data_stored(d, i));
}

static bool check_data(
	const struct plan *p, const struct data *d, const char *what, struct error *err)
{
	char wanted[SHAPE_TEXT_BYTES], seen[SHAPE_TEXT_BYTES];

	shape_text(&p->options.input, wanted);
	shape_text(&d->shape, seen);
	if (d->count < 1)
		return error_at(err, ERROR_INVALID, "/dataset", "the %s data have no sample", what);
	if (!shape_equal(&d->shape, &p->options.input))
		return error_at(err, ERROR_INVALID, "/dataset",
			"the %s data have samples of shape %s; the model was planned for %s", what,
			seen, wanted);
	if (p->loss.labels == (d->y_type == DATA_F32))
		return error_at(err, ERROR_INVALID, "/loss",
			"the loss takes %s; the %s data have %s",
			p->loss.labels ? "labels" : "numbers", what,
			p->loss.labels ? "numbers" : "labels");
	for (int64_t i = 0; d->weights && i < d->count; i++) {
		double weight = (double)d->weights[data_stored(d, i)];
		if (!(weight >= 0 && isfinite(weight)))
			return error_at(err, ERROR_INVALID, "/dataset",
				"the weight of sample %" PRId64 " of the %s data is %g; allowed: "
				"[0, inf)",
				data_stored(d, i), what, weight);
	}
	/* Labels are indices into outputs and matrices: one too large would read and write outside
	 * them. */
	int64_t below = p->loss.labels_below ? p->loss.labels_below : p->classes;
	for (int64_t i = 0; below > 0 && i < d->count; i++)
		if (label_at(d, i) < 0 || label_at(d, i) >= below)
			return error_at(err, ERROR_INVALID, "/dataset",
				"label %" PRId64 " of the %s data is %" PRId64
				"; allowed: [0, %" PRId64 "]",
				data_stored(d, i), what, label_at(d, i), below - 1);
	return true;
}

static bool check_steps(const struct trainer_options *o, struct error *err)
{
	int64_t count = o->train.count, steps = trainer_steps(count, o->batch_size, o->last_batch);
	int64_t most = trainer_batch_most(count, o->batch_size, o->last_batch);

	if (steps == 0)
		return error_at(err, ERROR_INVALID, "/last_batch",
			"all batches would be dropped: there are %" PRId64
			" samples, less than one batch of %" PRId64,
			count, o->batch_size);
	if (o->steps_per_epoch > steps)
		return error_at(err, ERROR_INVALID, "/steps_per_epoch",
			"steps_per_epoch is %" PRId64 "; an epoch has %" PRId64
			" batches of the training data",
			o->steps_per_epoch, steps);
	if (most > o->plan->options.batch_size)
		return error_at(err, ERROR_INVALID, "/batch_size",
			"a step has up to %" PRId64 " samples; the model was planned for %" PRId64,
			most, o->plan->options.batch_size);
	return true;
}

static bool check_callbacks(const struct trainer_options *o, struct error *err)
{
	return !o->callbacks || callbacks_check(o->callbacks, o->plan->model, o->validation, err);
}

static bool check_class_weight(const struct trainer_options *o, struct error *err)
{
	if (o->class_weight && !o->plan->loss.labels)
		return error_at(err, ERROR_INVALID, "/class_weight",
			"class_weight is given, but the targets are no class numbers");
	return true;
}

static void take_defaults(struct trainer_options *o)
{
	if (o->batch_size == 0)
		o->batch_size = o->plan->options.batch_size;
	if (o->validation_freq == 0)
		o->validation_freq = 1;
}

bool trainer_check(const struct trainer_options *options, struct error *err)
{
	struct trainer_options o = *options;

	take_defaults(&o);
	return check_steps(&o, err) && check_callbacks(&o, err) && check_class_weight(&o, err) &&
	       (!o.augment || augments_check(o.augment, &o.plan->options.input, err));
}

static bool check(struct trainer *t, struct error *err)
{
	const struct trainer_options *o = &t->options;

	if (!t->kernels)
		return error_set(
			err, ERROR_INVALID, "this CPU has no instruction set \"%s\"", o->isa);
	if (!check_data(o->plan, &o->train, "training", err) || !trainer_check(o, err))
		return false;
	if (!o->validation)
		return true;
	t->validation = *o->validation;
	return check_data(o->plan, &t->validation, "validation", err);
}

/* --- making and freeing
 * ------------------------------------------------------------------------------------------ */

static bool allocate(struct trainer *t, struct error *err)
{
	const struct trainer_options *o = &t->options;
	const struct plan *p = o->plan;
	int sums = p->n_counts + p->n_values, n_callbacks = o->callbacks ? o->callbacks->count : 0;

	t->n_memory =
		MEMORY_SUMS + sums + n_callbacks * CALLBACK_MEMORY_MAX + p->options.keeps_best;
	t->memory = calloc((size_t)t->n_memory, sizeof *t->memory);
	t->validation_sums = calloc((size_t)sums + 1, sizeof *t->validation_sums);
	if (!t->memory || !t->validation_sums)
		return error_no_memory(err);
	if (p->classes && o->validation) {
		t->confusion = calloc((size_t)(p->classes * p->classes), sizeof *t->confusion);
		if (!t->confusion)
			return error_no_memory(err);
	}
	t->run = run_new(p, t->kernels, o->threads_max, err);
	if (!t->run)
		return false;
	t->crew = crew_new(o->threads_max, err);
	return t->crew;
}

struct trainer *trainer_new(const struct trainer_options *options, struct error *err)
{
	struct trainer *t = calloc(1, sizeof *t);

	if (!t) {
		(void)error_no_memory(err);
		return NULL;
	}
	assert(options->threads_max >= 1 && options->threads_max <= CREW_THREADS_MAX &&
		options->epochs >= 1);
	assert(options->plan->options.keeps_best == callbacks_keep_best(options->callbacks));
	t->options = *options;
	take_defaults(&t->options);
	t->kernels = kernels_find(options->isa);
	if (!check(t, err) || !allocate(t, err)) {
		trainer_free(t);
		return NULL;
	}
	run_initialize(t->run, options->seed);
	run_adapt(t->run, &options->train);
	atomic_init(&t->threads, options->threads_max);
	return t;
}

void trainer_free(struct trainer *t)
{
	if (!t)
		return;
	crew_free(t->crew);
	run_free(t->run);
	free(t->memory);
	free(t->validation_sums);
	free(t->confusion);
	free(t);
}
