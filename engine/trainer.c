/* trainer.c - see trainer.h. */
#include "engine/trainer.h"

#include "base/clock.h"
#include "engine/crew.h"
#include "engine/plan_layout.h"
#include "engine/run.h"
#include "engine/trial.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum phase { PHASE_DATA, PHASE_FORWARD, PHASE_LOSS, PHASE_BACKWARD, PHASE_UPDATE, PHASE_COUNT };
const char *const trainer_phase_names[5] = { "data", "forward", "loss", "backward", "update" };
static_assert(PHASE_COUNT == 5, "one name a phase");

/* What other threads may read while training goes on. */
struct published {
	_Atomic int64_t epoch, step, samples, steps_total;
	_Atomic double loss, accuracy, samples_per_second;
	atomic_bool validating;
};

struct trainer {
	struct trainer_options options;
	struct data validation; /* if options.validation */
	const struct kernels *kernels;
	struct run *run;
	struct crew *crew;
	atomic_int threads; /* that the next step may use */
	struct trainer_state state;
	struct published published;

	/* The step at work: written before the crew begins, read by all. */
	const struct data *data;
	const struct shuffle *order;
	struct shuffle shuffle;
	int64_t first; /* position of the batch's first sample in the epoch */
	int stage;     /* of the plan */
	int step_threads;
	struct trial streams; /* of threads that do or do not share a cache */
	struct optimizer_step optimizer_step;
	int64_t phase_ns[PHASE_COUNT]; /* of thread 0 */

	int64_t rate_ns;      /* when samples_per_second was last worked out */
	int64_t rate_samples; /* since then */
};

const char *trainer_isa(const char *isa)
{
	const struct kernels *k = kernels_find(isa);

	return k ? k->name : NULL;
}

/* --- checks
 * ------------------------------------------------------------------------------------------------------
 */

static int64_t label_at(const struct data *d, int64_t i)
{
	return d->y_type == DATA_U8 ? ((const uint8_t *)d->y)[i] : ((const int32_t *)d->y)[i];
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
	/* Where labels are indices into the output, one too large would read and write outside it.
	 */
	int64_t below = p->loss.labels_below;
	for (int64_t i = 0; below > 0 && i < d->count; i++)
		if (label_at(d, i) < 0 || label_at(d, i) >= below)
			return error_at(err, ERROR_INVALID, "/dataset",
				"label %" PRId64 " of the %s data is %" PRId64
				"; allowed: [0, %" PRId64 "]",
				i, what, label_at(d, i), below - 1);
	return true;
}

/* --- making and freeing
 * ------------------------------------------------------------------------------------------ */

struct trainer *trainer_new(const struct trainer_options *options, struct error *err)
{
	struct trainer *t = calloc(1, sizeof *t);

	if (!t) {
		(void)error_no_memory(err);
		return NULL;
	}
	assert(options->threads_max >= 1 && options->threads_max <= CREW_THREADS_MAX &&
		options->epochs >= 1);
	t->options = *options;
	t->kernels = kernels_find(options->isa);
	if (!t->kernels) {
		(void)error_set(
			err, ERROR_INVALID, "this CPU has no instruction set \"%s\"", options->isa);
		goto fail;
	}
	if (!check_data(options->plan, &options->train, "training", err))
		goto fail;
	if (options->validation) {
		t->validation = *options->validation;
		if (!check_data(options->plan, &t->validation, "validation", err))
			goto fail;
	}
	t->run = run_new(options->plan, t->kernels, options->threads_max, err);
	if (!t->run)
		goto fail;
	t->crew = crew_new(options->threads_max, err);
	if (!t->crew)
		goto fail;
	run_initialize(t->run, options->seed);
	run_adapt(t->run, &options->train);
	atomic_init(&t->threads, options->threads_max);
	return t;
fail:
	trainer_free(t);
	return NULL;
}

void trainer_free(struct trainer *t)
{
	if (!t)
		return;
	crew_free(t->crew);
	run_free(t->run);
	free(t);
}

