/* spec_plan.c - a spec against its data set. See spec.h. */
#include "api/spec.h"

#include "engine/split.h"

#include <inttypes.h>
#include <string.h>

static const struct {
	const char *name;
	enum data_type type;
} dtypes[] = {
	{ "uint8", DATA_U8 },
	{ "int32", DATA_I32 },
	{ "float32", DATA_F32 },
};

static bool find_type(const struct dataset_part *part, enum data_type *ret)
{
	for (size_t i = 0; i < COUNT_OF(dtypes); i++) {
		if (strcmp(dtypes[i].name, part->dtype) == 0) {
			*ret = dtypes[i].type;
			return true;
		}
	}
	return false;
}

static bool check_present(const struct dataset *d, enum dataset_part_index index, struct error *err)
{
	const struct dataset_part *part = &d->parts[index];
	const char *name = dataset_part_names[index];

	if (!part->present)
		return error_set(err, ERROR_INVALID,
			"the data set \"%s\" has no %s; upload it to /v1/datasets/%s/%s", d->name,
			name, d->name, name);
	if (part->dim[0] < 1)
		return error_set(err, ERROR_INVALID,
			"%s of the data set \"%s\" is empty; at least 1 sample is needed", name,
			d->name);
	return true;
}

static bool describe_samples(
	const struct dataset_part *x, const char *name, struct data *ret, struct error *err)
{
	if (!find_type(x, &ret->x_type) || ret->x_type == DATA_I32)
		return error_set(err, ERROR_INVALID, "%s has type %s; allowed: uint8, float32",
			name, x->dtype);
	if (x->rank < 2 || x->rank > 4)
		return error_set(err, ERROR_INVALID,
			"%s has %d axes; allowed: 2 (samples, features), 3 (samples, height, "
			"width), 4 (samples, height, width, channels)",
			name, x->rank);
	ret->shape = x->rank == 3 ? SHAPE3(x->dim[1], x->dim[2], 1)
				  : (struct shape){ .rank = x->rank - 1 };
	for (int axis = 1; axis < x->rank; axis++)
		ret->shape.dim[axis - 1] = x->dim[axis];
	ret->count = x->dim[0];
	return true;
}

/* Integers are labels, floats are targets. */
static bool describe_targets(
	const struct dataset_part *y, const char *name, struct data *ret, struct error *err)
{
	if (!find_type(y, &ret->y_type))
		return error_set(err, ERROR_INVALID,
			"%s has type %s; allowed: uint8, int32, float32", name, y->dtype);
	if (ret->y_type == DATA_F32) {
		if (y->rank > SHAPE_RANK_MAX + 1)
			return error_set(err, ERROR_INVALID, "%s has %d axes; allowed: 1 to %d",
				name, y->rank, SHAPE_RANK_MAX + 1);
		ret->y_shape = y->rank == 1 ? SHAPE1(1) : (struct shape){ .rank = y->rank - 1 };
		for (int axis = 1; axis < y->rank; axis++)
			ret->y_shape.dim[axis - 1] = y->dim[axis];
		return true;
	}
	if (y->rank != 1)
		return error_set(err, ERROR_INVALID,
			"%s has integers on %d axes; allowed: 1 axis of labels, or targets of type "
			"float32",
			name, y->rank);
	if (y->label_min < 0)
		return error_set(err, ERROR_INVALID,
			"%s has a label of %" PRId64 "; allowed: 0 or more", name, y->label_min);
	ret->classes = y->label_max + 1;
	return true;
}

bool spec_describe_data(const struct dataset *dataset, enum dataset_part_index x,
	enum dataset_part_index y, struct data *ret, struct error *err)
{
	const struct dataset_part *x_part = &dataset->parts[x], *y_part = &dataset->parts[y];
	struct data data = { 0 };

	if (!check_present(dataset, x, err) || !check_present(dataset, y, err) ||
		!describe_samples(x_part, dataset_part_names[x], &data, err) ||
		!describe_targets(y_part, dataset_part_names[y], &data, err))
		return false;
	if (x_part->dim[0] != y_part->dim[0])
		return error_set(err, ERROR_INVALID,
			"%s has %" PRId64 " samples, but %s has %" PRId64 "; they must be as many",
			dataset_part_names[x], x_part->dim[0], dataset_part_names[y],
			y_part->dim[0]);
	*ret = data;
	return true;
}

