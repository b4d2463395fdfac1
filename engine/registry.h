/* registry.h - everything a user can name, one row each. Const, any thread.
 * Each list ends with NULL. Adding a layer is one file in layers/ and one row in registry.c. */
#pragma once

#include "base/param.h"

struct layer_class;     /* engine/layer.h */
struct loss_class;      /* engine/loss.h */
struct optimizer_class; /* engine/optimizer.h */
struct metric_class;    /* engine/metric.h */
struct callback_class;  /* engine/callback.h */
struct augment_class;   /* engine/augment.h */

extern const struct layer_class *const layer_classes[];
extern const struct loss_class *const loss_classes[];
extern const struct optimizer_class *const optimizer_classes[];
extern const struct metric_class *const metric_classes[];
extern const struct callback_class *const callback_classes[];
extern const struct augment_class *const augment_classes[];
extern const char *const activation_names[];   /* Keras's names, in the order of enum activation */
extern const char *const activation_aliases[]; /* as struct param's */
/* What the VARIANTs of all rows can be: constraints, initializers, regularizers, schedules. */
extern const struct param_family *const param_families[];

/* The class of that name, or NULL. */
const struct layer_class *layer_class_find(const char *name);
const struct loss_class *loss_class_find(const char *name);           /* or "LogCosh", "mse" */
const struct optimizer_class *optimizer_class_find(const char *name); /* "Adam" or "adam" */

const struct metric_class *metric_class_find(
	const char *name); /* "auc", "AUC", "RootMeanSquaredError", "mae" … */

const struct callback_class *callback_class_find(const char *name);
const struct augment_class *augment_class_find(const char *name);

/* What the catalogue shows of any row. */
struct registry_row {
	const char *name, *doc;
	const struct param *params;
	size_t conf_size; /* bytes, at most MODEL_CONF_BYTES */
};
struct registry_row layer_class_row(const struct layer_class *c);
struct registry_row augment_class_row(const struct augment_class *c);
struct registry_row loss_class_row(const struct loss_class *c);
struct registry_row optimizer_class_row(const struct optimizer_class *c);
struct registry_row metric_class_row(const struct metric_class *c);
struct registry_row callback_class_row(const struct callback_class *c);