void trainer_set_threads(struct trainer *t, int threads)
{
	int most = t->options.threads_max;

	atomic_store(&t->threads, threads < 1 ? 1 : threads > most ? most : threads);
}

/* --- state
 * -------------------------------------------------------------------------------------------------------
 */

static int64_t steps_in(const struct trainer *t, const struct data *d)
{
	int64_t batch = t->options.plan->options.batch_size;

	return (d->count + batch - 1) / batch;
}

int trainer_tensor_count(const struct trainer *t)
{
	const struct plan *p = t->options.plan;
	int n = 0;

	for (int i = 0; i < p->n_weights; i++)
		n += p->weights[i].frozen ? 1 : 1 + p->slots.count;
	return n;
}

/* Index `index` of the weights that have slots. */
static int trainable_weight(const struct plan *p, int index)
{
	for (int i = 0;; i++)
		if (!p->weights[i].frozen && index-- == 0)
			return i;
}

void trainer_tensor(const struct trainer *t, int index, struct trainer_tensor *ret)
{
	const struct plan *p = t->options.plan;
	bool is_weight = index < p->n_weights;
	int n_trainable =
		p->slots.count ? (trainer_tensor_count(t) - p->n_weights) / p->slots.count : 0;
	int weight = is_weight ? index : trainable_weight(p, (index - p->n_weights) % n_trainable);
	const struct planned_weight *w = &p->weights[weight];
	const struct weight_plan *wp = &p->layers[w->layer].plan.weights[w->index];
	const char *layer = p->model->layers[p->layers[w->layer].source].name;

	*ret = (struct trainer_tensor){ .shape = wp->shape, .is_weight = is_weight };
	if (is_weight) {
		ret->values = run_weight(t->run, weight);
		(void)snprintf(ret->name, sizeof ret->name, "%s/%s", layer, wp->name);
	} else {
		int slot = (index - p->n_weights) / n_trainable;
		ret->values = run_slot(t->run, weight, slot);
		(void)snprintf(ret->name, sizeof ret->name, "optimizer/%s/%s/%s",
			p->slots.names[slot], layer, wp->name);
	}
}

void trainer_get_state(const struct trainer *t, struct trainer_state *ret)
{
	*ret = t->state;
}

bool trainer_set_state(struct trainer *t, const struct trainer_state *s, struct error *err)
{
	int64_t steps = steps_in(t, &t->options.train), batch = t->options.plan->options.batch_size;
	int64_t samples =
		s->step_in_epoch < steps ? s->step_in_epoch * batch : t->options.train.count;

	if (s->epoch < 0 || s->epoch > t->options.epochs || s->step_in_epoch < 0 ||
		s->step_in_epoch > steps || s->step != s->epoch * steps + s->step_in_epoch ||
		s->epoch_samples != samples || s->epoch_correct < 0 || s->epoch_correct > samples ||
		!isfinite(s->epoch_loss_sum))
		return error_set(err, ERROR_INVALID,
			"the checkpoint stands at epoch %" PRId64 ", step %" PRId64 " (%" PRId64
			" in all), which this job of %" PRId64 " epochs of %" PRId64
			" steps never does",
			s->epoch, s->step_in_epoch, s->step, t->options.epochs, steps);
	t->state = *s;
	return true;
}

/* --- watching
 * ----------------------------------------------------------------------------------------------------
 */

static void publish(struct trainer *t)
{
	const struct trainer_state *s = &t->state;
	struct published *p = &t->published;
	double n = s->epoch_samples ? (double)s->epoch_samples : NAN;

	atomic_store_explicit(&p->epoch, s->epoch + 1, memory_order_relaxed);
	atomic_store_explicit(&p->step, s->step_in_epoch, memory_order_relaxed);
	atomic_store_explicit(&p->samples, s->epoch_samples, memory_order_relaxed);
	atomic_store_explicit(&p->loss, s->epoch_loss_sum / n, memory_order_relaxed);
	atomic_store_explicit(&p->accuracy,
		run_has_accuracy(t->run) ? (double)s->epoch_correct / n : NAN,
		memory_order_relaxed);
}

