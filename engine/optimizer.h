/* optimizer.h - what an optimizer is to the engine: one file in optimizers/, one row in registry.c,
 * and a rule for one value in kernels/rules.h.
 *
 * What all of Keras's optimizers have in common (clipping, weight decay, running means of the
 * weights, gradients of several steps) is no affair of theirs: engine/run_update.c does it. */
#pragma once

#include "base/error.h"
#include "base/param.h"
#include "engine/kernels/kernels.h"
#include "engine/schedule.h"

#include <math.h>
#include <stddef.h>

enum {
	OPTIMIZER_OWN_SLOTS_MAX = 3,
	OPTIMIZER_SLOTS_MAX = OPTIMIZER_OWN_SLOTS_MAX + 2, /* with those of the arguments below */
};

/* How every optimizer's conf begins. */
struct optimizer_conf {
	PARAM_VARIANT_OF(SCHEDULE_DOUBLES) learning_rate; /* of schedule_family, or a number */
	double weight_decay;                              /* NAN: none */
	double clipnorm, clipvalue, global_clipnorm; /* NAN: none; at most one of them is given */
	bool use_ema;
	double ema_momentum;
	int64_t ema_overwrite_frequency;     /* PARAM_NULL: never */
	int64_t gradient_accumulation_steps; /* PARAM_NULL: 1 */
};

/* Their rows. `conf` begins with a struct optimizer_conf named common. */
#define OPTIMIZER_PARAM(field) .name = #field, .offset = offsetof(struct optimizer_conf, field)
#define OPTIMIZER_LEARNING_RATE(def_)                                                              \
	PARAM_VARIANT_OR_NUMBER(struct optimizer_conf, learning_rate, def_, 0, INFINITY,           \
		&schedule_family, PARAM_ABOVE_MIN, "size of a step, or how it changes")
#define OPTIMIZER_PARAMS(weight_decay_)                                                            \
	{ OPTIMIZER_PARAM(weight_decay),                                                           \
		.doc = "share of the learning rate by which each step shrinks a weight",           \
		.type = PARAM_TYPE_FLOAT, .flags = PARAM_NULLABLE, .def = weight_decay_, .min = 0, \
		.max = INFINITY },                                                                 \
		{ OPTIMIZER_PARAM(clipnorm),                                                       \
			.doc = "longest gradient of each weight; a longer one is scaled down",     \
			.type = PARAM_TYPE_FLOAT, .flags = PARAM_NULLABLE | PARAM_ABOVE_MIN,       \
			.def = NAN, .min = 0, .max = INFINITY },                                   \
		{ OPTIMIZER_PARAM(clipvalue),                                                      \
			.doc = "largest value in a gradient, and with a minus the smallest",       \
			.type = PARAM_TYPE_FLOAT, .flags = PARAM_NULLABLE | PARAM_ABOVE_MIN,       \
			.def = NAN, .min = 0, .max = INFINITY },                                   \
		{ OPTIMIZER_PARAM(global_clipnorm),                                                \
			.doc = "longest gradient of all weights together",                         \
			.type = PARAM_TYPE_FLOAT, .flags = PARAM_NULLABLE | PARAM_ABOVE_MIN,       \
			.def = NAN, .min = 0, .max = INFINITY },                                   \
		{ OPTIMIZER_PARAM(use_ema),                                                        \
			.doc = "keep a running mean of the weights, which they are set to in the " \
			       "end",                                                              \
			.type = PARAM_TYPE_BOOL, .max = 1 },                                       \
		{ OPTIMIZER_PARAM(ema_momentum), .doc = "how much of that mean a step leaves",     \
			.type = PARAM_TYPE_FLOAT, .def = 0.99, .min = 0, .max = 1 },               \
		{ OPTIMIZER_PARAM(ema_overwrite_frequency),                                        \
			.doc = "set the weights to their mean every so many steps, too",           \
			.type = PARAM_TYPE_INT, .flags = PARAM_NULLABLE, .def = NAN, .min = 1,     \
			.max = 1e9 },                                                              \
	{                                                                                          \
		OPTIMIZER_PARAM(gradient_accumulation_steps),                                      \
			.doc = "batches whose mean gradient makes one step",                       \
			.type = PARAM_TYPE_INT, .flags = PARAM_NULLABLE, .def = NAN, .min = 2,     \
			.max = 1e6                                                                 \
	}

struct optimizer_class {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size;
	/* The names of what is kept for each weight, NULL at the end; at most
	 * OPTIMIZER_OWN_SLOTS_MAX. */
	const char *const *(*slots)(const void *conf);
	double (*slot_start)(const void *conf); /* their first value; NULL: 0 */
	enum update_rule (*rule)(const void *conf);
	/* step counts from 1. *s is what the step before left there, or zeros. */
	void (*begin)(const void *conf, double rate, int64_t step, struct update_step *s);
};

/* What one call of the training loop does to all weights. */
struct optimizer_step {
	enum update_rule rule;
	struct update_step values;
	bool applies;        /* false: the gradient is only added to those before it */
	float accumulated;   /* 1 / gradient_accumulation_steps */
	float decay;         /* weight_decay * learning rate; 0: none */
	float clip_value;    /* INFINITY: none */
	double clip_norm;    /* of each weight's gradient; INFINITY: none */
	double clip_global;  /* of all together; INFINITY: none */
	float ema_keep;      /* of the running mean; 0 at the first step */
	bool ema_overwrites; /* the weights */
};

/* The slots of a weight under this optimizer, own ones first; returns their number. */
enum { OPTIMIZER_NO_SLOT = -1 };
struct optimizer_slots {
	const char *names[OPTIMIZER_SLOTS_MAX];
	int count, average, accumulator; /* places of the last two, or OPTIMIZER_NO_SLOT */
};
void optimizer_slots(
	const struct optimizer_class *class, const void *conf, struct optimizer_slots *ret);

/* Whether the norms of whole gradients must be known before a weight may change. */
bool optimizer_needs_norms(const void *conf);
/* Refuses arguments that exclude each other; err->pointer begins with /optimizer. */
bool optimizer_check(const void *conf, struct error *err) MUST_CHECK;

/* Batch `batch` (from 0) of the job: changes *s from what it was after the batch before, or from
 * zeros. rate: the learning rate there. */
void optimizer_begin(const struct optimizer_class *class, const void *conf, double rate,
	int64_t batch, struct optimizer_step *s);
