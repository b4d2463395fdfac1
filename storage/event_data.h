/* event_data.h - what is told of a change: one row of events, written in the transaction of the
 * change itself. Private to storage/; called inside a write transaction. The job must exist. */
#pragma once

#include "storage/jobs.h"

enum { EVENT_TEXT_MAX = 16384 }; /* bytes of a reason or of a line of the log */

bool event_add_status(struct database *db, const char *job_id, enum job_status status,
	const char *reason, struct error *err) MUST_CHECK;
bool event_add_epoch(struct database *db, const char *job_id, const struct epoch *epoch,
	struct error *err) MUST_CHECK;
/* type: "checkpoint" or "checkpoint_rejected". */
bool event_add_checkpoint(struct database *db, const char *job_id, const char *type,
	const struct checkpoint *checkpoint, struct error *err) MUST_CHECK;
bool event_add_log(
	struct database *db, const char *job_id, const char *text, struct error *err) MUST_CHECK;
