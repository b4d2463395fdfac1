/* handle_datasets.c - data sets: list, show, delete, and a part that streams in. */
#include "api/handlers.h"

#include "formats/idx.h"
#include "storage/datasets.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* Classes are counted one by one in the answer up to this many. */
enum { CLASSES_SHOWN_MAX = 1000 };

static const char *dataset_name_of(const struct api_call *call)
{
	return call->target.segments[2];
}

/* --- the data set object --------------------------------------------------------------- */

static void write_part(const struct dataset_part *part, const char *name, struct json_writer *w)
{
	if (!part->present) {
		json_put_null(w, name);
		return;
	}
	json_open_object(w, name);
	json_put_string(w, "dtype", part->dtype);
	json_open_list(w, "shape");
	for (int i = 0; i < part->rank; i++)
		json_put_integer(w, NULL, part->dim[i]);
	json_close_list(w);
	json_put_integer(w, "bytes", part->bytes);
	json_put_string(w, "sha256", part->sha256);
	json_close_object(w);
}

/* Labels are whole numbers in one row, none below 0. */
static bool is_labels(const struct dataset_part *y)
{
	return y->present && y->rank == 1 && strcmp(y->dtype, "float32") != 0 && y->label_min >= 0;
}

static bool write_class_counts(
	struct database *db, const struct dataset_part *y, struct json_writer *w, struct error *err)
{
	int64_t counts[CLASSES_SHOWN_MAX];
	int n = is_labels(y) && y->label_max < CLASSES_SHOWN_MAX ? (int)y->label_max + 1 : 0;

	if (!n) {
		json_put_null(w, "class_counts");
		return true;
	}
	if (!dataset_class_counts(db, y, counts, n, err))
		return false;
	json_open_list(w, "class_counts");
	for (int i = 0; i < n; i++)
		json_put_integer(w, NULL, counts[i]);
	json_close_list(w);
	return true;
}

/* A split is there when one of its two parts is. `db` NULL: without the counts, which cost a look
 * at every label. */
static bool write_split(struct database *db, const char *name, const struct dataset_part *x,
	const struct dataset_part *y, struct json_writer *w, struct error *err)
{
	bool ok = true;

	if (!x->present && !y->present) {
		json_put_null(w, name);
		return true;
	}
	json_open_object(w, name);
	json_put_integer(w, "samples", x->present ? x->dim[0] : y->dim[0]);
	if (db)
		ok = write_class_counts(db, y, w, err);
	json_close_object(w);
	return ok;
}

static void write_classes(const struct dataset *d, struct json_writer *w)
{
	const struct dataset_part *train = &d->parts[DATASET_Y_TRAIN],
				  *test = &d->parts[DATASET_Y_TEST];
	int64_t classes = 0;

	if (is_labels(train))
		classes = train->label_max + 1;
	if (is_labels(test) && test->label_max >= classes)
		classes = test->label_max + 1;
	if (classes)
		json_put_integer(w, "classes", classes);
	else
		json_put_null(w, "classes");
}

static bool write_dataset(
	struct database *db, const struct dataset *d, struct json_writer *w, struct error *err)
{
	const struct dataset_part *parts = d->parts;

	json_open_object(w, NULL);
	json_put_string(w, "object", "dataset");
	json_put_string(w, "name", d->name);
	json_put_time(w, "created_at", d->created_at);
	json_put_time(w, "updated_at", d->updated_at);
	json_put_string(w, "digest", d->digest);
	write_classes(d, w);
	json_open_object(w, "parts");
	for (int i = 0; i < DATASET_PART_COUNT; i++)
		write_part(&parts[i], dataset_part_names[i], w);
	json_close_object(w);
	json_open_object(w, "splits");
	bool ok = write_split(
			  db, "train", &parts[DATASET_X_TRAIN], &parts[DATASET_Y_TRAIN], w, err) &&
		  write_split(db, "test", &parts[DATASET_X_TEST], &parts[DATASET_Y_TEST], w, err);
	json_close_object(w);
	json_close_object(w);
	return ok;
}

