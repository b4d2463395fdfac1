/* spec_print.c - a spec and its forecast as JSON. See spec.h. */
#include "api/spec_read.h"

#include <assert.h>
#include <string.h>

static void print_arguments(struct json_writer *w, const struct param *params, const void *conf)
{
	for (const struct param *p = params; p && p->name; p++)
		argument_print(w, p, conf);
}

/* "inputs" stands there only where it is not the layer before. */
static void print_layer(struct json_writer *w, const struct model *m, int index)
{
	const struct model_layer *layer = &m->layers[index];
	struct registry_row row = layer_class_row(layer->class);

	json_open_object(w, NULL);
	json_put_string(w, "type", row.name);
	json_put_string(w, "name", layer->name);
	if (layer->n_inputs != 1 || layer->inputs[0] != index - 1) {
		json_open_list(w, "inputs");
		for (int i = 0; i < layer->n_inputs; i++) {
			assert(layer->inputs[i] != MODEL_INPUT); /* has no name: only the first
								    layer takes the sample */
			json_put_string(w, NULL, m->layers[layer->inputs[i]].name);
		}
		json_close_list(w);
	}
	print_arguments(w, row.params, layer->conf);
	json_close_object(w);
}

static void print_model(struct json_writer *w, const struct model *m)
{
	json_open_object(w, "model");
	json_open_list(w, "layers");
	for (int i = 0; i < m->n_layers; i++)
		print_layer(w, m, i);
	json_close_list(w);
	json_close_object(w);
}

static void print_row(
	struct json_writer *w, const char *key, const struct registry_row *row, const void *conf)
{
	json_open_object(w, key);
	json_put_string(w, "type", row->name);
	print_arguments(w, row->params, conf);
	json_close_object(w);
}

/* A metric without arguments is its name alone. */
static void print_metrics(struct json_writer *w, const struct model *m)
{
	json_open_list(w, "metrics");
	for (int i = 0; i < m->n_metrics; i++) {
		const struct model_metric *metric = &m->metrics[i];
		struct registry_row row = metric_class_row(metric->class);
		if (!row.params && strcmp(metric->name, row.name) == 0) {
			json_put_string(w, NULL, row.name);
			continue;
		}
		json_open_object(w, NULL);
		json_put_string(w, "type", row.name);
		json_put_string(w, "name", metric->name);
		print_arguments(w, row.params, metric->conf);
		json_close_object(w);
	}
	json_close_list(w);
}

static void print_callbacks(struct json_writer *w, const struct callbacks *c)
{
	json_open_list(w, "callbacks");
	for (int i = 0; i < c->count; i++) {
		struct registry_row row = callback_class_row(c->callbacks[i].class);
		print_row(w, NULL, &row, c->callbacks[i].conf);
	}
	json_close_list(w);
}

static void print_augments(struct json_writer *w, const struct augments *a)
{
	json_open_list(w, "augment");
	for (int i = 0; i < a->count; i++) {
		struct registry_row row = augment_class_row(a->augments[i].class);
		print_row(w, NULL, &row, a->augments[i].conf);
	}
	json_close_list(w);
}

void spec_print(const struct spec *s, struct buffer *out)
{
	const struct model *m = s->model;
	struct registry_row loss = loss_class_row(m->loss),
			    optimizer = optimizer_class_row(m->optimizer);
	struct json_writer w;

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_string(&w, "name", s->name);
	json_put_string(&w, "dataset", s->dataset);
	validation_print(&w, s);
	print_model(&w, m);
	print_row(&w, "loss", &loss, m->loss_conf);
	print_row(&w, "optimizer", &optimizer, m->optimizer_conf);
	print_metrics(&w, m);
	print_callbacks(&w, &s->callbacks);
	class_weight_print(&w, s);
	print_augments(&w, &s->augments);
	print_arguments(&w, spec_params, s);
	json_put_raw(&w, "metadata", s->metadata);
	json_close_object(&w);
}

static void print_bytes(struct json_writer *w, const struct plan_forecast *f)
{
	json_open_object(w, "bytes");
	json_put_integer(w, "weights", f->weight_bytes);
	json_put_integer(w, "gradients", f->gradient_bytes);
	json_put_integer(w, "optimizer", f->optimizer_bytes);
	json_put_integer(w, "activations", f->activation_bytes);
	json_put_integer(w, "scratch", f->scratch_bytes);
	json_put_integer(w, "total", f->total_bytes);
	json_close_object(w);
}

static void print_layer_info(struct json_writer *w, const struct plan *plan, int index)
{
	struct plan_layer_info info;

	plan_layer_info(plan, index, &info);
	json_open_object(w, NULL);
	json_put_string(w, "name", info.name);
	json_put_string(w, "type", info.type);
	json_open_list(w, "output_shape");
	for (int axis = 0; axis < info.output.rank; axis++)
		json_put_integer(w, NULL, info.output.dim[axis]);
	json_close_list(w);
	json_put_integer(w, "parameters", info.parameters);
	json_put_integer(w, "flops_per_sample", info.flops_per_sample);
	json_close_object(w);
}

static int64_t last_batch_size(const struct spec *s, int64_t samples, int64_t steps)
{
	enum trainer_last_batch last = (enum trainer_last_batch)s->last_batch;
	bool ends = steps == trainer_steps(samples, s->batch_size, last);

	return ends && last != TRAINER_LAST_DROP ? samples - (steps - 1) * s->batch_size
						 : s->batch_size;
}

void spec_print_forecast(const struct spec *s, const struct plan *plan,
	const struct dataset *dataset, struct buffer *out)
{
	int64_t samples = spec_samples(s, dataset), steps = spec_steps(s, dataset);
	struct plan_forecast f;
	struct json_writer w;

	plan_forecast(plan, &f);
	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	json_put_integer(&w, "parameters", f.parameters);
	json_put_integer(&w, "non_trainable_parameters", f.frozen_parameters);
	json_put_integer(&w, "flops_per_sample", f.flops_per_sample);
	print_bytes(&w, &f);
	json_put_integer(&w, "training_samples", samples);
	json_put_integer(&w, "steps_per_epoch", steps);
	json_put_integer(&w, "last_batch_size", last_batch_size(s, samples, steps));
	json_put_integer(&w, "micro_batch_size", f.part_samples);
	json_open_list(&w, "layers");
	for (int i = 0; i < plan_layer_count(plan); i++)
		print_layer_info(&w, plan, i);
	json_close_list(&w);
	json_close_object(&w);
}
