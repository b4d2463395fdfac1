/* trainer.c - the training loop. See trainer.h. */
#include "engine/trainer_layout.h"

#include "base/clock.h"

#include <assert.h>
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const trainer_phase_names[5] = { "data", "forward", "loss", "backward", "update" };
static_assert(PHASE_COUNT == 5, "one name a phase");

/* --- a step
 * ------------------------------------------------------------------------------------------------------
 */

/* Adds the time since *since to a phase, if this is thread 0's time. */
static void phase_end(struct trainer *t, int thread, enum trainer_phase phase, int64_t *since)
{
	if (thread != 0)
		return;
	int64_t now = clock_monotonic_ns();
	t->phase_ns[phase] += now - *since;
	*since = now;
}

static bool is_last_stage(const struct trainer *t)
{
	return t->stage == t->options.plan->n_stages - 1;
}

/* Takes the samples [begin, end) through the stage. */
static void train_stage(struct trainer *t, int thread, int64_t begin, int64_t end)
{
	const struct plan_stage *st = &t->options.plan->stages[t->stage];
	int64_t since = thread == 0 ? clock_monotonic_ns() : 0;

	if (st->gathers)
		run_gather(t->run, thread, t->data, t->order, t->first, begin, end);
	phase_end(t, thread, PHASE_DATA, &since);
	run_forward(t->run, thread, st->forward_from, st->forward_to, begin, end);
	phase_end(t, thread, PHASE_FORWARD, &since);
	if (st->has_loss)
		run_loss(t->run, true, begin, end);
	if (is_last_stage(t))
		run_metrics(t->run, thread, begin, end);
	phase_end(t, thread, PHASE_LOSS, &since);
	run_backward(t->run, thread, st->backward_from, st->backward_to, begin, end);
	run_collect(t->run, thread, t->stage, begin, end);
	phase_end(t, thread, st->collect >= 0 ? PHASE_FORWARD : PHASE_BACKWARD, &since);
}

