/* model.h - what was asked for: an ordered list of layers, a loss, an optimizer.
 *
 * A layer's inputs are layers above it, so the order is topological by construction. A model is
 * filled by one thread and const from then on. Confs are written through the param tables of the
 * classes (base/param.h). */
#pragma once

#include "base/error.h"
#include "engine/registry.h"

enum {
	MODEL_LAYERS_MAX = 512,
	MODEL_INPUTS_MAX = 8,    /* of one layer */
	MODEL_NAME_BYTES = 64,   /* of a layer's name, its NUL included */
	MODEL_CONF_BYTES = 2048, /* of a layer's, loss's or optimizer's conf */
	MODEL_METRICS_MAX = 16,
	MODEL_METRIC_CONF_BYTES = 64,
	MODEL_INPUT = -1, /* the index that stands for the sample itself */
};

struct model_layer {
	const struct layer_class *class;
	char name[MODEL_NAME_BYTES]; /* unique in its model; "conv2d", "conv2d_1" … when not given,
					as Keras does */
	int inputs[MODEL_INPUTS_MAX]; /* indices of layers above, or MODEL_INPUT */
	int n_inputs;
	_Alignas(16) unsigned char conf[MODEL_CONF_BYTES]; /* the class's conf struct */
};

struct model_metric {
	const struct metric_class *class;
	char name[MODEL_NAME_BYTES]; /* unique; the class's when none is given; never "loss",
					"epoch", "val_…" or whatever else stands beside it in a
					history */
	_Alignas(16) unsigned char conf[MODEL_METRIC_CONF_BYTES];
};

struct model {
	struct model_layer *layers;
	int n_layers;
	const struct loss_class *loss;
	_Alignas(16) unsigned char loss_conf[MODEL_CONF_BYTES];
	const struct optimizer_class *optimizer;
	_Alignas(16) unsigned char optimizer_conf[MODEL_CONF_BYTES];
	struct model_metric metrics[MODEL_METRICS_MAX];
	int n_metrics;
};

/* An empty model; NULL without memory. The caller frees with model_free, which accepts NULL. */
struct model *model_new(void) MUST_CHECK;
void model_free(struct model *m);
DEFINE_AUTO_FREE(struct model, model_free)

/* Appends a layer with its defaults and returns it (borrowed until the next layer is added); its
 * input is the layer before it. `name` may be NULL: then Keras's rule names it. NULL: the name is
 * taken or too long, there are too many layers, or no memory; err->pointer is relative to the layer
 * ("/name"). */
struct model_layer *model_add(struct model *m, const struct layer_class *class, const char *name,
	struct error *err) MUST_CHECK;

/* The index of the layer of that name, or -1. */
int model_find(const struct model *m, const char *name);

/* Sets the inputs of the last layer by name (pointer "/inputs/<i>"); every name must stand above
 * it. */
bool model_set_inputs(
	struct model *m, const char *const *names, int n_names, struct error *err) MUST_CHECK;

/* Appends a metric with its defaults and returns it. `name` may be NULL. NULL: there are too many,
 * or the name is taken or not one (pointer "/name"). */
struct model_metric *model_add_metric(struct model *m, const struct metric_class *class,
	const char *name, struct error *err) MUST_CHECK;

/* The index of the metric of that name, or -1. */
int model_find_metric(const struct model *m, const char *name);

void model_set_loss(struct model *m, const struct loss_class *loss); /* with its defaults */
void model_set_optimizer(
	struct model *m, const struct optimizer_class *optimizer); /* with its defaults */
