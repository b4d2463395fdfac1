/* plan.c - see plan.h. */
#include "engine/plan_layout.h"

#include "base/size.h"
#include "engine/constraints.h"
#include "engine/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* No tensor of a sample, and no weight, has more values: offsets in the kernels are 32 bits. */
enum { TENSOR_VALUES_MAX = 1 << 30 };

/* --- shapes
 * ------------------------------------------------------------------------------------------------------
 */

/* Puts the layer in front of what is wrong with it. */
static bool layer_refuse(const struct model *m, int layer, struct error *err)
{
	error_text_prefix(err, "layer %d (%s): ", layer, m->layers[layer].name);
	error_pointer_prefix(err, "/model/layers/%d", layer);
	return false;
}

static bool check_values(const struct shape *s, const char *what, int64_t *ret, struct error *err)
{
	char text[SHAPE_TEXT_BYTES];
	int64_t values;

	shape_text(s, text);
	if (!shape_size(s, &values) || values > TENSOR_VALUES_MAX)
		return error_at(err, ERROR_INVALID, "",
			"its %s of shape %s is too large; allowed: at most %d values", what, text,
			TENSOR_VALUES_MAX);
	*ret = values;
	return true;
}

/* What the arguments of a weight begin with. */
static const char *argument_of(const struct weight_plan *w)
{
	return w->argument ? w->argument : w->name;
}

static bool check_weight(const struct weight_plan *w, struct error *err)
{
	char initializer[64], constraint[64];
	int64_t values;

	(void)snprintf(initializer, sizeof initializer, "/%s_initializer", argument_of(w));
	(void)snprintf(constraint, sizeof constraint, "/%s_constraint", argument_of(w));
	return check_values(&w->shape, w->name, &values, err) &&
	       initializer_check(w->initializer, &w->shape, initializer, err) &&
	       (!w->constraint || constraint_check(w->constraint, &w->shape, constraint, err));
}

static bool layer_shapes(struct plan *p, int i, struct error *err)
{
	const struct model_layer *m = &p->model->layers[i];
	struct planned_layer *l = &p->layers[i];
	int64_t values;

	*l = (struct planned_layer){
		.class = m->class, .conf = m->conf, .source = i, .n_inputs = m->n_inputs
	};
	if (m->n_inputs < l->class->inputs_min || m->n_inputs > l->class->inputs_max)
		return error_at(err, ERROR_INVALID, "/inputs",
			"%s has %d inputs; allowed: %d to %d", l->class->name, m->n_inputs,
			l->class->inputs_min, l->class->inputs_max);
	for (int k = 0; k < m->n_inputs; k++) {
		l->inputs[k] = m->inputs[k];
		l->in[k] = m->inputs[k] == MODEL_INPUT ? p->options.input
						       : p->layers[m->inputs[k]].plan.out;
	}
	struct layer_request request = { .conf = l->conf, .in = l->in, .n_in = l->n_inputs };
	if (!l->class->plan(&request, &l->plan, err) ||
		!check_values(&l->plan.out, "output", &values, err))
		return false;
	for (int k = 0; k < l->plan.n_weights; k++)
		if (!check_weight(&l->plan.weights[k], err))
			return false;
	int below = l->inputs[0] == MODEL_INPUT ? MODEL_INPUT : p->layers[l->inputs[0]].root;
	l->root = l->plan.in_place ? below : i;
	if (l->plan.adapts && below != MODEL_INPUT)
		return error_at(err, ERROR_INVALID, "",
			"it measures mean and variance on the training data, and another layer "
			"stands between; make it the first layer, or give \"mean\" and "
			"\"variance\"");
	return true;
}

static int count_users(const struct plan *p, int layer)
{
	int users = 0;

	for (int i = layer + 1; i < p->n_layers; i++)
		for (int k = 0; k < p->layers[i].n_inputs; k++)
			users += p->layers[i].inputs[k] == layer;
	return users;
}

