/* early_stopping.c - EarlyStopping, step by step as Keras 3 has it: the training ends when the
 * watched metric has not improved for `patience` epochs. With restore_best_weights the weights of
 * the best epoch come back at the end of the training, stopped early or not. */
#include "engine/callback.h"

#include <math.h>

struct conf {
	struct callback_watch watch;
	int64_t patience, start_from_epoch;
	double baseline;
	bool restore_best_weights;
};

static const struct param params[] = {
	CALLBACK_WATCH_PARAMS(0),
	PARAM_INT(struct conf, patience, 0, 0, 1000000,
		"epochs without improvement after which training ends"),
	PARAM_FLOAT(struct conf, baseline, NAN, -INFINITY, INFINITY, PARAM_NULLABLE,
		"what must be improved upon as well"),
	PARAM_BOOL(
		struct conf, restore_best_weights, false, "end with the weights of the best epoch"),
	PARAM_INT(struct conf, start_from_epoch, 0, 0, 1000000, "epochs that are not looked at"),
	PARAM_END,
};

enum { SEEN, BEST, WAIT, MEMORY };

static void stopping_epoch(const void *conf, double *memory, struct callback_epoch *e)
{
	const struct conf *c = conf;

	if (isnan(e->value) || e->epoch <= c->start_from_epoch)
		return;
	bool better = memory[SEEN] == 0 ||
		      callback_improves(&c->watch, e->higher, e->value, memory[BEST]);
	memory[SEEN] = 1;
	memory[WAIT]++;
	if (better) {
		memory[BEST] = e->value;
		e->is_best = true;
		if (isnan(c->baseline) ||
			callback_improves(&c->watch, e->higher, e->value, c->baseline))
			memory[WAIT] = 0;
		return;
	}
	e->stop = memory[WAIT] >= (double)c->patience && e->epoch > 1;
}

static bool stopping_keeps_best(const void *conf)
{
	return ((const struct conf *)conf)->restore_best_weights;
}

const struct callback_class callback_early_stopping = {
	.name = "EarlyStopping",
	.doc = "ends the training when a metric no longer improves",
	.params = params,
	.conf_size = sizeof(struct conf),
	.watches = true,
	.memory = MEMORY,
	.epoch = stopping_epoch,
	.keeps_best = stopping_keeps_best,
};
