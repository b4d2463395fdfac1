/* plan_layout.h - what a plan holds, for plan.c and run.c alone. Offsets are bytes from the start
 * of a run's block. */
#pragma once

#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/metric.h"
#include "engine/optimizer.h"

struct planned_weight {
	int layer, index; /* index: of the layer's weights */
	int64_t values;
	size_t w;
	size_t best; /* what a callback may bring back; unused unless the plan keeps it */
	size_t slots[OPTIMIZER_SLOTS_MAX];
	bool frozen;     /* no slots, no tasks */
	size_t partial;  /* of chunk 0; unused when tiled */
	size_t gradient; /* of the whole batch; unused unless the plan keeps gradients */
	int64_t unit;    /* values in one row when tiled, else 1: tasks are cut between units */
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
	int64_t dx_extra_at[MODEL_INPUTS_MAX]; /* then: where in dx_extra, in floats a sample */
	bool dy_set;                           /* some layer below sets dy, while planning */
	int root; /* the layer whose tensor y is: itself, or further up when in place; MODEL_INPUT:
		     the input */
	size_t y, dy; /* of the root */
	size_t z;     /* y, or a tensor of its own where the activation needs its input */
	size_t saved, table;
	size_t chunks, batch; /* as in layer_step */
	int first_weight;     /* in plan->weights */
};

/* A stretch of a step that threads work side by side, each on its samples, without waiting for each
 * other: forward through the layers [forward_from, forward_to), the loss, backward through
 * [backward_to, backward_from) from above. At its end what `collect` (a layer, or -1) needs is
 * collected and combined. */
struct plan_stage {
	bool gathers;
	int forward_from, forward_to;
	bool has_loss;
	int backward_from, backward_to;
	int collect, collect_backward;
	bool by_chunks; /* each chunk goes through all of that before the next one begins */
};

struct planned_metric {
	const struct metric_class *class;
	struct metric_plan plan;
	int first_count, first_value; /* among those of all metrics */
};

struct plan {
	const struct model *model;
	struct plan_options options;
	struct planned_layer *layers;
	int n_layers;
	struct planned_weight *weights;
	int n_weights;
	bool is_regularized; /* some weight is */
	struct optimizer_slots slots;
	int64_t n_tasks; /* of an update, over all weights */
	struct loss_plan loss;
	enum activation taken_activation; /* that the loss took over: of y to probabilities */
	float taken_alpha;
	struct planned_metric metrics[MODEL_METRICS_MAX];
	int n_metrics, n_counts, n_values; /* of all metrics, the last two */
	bool wants_probabilities;
	int64_t classes;           /* of a confusion matrix; 0: there is none */
	struct plan_stage *stages; /* of one step; the last one ends with the first layer */
	int n_stages;
	int64_t chunk;        /* plan_chunk */
	int64_t part_samples; /* worked at a time: the batch size, or whole chunks */
	int64_t n_chunks;     /* of a part */
	bool keeps_gradients; /* whole: a batch has parts, or their norms are needed */
	int64_t input_values, output_values,
		target_values; /* floats a sample; target_values 0: labels */
	size_t x, labels, targets, loss_values, sample_weights;
	size_t metric_values, predicted;
	size_t counts;        /* from the start of a thread's scratch: int64_t[n_counts] */
	size_t squares;       /* of the gradient, a double a task: the sum of its squares */
	size_t penalties;     /* a double a task: what its regularizer costs */
	size_t scales;        /* a float a weight: what its gradient is multiplied by */
	size_t dx_extra;      /* where second gradients of tensors are made before they are added */
	size_t block_bytes;   /* of a run, without the threads' scratch */
	size_t scratch_bytes; /* a thread */
	struct plan_forecast forecast;
};

static inline bool plan_is_bfloat16(const struct plan *p, const struct layer_plan *layer)
{
	return p->options.precision == PLAN_BFLOAT16 && layer->large;
}

/* Values that one task of an update works on: gradient, weight and slots of that many stay in the
 * first-level cache. */
enum { PLAN_TASK_VALUES = 4096 };
/* But not fewer rows of a tiled kernel, of which two tiles of a gemm are made; fewer leave
 * registers without work. */
enum { PLAN_TASK_ROWS = 28 };
/* Rows so wide lie whole pages apart, and what they are multiplied with is copied for each task. */
enum { PLAN_WIDE_ROW = 1024, PLAN_TASK_WIDE_ROWS = 56 };
/* For each task the other operand is packed anew, which takes a larger share where products are
 * faster. */
enum { PLAN_TASK_ROWS_BF16 = 84 };

/* Units of a task, of a weight of `values`, `unit` of them a unit; bfloat16: its gradient is made
 * of such. */
static inline int64_t plan_units_per_task(int64_t values, int64_t unit, bool tiled, bool bfloat16)
{
	int64_t rows = bfloat16                ? PLAN_TASK_ROWS_BF16
		       : unit >= PLAN_WIDE_ROW ? PLAN_TASK_WIDE_ROWS
					       : PLAN_TASK_ROWS;
	int64_t units = values / unit, least = tiled ? rows : 1;
	int64_t fit = PLAN_TASK_VALUES / unit > least ? PLAN_TASK_VALUES / unit : least;

	return fit < units ? fit : units;
}