static void train_samples(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;
	bool by_chunks = t->options.plan->stages[t->stage].by_chunks;
	int64_t begin, end;

	run_share(t->run, piece, t->step_threads, &begin, &end);
	for (int64_t last; begin < end; begin = last) {
		last = by_chunks ? run_chunk_end(t->run, begin, end) : end;
		train_stage(t, thread, begin, last);
	}
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

static void constrain(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;

	(void)thread; /* needs no scratch */
	run_constrain(t->run, piece);
}

static void evaluate_samples(void *ctx, int piece, int thread)
{
	struct trainer *t = ctx;
	int64_t begin, end;

	run_share(t->run, piece, t->step_threads, &begin, &end);
	if (begin == end)
		return;
	run_gather(t->run, thread, t->data, t->order, t->first, begin, end);
	run_forward(t->run, thread, 0, t->options.plan->n_layers, begin, end);
	run_loss(t->run, false, begin, end);
	run_metrics(t->run, thread, begin, end);
}

/* Sets the batch of `count` samples that begins at `first`. */
static void step_begin(struct trainer *t, const struct data *data, const struct shuffle *order,
	int64_t first, int64_t count, bool training)
{
	t->data = data;
	t->order = order;
	t->first = first;
	t->step_threads = atomic_load_explicit(&t->threads, memory_order_relaxed);
	run_set_batch(t->run, count, training, t->state.step);
	run_set_weights(t->run, data, training ? t->options.class_weight : NULL);
	run_set_augments(t->run, training ? t->options.augment : NULL, t->state.epoch + 1);
}

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

/* The learning rate of the next step. A schedule follows Keras's count of batches, also where the
 * optimizer takes one step for several. */
static double learning_rate(const struct trainer *t)
{
	const struct optimizer_conf *c = (const void *)t->options.plan->model->optimizer_conf;
	double set = t->memory[MEMORY_LEARNING_RATE];

	if (set != 0)
		return set;
	return schedule_rate(&c->learning_rate.variant, t->state.step);
}

/* What is left to do where whole gradients or weights had to be there first. */
static void train_update(struct trainer *t)
{
	const struct optimizer_step *step = &t->optimizer_step;

	if (!step->applies)
		return;
	if (optimizer_needs_norms(t->options.plan->model->optimizer_conf)) {
		run_norms(t->run, step);
		crew_run(t->crew, t->step_threads, update_pieces(t), update_parameters, t);
	}
	if (run_constrained(t->run) > 0)
		crew_run(t->crew, t->step_threads, run_constrained(t->run), constrain, t);
}

/* false: the loss is not finite; then no weight has changed. */
static bool train_last_stage(struct trainer *t, struct run_totals *totals)
{
	const struct model *m = t->options.plan->model;
	int parts = run_parts(t->run);

	optimizer_begin(m->optimizer, m->optimizer_conf, learning_rate(t), t->state.step,
		&t->optimizer_step);
	for (int part = 0; part < parts; part++) {
		run_set_part(t->run, part);
		crew_run(t->crew, t->step_threads, t->step_threads, train_samples, t);
		int64_t since = clock_monotonic_ns();
		run_results(t->run, totals);
		if (!isfinite(totals->loss))
			return false;
		crew_run(t->crew, t->step_threads, update_pieces(t), train_parameters, t);
		if (part == parts - 1)
			train_update(t);
		phase_end(t, 0, PHASE_UPDATE, &since);
	}
	return true;
}

/* In which step, batch and layer it was. */
static bool refuse_loss(const struct trainer *t, int64_t count, struct error *err)
{
	const struct trainer_state *s = &t->state;
	int layer = run_first_not_finite(t->run);
	char where[128] = "the loss itself";

	if (layer >= 0)
		(void)snprintf(where, sizeof where, "layer %d (%s)", layer,
			t->options.plan->model->layers[layer].name);
	return error_set(err, ERROR_INVALID,
		"the loss is not a finite number in epoch %" PRId64 ", step %" PRId64
		" (samples %" PRId64 " to %" PRId64
		" of the epoch); first not finite is %s: the training has diverged; a smaller "
		"learning rate may help",
		s->epoch + 1, s->step_in_epoch + 1, t->first, t->first + count - 1, where);
}

static bool train_step(struct trainer *t, struct error *err)
{
	struct trainer_state *s = &t->state;
	struct run_totals totals = { .sums = t->memory + MEMORY_SUMS };
	int64_t first, count = trainer_batch_count(t, s->step_in_epoch, &first);
	int64_t begin = clock_monotonic_ns();

	step_begin(
		t, &t->options.train, t->options.shuffle ? &t->shuffle : NULL, first, count, true);
	run_set_streams(t->run, t->step_threads > 1 && trial_second(&t->streams));
	train_early_stages(t);
	if (!train_last_stage(t, &totals))
		return refuse_loss(t, count, err);
	if (t->step_threads > 1 && count == t->options.batch_size)
		trial_add(&t->streams, clock_monotonic_ns() - begin);
	s->step++;
	s->step_in_epoch++;
	s->epoch_samples += count;
	s->epoch_loss_sum += totals.loss + run_step_penalty(t->run) * (double)count;
	trainer_publish(t);
	trainer_count_samples(t, count);
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
	const struct plan *p = t->options.plan;
	struct run_totals totals = { .sums = t->validation_sums, .confusion = t->confusion };
	bool whole = true;

	memset(totals.sums, 0, (size_t)(p->n_counts + p->n_values) * sizeof *totals.sums);
	if (t->confusion)
		memset(t->confusion, 0, (size_t)(p->classes * p->classes) * sizeof *t->confusion);

	atomic_store_explicit(&t->published.validating, true, memory_order_relaxed);
	/* One sum over all samples: it does not depend on how many are worked at a time. */
	for (int64_t first = 0; first < d->count && whole; first += p->part_samples) {
		int64_t left = d->count - first;
		step_begin(
			t, d, NULL, first, left < p->part_samples ? left : p->part_samples, false);
		run_set_part(t->run, 0);
		crew_run(t->crew, t->step_threads, t->step_threads, evaluate_samples, t);
		run_results(t->run, &totals);
		atomic_fetch_add_explicit(&t->published.steps_total, 1, memory_order_relaxed);
		whole = !stopped(stop);
	}
	atomic_store_explicit(&t->published.validating, false, memory_order_relaxed);
	e->val_loss = totals.loss / (double)d->count + run_penalty(t->run);
	for (int i = 0; i < p->n_metrics; i++)
		e->val_metrics[i] = run_metric(t->run, i, totals.sums, d->count);
	e->validated = whole;
	e->confusion = t->confusion;
	e->classes = p->classes;
	return whole;
}

/* What a callback watches in this epoch; NAN: nothing. A value that is no number is one that
 * improves nothing. */
static double watched(
	const struct trainer *t, const struct trainer_epoch *e, const struct callback *c)
{
	const struct model *m = t->options.plan->model;
	bool validation = false;
	const char *name = callback_monitored(c, &validation);
	int metric = name ? model_find_metric(m, name) : -1;
	double value;

	if (!name || (validation && !e->validated))
		return NAN;
	if (metric < 0)
		value = validation ? e->val_loss : e->loss;
	else
		value = validation ? e->val_metrics[metric] : e->metrics[metric];
	return isnan(value) ? callback_worst(callback_wants_higher(c, m)) : value;
}

/* At the end of the training, after its last validation: as in Keras the weights become their
 * running means first; then the best ones come back, if they were kept. */
static void training_finish(struct trainer *t)
{
	run_overwrite_with_means(t->run);
	if (t->options.plan->options.keeps_best)
		trainer_restore_best(t);
}

/* In the order in which the job names them. */
static void run_callbacks(struct trainer *t, struct trainer_epoch *e)
{
	const struct callbacks *all = t->options.callbacks;
	double rate = learning_rate(t);

	for (int i = 0; all && i < all->count; i++) {
		const struct callback *c = &all->callbacks[i];
		struct callback_epoch ce = { .epoch = e->epoch, .learning_rate = rate };
		if (!c->class->epoch)
			continue;
		ce.value = watched(t, e, c);
		ce.higher = c->class->watches && callback_wants_higher(c, t->options.plan->model);
		c->class->epoch(c->conf, trainer_callback_memory(t, i), &ce);
		if (ce.stop && !e->stops)
			t->memory[MEMORY_STOPPED] = i + 1;
		e->stops |= ce.stop;
		rate = ce.learning_rate;
		if (ce.is_best && callback_keeps_best(c))
			trainer_keep_best(t);
	}
	/* A rate that was divided down to 0 is still one that was set. */
	if (rate != learning_rate(t))
		t->memory[MEMORY_LEARNING_RATE] = fmax(rate, DBL_MIN);
	if (e->stops || e->epoch == t->options.epochs)
		training_finish(t);
}

static void epoch_finish(struct trainer *t, struct trainer_epoch *e)
{
	struct trainer_state *s = &t->state;
	double *sums = t->memory + MEMORY_SUMS;
	const struct plan *p = t->options.plan;

	e->step = s->step;
	e->samples = s->epoch_samples;
	e->loss = s->epoch_loss_sum / (double)s->epoch_samples;
	for (int i = 0; i < p->n_metrics; i++)
		e->metrics[i] = run_metric(t->run, i, sums, s->epoch_samples);
	memset(sums, 0, (size_t)(p->n_counts + p->n_values) * sizeof *sums);
	e->learning_rate = learning_rate(t);
	for (int i = 0; i < PHASE_COUNT; i++)
		e->phase_seconds[i] = (double)t->phase_ns[i] * 1e-9;
	run_callbacks(t, e);
	*s = (struct trainer_state){ .epoch = s->epoch + 1, .step = s->step };
}

static bool validates(const struct trainer *t, int64_t epoch)
{
	return t->options.validation &&
	       (epoch % t->options.validation_freq == 0 || epoch == t->options.epochs);
}

/* One epoch from where it stands. */
static enum trainer_outcome run_epoch(struct trainer *t, const struct trainer_events *events,
	const atomic_bool *stop, struct error *err)
{
	struct trainer_state *s = &t->state;
	struct trainer_epoch e = { .epoch = s->epoch + 1, .val_loss = NAN };
	int64_t steps = trainer_steps_in_epoch(t), begin = clock_monotonic_ns();

	for (int i = 0; i < MODEL_METRICS_MAX; i++)
		e.metrics[i] = e.val_metrics[i] = NAN;

	shuffle_init(&t->shuffle, t->options.seed, e.epoch, t->options.train.count);
	for (int i = 0; i < PHASE_COUNT; i++)
		t->phase_ns[i] = 0;
	t->rate_ns = begin;
	t->rate_samples = 0;
	trainer_publish(t);
	while (s->step_in_epoch < steps) {
		if (stopped(stop))
			return TRAINER_STOPPED;
		if (!train_step(t, err))
			return TRAINER_FAILED;
		if (events->step)
			events->step(events->ctx);
	}
	e.train_seconds = (double)(clock_monotonic_ns() - begin) * 1e-9;
	if (validates(t, e.epoch) && !evaluate(t, stop, &e))
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
	while (t->state.epoch < t->options.epochs && t->memory[MEMORY_STOPPED] == 0) {
		enum trainer_outcome outcome = run_epoch(t, events, stop, err);
		if (outcome != TRAINER_DONE)
			return outcome;
	}
	return TRAINER_DONE;
}