static bool check_used(const struct plan *p, struct error *err)
{
	for (int i = 0; i + 1 < p->n_layers; i++) {
		if (count_users(p, i) > 0)
			continue;
		(void)error_at(err, ERROR_INVALID, "",
			"no layer uses its output, so the model would have several; allowed: one, "
			"that of the last layer");
		return layer_refuse(p->model, i, err);
	}
	return true;
}

/* Lets layer i + 1 run as `fused` for layer i, too. */
static void replace_pair(struct plan *p, int i, const struct planned_layer *fused)
{
	struct planned_layer *next = &p->layers[i + 1];

	assert(shape_equal(&fused->plan.out, &next->plan.out));
	*next = *fused;
	next->root = i + 1;
	p->layers[i].absorbed = true;
}

/* Fuses layer i with the next one, if there is a class for the pair. */
static bool fuse_pair(struct plan *p, int i, struct error *err)
{
	const struct planned_layer *l = &p->layers[i], *next = &p->layers[i + 1];
	struct layer_request request = {
		.conf = l->conf, .next_conf = next->conf, .in = l->in, .n_in = l->n_inputs
	};
	const struct layer_class *pair =
		l->class->fuse ? l->class->fuse(&request, next->class) : NULL;
	struct planned_layer fused = *l;

	if (!pair)
		return true;
	fused.class = pair;
	fused.next_conf = next->conf;
	fused.plan = (struct layer_plan){ 0 };
	if (!pair->plan(&request, &fused.plan, err))
		return layer_refuse(p->model, i, err);
	replace_pair(p, i, &fused);
	return true;
}

/* Lets layer i do the next one's activation, if that is all the next one is. */
static void take_activation(struct plan *p, int i)
{
	const struct planned_layer *next = &p->layers[i + 1];
	struct planned_layer fused = p->layers[i];

	if (!fused.plan.takes_activation || fused.plan.activation != ACTIVATION_LINEAR ||
		!next->plan.activates_input || !next->plan.takes_activation)
		return;
	fused.plan.activation = next->plan.activation;
	fused.plan.alpha = next->plan.alpha;
	replace_pair(p, i, &fused);
}

/* Fuses pairs of neighbours; both have been accepted on their own. The choice is by confs and
 * shapes alone, so it is part of the numeric contract. false: no memory would be large enough for
 * a pair. */
static bool plan_fuse(struct plan *p, struct error *err)
{
	for (int i = 0; i + 1 < p->n_layers; i++) {
		const struct planned_layer *l = &p->layers[i], *next = &p->layers[i + 1];
		if (l->source != i || next->n_inputs != 1 || next->inputs[0] != i ||
			count_users(p, i) != 1)
			continue;
		if (!fuse_pair(p, i, err))
			return false;
		if (!l->absorbed)
			take_activation(p, i);
	}
	return true;
}

static bool plan_shapes(struct plan *p, struct error *err)
{
	const struct plan_options *o = &p->options;
	int64_t values;

	if (p->n_layers == 0)
		return error_at(err, ERROR_INVALID, "/model/layers", "the model has no layer");
	if (o->batch_size < 1 || o->batch_size > PLAN_BATCH_MAX)
		return error_at(err, ERROR_INVALID, "/batch_size",
			"batch_size is %" PRId64 "; allowed: [1, %d]", o->batch_size,
			PLAN_BATCH_MAX);
	if (!check_values(&o->input, "input", &values, err))
		return layer_refuse(p->model, 0, err);
	for (int i = 0; i < p->n_layers; i++)
		if (!layer_shapes(p, i, err))
			return layer_refuse(p->model, i, err);
	return check_used(p, err) && plan_fuse(p, err);
}

