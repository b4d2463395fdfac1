/* callback.h - what a callback is to the engine: one file in callbacks/, one row in registry.c.
 *
 * A callback looks at a metric at the end of each epoch and says what follows. What it remembers is
 * some doubles, which are part of the trainer's state, so that it goes on after a crash as if there
 * had been none. All of it runs on the trainer's thread; tables are const and shared by all. */
#pragma once

#include "base/error.h"
#include "base/param.h"
#include "engine/model.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>

enum {
	CALLBACKS_MAX = 8, /* of one job */
	CALLBACK_CONF_BYTES = 128,
	CALLBACK_MEMORY_MAX = 4,
};

/* How the conf of a callback that watches a metric begins. */
struct callback_watch {
	char monitor[MODEL_NAME_BYTES + 4]; /* "loss" or a metric's name, "val_" before it or not */
	int mode;                           /* an index into callback_modes */
	double min_delta;                   /* 0 or more */
};

/* What a callback sees at an epoch's end, and what it wants. */
struct callback_epoch {
	int64_t epoch;        /* counts from 1 */
	double value;         /* of the monitored metric; NAN: this epoch has none */
	bool higher;          /* whether a higher one is better */
	double learning_rate; /* may be changed, unless the job has a schedule */
	bool is_best;         /* set: these weights are worth keeping */
	bool stop;            /* set: no further epoch */
};

struct callback_class {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size;
	bool watches;      /* its conf begins with a struct callback_watch */
	bool changes_rate; /* and so cannot stand beside a schedule */
	int memory;        /* doubles, at most CALLBACK_MEMORY_MAX; zeros at the start */
	void (*epoch)(const void *conf, double *memory, struct callback_epoch *e); /* may be NULL */
	bool (*keeps_best)(const void *conf); /* whether the best weights come back; NULL: no */
};

/* The callbacks of a job. */
struct callback {
	const struct callback_class *class;
	_Alignas(16) unsigned char conf[CALLBACK_CONF_BYTES];
};
struct callbacks {
	struct callback callbacks[CALLBACKS_MAX];
	int count;
};

/* Appends one with its defaults and returns it. NULL: there are too many; err->pointer is "". */
struct callback *callbacks_add(
	struct callbacks *c, const struct callback_class *class, struct error *err) MUST_CHECK;

/* Would each of them see what it watches in a job with this model, and do they go together? false:
 * err->pointer is "/callbacks/<i>", or the argument under it. */
bool callbacks_check(const struct callbacks *c, const struct model *model, bool has_validation,
	struct error *err) MUST_CHECK;

extern const char *const callback_modes[]; /* "auto", "min", "max"; NULL-terminated */
enum { CALLBACK_AUTO, CALLBACK_MIN, CALLBACK_MAX };

/* The monitored metric without its "val_", borrowed from the callback; *ret_validation: whether it
 * had that. NULL: the callback watches none. */
const char *callback_monitored(const struct callback *c, bool *ret_validation);
/* Whether a higher value is better, of one that watches: as `mode` says, or as the model's metric
 * has it. */
bool callback_wants_higher(const struct callback *c, const struct model *model);
/* Whether the best weights come back at the end of the training; of any of them, which may be NULL:
 * what a plan must be made for. */
bool callback_keeps_best(const struct callback *c);
bool callbacks_keep_best(const struct callbacks *c);

/* Whether `value` is better than `than` by more than min_delta. */
bool callback_improves(const struct callback_watch *w, bool higher, double value, double than);
/* The worst there is: better than nothing but no value at all. */
double callback_worst(bool higher);

#define CALLBACK_WATCH(field) .name = #field, .offset = offsetof(struct callback_watch, field)
#define CALLBACK_WATCH_PARAMS(min_delta_)                                                          \
	{ CALLBACK_WATCH(monitor),                                                                 \
		.doc = "loss or the name of a metric, val_ in front for the validation's",         \
		.type = PARAM_TYPE_NAME, .size = sizeof(((struct callback_watch *)0)->monitor),    \
		.def_text = "val_loss" },                                                          \
		{ CALLBACK_WATCH(mode),                                                            \
			.doc = "whether lower or higher is better; auto: as the metric has it",    \
			.type = PARAM_TYPE_CHOICE, .def = CALLBACK_AUTO,                           \
			.choices = callback_modes },                                               \
	{                                                                                          \
		CALLBACK_WATCH(min_delta), .doc = "a smaller change is none",                      \
					   .type = PARAM_TYPE_FLOAT, .def = min_delta_, .min = 0,  \
					   .max = INFINITY                                         \
	}
