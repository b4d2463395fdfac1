/* confusions.c - see confusions.h and jobs.h. */
#include "storage/confusions.h"

#include "base/buffer.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { NUMBER_BYTES_MAX = 10 }; /* of 64 bits, 7 a byte */

/* --- counts as bytes: unsigned LEB128 --------------------------------------------------- */

static void counts_write(struct buffer *out, const int64_t *counts, int64_t n)
{
	for (int64_t i = 0; i < n; i++) {
		unsigned char bytes[NUMBER_BYTES_MAX];
		uint64_t left = (uint64_t)counts[i];
		size_t size = 0;

		assert(counts[i] >= 0);
		for (; left >= 0x80; left >>= 7)
			bytes[size++] = (unsigned char)(left | 0x80);
		bytes[size++] = (unsigned char)left;
		buffer_add(out, bytes, size);
	}
}

/* false: the bytes are not `n` counts. */
static bool counts_read(const unsigned char *bytes, size_t size, int64_t *ret_counts, int64_t n)
{
	size_t at = 0;

	for (int64_t i = 0; i < n; i++) {
		uint64_t value = 0;
		int shift = 0;

		do {
			if (at == size || shift > 56)
				return false;
			value |= (uint64_t)(bytes[at] & 0x7f) << shift;
			shift += 7;
		} while (bytes[at++] & 0x80);
		ret_counts[i] = (int64_t)value;
	}
	return at == size;
}

/* --- storing ----------------------------------------------------------------------------- */

bool confusion_store(struct connection *c, const char *id, const struct epoch *e, struct error *err)
{
	struct buffer counts;
	struct query q;

	if (!e->confusion)
		return true;
	int64_t n = e->classes * e->classes;
	buffer_init(&counts, (size_t)n * NUMBER_BYTES_MAX);
	counts_write(&counts, e->confusion, n);
	if (!buffer_ok(&counts, err)) {
		buffer_done(&counts);
		return false;
	}
	query_begin(&q, c,
		"INSERT INTO confusions (job_id, epoch, classes, counts) VALUES (?1, ?2, ?3, ?4)");
	query_bind_text(&q, id);
	query_bind_int(&q, e->epoch);
	query_bind_int(&q, e->classes);
	query_bind_blob(&q, counts.data, counts.size);
	bool ok = query_run(&q, err);
	buffer_done(&counts);
	return ok;
}

/* --- reading ----------------------------------------------------------------------------- */

static void row_read(struct query *q, struct confusion *ret)
{
	size_t size;

	ret->epoch = query_int(q, 0);
	ret->classes = query_int(q, 1);
	const unsigned char *bytes = query_blob(q, 2, &size);
	ret->counts = calloc((size_t)(ret->classes * ret->classes), sizeof *ret->counts);
	if (!ret->counts)
		query_fail(q, SQLITE_NOMEM);
	else if (!bytes || !counts_read(bytes, size, ret->counts, ret->classes * ret->classes))
		query_fail(q, SQLITE_CORRUPT);
}

/* classes == 0: there is none. */
static bool confusion_read(struct connection *c, const char *id, int64_t epoch,
	struct confusion *ret, struct error *err)
{
	struct query q;

	*ret = (struct confusion){ 0 };
	query_begin(&q, c,
		"SELECT epoch, classes, counts FROM confusions WHERE job_id = ?1 "
		"AND (epoch = ?2 OR ?2 = 0) ORDER BY epoch DESC LIMIT 1");
	query_bind_text(&q, id);
	query_bind_int(&q, epoch);
	if (query_next(&q))
		row_read(&q, ret);
	if (query_end(&q, err))
		return true;
	confusion_done(ret);
	return false;
}

void confusion_done(struct confusion *m)
{
	free(m->counts);
	*m = (struct confusion){ 0 };
}

static bool counts_same(const struct confusion *stored, const struct epoch *now, struct error *err)
{
	int64_t classes = now->confusion ? now->classes : 0;

	if (stored->classes == 0)
		return true; /* an epoch of a time when none were kept */
	if (stored->classes != classes)
		return error_set(err, ERROR_IO,
			"determinism: epoch %" PRId64 " has a confusion matrix of %" PRId64
			" classes, not of the stored %" PRId64,
			now->epoch, classes, stored->classes);
	for (int64_t i = 0; i < classes * classes; i++)
		if (stored->counts[i] != now->confusion[i])
			return error_set(err, ERROR_IO,
				"determinism: epoch %" PRId64 " was trained again and took %" PRId64
				" samples of class %" PRId64 " for class %" PRId64
				", not the stored %" PRId64
				": suspect this machine's memory or CPU",
				now->epoch, now->confusion[i], i / classes, i % classes,
				stored->counts[i]);
	return true;
}

bool confusion_same(
	struct connection *c, const char *id, const struct epoch *now, struct error *err)
{
	struct confusion stored;

	if (!confusion_read(c, id, now->epoch, &stored, err))
		return false;
	bool same = counts_same(&stored, now, err);
	confusion_done(&stored);
	return same;
}

static bool find(struct connection *c, const char *id, int64_t epoch, struct confusion *ret,
	struct error *err)
{
	struct job_state job;

	if (!job_state_read(c, id, &job, err) || !confusion_read(c, id, epoch, ret, err))
		return false;
	if (ret->classes)
		return true;
	if (epoch == 0)
		return error_set(err, ERROR_NOT_FOUND, "no epoch has a confusion matrix");
	return error_set(err, ERROR_NOT_FOUND, "epoch %" PRId64 " has no confusion matrix", epoch);
}

bool confusions_find(struct database *db, const char *id, int64_t epoch, struct confusion *ret,
	struct error *err)
{
	struct connection *c = read_begin(db, err);

	return c && read_end(db, c, find(c, id, epoch, ret, err));
}