/* Can what was trained on `train` be tried on `test`? */
static bool check_alike(const struct data *train, const struct data *test, struct error *err)
{
	char seen[SHAPE_TEXT_BYTES], wanted[SHAPE_TEXT_BYTES];

	if (!shape_equal(&train->shape, &test->shape)) {
		shape_text(&test->shape, seen);
		shape_text(&train->shape, wanted);
		return error_set(err, ERROR_INVALID,
			"the samples of x_test are %s, those of x_train %s; they must be alike",
			seen, wanted);
	}
	if (!shape_equal(&train->y_shape, &test->y_shape)) {
		shape_text(&test->y_shape, seen);
		shape_text(&train->y_shape, wanted);
		return error_set(err, ERROR_INVALID,
			"the targets of y_test are %s, those of y_train %s, where () is a label; "
			"they must be alike",
			seen, wanted);
	}
	return true;
}

/* What is asked for takes the classes one by one. */
static bool check_classes(
	const struct data *train, const char *pointer, const char *asked, struct error *err)
{
	if (train->classes == 0)
		return error_at(err, ERROR_INVALID, pointer, "%s; y_train has no labels", asked);
	if (train->classes > SPEC_CLASSES_MAX)
		return error_at(err, ERROR_INVALID, pointer,
			"%s; y_train has labels up to %" PRId64 "; allowed: up to %d", asked,
			train->classes - 1, SPEC_CLASSES_MAX - 1);
	return true;
}

static bool check_split(const struct spec *s, const struct data *train, struct error *err)
{
	int64_t kept_back;

	if (s->stratify == SPEC_STRATIFY_YES &&
		!check_classes(train, "/validation/stratify", "stratify is true", err))
		return false;
	if (split_count(train->count, s->fraction, &kept_back, err))
		return true;
	error_pointer_prefix(err, "/validation/fraction");
	return false;
}

/* Raises *classes to what the test has: a class that only the test has must have its output, too.
 */
static bool check_test(const struct dataset *dataset, const struct data *train, int64_t *classes,
	struct error *err)
{
	struct data test;

	if (!spec_describe_data(dataset, DATASET_X_TEST, DATASET_Y_TEST, &test, err) ||
		!check_alike(train, &test, err)) {
		error_pointer_prefix(err, "/validation");
		return false;
	}
	if (test.classes > *classes)
		*classes = test.classes;
	return true;
}

static bool check_class_weight(const struct spec *s, const struct data *train, struct error *err)
{
	if (s->n_class_weights == 0)
		return true;
	if (!check_classes(train, "/class_weight", "class_weight is given", err))
		return false;
	/* They ascend. */
	int64_t class = s->class_weights[s->n_class_weights - 1].class;
	if (class < train->classes)
		return true;
	(void)error_at(err, ERROR_INVALID, "",
		"y_train has no class %" PRId64 "; its classes: 0 to %" PRId64, class,
		train->classes - 1);
	error_pointer_prefix(err, "/class_weight/%" PRId64, class);
	return false;
}

bool spec_weighs_samples(const struct spec *s, const struct dataset *dataset)
{
	return s->sample_weight && dataset->parts[DATASET_SAMPLE_WEIGHT_TRAIN].present;
}

static bool check_sample_weights(const struct dataset *d, int64_t samples, struct error *err)
{
	const struct dataset_part *part = &d->parts[DATASET_SAMPLE_WEIGHT_TRAIN];
	enum data_type type;

	if (!find_type(part, &type) || type != DATA_F32 || part->rank != 1)
		return error_at(err, ERROR_INVALID, "/dataset",
			"sample_weight_train has type %s on %d axes; allowed: float32 on 1 axis",
			part->dtype, part->rank);
	if (part->dim[0] != samples)
		return error_at(err, ERROR_INVALID, "/dataset",
			"sample_weight_train has %" PRId64 " weights, but x_train has %" PRId64
			" samples; they must be as many",
			part->dim[0], samples);
	return true;
}

