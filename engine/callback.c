/* callback.c - see callback.h. */
#include "engine/callback.h"

#include "engine/metric.h"
#include "engine/optimizer.h"

#include <string.h>

const char *const callback_modes[] = { "auto", "min", "max", NULL };

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
	const char *name = watch_of(c)->monitor;
	*ret_validation = strncmp(name, prefix, strlen(prefix)) == 0;
	return *ret_validation ? name + strlen(prefix) : name;
}

bool callback_wants_higher(const struct callback *c, const struct model *model)
{
	bool validation;
	int metric = model_find_metric(model, callback_monitored(c, &validation));

	if (watch_of(c)->mode != CALLBACK_AUTO)
		return watch_of(c)->mode == CALLBACK_MAX;
	return metric >= 0 && model->metrics[metric].class->higher_is_better;
}

bool callback_keeps_best(const struct callback *c)
{
	return c->class->keeps_best && c->class->keeps_best(c->conf);
}

bool callbacks_keep_best(const struct callbacks *c)
{
	for (int i = 0; c && i < c->count; i++)
		if (callback_keeps_best(&c->callbacks[i]))
			return true;
	return false;
}

static bool check_monitor(
	const struct callback *c, const struct model *model, bool has_validation, struct error *err)
{
	bool validation = false;
	const char *name = callback_monitored(c, &validation), *prefix = validation ? "val_" : "";

	if (!name)
		return true;
	if (strcmp(name, "loss") != 0 && model_find_metric(model, name) < 0)
		return error_at(err, ERROR_INVALID, "/monitor",
			"monitor is \"%s%s\"; the job has no metric \"%s\"", prefix, name, name);
	if (validation && !has_validation)
		return error_at(err, ERROR_INVALID, "/monitor",
			"monitor is \"%s%s\"; the job has no validation data", prefix, name);
	return true;
}

static bool has_schedule(const struct model *m)
{
	const struct optimizer_conf *c = (const void *)m->optimizer_conf;

	return c->learning_rate.variant.index != PARAM_VARIANT_NUMBER;
}

static bool check_one(const struct callback *c, const struct model *model, bool has_validation,
	bool best_is_kept, struct error *err)
{
	if (c->class->changes_rate && has_schedule(model))
		return error_at(err, ERROR_INVALID, "",
			"%s changes the learning rate, which follows a schedule here; allowed: a "
			"number as learning_rate",
			c->class->name);
	if (best_is_kept && callback_keeps_best(c))
		return error_at(err, ERROR_INVALID, "/restore_best_weights",
			"an earlier callback restores the best weights already; allowed: one of "
			"them");
	return check_monitor(c, model, has_validation, err);
}

bool callbacks_check(const struct callbacks *c, const struct model *model, bool has_validation,
	struct error *err)
{
	bool best_is_kept = false;

	for (int i = 0; i < c->count; i++) {
		if (!check_one(&c->callbacks[i], model, has_validation, best_is_kept, err)) {
			error_pointer_prefix(err, "/callbacks/%d", i);
			return false;
		}
		best_is_kept |= callback_keeps_best(&c->callbacks[i]);
	}
	return true;
}

bool callback_improves(const struct callback_watch *w, bool higher, double value, double than)
{
	return higher ? value - w->min_delta > than : value + w->min_delta < than;
}

double callback_worst(bool higher)
{
	return higher ? -INFINITY : INFINITY;
}
