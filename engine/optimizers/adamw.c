/* adamw.c - AdamW: Adam with weight decay beside the gradient instead of in it: Loshchilov and
 * Hutter, arXiv:1711.05101, algorithm 2. */
#include "engine/optimizers/adam.h"

static const struct param params[] = {
	OPTIMIZER_LEARNING_RATE(0.001),
	ADAM_PARAMS,
	PARAM_BOOL(
		struct adam_conf, amsgrad, false, "divide by the largest mean of squares so far"),
	OPTIMIZER_PARAMS(0.004),
	PARAM_END,
};

const struct optimizer_class optimizer_adamw = {
	.name = "AdamW",
	.doc = "Adam with decoupled weight decay (Loshchilov and Hutter 2019)",
	.params = params,
	.conf_size = sizeof(struct adam_conf),
	.slots = adam_slots,
	.rule = adam_rule,
	.begin = adam_begin,
};
