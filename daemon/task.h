/* task.h - a queued job made ready to train: its spec, its data, its plan.
 *
 * The scheduler makes one to learn what the job costs, and hands it to the worker that trains it.
 * One owner at a time. */
#pragma once

#include "api/spec.h"
#include "engine/split.h"
#include "engine/trainer.h"
#include "storage/jobs.h"

struct task {
	struct job job; /* the row as it was when the task was made; status and priority may have
			   moved on */
	struct spec *spec;
	struct plan *plan;
	struct dataset_map maps[DATASET_PART_COUNT];
	struct data train, validation; /* borrow the maps and the split */
	struct split split;            /* of what is stored as train; empty: all of it is */
	bool validates;
	float *class_weight; /* NULL: all count 1 */
	struct plan_forecast forecast;
};

/* `bytes_max`: the memory budget. NULL: the job cannot be trained, and the text says why. */
struct task *task_new(
	struct database *db, const char *job_id, int64_t bytes_max, struct error *err) MUST_CHECK;
void task_free(struct task *t);
DEFINE_AUTO_FREE(struct task, task_free)

/* Whether an error will be the same at the next try. Otherwise the machine is short of something
 * (memory, disk, a lock) that may come back, and the job should wait for it rather than fail. */
bool task_error_is_final(const struct error *err);
