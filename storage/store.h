/* store.h - the folder of data-set files, each named by the sha256 of its bytes. Private to
 * storage/.
 *
 * A name in the folder is made or removed only while the database's write_lock is held, so a file
 * cannot go between the moment an upload finds it and the moment its row is stored. */
#pragma once

#include "storage/datasets.h"

#define STORE_FOLDER "datasets"

/* Makes the folder in the state directory if there is none; *ret is its fd. */
bool store_open(int directory, int *ret, struct error *err) MUST_CHECK;

/* A file that is being written. It has no name, or a temporary one where the file system has no
 * unnamed files. */
struct store_file {
	int fd; /* -1: none */
	char temporary[40];
};
bool store_file_new(int store, struct store_file *ret, struct error *err) MUST_CHECK;
bool store_file_write(
	struct store_file *f, const void *bytes, size_t size, struct error *err) MUST_CHECK;
bool store_file_sync(struct store_file *f, struct error *err) MUST_CHECK;
/* Gives it its name for good, unless the same bytes are there already (*ret_is_new false). */
bool store_file_keep(int store, struct store_file *f, const struct dataset_part *part,
	bool *ret_is_new, struct error *err) MUST_CHECK;
void store_file_done(int store, struct store_file *f); /* what was not kept is gone */

/* Files of these sizes are copied into memory; smaller ones do not matter, larger ones stay in the
 * system's page cache, so that a data set need not fit in memory. */
enum { STORE_COPY_MIN = 2 << 20, STORE_COPY_MAX = 1 << 30 };
bool store_map(int fd, size_t size, struct dataset_map *ret, struct error *err) MUST_CHECK;
bool store_map_part(int store, const struct dataset_part *part, struct dataset_map *ret,
	struct error *err) MUST_CHECK;
/* One that is not there is removed already. */
bool store_remove(int store, const char *name, struct error *err);

/* The names in the folder, sorted. */
struct store_names {
	struct dirent **entries;
	int n_entries;
};
bool store_list(int store, struct store_names *ret, struct error *err) MUST_CHECK;
void store_names_done(struct store_names *n);
/* Whether a name is a digest, or that of a temporary file; others in the folder are not ours. */
bool store_name_is_ours(const char *name);
