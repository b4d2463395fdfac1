/* reduce_lr_on_plateau.c - ReduceLROnPlateau, step by step as Keras 3 has it: the learning rate is
 * multiplied by `factor` when the watched metric has not improved for `patience` epochs; for
 * `cooldown` epochs after that nothing is counted. */
#include "engine/callback.h"

#include <math.h>

struct conf {
	struct callback_watch watch;
	double factor, min_lr;
	int64_t patience, cooldown;
};

static const struct param params[] = {
	CALLBACK_WATCH_PARAMS(1e-4),
	PARAM_FLOAT(struct conf, factor, 0.1, 0, 1, PARAM_ABOVE_MIN | PARAM_BELOW_MAX,
		"by which the learning rate is multiplied"),
	PARAM_INT(struct conf, patience, 10, 0, 1000000,
		"epochs without improvement after which that happens"),
	PARAM_INT(struct conf, cooldown, 0, 0, 1000000,
		"epochs after that in which nothing is counted"),
	PARAM_FLOAT(struct conf, min_lr, 0, 0, INFINITY, 0, "the learning rate never goes below"),
	PARAM_END,
};

enum { SEEN, BEST, WAIT, COOLDOWN, MEMORY };

static void plateau_epoch(const void *conf, double *memory, struct callback_epoch *e)
{
	const struct conf *c = conf;

	if (isnan(e->value))
		return;
	bool better = memory[SEEN] == 0 ||
		      callback_improves(&c->watch, e->higher, e->value, memory[BEST]);
	memory[SEEN] = 1;
	if (memory[COOLDOWN] > 0) {
		memory[COOLDOWN]--;
		memory[WAIT] = 0;
	}
	if (better) {
		memory[BEST] = e->value;
		memory[WAIT] = 0;
		return;
	}
	if (memory[COOLDOWN] > 0 || ++memory[WAIT] < (double)c->patience ||
		e->learning_rate <= c->min_lr)
		return;
	double less = e->learning_rate * c->factor;
	e->learning_rate = less > c->min_lr ? less : c->min_lr;
	memory[COOLDOWN] = (double)c->cooldown;
	memory[WAIT] = 0;
}

const struct callback_class callback_reduce_lr_on_plateau = {
	.name = "ReduceLROnPlateau",
	.doc = "lowers the learning rate when a metric no longer improves",
	.params = params,
	.conf_size = sizeof(struct conf),
	.watches = true,
	.changes_rate = true,
	.memory = MEMORY,
	.epoch = plateau_epoch,
};