/* Keeps the activation of the last layer, unless the loss takes it over. */
static bool plan_loss(struct plan *p, struct error *err)
{
	struct layer_plan *last = &p->layers[p->n_layers - 1].plan;
	struct loss_request request = { .output = last->out,
		.target = p->options.target,
		.classes = p->options.classes,
		.activation = last->activation };

	if (!p->model->loss->plan(p->model->loss_conf, &request, &p->loss, err))
		return false;
	if (p->loss.takes_logits) {
		p->taken_activation = last->activation;
		p->taken_alpha = last->alpha;
		last->activation = ACTIVATION_LINEAR;
	}
	p->input_values = shape_elements(&p->options.input);
	p->output_values = shape_elements(&last->out);
	p->target_values = p->loss.labels ? 0 : p->output_values;
	return true;
}

/* A matrix of more classes is no longer read by anybody. */
enum { CONFUSION_CLASSES_MAX = 256 };

static bool plan_metrics(struct plan *p, struct error *err)
{
	const struct model *m = p->model;
	struct metric_request request = { .output = p->layers[p->n_layers - 1].plan.out,
		.labels = p->loss.labels };
	int64_t classes = p->output_values > 1 ? p->output_values : 2;

	if (p->loss.labels && p->options.classes <= classes && classes <= CONFUSION_CLASSES_MAX)
		p->classes = classes;
	p->n_metrics = m->n_metrics;
	for (int i = 0; i < m->n_metrics; i++) {
		struct planned_metric *planned = &p->metrics[i];
		planned->class = m->metrics[i].class;
		if (!planned->class->plan(m->metrics[i].conf, &request, &planned->plan, err)) {
			error_text_prefix(err, "%s: ", m->metrics[i].name);
			error_pointer_prefix(err, "/metrics/%d", i);
			return false;
		}
		planned->first_count = p->n_counts;
		planned->first_value = p->n_values;
		p->n_counts += planned->plan.n_counts;
		p->n_values += planned->plan.n_values;
		p->wants_probabilities |= planned->plan.wants_probabilities;
	}
	return true;
}

static bool is_trainable(const struct layer_plan *l)
{
	for (int k = 0; k < l->n_weights; k++)
		if (!l->weights[k].frozen)
			return true;
	return false;
}

/* Which gradients are wanted, and which are second ones of their tensor. Layers are walked as
 * backward will. */
static void plan_gradients(struct plan *p)
{
	for (int i = 0; i < p->n_layers; i++) {
		struct planned_layer *l = &p->layers[i];
		l->has_gradient = !l->absorbed && is_trainable(&l->plan);
		for (int k = 0; k < l->n_inputs; k++)
			l->has_gradient |=
				l->inputs[k] != MODEL_INPUT && p->layers[l->inputs[k]].has_gradient;
	}
	for (int i = p->n_layers; i-- > 0;) {
		struct planned_layer *l = &p->layers[i];
		for (int k = 0; k < l->n_inputs && !l->plan.in_place && !l->absorbed; k++) {
			int from = l->inputs[k];
			if (from == MODEL_INPUT || !p->layers[from].has_gradient)
				continue;
			struct planned_layer *root = &p->layers[p->layers[from].root];
			l->dx_wanted[k] = true;
			l->dx_adds[k] = root->dy_set;
			root->dy_set = true;
		}
	}
}

/* --- memory
 * ------------------------------------------------------------------------------------------------------
 */

/* A place for `count` things of that many bytes; *kind counts what it costs. Places begin on cache
 * lines, and equal ones are not a power of two apart, where they would fall into the same sets of a
 * cache. */
static bool place(struct plan *p, int64_t count, int64_t bytes_each, int64_t *kind, size_t *ret)
{
	size_t bytes, end;

	if (!size_mul((size_t)count, (size_t)bytes_each, &bytes) || bytes > SIZE_MAX / 4)
		return false;
	bytes = size_round_up(bytes, 64) +
		(bytes >= 4096 ? 64 * (1 + (p->block_bytes / 64) % 7) : 0);
	if (!size_add(p->block_bytes, bytes, &end) || end > INT64_MAX / 2)
		return false;
	*ret = p->block_bytes;
	p->block_bytes = end;
	*kind += (int64_t)bytes;
	return true;
}

