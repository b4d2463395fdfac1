/* schema.c - see schema.h. */
#include "storage/schema.h"

#include <stdio.h>

enum { APPLICATION_ID = 0x45504f43 }; /* "EPOC"; 0001.sql writes it */

static bool read_int(struct connection *c, const char *sql, int64_t *ret, struct error *err)
{
	struct query q;

	query_begin_once(&q, c, sql);
	int64_t value = query_next(&q) ? query_int(&q, 0) : 0;
	if (!query_end(&q, err))
		return false;
	*ret = value;
	return true;
}

bool schema_examine(struct connection *c, int version_max, struct error *err)
{
	int64_t application, version, objects;

	if (!read_int(c, "PRAGMA application_id", &application, err) ||
		!read_int(c, "PRAGMA user_version", &version, err) ||
		!read_int(c, "SELECT count(*) FROM sqlite_schema", &objects, err))
		return false;
	if (application == 0 && version == 0 && objects == 0)
		return true; /* empty */
	if (application != APPLICATION_ID)
		return error_set(err, ERROR_INVALID,
			"the file belongs to another program: its application_id is %lld, not %d",
			(long long)application, APPLICATION_ID);
	if (version > version_max)
		return error_set(err, ERROR_INVALID,
			"a newer epochd wrote it: its schema is version %lld, this program knows "
			"up to %d",
			(long long)version, version_max);
	return true;
}

static bool apply(struct connection *c, const struct migration *step, struct error *err)
{
	char version[48];

	(void)snprintf(version, sizeof version, "PRAGMA user_version = %d", step->version);
	return connection_run(c, "BEGIN IMMEDIATE", err) && connection_run(c, step->sql, err) &&
	       connection_run(c, version, err) && connection_run(c, "COMMIT", err);
}

bool schema_migrate(
	struct connection *c, const struct migration *steps, int n_steps, struct error *err)
{
	int64_t version;

	if (!read_int(c, "PRAGMA user_version", &version, err))
		return false;
	for (int i = 0; i < n_steps; i++) {
		if (steps[i].version <= version)
			continue;
		if (!apply(c, &steps[i], err))
			return false;
	}
	return true;
}
