/* plan_layout.h - what a plan holds, for plan.c and run.c alone. Offsets are bytes from the start
 * of a run's block. */
#pragma once

#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/optimizer.h"

struct planned_weight {
	int layer, index; /* index: of the layer's weights */
	int64_t values;
	size_t w;
	size_t slots[OPTIMIZER_SLOTS_MAX];
	size_t partial; /* of chunk 0; unused when tiled */
	int64_t unit;   /* values in one row when tiled, else 1: tasks are cut between units */
	int64_t units_per_task, n_tasks;
};

/* A layer of the model as it will run. Where two are fused, the second one runs for both (source:
 * the first, whose inputs and weights it has) and the first is absorbed: it has no tensors and no
 * passes. */
struct planned_layer {
	const struct layer_class *class;
	const void *conf, *next_conf;
	int source; /* itself, or the layer that is fused into it */
	bool absorbed;
	struct layer_plan plan;
	struct shape in[MODEL_INPUTS_MAX];
	int inputs[MODEL_INPUTS_MAX];
	int n_inputs;
	bool has_gradient; /* backward is called: it or a layer above it has weights */
	bool dx_wanted[MODEL_INPUTS_MAX];
	bool dx_adds[MODEL_INPUTS_MAX]; /* another layer below has set this gradient already */
	bool dy_set;                    /* some layer below sets dy, while planning */
	int root; /* the layer whose tensor y is: itself, or further up when in place; MODEL_INPUT:
		     the input */
	size_t y, dy; /* of the root */
	size_t saved, table;
	int first_weight; /* in plan->weights */
};

struct plan {
	const struct model *model;
	struct plan_options options;
	struct planned_layer *layers;
	int n_layers;
	struct planned_weight *weights;
	int n_weights;
	int n_slots;
	int64_t n_tasks; /* of an update, over all weights */
	struct loss_plan loss;
	int64_t n_chunks;
	int64_t input_values, output_values,
		target_values; /* floats a sample; target_values 0: labels */
	size_t x, labels, targets, loss_values, right;
	size_t dx_extra;      /* where a second gradient of a tensor is made before it is added */
	size_t block_bytes;   /* of a run, without the threads' scratch */
	size_t scratch_bytes; /* a thread */
	struct plan_forecast forecast;
};

/* Values that one task of an update works on: gradient, weight and slots of that many stay in the
 * first-level cache. */
enum { PLAN_TASK_VALUES = 4096 };
