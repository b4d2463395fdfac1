/* layer.h - what a layer is to the engine. Adding one: a file in layers/ that ends in a struct
 * layer_class, and its row in registry.c.
 *
 * plan() alone may fail; it runs once. The passes return void and are called by several threads at
 * a time, each for its own samples [begin, end) (whole chunks) with its own scratch.
 * forward sets z, and y = f(z) by layer_activate. backward gets dy, which it may overwrite, SETS dx
 * where it is wanted, and sets the partial sums of its weights' gradients, one for each chunk. A
 * weight marked `tiled` gets no partial sums: gradient() works out rows of it over all samples
 * instead.
 *
 * A batch that does not fit in memory is worked in parts of whole chunks (micro-batches); samples
 * are counted from the start of the part. A pass may be called several times for the same samples
 * and must do the same each time: what is random depends on layer_step.key and the sample's place
 * in the batch alone.
 *
 * A layer whose y depends on the whole batch (BatchNormalization) has the four functions collect,
 * combine, collect_backward and combine_backward: all samples have been collected and combined
 * before its forward, and again before its backward. */
#pragma once

#include "base/error.h"
#include "engine/initializer.h"
#include "engine/kernels/kernels.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "engine/shape.h"

struct data;

struct weight_plan {
	const char *name;     /* "kernel", "bias" */
	const char *argument; /* "depthwise", where its arguments begin otherwise; else NULL */
	struct shape shape;
	/* All three stand in the layer's conf. The last two may be NULL, which is as a null: */
	const struct param_variant *initializer; /* of initializer_family */
	const struct param_variant *regularizer; /* of regularizer_family */
	const struct param_variant *constraint;  /* of constraint_family */
	int64_t fan_in, fan_out;
	bool tiled;  /* rows (dim[0]) are the unit of its gradient */
	bool frozen; /* no gradient, no optimizer: the layer sets it itself, in combine or adapt */
};

struct layer_plan {
	struct shape out;
	struct weight_plan weights[PLAN_WEIGHTS_MAX];
	int n_weights;
	enum activation activation; /* y = f(z); the plan takes one away that the loss does itself.
				       layer_ends_in (layers/common.h) sets both */
	float alpha;                /* its argument */
	bool activates_input;       /* z is x[0]: the layer is its activation alone */
	bool takes_activation;      /* of the layer behind it, where its own is linear */
	int64_t saved_bytes;        /* kept from forward to backward, a sample */
	int64_t scratch_floats;     /* a thread's, for one call */
	int64_t table_ints;         /* filled once by table(), const afterwards */
	int64_t flops_per_output;   /* of forward, for each value of y */
	bool large;                 /* its products may be of bfloat16 (plan_precision) */
	bool in_place;              /* y is x, seen in another shape: no passes */
	bool dx_may_be_dy;          /* backward works where one dx is the same tensor as dy */
	bool adapts;                /* adapt is called: only where the input is the data's */
	int64_t chunk_floats;       /* what collect keeps of one chunk */
	int64_t batch_floats;       /* what combine makes of a batch's chunks, until its update */
};

/* A layer as it was asked for. */
struct layer_request {
	const void *conf;
	const void *next_conf;  /* of the layer it is fused with; else NULL */
	const struct shape *in; /* n_in of them */
	int n_in;
};

struct layer_step {
	const struct kernels *kernels;
	void (*gemm)(const struct gemm *g); /* of kernels, in the plan's precision */
	const void *conf, *next_conf;       /* as in the request */
	const struct layer_plan *plan;
	const struct shape *in; /* n_in of them */
	int n_in;
	const float *x[MODEL_INPUTS_MAX]; /* of the whole batch, as y, dy and dx */
	float *dx[MODEL_INPUTS_MAX];      /* NULL: not wanted */
	float *z; /* what y is the activation of: y itself, unless activation_needs_input */
	float *y, *dy;
	const float *w[PLAN_WEIGHTS_MAX];
	float *partial[PLAN_WEIGHTS_MAX]; /* of chunk 0; that of chunk i is i * partial_floats
					     further */
	int64_t partial_floats[PLAN_WEIGHTS_MAX];
	uint8_t *saved;
	const int32_t *table;
	float *scratch;                  /* the calling thread's */
	float *chunks;                   /* of chunk 0: chunk_floats each */
	float *batch;                    /* batch_floats */
	float *frozen[PLAN_WEIGHTS_MAX]; /* w where the layer sets it itself; else NULL */
	bool training;                   /* false: the network is only asked */
	uint64_t key;        /* of what is random in this layer in this step (engine/philox.h) */
	int64_t chunk;       /* samples of one (plan_chunk) */
	int64_t count;       /* samples in this part */
	int64_t first;       /* the place of its first sample in the batch */
	int64_t batch_count; /* samples in the batch */
	bool first_part, last_part;
};

struct layer_class {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size;           /* at most MODEL_CONF_BYTES */
	int inputs_min, inputs_max; /* 1 … MODEL_INPUTS_MAX */
	/* The class that does this layer and the one below it, its only user, in one; NULL: there
	 * is none. NULL function: never. A fused class is in no registry: its plan has the first
	 * layer's weights and the second one's output. */
	const struct layer_class *(*fuse)(
		const struct layer_request *r, const struct layer_class *next);
	/* err->pointer is relative to the layer ("/units"). */
	bool (*plan)(const struct layer_request *r, struct layer_plan *ret, struct error *err);
	void (*table)(const struct layer_request *r, int32_t *ret); /* NULL without a table */
	void (*forward)(const struct layer_step *s, int64_t begin, int64_t end);
	void (*backward)(const struct layer_step *s, int64_t begin, int64_t end);
	/* g = rows [begin, end) of the gradient of a tiled weight over this part; after the first
	 * part the chains in g go on. NULL without one. */
	void (*gradient)(
		const struct layer_step *s, int weight, int64_t begin, int64_t end, float *g);
	/* NULL: samples do not depend on each other. collect: what combine needs of each chunk;
	 * combine: adds up the chunks of a part, in their order, on one thread, and at the last
	 * part ends the sum (and sets frozen weights). collect_backward also sets the partial sums
	 * of the weights' gradients, and may change dy once and for all. */
	void (*collect)(const struct layer_step *s, int64_t begin, int64_t end);
	void (*combine)(const struct layer_step *s);
	void (*collect_backward)(const struct layer_step *s, int64_t begin, int64_t end);
	void (*combine_backward)(const struct layer_step *s);
	/* NULL: nothing to measure. Sets the frozen weights of a layer that adapts, once before the
	 * first step, on one thread; of the step, in, w, frozen, kernels and scratch are there. The
	 * data's samples have the values of the layer's input. */
	void (*adapt)(const struct layer_step *s, const struct data *train);
};

/* Where the partial sum of the chunk that sample n lies in begins. */
static inline float *layer_partial(const struct layer_step *s, int weight, int64_t n)
{
	return s->partial[weight] + n / s->chunk * s->partial_floats[weight];
}

static inline bool layer_begins_chunk(const struct layer_step *s, int64_t n)
{
	return n % s->chunk == 0;
}

/* The end of the chunk that begins at sample n, at most `end`. */
static inline int64_t layer_chunk_end(const struct layer_step *s, int64_t n, int64_t end)
{
	return n + s->chunk < end ? n + s->chunk : end;
}
