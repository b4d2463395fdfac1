/* datasets.c - the catalogue as others see it: list, find, delete, map, sweep. See datasets.h. */
#include "storage/datasets.h"

#include "storage/dataset_rows.h"
#include "storage/private.h"
#include "storage/store.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

void dataset_list_done(struct dataset_list *l)
{
	free(l->datasets);
	*l = (struct dataset_list){ 0 };
}

bool datasets_list(struct database *db, struct dataset_list *ret, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, dataset_rows_read(c, NULL, ret, err));
}

/* --- finding -------------------------------------------------------------------------- */

/* Names those that exist, as many as the text holds. */
static bool not_found(struct connection *c, const char *name, struct error *err)
{
	struct dataset_list all;
	char names[sizeof err->text - 160] = "none yet";
	size_t size = 0;
	bool cut = false;

	if (!dataset_rows_read(c, NULL, &all, err))
		return false;
	for (int i = 0; i < all.n_datasets && !cut; i++) {
		size_t room = sizeof names - size;
		int n = snprintf(
			names + size, room, "%s%s", size ? ", " : "", all.datasets[i].name);
		cut = n < 0 || (size_t)n >= room;
		size += cut ? 0 : (size_t)n;
	}
	if (cut)
		names[size] = '\0';
	(void)error_set(err, ERROR_NOT_FOUND, "there is no data set \"%.64s\"; there %s %s%s", name,
		all.n_datasets == 1 ? "is" : "are", names, cut ? ", …" : "");
	dataset_list_done(&all);
	return false;
}

static bool find(struct connection *c, const char *name, struct dataset *ret, struct error *err)
{
	struct dataset_list list;

	if (!dataset_rows_read(c, name, &list, err))
		return false;
	bool found = list.n_datasets == 1;
	if (found)
		*ret = list.datasets[0];
	dataset_list_done(&list);
	return found || not_found(c, name, err);
}

bool datasets_find(struct database *db, const char *name, struct dataset *ret, struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, find(c, name, ret, err));
}

/* --- deleting ------------------------------------------------------------------------- */

static bool delete_rows(
	struct connection *c, const char *name, struct dataset *ret_deleted, struct error *err)
{
	struct query q;

	if (!find(c, name, ret_deleted, err) || !dataset_is_free(c, ret_deleted, err))
		return false;
	query_begin(&q, c, "DELETE FROM datasets WHERE name = ?1"); /* its parts' rows go along */
	query_bind_text(&q, name);
	return query_run(&q, err);
}

bool datasets_delete(struct database *db, const char *name, struct error *err)
{
	struct dataset d;
	struct connection *c = write_begin(db, err);

	if (!c)
		return false;
	bool committed = write_finish(db, delete_rows(c, name, &d, err), err);
	for (int i = 0; committed && i < DATASET_PART_COUNT; i++) {
		if (d.parts[i].present)
			dataset_release_file(c, db->store, d.parts[i].sha256);
	}
	write_leave(db, committed);
	return committed;
}

/* --- the files ------------------------------------------------------------------------ */

bool dataset_map_open(struct database *db, const struct dataset_part *part, struct dataset_map *ret,
	struct error *err)
{
	return store_map_part(db->store, part, ret, err);
}

void dataset_map_close(struct dataset_map *m)
{
	if (m->bytes)
		(void)munmap(
			(void *)(uintptr_t)m->bytes, m->size); /* cannot fail for what mmap gave */
	*m = (struct dataset_map){ 0 };
}

static void count_classes(
	const struct dataset_part *part, const void *labels, int64_t *ret_counts, int n)
{
	memset(ret_counts, 0, (size_t)n * sizeof *ret_counts);
	for (int64_t i = 0; i < part->dim[0]; i++) {
		int64_t label = dataset_label(part, labels, i);
		if (label >= 0 && label < n)
			ret_counts[label]++;
	}
}

bool dataset_class_counts(struct database *db, const struct dataset_part *part, int64_t *ret_counts,
	int n, struct error *err)
{
	struct dataset_map map;

	if (!dataset_has_labels(part))
		return error_set(err, ERROR_INVALID,
			"a part of dtype %s and rank %d has no classes to count", part->dtype,
			part->rank);
	if (!dataset_map_open(db, part, &map, err))
		return false;
	count_classes(part, map.bytes, ret_counts, n);
	dataset_map_close(&map);
	return true;
}

static bool sweep(
	struct connection *c, int store, const struct store_names *names, struct error *err)
{
	for (int i = 0; i < names->n_entries; i++) {
		const char *name = names->entries[i]->d_name;
		bool named;
		if (!store_name_is_ours(name))
			continue;
		if (!dataset_names_file(c, name, &named, err) ||
			(!named && !store_remove(store, name, err)))
			return false;
	}
	return true;
}

bool datasets_sweep(struct database *db, struct error *err)
{
	struct store_names names;
	struct connection *c =
		write_begin(db, err); /* nothing is written, but nobody else may upload */

	if (!c)
		return false;
	bool good = store_list(db->store, &names, err);
	if (good) {
		good = sweep(c, db->store, &names, err);
		store_names_done(&names);
	}
	return write_end(db, good, err);
}