static bool check_data(const struct spec *s, const struct dataset *dataset,
	struct plan_options *options, struct data *ret_train, struct error *err)
{
	if (!spec_describe_data(dataset, DATASET_X_TRAIN, DATASET_Y_TRAIN, ret_train, err)) {
		error_pointer_prefix(err, "/dataset");
		return false;
	}
	options->input = ret_train->shape;
	options->target = ret_train->y_shape;
	options->classes = ret_train->classes;
	if (!check_class_weight(s, ret_train, err) ||
		(spec_weighs_samples(s, dataset) &&
			!check_sample_weights(dataset, ret_train->count, err)))
		return false;
	if (s->validation == SPEC_VALIDATION_FRACTION)
		return check_split(s, ret_train, err);
	return s->validation == SPEC_VALIDATION_NONE ||
	       check_test(dataset, ret_train, &options->classes, err);
}

int64_t spec_samples(const struct spec *s, const struct dataset *dataset)
{
	int64_t samples = dataset->parts[DATASET_X_TRAIN].dim[0], kept_back = 0;
	struct error err;

	if (s->validation == SPEC_VALIDATION_FRACTION &&
		!split_count(samples, s->fraction, &kept_back, &err))
		return 0; /* spec_plan has refused it */
	return samples - kept_back;
}

int64_t spec_steps(const struct spec *s, const struct dataset *dataset)
{
	if (s->steps_per_epoch != PARAM_NULL)
		return s->steps_per_epoch;
	return trainer_steps(
		spec_samples(s, dataset), s->batch_size, (enum trainer_last_batch)s->last_batch);
}

void spec_trainer_options(const struct spec *s, struct trainer_options *ret)
{
	*ret = (struct trainer_options){
		.epochs = s->epochs,
		.batch_size = s->batch_size,
		.last_batch = (enum trainer_last_batch)s->last_batch,
		.steps_per_epoch = s->steps_per_epoch == PARAM_NULL ? 0 : s->steps_per_epoch,
		.validation_freq = s->validation_freq,
		.callbacks = &s->callbacks,
		.augment = s->augments.count ? &s->augments : NULL,
		.seed = s->seed,
		.shuffle = s->shuffle,
	};
}

/* Would a trainer take it? */
static bool check_training(
	const struct spec *s, const struct plan *plan, const struct data *train, struct error *err)
{
	struct trainer_options options;

	spec_trainer_options(s, &options);
	options.plan = plan;
	options.train = *train;
	options.validation = s->validation == SPEC_VALIDATION_NONE ? NULL : train;
	return trainer_check(&options, err);
}

/* Merged with what is left over, the last batch may be larger than one can be. */
static bool check_merged(int64_t most, struct error *err)
{
	return most <= PLAN_BATCH_MAX ||
	       error_at(err, ERROR_INVALID, "/last_batch",
		       "last_batch is \"merge\", so the last batch has %" PRId64
		       " samples; allowed: at most %d",
		       most, PLAN_BATCH_MAX);
}

struct plan *spec_plan(const struct spec *s, const struct dataset *dataset, int64_t bytes_max,
	struct problems *problems)
{
	struct plan_options options = { .bytes_max = bytes_max,
		.keeps_best = callbacks_keep_best(&s->callbacks),
		.precision = (enum plan_precision)s->precision };
	struct data train;
	struct error err;

	if (!check_data(s, dataset, &options, &train, &err)) {
		(void)problems_add(problems, &err); /* NULL says the same */
		return NULL;
	}
	train.count = spec_samples(s, dataset);
	options.batch_size = trainer_batch_most(
		train.count, s->batch_size, (enum trainer_last_batch)s->last_batch);
	AUTO_FREE(plan_free)
	struct plan *plan =
		check_merged(options.batch_size, &err) ? plan_new(s->model, &options, &err) : NULL;
	if (plan && check_training(s, plan, &train, &err))
		return STEAL(plan);
	(void)problems_add(problems, &err); /* likewise */
	return NULL;
}