static bool place_weight(struct plan *p, int layer, int index)
{
	const struct weight_plan *plan = &p->layers[layer].plan.weights[index];
	struct planned_weight *w = &p->weights[p->n_weights++];
	struct plan_forecast *f = &p->forecast;

	*w = (struct planned_weight){ .layer = layer,
		.index = index,
		.values = shape_elements(&plan->shape),
		.frozen = plan->frozen };
	if (!place(p, w->values, sizeof(float), &f->weight_bytes, &w->w))
		return false;
	if (p->options.keeps_best &&
		!place(p, w->values, sizeof(float), &f->weight_bytes, &w->best))
		return false;
	if (w->frozen) {
		f->frozen_parameters += w->values;
		return true;
	}
	p->is_regularized |= plan->regularizer && plan->regularizer->index != PARAM_VARIANT_NULL;
	w->unit = plan->tiled ? w->values / plan->shape.dim[0] : 1;
	w->units_per_task = plan_units_per_task(
		w->values, w->unit, plan->tiled, plan_is_bfloat16(p, &p->layers[layer].plan));
	w->n_tasks = (w->values / w->unit + w->units_per_task - 1) / w->units_per_task;
	p->n_tasks += w->n_tasks;
	f->parameters += w->values;
	for (int s = 0; s < p->slots.count; s++)
		if (!place(p, w->values, sizeof(float), &f->optimizer_bytes, &w->slots[s]))
			return false;
	if (p->keeps_gradients &&
		!place(p, w->values, sizeof(float), &f->gradient_bytes, &w->gradient))
		return false;
	return plan->tiled || place(p, p->n_chunks, w->values * (int64_t)sizeof(float),
				      &f->gradient_bytes, &w->partial);
}

/* The layer below whose dy may be that of layer i itself, made over in backward; -1: none. Others
 * that set a gradient of that tensor come later. */
static int gradient_heir(const struct plan *p, int i)
{
	const struct planned_layer *l = &p->layers[i];

	for (int k = 0; k < l->n_inputs && l->plan.dx_may_be_dy; k++)
		if (l->dx_wanted[k] && !l->dx_adds[k])
			return l->inputs[k];
	return -1;
}

/* y and dy of a layer, its own or those of the tensor it shares. */
static bool place_tensor(struct plan *p, int i)
{
	struct planned_layer *l = &p->layers[i];
	int64_t values = shape_elements(&l->plan.out), samples = p->part_samples;
	int64_t *kind = &p->forecast.activation_bytes;

	if (l->root == MODEL_INPUT) {
		l->y = p->x;
	} else if (l->root != i) {
		l->y = p->layers[l->root].y;
		l->dy = p->layers[l->root].dy;
	} else if (!place(p, samples, values * (int64_t)sizeof(float), kind, &l->y)) {
		return false;
	}
	l->z = l->y;
	if (activation_needs_input(l->plan.activation) && !l->plan.activates_input &&
		!place(p, samples, values * (int64_t)sizeof(float), kind, &l->z))
		return false;
	bool needs_dy = l->has_gradient || i == p->n_layers - 1;
	int heir = gradient_heir(p, i);
	if (heir >= 0)
		l->dy = p->layers[heir].dy;
	else if ((l->root == i || l->root == MODEL_INPUT) && needs_dy &&
		 !place(p, samples, values * (int64_t)sizeof(float), kind, &l->dy))
		return false;
	return place(p, samples, l->plan.saved_bytes, kind, &l->saved) &&
	       place(p, p->n_chunks, l->plan.chunk_floats * (int64_t)sizeof(float), kind,
		       &l->chunks) &&
	       place(p, l->plan.batch_floats, sizeof(float), kind, &l->batch) &&
	       place(p, l->plan.table_ints, sizeof(int32_t), &p->forecast.scratch_bytes, &l->table);
}

