/* schedule.h - learning rates that change with the step: Keras's LearningRateSchedules, and a few
 * more. One file in schedules/, one row in schedule.c. An optimizer's learning_rate is a VARIANT of
 * schedule_family, or a number. Pure functions of (arguments, step), in double: any thread, the
 * same bits on every CPU.
 *
 * Every schedule but CosineDecay, which has Keras's own, has a linear warm-up in front: during
 * warmup_steps the rate rises from warmup_from to the schedule's first one; the schedule counts its
 * steps from there. */
#pragma once

#include "base/error.h"
#include "base/param.h"

#include <math.h>
#include <stddef.h>

extern const struct param_family schedule_family;

/* Room for the largest conf of the family, in doubles: PARAM_VARIANT_OF(SCHEDULE_DOUBLES). */
enum { SCHEDULE_DOUBLES = 40 };

/* The learning rate of a step of the training, a batch, counted from 0. With gradients of several
 * batches Keras counts batches here, too, and the optimizer's steps everywhere else. */
double schedule_rate(const struct param_variant *v, int64_t step);

/* Refuses arguments that do not go together; err->pointer begins with `pointer`. */
bool schedule_check(
	const struct param_variant *v, const char *pointer, struct error *err) MUST_CHECK;

/* --- for the files in schedules/ -------------------------------------------------------------- */

struct schedule_warmup {
	int64_t steps; /* 0: none */
	double from;
};

struct schedule_class {
	struct param_class class;
	double (*rate)(const void *conf, int64_t step);
	bool (*check)(const void *conf, const char *pointer, struct error *err); /* or NULL */
	bool warms_up; /* its conf begins with a struct schedule_warmup named warmup */
};

#define SCHEDULE_STEPS_MAX 1e15

#define SCHEDULE_WARMUP(conf)                                                                      \
	{ .name = "warmup_steps",                                                                  \
		.doc = "steps in which the rate rises to the first one",                           \
		.type = PARAM_TYPE_INT,                                                            \
		.offset = offsetof(conf, warmup.steps),                                            \
		.max = SCHEDULE_STEPS_MAX },                                                       \
	{                                                                                          \
		.name = "warmup_from", .doc = "rate from which it rises",                          \
		.type = PARAM_TYPE_FLOAT, .offset = offsetof(conf, warmup.from), .max = INFINITY   \
	}
#define SCHEDULE_INITIAL(conf)                                                                     \
	{                                                                                          \
		.name = "initial_learning_rate", .doc = "rate of the first step",                  \
		.type = PARAM_TYPE_FLOAT, .flags = PARAM_REQUIRED | PARAM_ABOVE_MIN,               \
		.offset = offsetof(conf, initial_learning_rate), .max = INFINITY                   \
	}
#define SCHEDULE_STEPS(conf, field, doc_)                                                          \
	PARAM_INT_REQUIRED(conf, field, 1, SCHEDULE_STEPS_MAX, doc_)
