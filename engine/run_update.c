/* run_update.c - a step by parameters: gradients, what all optimizers have in common, and the
 * optimizer's rule. See run.h.
 *
 * A task is a stretch of one weight that stays in the first-level cache from its gradient to its
 * update. The order is Keras's: gradients of several batches, clipping, weight decay, the rule,
 * running means. */
#include "engine/run_layout.h"

#include "engine/constraints.h"
#include "engine/regularizers.h"

#include <math.h>
#include <string.h>

/* A task: the units [begin, end) of a weight. */
struct task {
	const struct planned_weight *weight;
	int index;    /* of the weight */
	int64_t task; /* of all tasks */
	int64_t begin, end;
	int64_t first, n; /* in values */
};

/* g = the gradient of the units [begin, end) of a weight over this part; after the first part its
 * sums go on in g. */
static void weight_gradient(struct run *r, int thread, const struct planned_weight *w,
	int64_t begin, int64_t end, float *g)
{
	const struct plan *p = r->plan;
	int64_t chunks = (r->count + r->plan->chunk - 1) / r->plan->chunk,
		n = (end - begin) * w->unit;

	if (p->layers[w->layer].plan.weights[w->index].tiled) {
		p->layers[w->layer].class->gradient(
			&r->steps[thread * p->n_layers + w->layer], w->index, begin, end, g);
		return;
	}
	const float *partial = (float *)run_at(r, w->partial) + begin * w->unit;
	if (r->first == 0)
		memcpy(g, partial, (size_t)n * sizeof *g);
	for (int64_t c = r->first == 0; c < chunks; c++)
		r->kernels->add(g, partial + c * w->values, n);
}

static float *slot_at(const struct run *r, const struct task *t, int slot)
{
	return (float *)run_at(r, t->weight->slots[slot]) + t->first;
}

/* What the plan keeps of this gradient, or a place for as long as the task lasts. */
static float *gradient_at(const struct run *r, int thread, const struct task *t)
{
	return r->plan->keeps_gradients ? (float *)run_at(r, t->weight->gradient) + t->first
					: run_scratch(r, thread);
}

static const struct weight_plan *weight_plan_of(const struct run *r, const struct planned_weight *w)
{
	return &r->plan->layers[w->layer].plan.weights[w->index];
}

/* Adds what the weight's size costs to the gradient, and notes it. */
static void regularize(const struct run *r, const struct task *t, float *g)
{
	const struct param_variant *v = weight_plan_of(r, t->weight)->regularizer;
	const float *w = (float *)run_at(r, t->weight->w) + t->first;

	if (!v || v->index == PARAM_VARIANT_NULL)
		return;
	((double *)run_at(r, r->plan->penalties))[t->task] = regularizer_penalty(v, w, t->n);
	regularizer_gradient(v, w, g, t->n);
}

/* Adds this batch's gradient to those before it; the last of them makes it their mean. */
static void accumulate(
	const struct run *r, const struct task *t, const struct optimizer_step *step, float *g)
{
	if (r->plan->slots.accumulator == OPTIMIZER_NO_SLOT)
		return;
	float *sum = slot_at(r, t, r->plan->slots.accumulator);
	for (int64_t i = 0; i < t->n; i++) {
		float all = sum[i] + g[i];
		sum[i] = step->applies ? 0.0f : all;
		g[i] = all * step->accumulated;
	}
}

/* Eight sums that take turns, so that one addition need not wait for the one before. */
static double sum_of_squares(const float *g, int64_t n)
{
	double sums[8] = { 0 };

	for (int64_t i = 0; i < n; i++)
		sums[i % 8] += (double)g[i] * (double)g[i];
	return ((sums[0] + sums[1]) + (sums[2] + sums[3])) +
	       ((sums[4] + sums[5]) + (sums[6] + sums[7]));
}

static void clip(float *g, int64_t n, float scale, float limit)
{
	for (int64_t i = 0; i < n && scale != 1.0f; i++)
		g[i] *= scale;
	for (int64_t i = 0; i < n && limit < INFINITY; i++)
		g[i] = g[i] > limit ? limit : g[i] < -limit ? -limit : g[i];
}

static void move_average(float *average, float *w, int64_t n, const struct optimizer_step *step)
{
	for (int64_t i = 0; i < n; i++) {
		average[i] = step->ema_keep * average[i] + (1.0f - step->ema_keep) * w[i];
		w[i] = step->ema_overwrites ? average[i] : w[i];
	}
}

static void apply(const struct run *r, int thread, const struct task *t,
	const struct optimizer_step *step, float scale, float *g)
{
	const struct optimizer_slots *slots = &r->plan->slots;
	float *w = (float *)run_at(r, t->weight->w) + t->first, *own[OPTIMIZER_SLOTS_MAX];
	float *kept = w;

	if (r->streams)
		w = memcpy(run_scratch(r, thread) + t->n, w, (size_t)t->n * sizeof *w);
	for (int s = 0; s < slots->count; s++)
		own[s] = slot_at(r, t, s);
	clip(g, t->n, scale, step->clip_value);
	for (int64_t i = 0; i < t->n && step->decay != 0.0f; i++)
		w[i] -= w[i] * step->decay;
	r->kernels->update[step->rule](&step->values, g, t->n, w, own);
	if (slots->average != OPTIMIZER_NO_SLOT)
		move_average(own[slots->average], w, t->n, step);
	if (r->streams)
		r->kernels->stream(w, t->n, kept);
}