void trainer_progress(const struct trainer *t, struct trainer_progress *ret)
{
	const struct published *p = &t->published;
	int64_t epoch = atomic_load_explicit(&p->epoch, memory_order_relaxed);

	*ret = (struct trainer_progress){
		.epoch = epoch < 1                   ? 1
			 : epoch > t->options.epochs ? t->options.epochs
						     : epoch,
		.step = atomic_load_explicit(&p->step, memory_order_relaxed),
		.steps_per_epoch = steps_in(t, &t->options.train),
		.samples = atomic_load_explicit(&p->samples, memory_order_relaxed),
		.loss = atomic_load_explicit(&p->loss, memory_order_relaxed),
		.accuracy = atomic_load_explicit(&p->accuracy, memory_order_relaxed),
		.validating = atomic_load_explicit(&p->validating, memory_order_relaxed),
	};
}

/* Counts a step, and works out the rate anew every quarter of a second. */
static void count_samples(struct trainer *t, int64_t samples)
{
	int64_t now = clock_monotonic_ns();

	atomic_fetch_add_explicit(&t->published.steps_total, 1, memory_order_relaxed);
	t->rate_samples += samples;
	if (now - t->rate_ns < 250000000)
		return;
	atomic_store_explicit(&t->published.samples_per_second,
		(double)t->rate_samples * 1e9 / (double)(now - t->rate_ns), memory_order_relaxed);
	t->rate_ns = now;
	t->rate_samples = 0;
}

double trainer_samples_per_second(const struct trainer *t)
{
	return atomic_load_explicit(&t->published.samples_per_second, memory_order_relaxed);
}

int64_t trainer_heartbeat(const struct trainer *t)
{
	return atomic_load_explicit(&t->published.steps_total, memory_order_relaxed);
}

/* --- a step
 * ------------------------------------------------------------------------------------------------------
 */

/* Adds the time since *since to a phase, if this is thread 0's time. */
static void phase_end(struct trainer *t, int thread, enum phase phase, int64_t *since)
{
	if (thread != 0)
		return;
	int64_t now = clock_monotonic_ns();
	t->phase_ns[phase] += now - *since;
	*since = now;
}

static void train_samples(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;
	const struct plan_stage *st = &t->options.plan->stages[t->stage];
	int64_t begin, end, since = thread == 0 ? clock_monotonic_ns() : 0;

	run_share(t->run, piece, t->step_threads, &begin, &end);
	if (begin == end)
		return;
	if (st->gathers)
		run_gather(t->run, t->data, t->order, t->first, begin, end);
	phase_end(t, thread, PHASE_DATA, &since);
	run_forward(t->run, thread, st->forward_from, st->forward_to, begin, end);
	phase_end(t, thread, PHASE_FORWARD, &since);
	if (st->has_loss)
		run_loss(t->run, true, begin, end);
	phase_end(t, thread, PHASE_LOSS, &since);
	run_backward(t->run, thread, st->backward_from, st->backward_to, begin, end);
	run_collect(t->run, thread, t->stage, begin, end);
	phase_end(t, thread, st->collect >= 0 ? PHASE_FORWARD : PHASE_BACKWARD, &since);
}

/* Enough pieces that a thread which is held up leaves the rest to the others. */
static int update_pieces(const struct trainer *t)
{
	return t->step_threads == 1 ? 1 : 4 * t->step_threads;
}

static void train_parameters(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;

	run_gradients(t->run, thread, piece, update_pieces(t), &t->optimizer_step);
}

static void update_parameters(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;

	run_update(t->run, thread, piece, update_pieces(t), &t->optimizer_step);
}

static void evaluate_samples(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;
	int64_t begin, end;

	run_share(t->run, piece, t->step_threads, &begin, &end);
	if (begin == end)
		return;
	run_gather(t->run, t->data, t->order, t->first, begin, end);
	run_forward(t->run, thread, 0, t->options.plan->n_layers, begin, end);
	run_loss(t->run, false, begin, end);
}

