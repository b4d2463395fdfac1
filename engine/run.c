/* run.c - see run.h. */
#include "engine/run.h"

#include "base/size.h"
#include "engine/philox.h"
#include "engine/run_layout.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum { HUGE_PAGE = 2 << 20, PREFETCH_SAMPLES = 8 };

/* One mapping on huge pages: with small ones, the walk through weights and slots costs more in page
 * tables than in work. */
static bool run_map(struct run *r, struct error *err)
{
	size_t bytes;

	if (!size_mul(r->plan->scratch_bytes, (size_t)r->threads, &bytes) ||
		!size_add(bytes, r->plan->block_bytes, &bytes) ||
		!size_add(bytes, 2 * HUGE_PAGE, &bytes))
		return error_no_memory(err);
	bytes = size_round_up(bytes, HUGE_PAGE);
	void *mapping = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mapping == MAP_FAILED)
		return error_set(err, ERROR_NO_MEMORY, "no memory for a run of %zu bytes", bytes);
	r->mapping = mapping;
	r->mapping_bytes = bytes;
	r->block = r->mapping + (size_round_up((size_t)mapping, HUGE_PAGE) - (size_t)mapping);
	(void)madvise(mapping, bytes,
		MADV_HUGEPAGE); /* a wish: without it all is the same, only slower */
	return true;
}

/* Binds one layer's step to its places; `thread`'s own is only the scratch. */
static void bind_step(struct run *r, int thread, int i)
{
	const struct plan *p = r->plan;
	const struct planned_layer *l = &p->layers[i];
	struct layer_step *s = &r->steps[thread * p->n_layers + i];

	*s = (struct layer_step){
		.kernels = r->kernels,
		.gemm = plan_is_bfloat16(p, &l->plan) ? r->kernels->gemm_bf16 : r->kernels->gemm,
		.conf = l->conf,
		.next_conf = l->next_conf,
		.plan = &l->plan,
		.in = l->in,
		.n_in = l->n_inputs,
		.z = run_at(r, l->z),
		.y = run_at(r, l->y),
		.dy = run_at(r, l->dy),
		.saved = run_at(r, l->saved),
		.table = run_at(r, l->table),
		.chunks = run_at(r, l->chunks),
		.batch = run_at(r, l->batch),
		.scratch = run_scratch(r, thread),
		.chunk = p->chunk,
	};
	for (int k = 0; k < l->n_inputs; k++) {
		int from = l->inputs[k];
		s->x[k] = run_at(r, from == MODEL_INPUT ? p->x : p->layers[from].y);
		if (l->dx_adds[k])
			s->dx[k] = (float *)run_at(r, p->dx_extra) +
				   p->part_samples * l->dx_extra_at[k];
		else if (l->dx_wanted[k])
			s->dx[k] = run_at(r, p->layers[from].dy);
	}
	for (int k = 0; k < l->plan.n_weights; k++) {
		const struct planned_weight *w = &p->weights[l->first_weight + k];
		s->w[k] = run_at(r, w->w);
		s->frozen[k] = w->frozen ? run_at(r, w->w) : NULL;
		s->partial[k] = run_at(r, w->partial);
		s->partial_floats[k] = w->values;
	}
}

static void fill_table(struct run *r, const struct planned_layer *l)
{
	struct layer_request request = {
		.conf = l->conf, .next_conf = l->next_conf, .in = l->in, .n_in = l->n_inputs
	};

	if (l->class->table && !l->absorbed)
		l->class->table(&request, run_at(r, l->table));
}

/* In place or absorbed: nothing to do for it in a pass. */
static bool has_passes(const struct planned_layer *l)
{
	return !l->plan.in_place && !l->absorbed;
}

