/* handle_job_patch.c - PATCH: name, priority and metadata of a job may change after it was
 * submitted. */
#include "api/handlers.h"

#include "api/job_view.h"
#include "api/spec_read.h"

#include <string.h>

static const char *const changeable[] = { "name", "priority", "metadata" };

static bool check_keys(const struct json *patch, struct problems *problems)
{
	bool ok = true;

	if (json_type(patch) != JSON_OBJECT)
		return problem_at(
			problems, "", "a change is an object of name, priority and metadata");
	for (const struct json *v = json_first(patch); v; v = json_next(v)) {
		char pointer[POINTER_BYTES];
		size_t i = 0;
		while (i < COUNT_OF(changeable) && strcmp(changeable[i], json_key(v)) != 0)
			i++;
		if (i < COUNT_OF(changeable))
			continue;
		pointer_key(pointer, "", json_key(v));
		ok = problem_at(problems, pointer,
			"only name, priority and metadata of a job can be changed");
	}
	return ok;
}

/* Keys of a spec are plain words: they need no escapes. */
static void print_changed(const struct json *spec, const struct json *patch, struct buffer *out)
{
	const char *before = "{";

	for (const struct json *v = json_first(spec); v; v = json_next(v), before = ",") {
		const struct json *changed = json_find(patch, json_key(v));
		buffer_printf(out, "%s\"%s\":", before, json_key(v));
		json_print(changed ? changed : v, out);
	}
	buffer_add_text(out, "}");
}

/* The job's own spec with the changed members in place of its own: so the rules for them are those
 * of a new job. */
static struct spec *parse_changed(
	const struct job *job, const struct json *patch, struct problems *problems)
{
	AUTO_FREE(json_free) struct json_document *changed = NULL;
	struct buffer text;
	struct error err;

	AUTO_FREE(json_free)
	struct json_document *spec = json_parse(job->spec, strlen(job->spec), &err);
	if (spec) {
		buffer_init(&text, JSON_BYTES_MAX);
		print_changed(json_root(spec), patch, &text);
		if (buffer_ok(&text, &err))
			changed = json_parse(text.data, text.size, &err);
		buffer_done(&text);
	}
	if (changed)
		return spec_parse(json_root(changed), problems);
	(void)problems_add(problems, &err); /* NULL says the same */
	return NULL;
}

static bool change(struct api_call *call, struct api_response *r, const struct job *job)
{
	struct problems problems = { .count = 0 };
	struct error err;

	AUTO_FREE(json_free) struct json_document *document = call_json(call, r);
	if (!document)
		return false;
	const struct json *patch = json_root(document);
	AUTO_FREE(spec_free)
	struct spec *spec =
		check_keys(patch, &problems) ? parse_changed(job, patch, &problems) : NULL;
	if (!spec) {
		answer_problems(call, r, &problems);
		return false;
	}
	struct job_patch columns = {
		.name = json_find(patch, "name") ? spec->name : NULL,
		.priority = json_find(patch, "priority") ? &spec->priority : NULL,
		.metadata = json_find(patch, "metadata") ? spec->metadata : NULL,
	};
	if (jobs_patch(call->api->db, job->id, &columns, &err))
		return true;
	answer_error(call, r, &err);
	return false;
}

void handle_job_patch(struct api_call *call, struct api_response *r)
{
	const char *id = call->target.segments[2];
	struct job job;
	struct error err;

	if (!jobs_find(call->api->db, id, &job, &err)) {
		answer_error(call, r, &err);
		return;
	}
	bool changed = change(call, r, &job);
	job_done(&job);
	if (!changed)
		return;
	call->api->backend->wake(call->api->backend->ctx); /* a priority moves the queue */
	job_view_answer(call, r, 200, id);
}
