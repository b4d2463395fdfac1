/* dataset_rows.h - the catalogue's rows, for who holds a transaction. Private to storage/. */
#pragma once

#include "storage/datasets.h"
#include "storage/sql.h"

/* ret->datasets has those of that name (one or none), or all, by name. */
bool dataset_rows_read(struct connection *c, const char *name, struct dataset_list *ret,
	struct error *err) MUST_CHECK;
/* Names the content: equal for equal parts, whatever the data set is called. */
void dataset_digest(const struct dataset *d, char ret_text[static 65]);
/* Whether it can hold labels: integers, one a sample; and the label of a sample, in such a part's
 * bytes. */
bool dataset_has_labels(const struct dataset_part *p);
int64_t dataset_label(const struct dataset_part *p, const void *bytes, int64_t sample);
/* Writes the part and its data set's row, which is made if there is none. d->digest must be up to
 * date. */
bool dataset_rows_store(struct connection *c, const struct dataset *d,
	enum dataset_part_index index, struct error *err) MUST_CHECK;
/* ERROR_CONFLICT if a job that is not final was submitted for this content. */
bool dataset_is_free(struct connection *c, const struct dataset *d, struct error *err) MUST_CHECK;
/* Whether any part has these bytes. */
bool dataset_names_file(
	struct connection *c, const char *sha256, bool *ret, struct error *err) MUST_CHECK;
/* Removes a file from the store if no part has its bytes any more. A failure is left to the next
 * sweep. */
void dataset_release_file(struct connection *c, int store, const char *sha256);