struct run *run_new(
	const struct plan *plan, const struct kernels *kernels, int threads, struct error *err)
{
	struct run *r = calloc(1, sizeof *r);

	if (!r) {
		(void)error_no_memory(err);
		return NULL;
	}
	*r = (struct run){ .plan = plan, .kernels = kernels, .threads = threads };
	r->steps = calloc((size_t)threads * (size_t)plan->n_layers, sizeof *r->steps);
	if (!r->steps) {
		(void)error_no_memory(err);
		goto fail;
	}
	if (!run_map(r, err))
		goto fail;
	for (int t = 0; t < threads; t++)
		for (int i = 0; i < plan->n_layers; i++)
			bind_step(r, t, i);
	for (int i = 0; i < plan->n_layers; i++)
		fill_table(r, &plan->layers[i]);
	return r;
fail:
	run_free(r);
	return NULL;
}

void run_free(struct run *r)
{
	if (!r)
		return;
	if (r->mapping)
		(void)munmap(r->mapping, r->mapping_bytes);
	free(r->steps);
	free(r);
}

static float slot_start(const struct plan *p, int slot)
{
	const struct model *m = p->model;
	bool own = slot != p->slots.average && slot != p->slots.accumulator;

	return own && m->optimizer->slot_start ? (float)m->optimizer->slot_start(m->optimizer_conf)
					       : 0.0f;
}

static void fill(float *values, int64_t n, float value)
{
	for (int64_t i = 0; i < n; i++)
		values[i] = value;
}

void run_initialize(struct run *r, uint64_t seed)
{
	const struct plan *p = r->plan;

	r->seed = seed;
	for (int i = 0; i < p->n_weights; i++) {
		const struct planned_weight *w = &p->weights[i];
		const struct weight_plan *wp = &p->layers[w->layer].plan.weights[w->index];
		struct initializer_request request = { .seed = seed,
			.weight = (uint32_t)i,
			.shape = wp->shape,
			.fan_in = wp->fan_in,
			.fan_out = wp->fan_out };
		initializer_fill(wp->initializer, &request, run_weight(r, i));
		for (int s = 0; s < p->slots.count && !w->frozen; s++)
			fill(run_slot(r, i, s), w->values, slot_start(p, s));
		if (p->slots.average != OPTIMIZER_NO_SLOT && !w->frozen)
			memcpy(run_slot(r, i, p->slots.average), run_weight(r, i),
				(size_t)w->values * sizeof(float));
	}
}

void run_adapt(struct run *r, const struct data *train)
{
	for (int i = 0; i < r->plan->n_layers; i++)
		if (r->plan->layers[i].plan.adapts)
			r->plan->layers[i].class->adapt(&r->steps[i], train);
}

/* A key of its own for each layer and step. */
static uint64_t layer_key(const struct run *r, int layer, int64_t step)
{
	struct philox p = philox(r->seed, PHILOX_LAYER, (uint32_t)layer, (uint64_t)step);

	return (uint64_t)p.v[1] << 32 | p.v[0];
}

void run_set_batch(struct run *r, int64_t count, bool training, int64_t step)
{
	int n_layers = r->plan->n_layers;

	assert(count >= 1 && count <= r->plan->options.batch_size);
	r->batch_count = count;
	for (int i = 0; i < n_layers; i++) {
		uint64_t key = layer_key(r, i, step);
		for (int t = 0; t < r->threads; t++) {
			struct layer_step *s = &r->steps[t * n_layers + i];
			s->batch_count = count;
			s->training = training;
			s->key = key;
		}
	}
}

void run_set_weights(struct run *r, const struct data *data, const float *class_weight)
{
	r->class_weight = class_weight;
	r->weighted = class_weight || data->weights;
}

void run_set_augments(struct run *r, const struct augments *augments, int64_t epoch)
{
	r->augments = augments;
	r->augments_epoch = epoch;
}

void run_set_streams(struct run *r, bool streams)
{
	r->streams = streams;
}

int run_parts(const struct run *r)
{
	int64_t size = r->plan->part_samples;

	return (int)((r->batch_count + size - 1) / size);
}

