/* uploads.c - a part on its way into the store: the bytes first, then their name, then the row. See
 * datasets.h. */
#include "storage/datasets.h"

#include "base/digest.h"
#include "base/size.h"
#include "storage/dataset_rows.h"
#include "storage/private.h"
#include "storage/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct upload {
	struct database *db; /* borrowed */
	struct store_file file;
	struct digest digest; /* of what was written so far */
	int64_t bytes;
	bool failed; /* a write failed: the file is not what was sent */
};

static const struct {
	const char *name;
	int64_t bytes;
} dtypes[] = { { "uint8", 1 }, { "int32", 4 }, { "float32", 4 } };

void upload_abort(struct upload *u)
{
	if (!u)
		return;
	store_file_done(u->db->store, &u->file);
	free(u);
}
DEFINE_AUTO_FREE(struct upload, upload_abort)

struct upload *upload_begin(struct database *db, struct error *err)
{
	AUTO_FREE(upload_abort) struct upload *u = calloc(1, sizeof *u);

	if (!u) {
		(void)error_no_memory(err);
		return NULL;
	}
	u->db = db;
	u->file.fd = -1;
	digest_init(&u->digest);
	if (!store_file_new(db->store, &u->file, err))
		return NULL;
	return STEAL(u);
}

bool upload_write(struct upload *u, const void *bytes, size_t size, struct error *err)
{
	if (!store_file_write(&u->file, bytes, size, err)) {
		u->failed = true;
		return false;
	}
	digest_add(&u->digest, bytes, size);
	u->bytes += (int64_t)size;
	return true;
}

/* --- checking ------------------------------------------------------------------------- */

bool dataset_name_check(const char *name, struct error *err)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t size = strlen(name);

	if (size >= 1 && size < DATASET_NAME_BYTES && strspn(name, letters) == size &&
		!strchr("._-", name[0]))
		return true;
	return error_set(err, ERROR_INVALID,
		"\"%.64s\" is no name for a data set: 1 to %d characters of a-z, 0-9, '.', '_' "
		"and '-', the first a letter or a digit",
		name, DATASET_NAME_BYTES - 1);
}

static bool dtype_bytes(const char *dtype, int64_t *ret, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(dtypes); i++) {
		if (strcmp(dtypes[i].name, dtype) == 0) {
			*ret = dtypes[i].bytes;
			return true;
		}
	}
	return error_set(
		err, ERROR_INVALID, "the dtype \"%.8s\" is none of uint8, int32, float32", dtype);
}

static bool shape_check(const struct dataset_part *part, int64_t bytes, struct error *err)
{
	int64_t size = 0;

	if (!dtype_bytes(part->dtype, &size, err))
		return false;
	if (part->rank < 1 || part->rank > DATASET_DIMS_MAX)
		return error_set(err, ERROR_INVALID, "a tensor of %d axes: 1 to %d are allowed",
			part->rank, DATASET_DIMS_MAX);
	for (int i = 0; i < part->rank; i++) {
		if (part->dim[i] < 1)
			return error_set(err, ERROR_INVALID,
				"axis %d has the size %lld: at least 1 is allowed", i,
				(long long)part->dim[i]);
		if (!int64_mul(size, part->dim[i], &size))
			return error_set(err, ERROR_INVALID,
				"the product of the %d axes does not fit 63 bits", part->rank);
	}
	return size == bytes ||
	       error_set(err, ERROR_INVALID, "the shape needs %lld bytes, but %lld were sent",
		       (long long)size, (long long)bytes);
}

static bool labels_measure(int fd, struct dataset_part *part, struct error *err)
{
	struct dataset_map map;

	if (!dataset_has_labels(part))
		return true;
	if (!store_map(fd, (size_t)part->bytes, &map, err))
		return false;
	for (int64_t i = 0; i < part->dim[0]; i++) {
		int64_t label = dataset_label(part, map.bytes, i);
		if (i == 0 || label < part->label_min)
			part->label_min = label;
		if (i == 0 || label > part->label_max)
			part->label_max = label;
	}
	dataset_map_close(&map);
	return true;
}