/* Sets the batch of at most `most` samples that begins at `first` and returns their number. */
static int64_t step_begin(struct trainer *t, const struct data *data, const struct shuffle *order,
	int64_t first, int64_t most, bool training)
{
	int64_t count = data->count - first < most ? data->count - first : most;

	t->data = data;
	t->order = order;
	t->first = first;
	t->step_threads = atomic_load_explicit(&t->threads, memory_order_relaxed);
	run_set_batch(t->run, count, training, t->state.step);
	return count;
}

struct result {
	double loss;
	int64_t correct;
};

/* The stages up to the last one: what layers need to know of the whole batch. */
static void train_early_stages(struct trainer *t)
{
	for (t->stage = 0; t->stage < t->options.plan->n_stages - 1; t->stage++) {
		for (int part = 0; part < run_parts(t->run); part++) {
			run_set_part(t->run, part);
			crew_run(t->crew, t->step_threads, t->step_threads, train_samples, t);
			run_combine(t->run, t->stage);
		}
	}
}

/* The learning rate of the next step. */
static double learning_rate(const struct trainer *t)
{
	const struct optimizer_conf *c = (const void *)t->options.plan->model->optimizer_conf;

	return schedule_rate(&c->learning_rate.variant, optimizer_iterations(c, t->state.step));
}

/* What is left to do where norms had to be known first. */
static void train_update(struct trainer *t)
{
	const struct optimizer_step *step = &t->optimizer_step;

	if (!optimizer_needs_norms(t->options.plan->model->optimizer_conf) || !step->applies)
		return;
	run_norms(t->run, step);
	crew_run(t->crew, t->step_threads, update_pieces(t), update_parameters, t);
}

/* false: the loss is not finite; then no weight has changed. */
static bool train_last_stage(struct trainer *t, struct result *ret)
{
	const struct model *m = t->options.plan->model;
	int parts = run_parts(t->run);

	*ret = (struct result){ 0 };
	optimizer_begin(m->optimizer, m->optimizer_conf, learning_rate(t), t->state.step,
		&t->optimizer_step);
	for (int part = 0; part < parts; part++) {
		run_set_part(t->run, part);
		crew_run(t->crew, t->step_threads, t->step_threads, train_samples, t);
		int64_t since = clock_monotonic_ns();
		run_results(t->run, &ret->loss, &ret->correct);
		if (!isfinite(ret->loss))
			return false;
		crew_run(t->crew, t->step_threads, update_pieces(t), train_parameters, t);
		if (part == parts - 1)
			train_update(t);
		phase_end(t, 0, PHASE_UPDATE, &since);
	}
	return true;
}

static bool train_step(struct trainer *t, struct error *err)
{
	struct trainer_state *s = &t->state;
	int64_t batch = t->options.plan->options.batch_size;
	int64_t count = step_begin(t, &t->options.train, t->options.shuffle ? &t->shuffle : NULL,
		s->step_in_epoch * batch, batch, true);
	struct result result;
	int64_t begin = clock_monotonic_ns();

	run_set_streams(t->run, t->step_threads > 1 && trial_second(&t->streams));
	train_early_stages(t);
	if (!train_last_stage(t, &result))
		return error_set(err, ERROR_INVALID,
			"the loss is not a finite number in epoch %" PRId64 ", step %" PRId64
			" (samples %" PRId64 " to %" PRId64
			" of the epoch): the training has diverged; a smaller learning rate may "
			"help",
			s->epoch + 1, s->step_in_epoch + 1, t->first, t->first + count - 1);

	if (t->step_threads > 1 && count == batch)
		trial_add(&t->streams, clock_monotonic_ns() - begin);
	s->step++;
	s->step_in_epoch++;
	s->epoch_samples += count;
	s->epoch_correct += result.correct;
	s->epoch_loss_sum += result.loss;
	publish(t);
	count_samples(t, count);
	return true;
}