static void answer_dataset(struct api_call *call, struct api_response *r, int status)
{
	struct dataset d;
	struct json_writer w;
	struct error err;

	if (!datasets_find(call->api->db, dataset_name_of(call), &d, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_json(r, status, &w);
	if (status == 201)
		answer_header(r, "Location: /v1/datasets/%s", d.name);
	else if (answer_unchanged(call, r, "%.16s-%lld", d.digest, (long long)d.version))
		return;
	if (!write_dataset(call->api->db, &d, &w, &err))
		answer_error(call, r, &err);
}

void handle_dataset_show(struct api_call *call, struct api_response *r)
{
	answer_dataset(call, r, 200);
}

void handle_datasets_list(struct api_call *call, struct api_response *r)
{
	struct dataset_list list;
	struct json_writer w;
	struct error err;
	bool ok = true;

	if (!datasets_list(call->api->db, &list, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_list_begin(r, &w);
	for (int i = 0; ok && i < list.n_datasets; i++)
		ok = write_dataset(NULL, &list.datasets[i], &w, &err);
	answer_list_end(
		&w, false, list.n_datasets ? list.datasets[list.n_datasets - 1].name : NULL);
	if (!ok)
		answer_error(call, r, &err);
	dataset_list_done(&list);
}

void handle_dataset_delete(struct api_call *call, struct api_response *r)
{
	struct error err;

	if (datasets_delete(call->api->db, dataset_name_of(call), &err))
		answer_empty(r, 204);
	else
		answer_error(call, r, &err);
}

/* --- a part comes in ------------------------------------------------------------------- */

struct dataset_upload {
	struct upload *file; /* owned until it is committed */
	struct idx_reader *reader;
	enum dataset_part_index part;
};

void dataset_upload_free(struct dataset_upload *u)
{
	if (!u)
		return;
	idx_reader_free(u->reader);
	upload_abort(u->file);
	free(u);
}

static bool find_part(const char *name, enum dataset_part_index *ret)
{
	for (int i = 0; i < DATASET_PART_COUNT; i++)
		if (strcmp(dataset_part_names[i], name) == 0) {
			*ret = (enum dataset_part_index)i;
			return true;
		}
	return false;
}

static bool sink(void *ctx, const void *bytes, size_t size, struct error *err)
{
	struct dataset_upload *u = ctx;

	return upload_write(u->file, bytes, size, err);
}

bool dataset_upload_begin(struct api_call *call, struct api_response *r)
{
	enum dataset_part_index part;
	struct error err;

	if (!dataset_name_check(dataset_name_of(call), &err)) {
		answer_error(call, r, &err);
		return false;
	}
	if (!find_part(call->target.segments[3], &part)) {
		answer_status(call, r, 404,
			"the parts of a data set are x_train, y_train, x_test, y_test and "
			"sample_weight_train");
		return false;
	}
	call->upload = calloc(1, sizeof *call->upload);
	if (!call->upload) {
		(void)error_no_memory(&err);
		answer_error(call, r, &err);
		return false;
	}
	call->upload->part = part;
	call->upload->file = upload_begin(call->api->db, &err);
	if (call->upload->file)
		call->upload->reader =
			idx_reader_new(call->api->upload_bytes_max, sink, call->upload, &err);
	if (call->upload->reader)
		return true;
	answer_error(call, r, &err);
	return false;
}

bool dataset_upload_write(
	struct api_call *call, const void *bytes, size_t size, struct api_response *r)
{
	struct error err;

	if (idx_reader_write(call->upload->reader, bytes, size, &err))
		return true;
	answer_error(call, r, &err);
	return false;
}

static void describe(const struct idx_header *h, struct dataset_part *ret)
{
	const char *dtype = h->type == 0x08 ? "uint8" : h->type == 0x0c ? "int32" : "float32";

	*ret = (struct dataset_part){ .present = true, .rank = h->rank };
	static_assert(sizeof h->dim <= sizeof ret->dim, "every IDX tensor fits a part");
	memcpy(ret->dim, h->dim, sizeof h->dim);
	memcpy(ret->dtype, dtype, strlen(dtype) + 1);
}

void handle_dataset_put(struct api_call *call, struct api_response *r)
{
	struct dataset_upload *u = call->upload;
	struct dataset_part part;
	struct idx_header header;
	struct error err;

	if (!idx_reader_end(u->reader, &header, &err)) {
		answer_error(call, r, &err);
		return;
	}
	describe(&header, &part);
	if (!upload_commit(STEAL(u->file), dataset_name_of(call), u->part, &part, &err)) {
		answer_error(call, r, &err);
		return;
	}
	answer_dataset(call, r, 201);
}
