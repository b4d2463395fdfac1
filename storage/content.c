/* content.c - database_digest: all that is stored, as one number. See database.h. */
#include "base/digest.h"
#include "storage/private.h"
#include "storage/store.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { TABLE_NAME_BYTES = 64 };

/* Each value with its type and size in front, so that two different rows never give the same bytes.
 */
static void add_value(struct digest *d, struct query *q, int column)
{
	char head[32];
	size_t size;
	const void *bytes = query_blob(q, column, &size);
	int n = snprintf(
		head, sizeof head, "%d %zu ", sqlite3_column_type(q->statement, column), size);

	digest_add(d, head, (size_t)n);
	digest_add(d, bytes, size);
}

static bool is_time(const char *column)
{
	size_t size = strlen(column);

	return size > 3 && strcmp(column + size - 3, "_at") == 0;
}

static bool add_table(struct digest *d, struct connection *c, const char *table, struct error *err)
{
	struct query q;
	char sql[TABLE_NAME_BYTES + 32];

	digest_add(d, table, strlen(table) + 1);
	(void)snprintf(sql, sizeof sql, "SELECT * FROM \"%s\"", table);
	query_begin_once(&q, c, sql);
	while (query_next(&q)) {
		for (int i = 0; i < sqlite3_column_count(q.statement); i++) {
			const char *name = sqlite3_column_name(q.statement, i);
			if (!name)
				query_fail(&q, SQLITE_NOMEM);
			else if (!is_time(name))
				add_value(d, &q, i);
		}
	}
	return query_end(&q, err);
}

static bool add_tables(struct digest *d, struct connection *c, struct error *err)
{
	struct query q;
	bool good = true;

	/* The heartbeat goes on by itself. */
	query_begin(&q, c,
		"SELECT name FROM sqlite_schema WHERE type = 'table' AND name <> 'heartbeat' "
		"ORDER BY name");
	while (good && query_next(&q)) {
		char table[TABLE_NAME_BYTES];
		query_copy_into(&q, 0, table, sizeof table);
		good = add_table(d, c, table, err);
	}
	return query_end(&q, good ? err : NULL) && good;
}

static bool add_store(struct digest *d, int store, struct error *err)
{
	struct store_names names;

	if (!store_list(store, &names, err))
		return false;
	for (int i = 0; i < names.n_entries; i++)
		digest_add(d, names.entries[i]->d_name, strlen(names.entries[i]->d_name) + 1);
	store_names_done(&names);
	return true;
}

bool database_digest(struct database *db, char ret_text[static 65], struct error *err)
{
	struct digest d;
	uint8_t sum[DIGEST_BYTES];
	struct connection *c = read_begin(db, err);

	if (!c)
		return false;
	digest_init(&d);
	if (!read_end(db, c, add_tables(&d, c, err) && add_store(&d, db->store, err)))
		return false;
	digest_end(&d, sum);
	digest_text(sum, ret_text);
	return true;
}
