/* job_view.h - a job and its epochs as JSON, as every answer shows them. Private to api/. */
#pragma once

#include "api/answer.h"

/* Writes the job object. false: the database failed, w holds half an object. */
bool job_view_write(struct api *a, const struct job *job, struct json_writer *w, const char *key,
	struct error *err) MUST_CHECK;

/* Whether a worker has a job of that status. */
bool job_view_works(enum job_status status);

/* Where a job stands that is worked on now; false: none works on it, or it has not begun. */
bool job_view_live(struct api *a, const struct job *job, struct live_progress *ret);

/* NAN if the epoch (may be NULL) has none of that name. */
double job_view_metric(const struct epoch *epoch, const char *name);

/* The epoch whose checkpoint storage hands out as the best one: the smallest val_loss, or loss if
 * no epoch has a val_loss; the earliest of equals. NULL: there is none. Borrowed from the list. */
const struct epoch *job_view_best(const struct epoch_list *list);

/* The newest epoch that was validated, which has all metrics of the job. NULL: none was. Borrowed
 * from the list. */
const struct epoch *job_view_validated(const struct epoch_list *list);

/* The metrics of an epoch as members, without braces. `epoch` may be NULL: all unknown. */
void job_view_metrics(const struct epoch *epoch, struct json_writer *w);

/* "epoch", "epochs", "step" …: where a job stands in the epoch under way. Without braces. */
void job_view_step(const struct live_progress *live, int64_t epochs, struct json_writer *w);

/* The job as it is in the database now becomes the answer; with 201 also its Location. */
void job_view_answer(struct api_call *call, struct api_response *r, int status, const char *id);