/* Gives each gradient that is a second one of its tensor, so that it must be made elsewhere first,
 * a place beside the others of its layer. Returns the values of the largest layer's. */
static int64_t place_extra(struct plan *p)
{
	int64_t most = 0;

	for (int i = 0; i < p->n_layers; i++) {
		struct planned_layer *l = &p->layers[i];
		int64_t values = 0;
		for (int k = 0; k < l->n_inputs; k++) {
			l->dx_extra_at[k] = values;
			values += l->dx_adds[k] ? shape_elements(&l->in[k]) : 0;
		}
		most = values > most ? values : most;
	}
	return most;
}

static bool place_all(struct plan *p)
{
	int64_t samples = p->part_samples, *kind = &p->forecast.activation_bytes,
		floats = sizeof(float);
	/* An image, before it is augmented. */
	int64_t scratch = p->options.input.rank == 3 ? p->input_values : 0;

	for (int i = 0; i < p->n_layers; i++) {
		if (p->layers[i].absorbed)
			continue;
		p->layers[i].first_weight = p->n_weights;
		for (int k = 0; k < p->layers[i].plan.n_weights; k++)
			if (!place_weight(p, i, k))
				return false;
	}
	if (!place(p, samples, p->input_values * floats, kind, &p->x) ||
		!place(p, samples, sizeof(int32_t), kind, &p->labels) ||
		!place(p, samples, p->target_values * floats, kind, &p->targets) ||
		!place(p, samples, floats, kind, &p->loss_values) ||
		!place(p, samples, floats, kind, &p->sample_weights) ||
		!place(p, samples, p->n_values * floats, kind, &p->metric_values) ||
		!place(p, p->classes ? samples : 0, sizeof(int32_t), kind, &p->predicted) ||
		!place(p, samples, place_extra(p) * floats, kind, &p->dx_extra) ||
		!place(p, p->n_tasks, sizeof(double), &p->forecast.gradient_bytes, &p->squares) ||
		!place(p, p->n_tasks, sizeof(double), &p->forecast.gradient_bytes, &p->penalties) ||
		!place(p, p->n_weights, floats, &p->forecast.gradient_bytes, &p->scales))
		return false;
	for (int i = 0; i < p->n_layers; i++) {
		if (p->layers[i].absorbed)
			continue;
		if (!place_tensor(p, i))
			return false;
		if (p->layers[i].plan.scratch_floats > scratch)
			scratch = p->layers[i].plan.scratch_floats;
	}
	for (int i = 0; i < p->n_weights; i++)
		if (2 * p->weights[i].unit * p->weights[i].units_per_task > scratch)
			scratch = 2 * p->weights[i].unit * p->weights[i].units_per_task;
	p->counts = size_round_up((size_t)scratch * sizeof(float), 64);
	size_t counted = (size_t)p->n_counts * sizeof(int64_t) +
			 (size_t)(p->wants_probabilities ? p->output_values : 0) * sizeof(float);
	p->scratch_bytes = size_round_up(p->counts + counted, 4096) + 64 * 5;
	return true;
}

/* Finds places for everything with that many samples worked at a time. false: more bytes than can
 * be counted. */
static bool place_parts(struct plan *p, int64_t part_samples)
{
	struct plan_forecast *f = &p->forecast;

	*f = (struct plan_forecast){ .part_samples = part_samples };
	p->part_samples = part_samples;
	p->n_chunks = (part_samples + p->chunk - 1) / p->chunk;
	p->keeps_gradients = part_samples < p->options.batch_size ||
			     optimizer_needs_norms(p->model->optimizer_conf);
	p->block_bytes = 0;
	p->n_weights = 0;
	p->n_tasks = 0;
	if (!place_all(p))
		return false;
	f->scratch_bytes += (int64_t)p->scratch_bytes;
	f->total_bytes = f->weight_bytes + f->gradient_bytes + f->optimizer_bytes +
			 f->activation_bytes + f->scratch_bytes;
	return true;
}

