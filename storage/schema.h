/* schema.h - the schema, step by step. Private to storage/.
 * The steps are the numbered files in migrations/, which embed.py makes into migrations.c. */
#pragma once

#include "storage/sql.h"

struct migration {
	int version; /* of the schema after this step; counts from 1 without a gap */
	const char *sql;
};
extern const struct migration migrations[];
extern const int n_migrations;

/* Reads only. false: it could not be read, it is another program's, or it is newer than
 * `version_max`. */
bool schema_examine(struct connection *c, int version_max, struct error *err) MUST_CHECK;
/* Applies the steps that the database lacks, each in one transaction. After a failure the
 * connection is good for closing only, which rolls back. */
bool schema_migrate(struct connection *c, const struct migration *steps, int n_steps,
	struct error *err) MUST_CHECK;
