/* backend.h - what the api asks of the daemon above it. The daemon fills this struct; nothing else
 * points upwards. Every function may be called from any thread and must not block. */
#pragma once

#include "engine/trainer.h"
#include "storage/jobs.h"

struct server_info {
	const char *version, *isa; /* borrowed for good */
	int cores;
	int64_t memory_bytes;      /* the budget */
	int64_t memory_used_bytes; /* by running jobs */
	int64_t started_at;        /* ms */
};

struct live_progress {
	struct trainer_progress trainer;
	double samples_per_second;
	double eta_seconds; /* of the whole job; NAN while unknown */
};

struct backend {
	void *ctx;
	/* A row of jobs changed: look at the queue and at the running jobs. */
	void (*wake)(void *ctx);
	/* Where a running job stands; false if it does not run here now. */
	bool (*progress)(void *ctx, const char *job_id, struct live_progress *ret);
	void (*server)(void *ctx, struct server_info *ret);
	/* One line for the log: method, path, status, bytes, milliseconds; no secrets. */
	void (*log_request)(void *ctx, const char *method, const char *path, int status,
		int64_t bytes, double ms);
};