/* Everything of the part that can be known before the database is asked. */
static bool part_complete(struct upload *u, const char *name, const struct dataset_part *asked,
	struct dataset_part *ret, struct error *err)
{
	struct dataset_part p = { .present = true, .rank = asked->rank, .bytes = u->bytes };
	uint8_t sum[DIGEST_BYTES];

	if (u->failed)
		return error_set(err, ERROR_IO, "the bytes of this part could not be written");
	if (!dataset_name_check(name, err) || !shape_check(asked, u->bytes, err))
		return false;
	memcpy(p.dtype, asked->dtype, sizeof p.dtype);
	memcpy(p.dim, asked->dim, (size_t)p.rank * sizeof p.dim[0]);
	digest_end(&u->digest, sum);
	digest_text(sum, p.sha256);
	if (!store_file_sync(&u->file, err) || !labels_measure(u->file.fd, &p, err))
		return false;
	*ret = p;
	return true;
}

/* --- committing ----------------------------------------------------------------------- */

struct change {
	bool file_is_new;
	char replaced[DIGEST_TEXT_BYTES]; /* the part's bytes until now; "" if there were none */
};

static bool part_same(const struct dataset_part *a, const struct dataset_part *b)
{
	return a->present && b->present && strcmp(a->sha256, b->sha256) == 0 &&
	       strcmp(a->dtype, b->dtype) == 0 && a->rank == b->rank &&
	       memcmp(a->dim, b->dim, sizeof a->dim) == 0;
}

/* The data set as it is now, or a new one of that name. */
static bool dataset_now(struct connection *c, const char *name, struct dataset *ret,
	bool *ret_exists, struct error *err)
{
	struct dataset_list list;

	if (!dataset_rows_read(c, name, &list, err))
		return false;
	*ret = (struct dataset){ 0 };
	*ret_exists = list.n_datasets == 1;
	if (*ret_exists)
		*ret = list.datasets[0];
	dataset_list_done(&list);
	memcpy(ret->name, name, strlen(name) + 1); /* dataset_name_check has seen that it fits */
	return true;
}

static bool part_put(struct upload *u, struct connection *c, const char *name,
	enum dataset_part_index index, const struct dataset_part *part, struct change *change,
	struct error *err)
{
	struct dataset d;
	struct store_file *f = &u->file;
	bool exists;

	if (!dataset_now(c, name, &d, &exists, err))
		return false;
	struct dataset_part *place = &d.parts[index];
	/* Sent again: nothing changes, but a file that was lost comes back. */
	if (part_same(place, part))
		return store_file_keep(u->db->store, f, part, &change->file_is_new, err);
	if (exists && !dataset_is_free(c, &d, err))
		return false;
	if (!store_file_keep(u->db->store, f, part, &change->file_is_new, err))
		return false;
	if (place->present)
		memcpy(change->replaced, place->sha256, sizeof change->replaced);
	*place = *part;
	dataset_digest(&d, d.digest);
	return dataset_rows_store(c, &d, index, err);
}

bool upload_commit(struct upload *owned, const char *name, enum dataset_part_index index,
	struct dataset_part *part, struct error *err)
{
	AUTO_FREE(upload_abort) struct upload *u = owned;
	struct database *db = u->db;
	struct dataset_part done;
	struct change change = { 0 };

	assert((unsigned)index < DATASET_PART_COUNT);
	if (!part_complete(u, name, part, &done, err))
		return false;
	struct connection *c = write_begin(db, err);
	if (!c)
		return false;
	bool good = part_put(u, c, name, index, &done, &change, err);
	bool committed = write_finish(db, good, err);
	/* After a COMMIT that failed the row may still come back with the WAL, so the file stays
	 * until a sweep. */
	if (!good && change.file_is_new)
		(void)store_remove(db->store, done.sha256, NULL);
	if (committed && change.replaced[0])
		dataset_release_file(c, db->store, change.replaced);
	write_leave(db, committed);
	if (committed)
		*part = done;
	return committed;
}
