/* routes.c - see routes.h. */
#include "api/routes.h"

#include "api/handlers.h"

#include <stdio.h>
#include <string.h>

const struct route routes[] = {
	{ "POST", "/v1/jobs", ACCESS_TOKEN, BODY_JSON, handle_jobs_submit, { "dry_run" } },
	{ "GET", "/v1/jobs", ACCESS_TOKEN, BODY_NONE, handle_jobs_list,
		{ "status", "after", "limit" } },
	{ "GET", "/v1/jobs/{id}", ACCESS_TOKEN, BODY_NONE, handle_job_show },
	{ "PATCH", "/v1/jobs/{id}", ACCESS_TOKEN, BODY_JSON, handle_job_patch },
	{ "DELETE", "/v1/jobs/{id}", ACCESS_TOKEN, BODY_NONE, handle_job_delete },
	{ "POST", "/v1/jobs/{id}/cancel", ACCESS_TOKEN, BODY_NONE, handle_job_cancel },
	{ "POST", "/v1/jobs/{id}/pause", ACCESS_TOKEN, BODY_NONE, handle_job_pause },
	{ "POST", "/v1/jobs/{id}/resume", ACCESS_TOKEN, BODY_NONE, handle_job_resume },
	{ "GET", "/v1/jobs/{id}/epochs", ACCESS_TOKEN, BODY_NONE, handle_job_epochs, { "after" } },
	{ "GET", "/v1/jobs/{id}/events", ACCESS_TOKEN, BODY_NONE, handle_job_events,
		{ "after", "limit" } },
	{ "GET", "/v1/jobs/{id}/checkpoints", ACCESS_TOKEN, BODY_NONE, handle_job_checkpoints },
	{ "GET", "/v1/jobs/{id}/model", ACCESS_TOKEN, BODY_NONE, handle_job_model,
		{ "format", "checkpoint" } },
	{ "GET", "/v1/jobs/{id}/evaluation", ACCESS_TOKEN, BODY_NONE, handle_job_evaluation,
		{ "epoch" } },
	{ "GET", "/v1/events", ACCESS_TOKEN, BODY_NONE, handle_events, { "after", "limit" } },
	{ "GET", "/v1/datasets", ACCESS_TOKEN, BODY_NONE, handle_datasets_list },
	{ "GET", "/v1/datasets/{name}", ACCESS_TOKEN, BODY_NONE, handle_dataset_show },
	{ "DELETE", "/v1/datasets/{name}", ACCESS_TOKEN, BODY_NONE, handle_dataset_delete },
	{ "PUT", "/v1/datasets/{name}/{part}", ACCESS_TOKEN, BODY_DATASET, handle_dataset_put },
	{ "GET", "/v1/catalog", ACCESS_TOKEN, BODY_NONE, handle_catalog },
	{ "GET", "/v1/server", ACCESS_TOKEN, BODY_NONE, handle_server },
	{ "GET", "/healthz", ACCESS_OPEN, BODY_NONE, handle_healthz },
	{ "GET", "/readyz", ACCESS_OPEN, BODY_NONE, handle_readyz },
	/* The dashboard's files hold no data: what it shows it asks for with the token. */
	{ "GET", "/", ACCESS_OPEN, BODY_NONE, handle_static },
	{ "GET", "/assets/{file}", ACCESS_OPEN, BODY_NONE, handle_static },
};
const int n_routes = COUNT_OF(routes);

static bool path_matches(const char *path, const struct gate_target *target)
{
	int i = 0;

	for (const char *p = path + 1, *end; *p; p = *end ? end + 1 : end, i++) {
		end = p + strcspn(p, "/");
		if (i == target->n_segments)
			return false;
		const char *segment = target->segments[i];
		size_t size = (size_t)(end - p);
		if (*p == '{' ? *segment == '\0'
			      : strncmp(segment, p, size) != 0 || segment[size] != '\0')
			return false;
	}
	return i == target->n_segments;
}

static void allow_add(char allow[static ROUTE_ALLOW_BYTES], const char *method)
{
	size_t n = strlen(allow);

	(void)snprintf(allow + n, ROUTE_ALLOW_BYTES - n, "%s%s%s", n ? ", " : "", method,
		strcmp(method, "GET") == 0 ? ", HEAD" : "");
}

const struct route *route_find(const struct gate_target *target, const char *method,
	char ret_allow[static ROUTE_ALLOW_BYTES])
{
	const struct route *found = NULL;

	if (strcmp(method, "HEAD") == 0)
		method = "GET";
	ret_allow[0] = '\0';
	for (const struct route *r = routes; r < routes + COUNT_OF(routes); r++) {
		if (!path_matches(r->path, target))
			continue;
		if (strcmp(r->method, method) == 0)
			found = r;
		allow_add(ret_allow, r->method);
	}
	return found;
}
