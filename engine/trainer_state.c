/* trainer_state.c - where a trainer stands: for checkpoints, and for who watches. See trainer.h. */
#include "engine/trainer_layout.h"

#include "base/clock.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- the batches of an epoch
 * ------------------------------------------------------------------------------------- */

static int64_t all_steps(const struct trainer *t)
{
	return trainer_steps(t->options.train.count, t->options.batch_size, t->options.last_batch);
}

int64_t trainer_steps_in_epoch(const struct trainer *t)
{
	return t->options.steps_per_epoch ? t->options.steps_per_epoch : all_steps(t);
}

/* Samples of the epoch before batch `step`. */
static int64_t samples_before(const struct trainer *t, int64_t step)
{
	bool all = step == all_steps(t) && t->options.last_batch != TRAINER_LAST_DROP;

	return all ? t->options.train.count : step * t->options.batch_size;
}

int64_t trainer_batch_count(const struct trainer *t, int64_t step, int64_t *ret_first)
{
	*ret_first = samples_before(t, step);
	return samples_before(t, step + 1) - *ret_first;
}

/* --- tensors and numbers
 * ----------------------------------------------------------------------------------------- */

double *trainer_callback_memory(const struct trainer *t, int index)
{
	const struct plan *p = t->options.plan;

	return t->memory + MEMORY_SUMS + p->n_counts + p->n_values + index * CALLBACK_MEMORY_MAX;
}

static void copy_best(struct trainer *t, bool back)
{
	for (int i = 0; i < t->options.plan->n_weights; i++) {
		int64_t n = t->options.plan->weights[i].values;
		float *w = run_weight(t->run, i), *best = run_best(t->run, i);
		memcpy(back ? w : best, back ? best : w, (size_t)n * sizeof *w);
	}
}

static double *best_is_kept(const struct trainer *t)
{
	return &t->memory[t->n_memory - 1];
}

void trainer_keep_best(struct trainer *t)
{
	copy_best(t, false);
	*best_is_kept(t) = 1;
}

void trainer_restore_best(struct trainer *t)
{
	if (*best_is_kept(t) != 0)
		copy_best(t, true);
}

static int trainable_count(const struct plan *p)
{
	int n = 0;

	for (int i = 0; i < p->n_weights; i++)
		n += !p->weights[i].frozen;
	return n;
}

int trainer_tensor_count(const struct trainer *t)
{
	const struct plan *p = t->options.plan;

	return p->n_weights + trainable_count(p) * p->slots.count +
	       (p->options.keeps_best ? p->n_weights : 0) + 1;
}

/* Index `index` of the weights that have slots. */
static int trainable_weight(const struct plan *p, int index)
{
	for (int i = 0;; i++)
		if (!p->weights[i].frozen && index-- == 0)
			return i;
}

/* Its shape, and "<before><layer>/<weight>". */
static void describe(const struct plan *p, int weight, const char *before, struct trainer_tensor *t)
{
	const struct planned_weight *w = &p->weights[weight];
	const struct weight_plan *wp = &p->layers[w->layer].plan.weights[w->index];

	t->shape = wp->shape;
	(void)snprintf(t->name, sizeof t->name, "%s%s/%s", before,
		p->model->layers[p->layers[w->layer].source].name, wp->name);
}

void trainer_tensor(const struct trainer *t, int index, struct trainer_tensor *ret)
{
	const struct plan *p = t->options.plan;
	int trainable = trainable_count(p), slots = trainable * p->slots.count;
	char before[64];

	*ret = (struct trainer_tensor){ .is_weight = index < p->n_weights };
	if (index < p->n_weights) {
		describe(p, index, "", ret);
		ret->values = run_weight(t->run, index);
		return;
	}
	index -= p->n_weights;
	if (index < slots) {
		int weight = trainable_weight(p, index % trainable), slot = index / trainable;
		(void)snprintf(before, sizeof before, "optimizer/%s/", p->slots.names[slot]);
		describe(p, weight, before, ret);
		ret->values = run_slot(t->run, weight, slot);
		return;
	}
	index -= slots;
	if (p->options.keeps_best && index < p->n_weights) {
		describe(p, index, "best/", ret);
		ret->values = run_best(t->run, index);
		return;
	}
	(void)snprintf(ret->name, sizeof ret->name, "memory");
	ret->shape = SHAPE1(t->n_memory * (int64_t)(sizeof(double) / sizeof(float)));
	ret->values = (float *)(void *)t->memory;
}