/* --- epochs
 * ------------------------------------------------------------------------------------------------------
 */

static bool stopped(const atomic_bool *stop)
{
	return stop && atomic_load_explicit(stop, memory_order_relaxed);
}

/* false: told to stop before the end. */
static bool evaluate(struct trainer *t, const atomic_bool *stop, struct trainer_epoch *e)
{
	const struct data *d = &t->validation;
	int64_t most = t->options.plan->part_samples;
	struct result sum = { 0 };
	bool whole = true;

	atomic_store_explicit(&t->published.validating, true, memory_order_relaxed);
	/* One sum over all samples: it does not depend on how many are worked at a time. */
	for (int64_t first = 0; first < d->count && whole; first += most) {
		(void)step_begin(t, d, NULL, first, most, false);
		run_set_part(t->run, 0);
		crew_run(t->crew, t->step_threads, t->step_threads, evaluate_samples, t);
		run_results(t->run, &sum.loss, &sum.correct);
		atomic_fetch_add_explicit(&t->published.steps_total, 1, memory_order_relaxed);
		whole = !stopped(stop);
	}
	atomic_store_explicit(&t->published.validating, false, memory_order_relaxed);
	e->val_loss = sum.loss / (double)d->count;
	if (run_has_accuracy(t->run))
		e->val_accuracy = (double)sum.correct / (double)d->count;
	return whole;
}

static void epoch_finish(struct trainer *t, struct trainer_epoch *e)
{
	struct trainer_state *s = &t->state;

	e->step = s->step;
	e->samples = s->epoch_samples;
	e->loss = s->epoch_loss_sum / (double)s->epoch_samples;
	if (run_has_accuracy(t->run))
		e->accuracy = (double)s->epoch_correct / (double)s->epoch_samples;
	e->learning_rate = learning_rate(t);
	for (int i = 0; i < PHASE_COUNT; i++)
		e->phase_seconds[i] = (double)t->phase_ns[i] * 1e-9;
	*s = (struct trainer_state){ .epoch = s->epoch + 1, .step = s->step };
}

/* One epoch from where it stands. */
static enum trainer_outcome run_epoch(struct trainer *t, const struct trainer_events *events,
	const atomic_bool *stop, struct error *err)
{
	struct trainer_state *s = &t->state;
	struct trainer_epoch e = {
		.epoch = s->epoch + 1, .accuracy = NAN, .val_loss = NAN, .val_accuracy = NAN
	};
	int64_t steps = steps_in(t, &t->options.train), begin = clock_monotonic_ns();

	shuffle_init(&t->shuffle, t->options.seed, e.epoch, t->options.train.count);
	for (int i = 0; i < PHASE_COUNT; i++)
		t->phase_ns[i] = 0;
	t->rate_ns = begin;
	t->rate_samples = 0;
	publish(t);
	while (s->step_in_epoch < steps) {
		if (stopped(stop))
			return TRAINER_STOPPED;
		if (!train_step(t, err))
			return TRAINER_FAILED;
		if (events->step)
			events->step(events->ctx);
	}
	if (s->epoch + 1 == t->options.epochs)
		run_overwrite_with_means(t->run);
	e.train_seconds = (double)(clock_monotonic_ns() - begin) * 1e-9;
	if (t->options.validation && !evaluate(t, stop, &e))
		return TRAINER_STOPPED;
	e.seconds = (double)(clock_monotonic_ns() - begin) * 1e-9;
	epoch_finish(t, &e);
	if (!events->epoch(events->ctx, &e, err))
		return TRAINER_FAILED;
	return TRAINER_DONE;
}

enum trainer_outcome trainer_run(struct trainer *t, const struct trainer_events *events,
	const atomic_bool *stop, struct error *err)
{
	while (t->state.epoch < t->options.epochs) {
		enum trainer_outcome outcome = run_epoch(t, events, stop, err);
		if (outcome != TRAINER_DONE)
			return outcome;
	}
	return TRAINER_DONE;
}
