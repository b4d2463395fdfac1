/* datasets.h - the catalogue of data sets and the store of their bytes.
 *
 * Bytes lie beside the database in `datasets/<sha256>`, mode 0400, written by temporary file →
 * fsync → rename → fsync of the folder, then the row. A part is one tensor: its samples, row-major,
 * without any header. Equal bytes are kept once. See database.h for threads. */
#pragma once

#include "storage/database.h"

enum { DATASET_NAME_BYTES = 65, DATASET_PART_COUNT = 5, DATASET_DIMS_MAX = 5 };
extern const char *const dataset_part_names[]; /* in this order, NULL at the end */
enum dataset_part_index {
	DATASET_X_TRAIN,
	DATASET_Y_TRAIN,
	DATASET_X_TEST,
	DATASET_Y_TEST,
	DATASET_SAMPLE_WEIGHT_TRAIN,
};

struct dataset_part {
	bool present;
	char dtype[8]; /* "uint8", "int32", "float32" */
	int rank;      /* axes, the samples' one included: 1 … DATASET_DIMS_MAX */
	int64_t dim[DATASET_DIMS_MAX];
	int64_t bytes;
	char sha256[65];              /* of the stored bytes: the tensor's values */
	int64_t label_min, label_max; /* of an integer tensor of rank 1; 0 otherwise */
};
struct dataset {
	char name[DATASET_NAME_BYTES];
	struct dataset_part parts[DATASET_PART_COUNT];
	int64_t created_at, updated_at; /* ms */
	char digest[65]; /* over the parts' digests, shapes and types: names the content */
	int64_t version; /* the ETag */
};
struct dataset_list {
	struct dataset *datasets;
	int n_datasets;
};
bool datasets_list(struct database *db, struct dataset_list *ret, struct error *err) MUST_CHECK;
void dataset_list_done(struct dataset_list *l);
/* ERROR_NOT_FOUND names the data sets that exist. */
bool datasets_find(
	struct database *db, const char *name, struct dataset *ret, struct error *err) MUST_CHECK;
/* ERROR_CONFLICT while a job that is not final uses it. */
bool datasets_delete(struct database *db, const char *name, struct error *err) MUST_CHECK;

/* Is it one: ^[a-z0-9][a-z0-9._-]{0,63}$? ERROR_INVALID otherwise. Needs no database: a name can be
 * refused before a part is read. */
bool dataset_name_check(const char *name, struct error *err) MUST_CHECK;

/* --- writing a part: begin, write any number of times, then commit or abort ----------- */
struct upload;
/* An unnamed temporary file in the store: if nobody commits, nothing is left. */
struct upload *upload_begin(struct database *db, struct error *err) MUST_CHECK;
bool upload_write(struct upload *u, const void *bytes, size_t size, struct error *err) MUST_CHECK;
/* Names the bytes by their digest and writes the row; makes the data set if there is none of that
 * name. Takes dtype, rank and dim from *part and fills the rest of it. Frees u, also on failure.
 * ERROR_INVALID: the bytes do not fit the shape, or the name is not one. ERROR_CONFLICT while
 * a job that is not final uses the data set, unless the part is the same already: then nothing
 * changes. */
bool upload_commit(struct upload *u, const char *name, enum dataset_part_index index,
	struct dataset_part *part, struct error *err) MUST_CHECK;
void upload_abort(struct upload *u); /* accepts NULL */

/* --- reading: a part's bytes in memory, read-only -------------------------------------- */
struct dataset_map {
	const void *bytes;
	size_t size;
};
/* Checks that the file has the size the row says. */
bool dataset_map_open(struct database *db, const struct dataset_part *part, struct dataset_map *ret,
	struct error *err) MUST_CHECK;
void dataset_map_close(struct dataset_map *m);
/* Number of samples of each class 0 … n-1 of a label part; other labels are not counted. */
bool dataset_class_counts(struct database *db, const struct dataset_part *part, int64_t *ret_counts,
	int n, struct error *err) MUST_CHECK;
/* Removes files that no row names; at start. */
bool datasets_sweep(struct database *db, struct error *err) MUST_CHECK;