void trainer_get_state(const struct trainer *t, struct trainer_state *ret)
{
	*ret = t->state;
}

int trainer_stopped_by(const struct trainer *t)
{
	return (int)t->memory[MEMORY_STOPPED] - 1;
}

bool trainer_set_state(struct trainer *t, const struct trainer_state *s, struct error *err)
{
	int64_t steps = trainer_steps_in_epoch(t);

	if (s->epoch < 0 || s->epoch > t->options.epochs || s->step_in_epoch < 0 ||
		s->step_in_epoch > steps || s->step != s->epoch * steps + s->step_in_epoch ||
		s->epoch_samples != samples_before(t, s->step_in_epoch) ||
		!isfinite(s->epoch_loss_sum))
		return error_set(err, ERROR_INVALID,
			"the checkpoint stands at epoch %" PRId64 ", step %" PRId64 " (%" PRId64
			" in all), which this job of %" PRId64 " epochs of %" PRId64
			" steps never does",
			s->epoch, s->step_in_epoch, s->step, t->options.epochs, steps);
	t->state = *s;
	t->optimizer_step = (struct optimizer_step){ 0 }; /* no step stands before the next one */
	return true;
}

/* --- watching
 * ----------------------------------------------------------------------------------------------------
 */

void trainer_publish(struct trainer *t)
{
	const struct trainer_state *s = &t->state;
	struct trainer_published *p = &t->published;
	double n = s->epoch_samples ? (double)s->epoch_samples : NAN;

	atomic_store_explicit(&p->epoch, s->epoch + 1, memory_order_relaxed);
	atomic_store_explicit(&p->step, s->step_in_epoch, memory_order_relaxed);
	atomic_store_explicit(&p->samples, s->epoch_samples, memory_order_relaxed);
	atomic_store_explicit(&p->loss, s->epoch_loss_sum / n, memory_order_relaxed);
	for (int i = 0; i < t->options.plan->n_metrics; i++)
		atomic_store_explicit(&p->metrics[i],
			s->epoch_samples
				? run_metric(t->run, i, t->memory + MEMORY_SUMS, s->epoch_samples)
				: NAN,
			memory_order_relaxed);
}

void trainer_progress(const struct trainer *t, struct trainer_progress *ret)
{
	const struct trainer_published *p = &t->published;
	int64_t epoch = atomic_load_explicit(&p->epoch, memory_order_relaxed);

	*ret = (struct trainer_progress){
		.epoch = epoch < 1                   ? 1
			 : epoch > t->options.epochs ? t->options.epochs
						     : epoch,
		.step = atomic_load_explicit(&p->step, memory_order_relaxed),
		.steps_per_epoch = trainer_steps_in_epoch(t),
		.samples = atomic_load_explicit(&p->samples, memory_order_relaxed),
		.loss = atomic_load_explicit(&p->loss, memory_order_relaxed),
		.validating = atomic_load_explicit(&p->validating, memory_order_relaxed),
	};
	ret->n_metrics = t->options.plan->n_metrics;
	for (int i = 0; i < ret->n_metrics; i++) {
		memcpy(ret->metrics[i].name, t->options.plan->model->metrics[i].name,
			sizeof ret->metrics[i].name);
		ret->metrics[i].value = atomic_load_explicit(&p->metrics[i], memory_order_relaxed);
	}
}

/* Counts a step, and works out the rate anew every quarter of a second. */
void trainer_count_samples(struct trainer *t, int64_t samples)
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

void trainer_set_threads(struct trainer *t, int threads)
{
	int most = t->options.threads_max;

	atomic_store(&t->threads, threads < 1 ? 1 : threads > most ? most : threads);
}