static void gradient_task(
	struct run *r, int thread, const struct task *t, const struct optimizer_step *step)
{
	float *g = gradient_at(r, thread, t);

	weight_gradient(r, thread, t->weight, t->begin, t->end, g);
	if (!run_is_last_part(r))
		return;
	regularize(r, t, g);
	accumulate(r, t, step, g);
	if (optimizer_needs_norms(r->plan->model->optimizer_conf))
		((double *)run_at(r, r->plan->squares))[t->task] = sum_of_squares(g, t->n);
	else if (step->applies)
		apply(r, thread, t, step, 1.0f, g);
}

static void update_task(
	struct run *r, int thread, const struct task *t, const struct optimizer_step *step)
{
	const float *scales = run_at(r, r->plan->scales);

	apply(r, thread, t, step, scales[t->index], gradient_at(r, thread, t));
}

/* Calls work for each task of piece `piece` of `pieces`. */
static void each_task(struct run *r, int thread, int piece, int pieces,
	const struct optimizer_step *step,
	void (*work)(
		struct run *r, int thread, const struct task *t, const struct optimizer_step *step))
{
	const struct plan *p = r->plan;
	int64_t begin = piece * p->n_tasks / pieces, end = (piece + 1) * p->n_tasks / pieces;
	int64_t first = 0;

	for (int i = 0; i < p->n_weights; first += p->weights[i++].n_tasks) {
		const struct planned_weight *w = &p->weights[i];
		for (int64_t k = begin > first ? begin - first : 0;
			k < w->n_tasks && first + k < end; k++) {
			int64_t units = w->values / w->unit, from = k * w->units_per_task;
			int64_t to = from + w->units_per_task;
			struct task t = { .weight = w,
				.index = i,
				.task = first + k,
				.begin = from,
				.end = to < units ? to : units };
			t.first = t.begin * w->unit;
			t.n = (t.end - t.begin) * w->unit;
			work(r, thread, &t, step);
		}
	}
}

void run_gradients(
	struct run *r, int thread, int piece, int pieces, const struct optimizer_step *step)
{
	each_task(r, thread, piece, pieces, step, gradient_task);
}

void run_update(struct run *r, int thread, int piece, int pieces, const struct optimizer_step *step)
{
	each_task(r, thread, piece, pieces, step, update_task);
}

/* 1, or what brings a gradient of that many squares down to the norm `most`. */
static float scale_for(double squares, double most)
{
	double norm = sqrt(squares);

	return norm > most ? (float)(most / norm) : 1.0f;
}

void run_norms(struct run *r, const struct optimizer_step *step)
{
	const struct plan *p = r->plan;
	const double *squares = run_at(r, p->squares);
	float *scales = run_at(r, p->scales);
	double all = 0;

	for (int i = 0; i < p->n_weights; i++) {
		double own = 0;
		for (int64_t k = 0; k < p->weights[i].n_tasks; k++)
			own += *squares++;
		scales[i] = scale_for(own, step->clip_norm);
		all += own;
	}
	float scale = scale_for(all, step->clip_global);
	for (int i = 0; i < p->n_weights && step->clip_global < INFINITY; i++)
		scales[i] = scale;
}

double run_step_penalty(const struct run *r)
{
	const double *penalties =
		run_at(r, r->plan->penalties); /* 0 where there is no regularizer */
	double sum = 0;

	for (int64_t i = 0; i < r->plan->n_tasks && r->plan->is_regularized; i++)
		sum += penalties[i];
	return sum;
}

double run_penalty(const struct run *r)
{
	const struct plan *p = r->plan;
	double sum = 0;

	for (int i = 0; i < p->n_weights; i++) {
		const struct planned_weight *w = &p->weights[i];
		const struct param_variant *v = weight_plan_of(r, w)->regularizer;
		if (v && !w->frozen)
			sum += regularizer_penalty(v, run_weight(r, i), w->values);
	}
	return sum;
}

static bool is_constrained(const struct run *r, const struct planned_weight *w)
{
	const struct param_variant *v = weight_plan_of(r, w)->constraint;

	return v && v->index != PARAM_VARIANT_NULL && !w->frozen;
}

int run_constrained(const struct run *r)
{
	int n = 0;

	for (int i = 0; i < r->plan->n_weights; i++)
		n += is_constrained(r, &r->plan->weights[i]);
	return n;
}

void run_constrain(struct run *r, int piece)
{
	for (int i = 0; i < r->plan->n_weights; i++) {
		const struct planned_weight *w = &r->plan->weights[i];
		if (!is_constrained(r, w) || piece-- != 0)
			continue;
		const struct weight_plan *wp = weight_plan_of(r, w);
		constraint_apply(wp->constraint, &wp->shape, run_weight(r, i));
	}
}

void run_overwrite_with_means(struct run *r)
{
	const struct plan *p = r->plan;

	for (int i = 0; i < p->n_weights && p->slots.average != OPTIMIZER_NO_SLOT; i++)
		if (!p->weights[i].frozen)
			memcpy(run_weight(r, i), run_slot(r, i, p->slots.average),
				(size_t)p->weights[i].values * sizeof(float));
}

void run_gradient(struct run *r, int index, float *ret)
{
	const struct planned_weight *w = &r->plan->weights[index];

	weight_gradient(r, 0, w, 0, w->values / w->unit, ret);
}
