/* callback.c - see callback.h. */
#include "engine/callback.h"

#include "engine/metric.h"
#include "engine/registry.h"

#include <math.h>
#include <string.h>

const char *const callback_modes[] = { "auto", "min", "max", NULL };

#define MONITOR(name) name, "val_" name
const char *const callback_monitors[] = {
	MONITOR("loss"),
	MONITOR("accuracy"),
	MONITOR("auc"),
	MONITOR("binary_accuracy"),
	MONITOR("categorical_accuracy"),
	MONITOR("f1_score"),
	MONITOR("mean_absolute_error"),
	MONITOR("mean_squared_error"),
	MONITOR("precision"),
	MONITOR("r2_score"),
	MONITOR("recall"),
	MONITOR("root_mean_squared_error"),
	MONITOR("sparse_categorical_accuracy"),
	MONITOR("sparse_top_k_categorical_accuracy"),
	MONITOR("top_k_categorical_accuracy"),
	NULL,
};

struct callback *callbacks_add(
	struct callbacks *c, const struct callback_class *class, struct error *err)
{
	if (c->count == CALLBACKS_MAX) {
		(void)error_at(
			err, ERROR_INVALID, "", "there are more than %d callbacks", CALLBACKS_MAX);
		return NULL;
	}
	struct callback *new = &c->callbacks[c->count++];
	*new = (struct callback){ .class = class };
	param_set_defaults(class->params, new->conf);
	return new;
}

static const struct callback_watch *watch_of(const struct callback *c)
{
	return (const void *)c->conf;
}

const char *callback_monitored(const struct callback *c, bool *ret_validation)
{
	static const char prefix[] = "val_";

	if (!c->class->watches)
		return NULL;
	const char *name = callback_monitors[watch_of(c)->monitor];
	*ret_validation = strncmp(name, prefix, strlen(prefix)) == 0;
	return *ret_validation ? name + strlen(prefix) : name;
}

bool callback_wants_higher(const struct callback *c)
{
	bool validation;
	const char *name = callback_monitored(c, &validation);

	if (watch_of(c)->mode != CALLBACK_AUTO)
		return watch_of(c)->mode == CALLBACK_MAX;
	const struct metric_class *metric = metric_class_find(name);
	return metric && metric->higher_is_better;
}

bool callback_improves(const struct callback_watch *w, bool higher, double value, double than)
{
	return higher ? value - w->min_delta > than : value + w->min_delta < than;
}

double callback_worst(bool higher)
{
	return higher ? -INFINITY : INFINITY;
}
