/* piecewise_constant_decay.c - Keras's PiecewiseConstantDecay: values[i] up to and with the step
 * boundaries[i], the last value beyond. */
#include "engine/schedule.h"

#include <inttypes.h>
#include <stdio.h>

enum { BOUNDARIES_MAX = 16 };

struct conf {
	struct schedule_warmup warmup;
	PARAM_LIST_OF(BOUNDARIES_MAX) boundaries;
	PARAM_LIST_OF(BOUNDARIES_MAX + 1) values;
};

static const struct param params[] = {
	PARAM_LIST(struct conf, boundaries, NAN, 0, SCHEDULE_STEPS_MAX, 1,
		PARAM_REQUIRED | PARAM_WHOLE,
		"last steps of the values, each above the one before"),
	PARAM_LIST(struct conf, values, NAN, 0, INFINITY, 2, PARAM_REQUIRED,
		"rates, one more than there are boundaries"),
	SCHEDULE_WARMUP(struct conf),
	PARAM_END,
};

static bool piecewise_check(const void *conf, const char *pointer, struct error *err)
{
	const struct conf *c = conf;
	char place[160];

	if (c->values.count != c->boundaries.count + 1) {
		(void)snprintf(place, sizeof place, "%s/values", pointer);
		return error_at(err, ERROR_INVALID, place,
			"there are %" PRId64 " values and %" PRId64
			" boundaries; wanted: one value more than boundaries",
			c->values.count, c->boundaries.count);
	}
	for (int64_t i = 1; i < c->boundaries.count; i++) {
		if (c->boundaries.values[i] > c->boundaries.values[i - 1])
			continue;
		(void)snprintf(place, sizeof place, "%s/boundaries/%" PRId64, pointer, i);
		return error_at(err, ERROR_INVALID, place,
			"boundary %.0f stands behind %.0f; each must be above the one before",
			c->boundaries.values[i], c->boundaries.values[i - 1]);
	}
	return true;
}

static double piecewise_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;
	int64_t i = 0;

	while (i < c->boundaries.count && (double)step > c->boundaries.values[i])
		i++;
	return c->values.values[i];
}

const struct schedule_class schedule_piecewise_constant_decay = {
	.class = { "PiecewiseConstantDecay", "one rate after the other", params,
		sizeof(struct conf) },
	.rate = piecewise_rate,
	.check = piecewise_check,
	.warms_up = true,
};
