/* handlers.h - one function a route. Each is called with the whole body and fills the response,
 * whatever happens. Private to api/; the table in routes.c says which is which. */
#pragma once

#include "api/answer.h"

/* handle_jobs.c */
void handle_jobs_submit(struct api_call *call, struct api_response *r);
void handle_jobs_list(struct api_call *call, struct api_response *r);
void handle_job_show(struct api_call *call, struct api_response *r);
void handle_job_delete(struct api_call *call, struct api_response *r);
void handle_job_cancel(struct api_call *call, struct api_response *r);
void handle_job_pause(struct api_call *call, struct api_response *r);
void handle_job_resume(struct api_call *call, struct api_response *r);

/* handle_job_patch.c */
void handle_job_patch(struct api_call *call, struct api_response *r);

/* handle_job_data.c */
void handle_job_epochs(struct api_call *call, struct api_response *r);
void handle_job_checkpoints(struct api_call *call, struct api_response *r);
void handle_job_model(struct api_call *call, struct api_response *r);

/* handle_evaluation.c */
void handle_job_evaluation(struct api_call *call, struct api_response *r);

/* handle_events.c */
void handle_job_events(struct api_call *call, struct api_response *r);
void handle_events(struct api_call *call, struct api_response *r);

/* handle_datasets.c */
void handle_datasets_list(struct api_call *call, struct api_response *r);
void handle_dataset_show(struct api_call *call, struct api_response *r);
void handle_dataset_delete(struct api_call *call, struct api_response *r);
void handle_dataset_put(struct api_call *call, struct api_response *r);
/* The streamed body of handle_dataset_put. false: r is the answer. */
bool dataset_upload_begin(struct api_call *call, struct api_response *r) MUST_CHECK;
bool dataset_upload_write(
	struct api_call *call, const void *bytes, size_t size, struct api_response *r) MUST_CHECK;
void dataset_upload_free(struct dataset_upload *u); /* accepts NULL */

/* handle_server.c */
void handle_catalog(struct api_call *call, struct api_response *r);
void handle_server(struct api_call *call, struct api_response *r);
void handle_healthz(struct api_call *call, struct api_response *r);
void handle_readyz(struct api_call *call, struct api_response *r);

/* handle_static.c */
void handle_static(struct api_call *call, struct api_response *r);
