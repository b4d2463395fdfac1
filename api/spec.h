/* spec.h - a job as it was asked for: read from JSON against the engine's tables, echoed with every
 * default.
 *
 * Pure: knows no database. An unknown key, a wrong type or a value out of range is a problem with
 * its JSON pointer; nothing is silently ignored. The thread that parses owns the spec. */
#pragma once

#include "api/json.h"
#include "api/problem.h"
#include "engine/data.h"
#include "engine/model.h"
#include "engine/plan.h"
#include "engine/trainer.h"
#include "storage/datasets.h"

enum spec_validation { SPEC_VALIDATION_NONE, SPEC_VALIDATION_TEST, SPEC_VALIDATION_FRACTION };
enum spec_stratify { SPEC_STRATIFY_LABELS, SPEC_STRATIFY_NO, SPEC_STRATIFY_YES };

/* How much the samples of a class count. */
struct spec_class_weight {
	int64_t class;
	double weight; /* (0, 1e6] */
};
enum { SPEC_CLASSES_MAX = 4096 }; /* labels beyond are numbers, not classes */

struct spec {
	char name[65]; /* ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$; default: the data set's name */
	char dataset[65];
	enum spec_validation validation; /* default: test */
	double fraction;                 /* of the training samples: SPEC_VALIDATION_FRACTION */
	enum spec_stratify stratify;     /* default: where the targets are classes */
	struct spec_class_weight *class_weights; /* owned; ascending; the others count 1 */
	int n_class_weights;
	/* Owned, with its metrics. Without a loss: sparse_categorical_crossentropy; without an
	 * optimizer: Adam. */
	struct model *model;
	struct callbacks callbacks;
	struct augments augments; /* of the training samples */
	int64_t batch_size;       /* default 32, Keras's; 1 … PLAN_BATCH_MAX */
	int64_t epochs;           /* default 1, Keras's; 1 … 1,000,000 */
	uint64_t seed;            /* default 0; 0 … 2^53 - 1 */
	bool shuffle;             /* default true */
	bool sample_weight;       /* default true: the data set's, where it has some */
	int last_batch;           /* enum trainer_last_batch; default keep */
	int precision;            /* enum plan_precision; default float32 */
	int64_t steps_per_epoch;  /* PARAM_NULL: as many as there are */
	int64_t validation_freq;  /* default 1 */
	int64_t threads;          /* default 0 = all; 0 … 1024 */
	int64_t priority;         /* default 0; -1000 … 1000 */
	char *metadata; /* JSON object of at most 16 strings as text; owned; default "{}" */
};

/* "model" is {"layers": […]} or what Keras's model.to_json() writes. The
 * request must outlive the call only. NULL: problems says what is wrong, all of it as far as it can
 * be known. */
struct spec *spec_parse(const struct json *root, struct problems *problems) MUST_CHECK;
void spec_free(struct spec *s);
DEFINE_AUTO_FREE(struct spec, spec_free)

/* The whole spec as JSON text with every default filled in, layers by our own names; spec_parse of
 * it gives the same spec. */
void spec_print(const struct spec *s, struct buffer *out);

/* How the engine sees a pair of parts: all of a struct data but the two pointers. Images without a
 * channel axis get one: (n, h, w) are samples of (h, w, 1). false: they do not go together; err has
 * no pointer. */
bool spec_describe_data(const struct dataset *dataset, enum dataset_part_index x,
	enum dataset_part_index y, struct data *ret, struct error *err) MUST_CHECK;

/* Checks a spec against its data set (parts that are there, x and y of one length, classes against
 * the last layer's width, samples for the validation when one is asked for, batches, what callbacks
 * watch) and plans it. `bytes_max`: the
 * memory budget. NULL: problems says why. The spec is borrowed until plan_free. */
struct plan *spec_plan(const struct spec *s, const struct dataset *dataset, int64_t bytes_max,
	struct problems *problems) MUST_CHECK;

/* Whether the loss of each training sample counts as much as the data set's sample_weight_train
 * says. */
bool spec_weighs_samples(const struct spec *s, const struct dataset *dataset);

/* Of a spec that spec_plan took: the samples that are trained on, and the batches of an epoch. */
int64_t spec_samples(const struct spec *s, const struct dataset *dataset);
int64_t spec_steps(const struct spec *s, const struct dataset *dataset);

/* All that the spec says of the training; the plan, the data and the machine are the caller's. */
void spec_trainer_options(const struct spec *s, struct trainer_options *ret);
/* Whether each class keeps its share when samples are kept back. */
bool spec_stratifies(const struct spec *s, const struct data *train);
/* How much each of the classes counts, the caller frees; *ret NULL: all count 1. false: no memory.
 */
bool spec_class_weight(
	const struct spec *s, int64_t classes, float **ret, struct error *err) MUST_CHECK;

/* The forecast of a plan as JSON text: parameters, flops_per_sample, bytes {…}, steps_per_epoch,
 * last_batch_size, layers [{name, type, output_shape, parameters, flops_per_sample}]. */
void spec_print_forecast(const struct spec *s, const struct plan *plan,
	const struct dataset *dataset, struct buffer *out);

/* GET /v1/catalog: {"job": [arguments, the plain fields of a job], "layers": [{"name", "doc",
 * "arguments": [{"name", "type", "required", "nullable", "or_number", "default", "minimum",
 * "maximum", "exclusive_minimum", "exclusive_maximum", "minimum_count", "maximum_count", "element",
 * "choices", "variants", "doc"}]}], "losses", "optimizers", "metrics", "callbacks", "augments",
 * "initializers", "regularizers", "constraints", "schedules": as layers, "activations": names},
 * from the engine's own tables. "type" is integer, number, boolean, choice, pair, margins, list,
 * variant or name; what an argument does not have is null. "variants" is the key of the list of
 * rows that a variant can be.
 */
void catalog_print(struct buffer *out);
