/* handle_job_data.c - what a job has brought forth: epochs, checkpoints, the model. */
#include "api/handlers.h"

#include "api/job_view.h"
#include "api/negotiate.h"
#include "base/number.h"
#include "formats/safetensors.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The job of the path; the caller frees with job_done. false: r is the answer. */
static bool find_job(struct api_call *call, struct api_response *r, struct job *ret)
{
	struct error err;

	if (jobs_find(call->api->db, call->target.segments[2], ret, &err))
		return true;
	answer_error(call, r, &err);
	return false;
}

/* --- epochs ---------------------------------------------------------------------------- */

static void write_epoch(const struct epoch *e, struct json_writer *w)
{
	json_open_object(w, NULL);
	json_put_integer(w, "epoch", e->epoch);
	json_put_integer(w, "step", e->step);
	job_view_metrics(e, w);
	json_put_number(w, "learning_rate", e->learning_rate);
	json_put_number(w, "seconds", e->seconds);
	json_put_number(w, "samples_per_second", e->samples_per_second);
	json_open_object(w, "phase_seconds");
	for (int i = 0; i < PHASE_COUNT; i++)
		json_put_number(w, trainer_phase_names[i], e->phase_seconds[i]);
	json_close_object(w);
	json_close_object(w);
}

static void answer_epochs_json(struct api_response *r, const struct epoch_list *list, int first)
{
	struct json_writer w;

	answer_list_begin(r, &w);
	for (int i = first; i < list->n_epochs; i++)
		write_epoch(&list->epochs[i], &w);
	answer_list_end_numbered(
		&w, false, first < list->n_epochs ? &list->epochs[list->n_epochs - 1].epoch : NULL);
}

/* "nan" and "inf" as Keras's CSVLogger writes them. */
static void add_number(struct buffer *out, double value)
{
	char text[NUMBER_TEXT_BYTES];

	number_text(value, text);
	buffer_printf(out, ",%s", text);
}

/* RFC 4180 without a need for quotes: metric names are identifiers. Where only some epochs are
 * validated, the others are not a number in the columns of the validation. */
static void answer_epochs_csv(struct api_response *r, const struct epoch_list *list, int first)
{
	const struct epoch *columns = job_view_validated(list);
	struct buffer *out = &r->body;

	if (!columns && list->n_epochs)
		columns = &list->epochs[0];

	answer_begin(r, 200, "text/csv; charset=utf-8", ANSWER_BYTES_MAX);
	buffer_add_text(out, "epoch,step");
	for (int m = 0; columns && m < columns->n_metrics; m++)
		buffer_printf(out, ",%s", columns->metrics[m].name);
	buffer_add_text(out, ",learning_rate,seconds,samples_per_second");
	for (int i = 0; i < PHASE_COUNT; i++)
		buffer_printf(out, ",%s_seconds", trainer_phase_names[i]);
	buffer_add_text(out, "\r\n");
	for (int i = first; i < list->n_epochs; i++) {
		const struct epoch *e = &list->epochs[i];
		buffer_printf(out, "%lld,%lld", (long long)e->epoch, (long long)e->step);
		for (int m = 0; m < columns->n_metrics; m++)
			add_number(out, job_view_metric(e, columns->metrics[m].name));
		add_number(out, e->learning_rate);
		add_number(out, e->seconds);
		add_number(out, e->samples_per_second);
		for (int p = 0; p < PHASE_COUNT; p++)
			add_number(out, e->phase_seconds[p]);
		buffer_add_text(out, "\r\n");
	}
}

void handle_job_epochs(struct api_call *call, struct api_response *r)
{
	struct epoch_list list;
	struct job job;
	struct error err;
	int64_t after;
	int first = 0;

	if (!call_integer(call, r, "after", 0, NUMBER_MAX, 0, &after) || !find_job(call, r, &job))
		return;
	bool ok = epochs_list(call->api->db, job.id, &list, &err);
	job_done(&job);
	if (!ok) {
		answer_error(call, r, &err);
		return;
	}
	while (first < list.n_epochs && list.epochs[first].epoch <= after)
		first++;
	if (negotiate_names(call->head.header[HEADER_ACCEPT], "text/csv"))
		answer_epochs_csv(r, &list, first);
	else
		answer_epochs_json(r, &list, first);
	answer_header(r, "Vary: Accept");
	epoch_list_done(&list);
}

/* --- checkpoints ----------------------------------------------------------------------- */

/* The epoch that a checkpoint ends; NULL: it was taken in mid-epoch. */
static const struct epoch *epoch_of(const struct epoch_list *list, const struct checkpoint *c)
{
	for (int i = 0; c->finished_epoch && i < list->n_epochs; i++)
		if (list->epochs[i].epoch == c->epoch)
			return &list->epochs[i];
	return NULL;
}

static void answer_checkpoints(
	struct api_response *r, const struct checkpoint_list *list, const struct epoch_list *epochs)
{
	struct json_writer w;

