/* dataset_rows.c - see dataset_rows.h. */
#include "storage/dataset_rows.h"

#include "base/clock.h"
#include "base/digest.h"
#include "storage/private.h"
#include "storage/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const dataset_part_names[] = { "x_train", "y_train", "x_test", "y_test",
	"sample_weight_train", NULL };

/* --- reading -------------------------------------------------------------------------- */

static bool datasets_read(
	struct connection *c, const char *name, struct dataset_list *list, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"SELECT name, created_at, updated_at, digest, version FROM datasets "
		"WHERE ?1 IS NULL OR name = ?1 ORDER BY name");
	query_bind_text(&q, name);
	while (query_next(&q)) {
		struct dataset *d = list_add((void **)&list->datasets, list->n_datasets, sizeof *d);
		if (!d) {
			query_fail(&q, SQLITE_NOMEM);
			break;
		}
		list->n_datasets++;
		query_copy_into(&q, 0, d->name, sizeof d->name);
		d->created_at = query_int(&q, 1);
		d->updated_at = query_int(&q, 2);
		query_copy_into(&q, 3, d->digest, sizeof d->digest);
		d->version = query_int(&q, 4);
	}
	return query_end(&q, err);
}

static void part_read(struct query *q, struct dataset *d)
{
	int64_t index = query_int(q, 1), rank = query_int(q, 3);

	if (index < 0 || index >= DATASET_PART_COUNT || rank < 1 || rank > DATASET_DIMS_MAX) {
		query_fail(q, SQLITE_CORRUPT); /* the table's CHECKs let no other in */
		return;
	}
	struct dataset_part *p = &d->parts[index];
	p->present = true;
	query_copy_into(q, 2, p->dtype, sizeof p->dtype);
	p->rank = (int)rank;
	for (int i = 0; i < DATASET_DIMS_MAX; i++)
		p->dim[i] = query_int(q, 4 + i);
	p->bytes = query_int(q, 9);
	query_copy_into(q, 10, p->sha256, sizeof p->sha256);
	p->label_min = query_int(q, 11);
	p->label_max = query_int(q, 12);
}

/* Both lists are in the order of the names, so one pass brings them together. */
static bool parts_read(
	struct connection *c, const char *name, struct dataset_list *list, struct error *err)
{
	struct query q;
	int i = 0;

	query_begin(&q, c,
		"SELECT dataset, part, dtype, rank, dim_0, dim_1, dim_2, dim_3, dim_4, bytes, "
		"sha256, label_min, label_max FROM dataset_parts WHERE ?1 IS NULL OR dataset = ?1 "
		"ORDER BY dataset, part");
	query_bind_text(&q, name);
	while (query_next(&q)) {
		const char *owner = query_text(&q, 0);
		while (owner && i < list->n_datasets && strcmp(list->datasets[i].name, owner) != 0)
			i++;
		if (owner && i < list->n_datasets)
			part_read(&q, &list->datasets[i]);
		else
			query_fail(&q, SQLITE_CORRUPT); /* a foreign key says that there is one */
	}
	return query_end(&q, err);
}

bool dataset_rows_read(
	struct connection *c, const char *name, struct dataset_list *ret, struct error *err)
{
	struct dataset_list list = { 0 };

	if (!datasets_read(c, name, &list, err) || !parts_read(c, name, &list, err)) {
		dataset_list_done(&list);
		return false;
	}
	*ret = list;
	return true;
}

/* --- storing -------------------------------------------------------------------------- */

bool dataset_has_labels(const struct dataset_part *p)
{
	return p->rank == 1 && strcmp(p->dtype, "float32") != 0;
}

int64_t dataset_label(const struct dataset_part *p, const void *bytes, int64_t sample)
{
	if (strcmp(p->dtype, "uint8") == 0)
		return ((const uint8_t *)bytes)[sample];
	return ((const int32_t *)bytes)[sample];
}

void dataset_digest(const struct dataset *d, char ret_text[static 65])
{
	struct digest all;
	uint8_t sum[DIGEST_BYTES];
	char line[256];

	digest_init(&all);
	for (int i = 0; i < DATASET_PART_COUNT; i++) {
		const struct dataset_part *p = &d->parts[i];
		if (!p->present)
			continue;
		int n = snprintf(line, sizeof line, "%s %s %d %lld %lld %lld %lld %lld %s\n",
			dataset_part_names[i], p->dtype, p->rank, (long long)p->dim[0],
			(long long)p->dim[1], (long long)p->dim[2], (long long)p->dim[3],
			(long long)p->dim[4], p->sha256);
		digest_add(&all, line, (size_t)n);
	}
	digest_end(&all, sum);
	digest_text(sum, ret_text);
}

static bool dataset_store(struct connection *c, const struct dataset *d, struct error *err)
{
	struct query q;

	query_begin(&q, c,
		"INSERT INTO datasets (name, created_at, updated_at, digest) "
		"VALUES (?1, ?2, ?2, ?3) ON CONFLICT (name) "
		"DO UPDATE SET updated_at = ?2, digest = ?3, version = version + 1");
	query_bind_text(&q, d->name);
	query_bind_int(&q, clock_wall_ms());
	query_bind_text(&q, d->digest);
	return query_run(&q, err);
}

bool dataset_rows_store(struct connection *c, const struct dataset *d,
	enum dataset_part_index index, struct error *err)
{
	const struct dataset_part *p = &d->parts[index];
	struct query q;

	if (!dataset_store(c, d, err))
		return false;
	query_begin(&q, c,
		"INSERT OR REPLACE INTO dataset_parts (dataset, part, dtype, rank, dim_0, dim_1, "
		"dim_2, dim_3, dim_4, bytes, sha256, label_min, label_max) "
		"VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)");
	query_bind_text(&q, d->name);
	query_bind_int(&q, index);
	query_bind_text(&q, p->dtype);
	query_bind_int(&q, p->rank);
	for (int i = 0; i < DATASET_DIMS_MAX; i++)
		query_bind_int(&q, p->dim[i]);
	query_bind_int(&q, p->bytes);
	query_bind_text(&q, p->sha256);
	query_bind_int(&q, p->label_min);
	query_bind_int(&q, p->label_max);
	return query_run(&q, err);
}

/* --- who uses it ---------------------------------------------------------------------- */

bool dataset_is_free(struct connection *c, const struct dataset *d, struct error *err)
{
	struct query q;
	char id[JOB_ID_BYTES] = "";
	enum job_status status = JOB_QUEUED;

	query_begin(&q, c,
		"SELECT id, status FROM jobs WHERE dataset_digest = ?1 "
		"AND status IN ('queued', 'running', 'pausing', 'paused', 'cancelling') "
		"ORDER BY number LIMIT 1");
	query_bind_text(&q, d->digest);
	if (query_next(&q)) {
		query_copy_into(&q, 0, id, sizeof id);
		status = job_status_read(&q, 1);
	}
	if (!query_end(&q, err))
		return false;
	return !id[0] || error_set(err, ERROR_CONFLICT,
				 "the data set \"%s\" is in use by job %s, which is %s", d->name,
				 id, job_status_names[status]);
}

bool dataset_names_file(struct connection *c, const char *sha256, bool *ret, struct error *err)
{
	struct query q;

	query_begin(&q, c, "SELECT 1 FROM dataset_parts WHERE sha256 = ?1");
	query_bind_text(&q, sha256);
	*ret = query_next(&q);
	return query_end(&q, err);
}

void dataset_release_file(struct connection *c, int store, const char *sha256)
{
	bool named;

	if (dataset_names_file(c, sha256, &named, NULL) && !named)
		(void)store_remove(store, sha256, NULL);
}
