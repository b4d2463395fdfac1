/* handle_server.c - the catalogue, the server itself, and whether it is well. */
#include "api/handlers.h"

#include "api/spec.h"
#include "storage/events.h"

void handle_catalog(struct api_call *call, struct api_response *r)
{
	(void)call; /* the same for everybody */
	answer_begin(r, 200, "application/json", ANSWER_BYTES_MAX);
	catalog_print(&r->body);
}

void handle_server(struct api_call *call, struct api_response *r)
{
	int64_t counts[JOB_STATUS_COUNT];
	struct server_info info;
	struct json_writer w;
	struct error err;

	if (!jobs_count(call->api->db, counts, &err)) {
		answer_error(call, r, &err);
		return;
	}
	call->api->backend->server(call->api->backend->ctx, &info);
	answer_json(r, 200, &w);
	json_open_object(&w, NULL);
	json_put_string(&w, "object", "server");
	json_put_string(&w, "version", info.version);
	json_put_string(&w, "isa", info.isa);
	json_put_integer(&w, "cores", info.cores);
	json_put_integer(&w, "memory_bytes", info.memory_bytes);
	json_put_integer(&w, "memory_used_bytes", info.memory_used_bytes);
	json_put_integer(&w, "upload_bytes_max", call->api->upload_bytes_max);
	json_put_time(&w, "started_at", info.started_at);
	json_open_object(&w, "jobs");
	for (int i = 0; i < JOB_STATUS_COUNT; i++)
		json_put_integer(&w, job_status_names[i], counts[i]);
	json_close_object(&w);
	json_close_object(&w);
}

/* The process answers: it says no more than that. */
void handle_healthz(struct api_call *call, struct api_response *r)
{
	(void)call;
	answer_begin(r, 200, "text/plain; charset=utf-8", 16);
	buffer_add_text(&r->body, "ok\n");
}

/* The database answers too. It is a read: a check that anybody may call must not make the disk
 * work. */
void handle_readyz(struct api_call *call, struct api_response *r)
{
	struct error err;
	int64_t last;

	if (!events_last_id(call->api->db, &last, &err)) {
		answer_status(call, r, 503, "the database does not answer");
		return;
	}
	answer_begin(r, 200, "text/plain; charset=utf-8", 16);
	buffer_add_text(&r->body, "ready\n");
}
