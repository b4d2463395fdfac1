/* task.c - see task.h. */
#include "daemon/task.h"

#include <stdlib.h>
#include <string.h>

/* The spec was checked when it was submitted, so one problem tells enough. */
static bool first_problem(const struct problems *problems, struct error *err)
{
	const struct error *first = &problems->list[0];

	if (problems->count == 0)
		return error_no_memory(err);
	if (!*first->pointer)
		return error_set(err, first->code, "%s", first->text);
	return error_set(err, first->code, "%s: %s", first->pointer, first->text);
}

static bool task_read_spec(struct task *t, struct error *err)
{
	struct problems problems = { .count = 0 };
	AUTO_FREE(json_free)
	struct json_document *json = json_parse(t->job.spec, strlen(t->job.spec), err);

	if (!json)
		return false;
	t->spec = spec_parse(json_root(json), &problems);
	return t->spec || first_problem(&problems, err);
}

static bool task_find_dataset(
	struct task *t, struct database *db, struct dataset *ret, struct error *err)
{
	if (!datasets_find(db, t->spec->dataset, ret, err))
		return false;
	if (strcmp(ret->digest, t->job.dataset_digest) != 0)
		return error_set(err, ERROR_INVALID,
			"the data set '%s' is not what it was when this job was submitted (its "
			"digest was %s and is %s)",
			t->spec->dataset, t->job.dataset_digest, ret->digest);
	return true;
}

static bool task_make_plan(
	struct task *t, const struct dataset *dataset, int64_t bytes_max, struct error *err)
{
	struct problems problems = { .count = 0 };

	t->plan = spec_plan(t->spec, dataset, bytes_max, &problems);
	if (!t->plan)
		return first_problem(&problems, err);
	plan_forecast(t->plan, &t->forecast);
	return true;
}

static bool task_map(struct task *t, struct database *db, const struct dataset *dataset,
	enum dataset_part_index x, enum dataset_part_index y, struct data *ret, struct error *err)
{
	if (!spec_describe_data(dataset, x, y, ret, err) ||
		!dataset_map_open(db, &dataset->parts[x], &t->maps[x], err) ||
		!dataset_map_open(db, &dataset->parts[y], &t->maps[y], err))
		return false;
	ret->x = t->maps[x].bytes;
	ret->y = t->maps[y].bytes;
	return true;
}

/* Keeps some of the training samples back. */
static bool task_split(struct task *t, struct error *err)
{
	const struct spec *s = t->spec;

	if (!split_make(&t->train, s->fraction, spec_stratifies(s, &t->train), s->seed, &t->split,
		    err)) {
		error_pointer_prefix(err, "/validation/fraction");
		return false;
	}
	t->validation = t->train;
	t->validation.index = t->split.validation;
	t->validation.count = t->split.n_validation;
	t->train.index = t->split.train;
	t->train.count = t->split.n_train;
	return true;
}

static bool task_find_weights(
	struct task *t, struct database *db, const struct dataset *dataset, struct error *err)
{
	struct dataset_map *map = &t->maps[DATASET_SAMPLE_WEIGHT_TRAIN];

	if (!spec_weighs_samples(t->spec, dataset))
		return true;
	if (!dataset_map_open(db, &dataset->parts[DATASET_SAMPLE_WEIGHT_TRAIN], map, err))
		return false;
	t->train.weights = map->bytes;
	return true;
}

static bool task_find_validation(
	struct task *t, struct database *db, const struct dataset *dataset, struct error *err)
{
	t->validates = t->spec->validation != SPEC_VALIDATION_NONE;
	if (t->spec->validation == SPEC_VALIDATION_FRACTION)
		return task_split(t, err);
	return !t->validates ||
	       task_map(t, db, dataset, DATASET_X_TEST, DATASET_Y_TEST, &t->validation, err);
}

static bool task_fill(struct task *t, struct database *db, const char *job_id, int64_t bytes_max,
	struct error *err)
{
	struct dataset dataset;

	if (!jobs_find(db, job_id, &t->job, err) || !task_read_spec(t, err) ||
		!task_find_dataset(t, db, &dataset, err) ||
		!task_make_plan(t, &dataset, bytes_max, err))
		return false;
	return task_map(t, db, &dataset, DATASET_X_TRAIN, DATASET_Y_TRAIN, &t->train, err) &&
	       task_find_weights(t, db, &dataset, err) &&
	       spec_class_weight(t->spec, t->train.classes, &t->class_weight, err) &&
	       task_find_validation(t, db, &dataset, err);
}

struct task *task_new(struct database *db, const char *job_id, int64_t bytes_max, struct error *err)
{
	AUTO_FREE(task_free) struct task *t = calloc(1, sizeof *t);

	if (!t) {
		(void)error_no_memory(err);
		return NULL;
	}
	return task_fill(t, db, job_id, bytes_max, err) ? STEAL(t) : NULL;
}

void task_free(struct task *t)
{
	if (!t)
		return;
	plan_free(t->plan);
	spec_free(t->spec);
	split_done(&t->split);
	free(t->class_weight);
	for (int i = 0; i < DATASET_PART_COUNT; i++)
		dataset_map_close(&t->maps[i]);
	job_done(&t->job);
	free(t);
}

bool task_error_is_final(const struct error *err)
{
	return err->code != ERROR_NO_MEMORY && err->code != ERROR_NO_SPACE &&
	       err->code != ERROR_BUSY;
}
