/* run_metrics.c - what a run counts of the network's answers. See run.h and metric.h.
 *
 * Each thread adds whole numbers to counts of its own, in its scratch; run_results collects them,
 * and the floats of each sample in the order of the samples. */
#include "engine/run_layout.h"

#include <math.h>
#include <string.h>

static int64_t *thread_counts(const struct run *r, int thread)
{
	return (int64_t *)(void *)((char *)run_scratch(r, thread) + r->plan->counts);
}

static float *thread_probabilities(const struct run *r, int thread)
{
	return (float *)(void *)(thread_counts(r, thread) + r->plan->n_counts);
}

/* Which class the output names: the first largest; of one output, whether it is above 1/2. */
static int32_t predicted_class(const struct plan *p, const float *y)
{
	float half = p->loss.takes_logits ? 0.0f : 0.5f;

	return p->output_values == 1 ? y[0] > half : (int32_t)metric_largest(y, p->output_values);
}

void run_metrics(struct run *r, int thread, int64_t begin, int64_t end)
{
	const struct plan *p = r->plan;
	int64_t width = p->output_values;
	int64_t depth = metric_depth(&p->layers[p->n_layers - 1].plan.out);
	float *probabilities = thread_probabilities(r, thread);

	for (int64_t n = begin; n < end; n++) {
		const float *y = (float *)run_at(r, p->layers[p->n_layers - 1].y) + n * width;
		struct metric_sample s = { .width = width, .depth = depth };
		if (p->loss.labels)
			s.label = ((const int32_t *)run_at(r, p->labels))[n];
		else
			s.target = (const float *)run_at(r, p->targets) + n * width;
		if (p->classes > 0)
			((int32_t *)run_at(r, p->predicted))[n] = predicted_class(p, y);
		if (p->wants_probabilities) {
			memcpy(probabilities, y, (size_t)width * sizeof *y);
			r->kernels->activate(p->taken_activation, p->taken_alpha, probabilities,
				probabilities, width / depth, depth);
		}
		for (int i = 0; i < p->n_metrics; i++) {
			const struct planned_metric *m = &p->metrics[i];
			s.conf = p->model->metrics[i].conf;
			s.y = m->plan.wants_probabilities ? probabilities : y;
			s.counts = thread_counts(r, thread) + m->first_count;
			s.values = (float *)run_at(r, p->metric_values) + n * p->n_values +
				   m->first_value;
			m->class->sample(&s);
		}
	}
}

void run_results(struct run *r, struct run_totals *t)
{
	const struct plan *p = r->plan;
	const float *loss = run_at(r, p->loss_values), *values = run_at(r, p->metric_values);
	const int32_t *labels = run_at(r, p->labels), *predicted = run_at(r, p->predicted);

	for (int64_t i = 0; i < r->count; i++) {
		t->loss += (double)loss[i];
		for (int k = 0; k < p->n_values; k++)
			t->sums[p->n_counts + k] += (double)values[i * p->n_values + k];
		if (t->confusion)
			t->confusion[labels[i] * p->classes + predicted[i]]++;
	}
	for (int thread = 0; thread < r->threads; thread++) {
		int64_t *counts = thread_counts(r, thread);
		for (int k = 0; k < p->n_counts; k++)
			t->sums[k] += (double)counts[k];
		memset(counts, 0, (size_t)p->n_counts * sizeof *counts);
	}
}

int run_first_not_finite(const struct run *r)
{
	const struct plan *p = r->plan;

	for (int i = 0; i < p->n_layers; i++) {
		const struct planned_layer *l = &p->layers[i];
		const float *y = run_at(r, l->y);
		int64_t n = l->absorbed || l->plan.in_place
				    ? 0
				    : r->count * shape_elements(&l->plan.out);
		for (int64_t k = 0; k < n; k++)
			if (!isfinite(y[k]))
				return i;
	}
	return -1;
}

double run_metric(const struct run *r, int metric, const double *sums, int64_t samples)
{
	const struct plan *p = r->plan;
	const struct planned_metric *m = &p->metrics[metric];

	return m->class->result(p->model->metrics[metric].conf, p->output_values, samples,
		sums + m->first_count, sums + p->n_counts + m->first_value);
}