/* A batch that is larger than the budget allows is halved until its parts are not. */
static bool plan_parts(struct plan *p, struct error *err)
{
	const struct plan_forecast *f = &p->forecast;
	int64_t budget = p->options.bytes_max, samples = p->options.batch_size;

	while (!place_parts(p, samples) || (budget > 0 && f->total_bytes > budget)) {
		if (samples > p->chunk) {
			int64_t chunks = (samples + p->chunk - 1) / p->chunk;
			samples = (chunks + 1) / 2 * p->chunk;
			continue;
		}
		if (f->total_bytes == 0)
			return error_at(err, ERROR_INVALID, "/model/layers",
				"the model needs more memory than can be counted");
		return error_at(err, ERROR_INVALID, "/batch_size",
			"the model needs %" PRId64 " bytes (weights %" PRId64 ", gradients %" PRId64
			", optimizer %" PRId64 ", activations %" PRId64 " for %" PRId64
			" samples at a time, scratch %" PRId64 "); allowed: %" PRId64,
			f->total_bytes, f->weight_bytes, f->gradient_bytes, f->optimizer_bytes,
			f->activation_bytes, samples, f->scratch_bytes, budget);
	}
	return true;
}

static bool plan_memory(struct plan *p, struct error *err)
{
	int n_weights = 0;
	bool trainable = false;

	for (int i = 0; i < p->n_layers; i++) {
		n_weights += p->layers[i].absorbed ? 0 : p->layers[i].plan.n_weights;
		trainable |= is_trainable(&p->layers[i].plan);
	}
	if (!trainable)
		return error_at(err, ERROR_INVALID, "/model/layers",
			"no layer has weights: there is nothing to train");
	p->weights = calloc((size_t)n_weights, sizeof *p->weights);
	if (!p->weights)
		return error_no_memory(err);
	optimizer_slots(p->model->optimizer, p->model->optimizer_conf, &p->slots);
	return optimizer_check(p->model->optimizer_conf, err) && plan_parts(p, err);
}

/* --- stages
 * ------------------------------------------------------------------------------------------------------
 */

static bool needs_batch(const struct planned_layer *l)
{
	return l->class->collect && !l->absorbed;
}

/* How often the weights, and what is made of them, may be read for the values of a chunk. */
enum { CHUNK_WEIGHT_READS = 8 };

/* Going chunk by chunk, a layer finds in the caches what the one before it made, but reads its
 * weights anew for each chunk: whether that is the smaller of the two. The bits are the same. */
static bool goes_by_chunks(const struct plan *p, const struct plan_stage *st)
{
	int64_t values = 0, weights = 0;

	for (int i = 0; i < p->n_layers; i++) {
		const struct planned_layer *l = &p->layers[i];
		bool forward = i >= st->forward_from && i < st->forward_to;
		bool backward = i >= st->backward_to && i < st->backward_from;
		if ((!forward && !backward) || l->absorbed || l->plan.in_place)
			continue;
		values += shape_elements(&l->plan.out);
		for (int k = 0; k < l->plan.n_weights; k++)
			weights += shape_elements(&l->plan.weights[k].shape);
	}
	return weights <= values * p->chunk / CHUNK_WEIGHT_READS;
}

/* One stage up to each layer that needs the whole batch; one for the loss; and again one down to
 * each of those, as far as there is a gradient. Parts of a batch have no tensors left from the
 * stage before: each begins anew. */
