/* plan.h - a model, an input shape, a batch size and a memory budget made into something that can
 * run.
 *
 * Made once, const afterwards, shared by any number of threads and runs. Shapes are inferred, every
 * tensor becomes an offset in one block, every limit is applied. All refusals happen in plan_new,
 * with the layer's number and name and the numbers seen and allowed, and err->pointer relative to
 * the job ("/model/layers/2/units", "/batch_size"). */
#pragma once

#include "base/error.h"
#include "engine/model.h"
#include "engine/shape.h"

#include <stdint.h>

enum {
	PLAN_CHUNK_MAX = 16,      /* samples */
	PLAN_BATCH_MAX = 1 << 20, /* samples */
	PLAN_WEIGHTS_MAX = 4,     /* of one layer */
};

/* Of the factors in the products of large dense layers and convolutions (layer_plan.large); sums
 * and weights are float32 always. */
enum plan_precision { PLAN_FLOAT32, PLAN_BFLOAT16 };

struct plan;

struct plan_options {
	struct shape input;  /* of one sample */
	struct shape target; /* of one target; rank 0 for labels */
	int64_t classes;     /* of the labels in the data; 0 when targets are not labels */
	int64_t batch_size;  /* samples a step, 1 … PLAN_BATCH_MAX */
	enum plan_precision precision;
	bool keeps_best; /* room for all weights a second time, for a callback that brings the best
			  * back: callbacks_keep_best */
	int64_t bytes_max; /* the budget for one run of this plan; 0 for no limit. A batch that
			    * does not fit is worked in parts, with the same results */
};

/* Samples of a chunk, the unit in which a batch of so many is cut: a gradient is summed sample by
 * sample within it, then chunk by chunk. Part of the numeric contract. Two threads find work in a
 * batch of more than 8 samples. */
static inline int64_t plan_chunk(int64_t batch_size)
{
	return batch_size > PLAN_CHUNK_MAX ? PLAN_CHUNK_MAX : PLAN_CHUNK_MAX / 2;
}

/* NULL: refused. The model is borrowed until the plan is freed. */
struct plan *plan_new(const struct model *model, const struct plan_options *options,
	struct error *err) MUST_CHECK;
void plan_free(struct plan *p);
DEFINE_AUTO_FREE(struct plan, plan_free)

/* What a run of this plan will cost. Exact for what the engine allocates. */
struct plan_forecast {
	int64_t parameters;        /* trainable values */
	int64_t frozen_parameters; /* values that layers set themselves: running means */
	int64_t part_samples;      /* of a batch that are worked at a time */
	int64_t flops_per_sample;  /* of one training step: forward and backward; a fused
				      multiply-add counts as 2 */
	int64_t weight_bytes, gradient_bytes, optimizer_bytes, activation_bytes, scratch_bytes;
	int64_t total_bytes; /* the sum of the above: what trainer_new allocates for the run on one
			      * thread; each more needs scratch_bytes again at most */
};
void plan_forecast(const struct plan *p, struct plan_forecast *ret);

/* What a user wants to see of a layer. */
struct plan_layer_info {
	const char *name, *type; /* borrowed from the plan */
	struct shape output;
	int64_t parameters;
	int64_t flops_per_sample; /* of the forward pass */
};
int plan_layer_count(const struct plan *p);
void plan_layer_info(const struct plan *p, int layer, struct plan_layer_info *ret);