void run_set_part(struct run *r, int part)
{
	int64_t size = r->plan->part_samples, left = r->batch_count - part * size;

	r->first = part * size;
	r->count = left < size ? left : size;
	for (int i = 0; i < r->threads * r->plan->n_layers; i++) {
		struct layer_step *s = &r->steps[i];
		s->first = r->first;
		s->count = r->count;
		s->first_part = part == 0;
		s->last_part = left <= size;
	}
}

void run_share(const struct run *r, int piece, int pieces, int64_t *ret_begin, int64_t *ret_end)
{
	int64_t chunks = (r->count + r->plan->chunk - 1) / r->plan->chunk;
	int64_t end = (piece + 1) * chunks / pieces * r->plan->chunk;

	*ret_begin = piece * chunks / pieces * r->plan->chunk;
	*ret_end = end < r->count ? end : r->count;
}

int64_t run_chunk_end(const struct run *r, int64_t begin, int64_t end)
{
	return layer_chunk_end(r->steps, begin, end);
}

static void gather_target(struct run *r, const struct data *data, int64_t sample, int64_t to)
{
	const struct plan *p = r->plan;
	int64_t n = p->target_values;

	if (!p->loss.labels) {
		float *target = (float *)run_at(r, p->targets) + to * n;
		memcpy(target, (const float *)data->y + sample * n, (size_t)n * sizeof *target);
	} else {
		int32_t *label = (int32_t *)run_at(r, p->labels) + to;
		*label = (int32_t)data_label(data, sample);
	}
}

/* How much sample `to` of the part counts. */
static void gather_weight(struct run *r, const struct data *data, int64_t sample, int64_t to)
{
	float *weight = (float *)run_at(r, r->plan->sample_weights) + to;

	*weight = data->weights ? data->weights[sample] : 1.0f;
	if (r->class_weight)
		*weight *= r->class_weight[data_label(data, sample)];
}

static int64_t sample_at(const struct data *data, const struct shuffle *order, int64_t position)
{
	return data_stored(data, order ? shuffle_at(order, position) : position);
}

/* A shuffled sample lies anywhere in the data set: its lines are asked for some samples ahead. */
static void prefetch(const struct data *data, int64_t sample, int64_t n)
{
	int64_t bytes = n * (data->x_type == DATA_U8 ? 1 : (int64_t)sizeof(float));
	const char *x = (const char *)data->x + sample * bytes;

	for (int64_t at = 0; at < bytes && at < 4096; at += 64)
		__builtin_prefetch(x + at);
}

static void gather_augmented(
	struct run *r, int thread, const struct data *data, int64_t sample, float *x)
{
	int64_t n = r->plan->input_values;
	const float *image = (const float *)data->x + sample * n;
	struct augment_map map;

	if (data->x_type == DATA_U8) {
		float *scratch = run_scratch(r, thread);
		r->kernels->from_u8((const uint8_t *)data->x + sample * n, n, scratch);
		image = scratch;
	}
	augments_map(r->augments, r->seed, r->augments_epoch, sample, &data->shape, &map);
	augments_apply(r->augments, &map, &data->shape, r->kernels, image, x);
}

void run_gather(struct run *r, int thread, const struct data *data, const struct shuffle *order,
	int64_t first, int64_t begin, int64_t end)
{
	int64_t n = r->plan->input_values;

	first += r->first;
	for (int64_t i = begin; i < end && i < begin + PREFETCH_SAMPLES; i++)
		prefetch(data, sample_at(data, order, first + i), n);
	for (int64_t i = begin; i < end; i++) {
		int64_t sample = sample_at(data, order, first + i);
		float *x = (float *)run_at(r, r->plan->x) + i * n;
		if (i + PREFETCH_SAMPLES < end)
			prefetch(data, sample_at(data, order, first + i + PREFETCH_SAMPLES), n);
		if (r->augments)
			gather_augmented(r, thread, data, sample, x);
		else if (data->x_type == DATA_U8)
			r->kernels->from_u8((const uint8_t *)data->x + sample * n, n, x);
		else
			memcpy(x, (const float *)data->x + sample * n, (size_t)n * sizeof *x);
		gather_target(r, data, sample, i);
		if (r->weighted)
			gather_weight(r, data, sample, i);
	}
}