static bool plan_stages(struct plan *p, struct error *err)
{
	bool anew = p->part_samples < p->options.batch_size;
	int n = 0;

	for (int i = 0; i < p->n_layers; i++)
		n += needs_batch(&p->layers[i]);
	p->stages = calloc(2 * (size_t)n + 1, sizeof *p->stages);
	if (!p->stages)
		return error_no_memory(err);
	struct plan_stage stage = { .gathers = true, .collect = -1, .collect_backward = -1 };
	for (int i = 0; i < p->n_layers; i++) {
		if (!needs_batch(&p->layers[i]))
			continue;
		stage.forward_to = i;
		stage.collect = i;
		p->stages[p->n_stages++] = stage;
		stage.gathers = anew;
		stage.forward_from = anew ? 0 : i;
	}
	stage.collect = -1;
	stage.forward_to = stage.backward_from = p->n_layers;
	stage.has_loss = true;
	for (int i = p->n_layers; i-- > 0;) {
		if (!needs_batch(&p->layers[i]) || !p->layers[i].has_gradient)
			continue;
		stage.backward_to = i + 1;
		stage.collect_backward = i;
		p->stages[p->n_stages++] = stage;
		if (!anew)
			stage = (struct plan_stage){ .backward_from = i + 1, .collect = -1 };
	}
	stage.backward_to = 0;
	stage.collect_backward = -1;
	p->stages[p->n_stages++] = stage;
	for (int i = 0; i < p->n_stages; i++)
		p->stages[i].by_chunks = goes_by_chunks(p, &p->stages[i]);
	return true;
}

static int64_t flops_of(const struct planned_layer *l)
{
	return l->plan.flops_per_output * shape_elements(&l->plan.out);
}

static void plan_flops(struct plan *p)
{
	for (int i = 0; i < p->n_layers; i++) {
		const struct planned_layer *l = &p->layers[i];
		if (l->absorbed)
			continue;
		/* Forward; backward to the input where it is wanted; gradient of the weights. Each
		 * costs the same. */
		p->forecast.flops_per_sample +=
			flops_of(l) * (1 + l->dx_wanted[0] + (l->plan.n_weights > 0));
	}
}

/* --- the interface
 * -----------------------------------------------------------------------------------------------
 */

struct plan *plan_new(
	const struct model *model, const struct plan_options *options, struct error *err)
{
	struct plan *p = calloc(1, sizeof *p);

	if (!p) {
		(void)error_no_memory(err);
		return NULL;
	}
	p->model = model;
	p->options = *options;
	p->chunk = plan_chunk(options->batch_size);
	p->n_layers = model->n_layers;
	p->layers = calloc((size_t)p->n_layers + 1, sizeof *p->layers);
	if (!p->layers) {
		(void)error_no_memory(err);
		goto fail;
	}
	if (!plan_shapes(p, err) || !plan_loss(p, err) || !plan_metrics(p, err))
		goto fail;
	plan_gradients(p);
	if (!plan_memory(p, err) || !plan_stages(p, err))
		goto fail;
	plan_flops(p);
	return p;
fail:
	plan_free(p);
	return NULL;
}

void plan_free(struct plan *p)
{
	if (!p)
		return;
	free(p->layers);
	free(p->weights);
	free(p->stages);
	free(p);
}

void plan_forecast(const struct plan *p, struct plan_forecast *ret)
{
	*ret = p->forecast;
}

int plan_layer_count(const struct plan *p)
{
	return p->n_layers;
}

/* Of a fused pair the first layer shows the weights and the work, the second its output alone. */
void plan_layer_info(const struct plan *p, int layer, struct plan_layer_info *ret)
{
	const struct planned_layer *l = &p->layers[layer];

	*ret = (struct plan_layer_info){
		.name = p->model->layers[layer].name,
		.type = p->model->layers[layer].class->name,
		.output = l->plan.out,
	};
	if (l->source != layer)
		return;
	ret->flops_per_sample = flops_of(l);
	for (int k = 0; k < l->plan.n_weights; k++)
		ret->parameters += shape_elements(&l->plan.weights[k].shape);
}