	answer_list_begin(r, &w);
	for (int i = 0; i < list->n_checkpoints; i++) {
		const struct checkpoint *c = &list->checkpoints[i];
		json_open_object(&w, NULL);
		json_put_integer(&w, "epoch", c->epoch);
		json_put_integer(&w, "step", c->step);
		json_put_bool(&w, "finished_epoch", c->finished_epoch);
		json_put_integer(&w, "bytes", c->bytes);
		json_put_string(&w, "sha256", c->sha256);
		json_put_time(&w, "created_at", c->created_at);
		json_open_object(&w, "metrics");
		job_view_metrics(epoch_of(epochs, c), &w);
		json_close_object(&w);
		json_close_object(&w);
	}
	answer_list_end_numbered(&w, false,
		list->n_checkpoints ? &list->checkpoints[list->n_checkpoints - 1].step : NULL);
}

void handle_job_checkpoints(struct api_call *call, struct api_response *r)
{
	struct checkpoint_list list = { .n_checkpoints = 0 };
	struct epoch_list epochs = { .n_epochs = 0 };
	struct job job;
	struct error err;

	if (!find_job(call, r, &job))
		return;
	if (checkpoints_list(call->api->db, job.id, &list, &err) &&
		epochs_list(call->api->db, job.id, &epochs, &err))
		answer_checkpoints(r, &list, &epochs);
	else
		answer_error(call, r, &err);
	checkpoint_list_done(&list);
	epoch_list_done(&epochs);
	job_done(&job);
}

/* --- the model ------------------------------------------------------------------------- */

struct model_query {
	enum checkpoint_which which;
	int64_t epoch;
};

static bool read_model_query(struct api_call *call, struct api_response *r, struct model_query *ret)
{
	const char *format = gate_parameter(&call->target, "format");
	const char *checkpoint = gate_parameter(&call->target, "checkpoint");

	if (format && strcmp(format, "safetensors") != 0) {
		answer_status(call, r, 400, "the query parameter format must be safetensors");
		return false;
	}
	*ret = (struct model_query){ CHECKPOINT_LAST, 0 };
	if (!checkpoint || strcmp(checkpoint, "last") == 0)
		return true;
	ret->which = strcmp(checkpoint, "best") == 0 ? CHECKPOINT_BEST : CHECKPOINT_EPOCH;
	if (ret->which == CHECKPOINT_BEST)
		return true;
	if (strlen(checkpoint) <= 18 && checkpoint[strspn(checkpoint, "0123456789")] == '\0')
		ret->epoch = strtoll(checkpoint, NULL, 10);
	if (ret->epoch > 0)
		return true;
	answer_status(call, r, 400,
		"the query parameter checkpoint must be last, best or the number of an epoch");
	return false;
}

/* A checkpoint also holds what only training needs: see struct trainer_tensor. Its names have no
 * slash or several; a layer's weight is "<layer>/<weight>". */
static bool is_weight(const char *name)
{
	const char *slash = strchr(name, '/');

	return slash && !strchr(slash + 1, '/');
}

/* The weights of a checkpoint alone. */
static bool write_weights(const void *bytes, size_t size, const struct checkpoint *c,
	struct buffer *out, struct error *err)
{
	struct safetensors_meta meta[2] = { { "epoch", "" }, { "step", "" } };
	struct safetensors_file file;
	int n = 0;

	if (!safetensors_read(bytes, size, &file, err))
		return false;
	for (int i = 0; i < file.n_tensors; i++)
		if (is_weight(file.tensors[i].name))
			file.tensors[n++] = file.tensors[i];
	(void)snprintf(meta[0].value, sizeof meta[0].value, "%lld", (long long)c->epoch);
	(void)snprintf(meta[1].value, sizeof meta[1].value, "%lld", (long long)c->step);
	bool ok = safetensors_write(file.tensors, n, meta, COUNT_OF(meta), out, err);
	safetensors_file_done(&file);
	return ok;
}

void handle_job_model(struct api_call *call, struct api_response *r)
{
	struct model_query query;
	struct checkpoint c;
	struct job job;
	struct error err;
	void *bytes;

	if (!read_model_query(call, r, &query) || !find_job(call, r, &job))
		return;
	if (!checkpoints_read(call->api->db, job.id, query.which, query.epoch, &c, &bytes, &err)) {
		answer_error(call, r, &err);
		job_done(&job);
		return;
	}
	/* Without optimizer slots to leave out the file may be as large, and its metadata a little
	 * larger. */
	answer_begin(r, 200, "application/octet-stream", (size_t)c.bytes + 4096);
	answer_header(r, "Content-Disposition: attachment; filename=\"%s-%s%lld.safetensors\"",
		job.name, c.finished_epoch ? "epoch" : "step",
		(long long)(c.finished_epoch ? c.epoch : c.step));
	if (!write_weights(bytes, (size_t)c.bytes, &c, &r->body, &err))
		answer_error(call, r, &err);
	free(bytes);
	job_done(&job);
}