void run_forward(struct run *r, int thread, int from, int to, int64_t begin, int64_t end)
{
	const struct plan *p = r->plan;

	for (int i = from; i < to; i++)
		if (has_passes(&p->layers[i]))
			p->layers[i].class->forward(
				&r->steps[thread * p->n_layers + i], begin, end);
}

/* Loss and gradient of each sample count as much as it does. */
static void weigh(struct run *r, const struct loss_step *s, int64_t begin, int64_t end)
{
	const float *weights = run_at(r, r->plan->sample_weights);

	for (int64_t n = begin; n < end; n++) {
		s->loss[n] *= weights[n];
		for (int64_t j = 0; s->dy && j < s->width; j++)
			s->dy[n * s->width + j] *= weights[n];
	}
}

void run_loss(struct run *r, bool with_gradient, int64_t begin, int64_t end)
{
	const struct plan *p = r->plan;
	const struct planned_layer *last = &p->layers[p->n_layers - 1];
	struct loss_step s = {
		.kernels = r->kernels,
		.conf = p->model->loss_conf,
		.width = p->output_values,
		.depth = last->plan.out.rank ? last->plan.out.dim[last->plan.out.rank - 1] : 1,
		.y = run_at(r, last->y),
		.labels = p->loss.labels ? run_at(r, p->labels) : NULL,
		.targets = p->loss.labels ? NULL : run_at(r, p->targets),
		.scale = 1.0f / (float)r->batch_count,
		.dy = with_gradient ? run_at(r, last->dy) : NULL,
		.loss = run_at(r, p->loss_values),
	};

	p->model->loss->run(&s, begin, end);
	if (r->weighted)
		weigh(r, &s, begin, end);
}

void run_backward(struct run *r, int thread, int from, int to, int64_t begin, int64_t end)
{
	const struct plan *p = r->plan;

	for (int i = from; i-- > to;) {
		const struct planned_layer *l = &p->layers[i];
		const struct layer_step *s = &r->steps[thread * p->n_layers + i];
		if (!has_passes(l) || !l->has_gradient)
			continue;
		/* The sums of an earlier stage are there, but dy and the partial gradients were
		 * those of another part. */
		if (l->class->collect_backward && run_parts(r) > 1)
			l->class->collect_backward(s, begin, end);
		l->class->backward(s, begin, end);
		for (int k = 0; k < l->n_inputs; k++) {
			if (!l->dx_adds[k])
				continue;
			int64_t n = shape_elements(&l->in[k]);
			float *dy = run_at(r, p->layers[l->inputs[k]].dy);
			r->kernels->add(dy + begin * n, s->dx[k] + begin * n, (end - begin) * n);
		}
	}
}

void run_collect(struct run *r, int thread, int stage, int64_t begin, int64_t end)
{
	const struct plan_stage *st = &r->plan->stages[stage];
	const struct layer_step *steps = &r->steps[thread * r->plan->n_layers];

	if (st->collect >= 0)
		r->plan->layers[st->collect].class->collect(&steps[st->collect], begin, end);
	if (st->collect_backward >= 0)
		r->plan->layers[st->collect_backward].class->collect_backward(
			&steps[st->collect_backward], begin, end);
}

void run_combine(struct run *r, int stage)
{
	const struct plan_stage *st = &r->plan->stages[stage];

	if (st->collect >= 0)
		r->plan->layers[st->collect].class->combine(&r->steps[st->collect]);
	if (st->collect_backward >= 0)
		r->plan->layers[st->collect_backward].class->combine_backward(
			&r->steps[st->collect_backward]);
}

float *run_weight(const struct run *r, int index)
{
	return run_at(r, r->plan->weights[index].w);
}

float *run_best(const struct run *r, int index)
{
	return run_at(r, r->plan->weights[index].best);
}

float *run_slot(const struct run *r, int index, int slot)
{
	return run_at(r, r->plan->weights[index].slots[slot]);
}
