/* idx.c - see idx.h. The format: http://yann.lecun.com/exdb/mnist/, "The IDX file format". gzip:
 * RFC 1952.
 *
 * Three stages, each knowing only the next: the body's bytes → (inflate) → the file's bytes →
 * header, then values → the sink. */
#define ZLIB_CONST /* zlib promises not to write to its input */
#include "formats/idx.h"

#include "base/size.h"

#include <endian.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
	WINDOW_BYTES = 64 * 1024, /* what one call of inflate makes, and one piece for the sink */
	HEADER_BYTES_MAX = 4 + 4 * IDX_RANK_MAX,
	ELEMENT_BYTES_MAX = 4,
};

enum idx_wrapping {
	IDX_UNKNOWN, /* no byte has come yet */
	IDX_PLAIN,
	IDX_GZIP,
	IDX_GZIP_ENDED, /* the member is complete and its checksum right: nothing may follow */
};

struct idx_reader {
	idx_sink sink;
	void *ctx;
	int64_t value_bytes_max;
	struct error failure; /* the first one; a reader that has failed repeats it */

	enum idx_wrapping wrapping;
	z_stream zlib;      /* live while IDX_GZIP or IDX_GZIP_ENDED */
	int64_t body_bytes; /* taken so far, compressed if the body is */
	int64_t file_bytes; /* the same, uncompressed: header and values */

	unsigned char header_bytes[HEADER_BYTES_MAX];
	int header_size; /* bytes; 4 until the rank is known */
	struct idx_header header;

	unsigned char element[ELEMENT_BYTES_MAX]; /* the begin of one that a piece's end has cut */
	size_t element_have;
	unsigned char window[WINDOW_BYTES];    /* inflated bytes */
	uint32_t host_order[WINDOW_BYTES / 4]; /* elements on their way to the sink */
};

static const struct idx_type {
	int type;
	int bytes; /* of one element */
} idx_types[] = {
	{ 0x08, 1 }, /* uint8 */
	{ 0x0c, 4 }, /* int32 */
	{ 0x0d, 4 }, /* float32 */
};

static const struct idx_type *idx_type_find(int type)
{
	for (size_t i = 0; i < COUNT_OF(idx_types); i++)
		if (idx_types[i].type == type)
			return &idx_types[i];
	return NULL;
}

struct idx_reader *idx_reader_new(
	int64_t value_bytes_max, idx_sink sink, void *ctx, struct error *err)
{
	struct idx_reader *r = calloc(1, sizeof *r);

	if (!r) {
		(void)error_no_memory(err); /* NULL says the same */
		return NULL;
	}
	r->sink = sink;
	r->ctx = ctx;
	r->value_bytes_max = value_bytes_max;
	r->header_size = 4;
	return r;
}

void idx_reader_free(struct idx_reader *r)
{
	if (!r)
		return;
	if (r->wrapping == IDX_GZIP || r->wrapping == IDX_GZIP_ENDED)
		(void)inflateEnd(&r->zlib); /* fails only on a stream that is not one */
	free(r);
}

/* --- values ----------------------------------------------------------------------------------- */

/* Takes bytes of values of `element_bytes` 4, which may begin and end anywhere in an element. */
static bool idx_take_wide(struct idx_reader *r, const unsigned char *bytes, size_t size)
{
	while (size) {
		size_t n = 0;

		while (size && n < COUNT_OF(r->host_order)) {
			size_t part = sizeof r->element - r->element_have;
			if (part > size)
				part = size;
			memcpy(r->element + r->element_have, bytes, part);
			r->element_have += part;
			bytes += part;
			size -= part;
			if (r->element_have == sizeof r->element) {
				uint32_t big;
				memcpy(&big, r->element, sizeof big);
				r->host_order[n++] = be32toh(big);
				r->element_have = 0;
			}
		}
		if (n && !r->sink(r->ctx, r->host_order, n * sizeof r->host_order[0], &r->failure))
			return false;
	}
	return true;
}

/* Takes bytes that stand behind the header: no more than it promises reach the sink. */
static bool idx_take_values(struct idx_reader *r, const unsigned char *bytes, size_t size)
{
	int64_t seen = r->file_bytes - r->header_size;
	int64_t left = r->header.value_bytes - seen;
	size_t wanted = size;

	if ((uint64_t)left < size)
		wanted = (size_t)left;
	r->file_bytes += (int64_t)wanted;
	bool wide = idx_type_find(r->header.type)->bytes == 4;
	if (wanted && !(wide ? idx_take_wide(r, bytes, wanted)
			     : r->sink(r->ctx, bytes, wanted, &r->failure)))
		return false;
	if (wanted < size)
		return error_set(&r->failure, ERROR_INVALID,
			"oversized IDX: the header promises %lld bytes of values, so the file ends "
			"at byte %lld, but more bytes follow there",
			(long long)r->header.value_bytes, (long long)r->file_bytes);
	return true;
}

/* --- header ----------------------------------------------------------------------------------- */

/* The first four bytes: two zeros, the type, the rank. */
static bool idx_read_magic(struct idx_reader *r)
{
	const unsigned char *b = r->header_bytes;

	for (int i = 0; i < 2; i++)
		if (b[i])
			return error_set(&r->failure, ERROR_INVALID,
				"this is not IDX: byte %d is 0x%02x, allowed is 0x00 (or a gzip "
				"file, 0x1f 0x8b)",
				i, b[i]);
	if (!idx_type_find(b[2]))
		return error_set(&r->failure, ERROR_INVALID,
			"IDX byte 2, the type, is 0x%02x; allowed are 0x08 (uint8), 0x0c (int32), "
			"0x0d (float32)",
			b[2]);
	if (b[3] < 1 || b[3] > IDX_RANK_MAX)
		return error_set(&r->failure, ERROR_INVALID,
			"IDX byte 3, the number of axes, is %d; allowed are 1 to %d", b[3],
			IDX_RANK_MAX);
	r->header.type = b[2];
	r->header.rank = b[3];
	r->header_size = 4 + 4 * b[3];
	return true;
}

/* The sizes of the axes, and with them how many bytes of values must follow. */
static bool idx_read_sizes(struct idx_reader *r)
{
	struct idx_header *h = &r->header;
	int64_t bytes = idx_type_find(h->type)->bytes;

	for (int i = 0; i < h->rank; i++) {
		uint32_t big;
		memcpy(&big, r->header_bytes + 4 + 4 * i, sizeof big);
		h->dim[i] = be32toh(big);
		if (h->dim[i] == 0)
			return error_set(&r->failure, ERROR_INVALID,
				"IDX byte %d: axis %d has size 0; allowed is 1 or more", 4 + 4 * i,
				i);
		if (!int64_mul(bytes, h->dim[i], &bytes))
			return error_set(&r->failure, ERROR_TOO_LARGE,
				"IDX byte %d: with size %lld of axis %d the tensor has more than "
				"2^63 bytes; allowed are %lld",
				4 + 4 * i, (long long)h->dim[i], i, (long long)r->value_bytes_max);
	}
	if (bytes > r->value_bytes_max)
		return error_set(&r->failure, ERROR_TOO_LARGE,
			"the IDX header (bytes 4 to %d) promises %lld bytes of values; allowed are "
			"%lld",
			r->header_size - 1, (long long)bytes, (long long)r->value_bytes_max);
	h->value_bytes = bytes;
	return true;
}

/* Takes bytes of the file as it is without gzip. */
static bool idx_take_file(struct idx_reader *r, const unsigned char *bytes, size_t size)
{
	for (; size && r->file_bytes < r->header_size; bytes++, size--) {
		r->header_bytes[r->file_bytes++] = *bytes;
		if (r->file_bytes == 4 && !idx_read_magic(r))
			return false;
		if (r->file_bytes > 4 && r->file_bytes == r->header_size && !idx_read_sizes(r))
			return false;
	}
	return size == 0 || idx_take_values(r, bytes, size);
}

/* --- gzip ------------------------------------------------------------------------------------- */

static bool idx_begin_gzip(struct idx_reader *r)
{
	if (inflateInit2(&r->zlib, 16 + MAX_WBITS) !=
		Z_OK) /* 16: a gzip header, and nothing else */
		return error_no_memory(&r->failure);
	r->wrapping = IDX_GZIP;
	return true;
}

/* One call of inflate: at most a window of the file's bytes. */
static bool idx_inflate_some(struct idx_reader *r)
{
	r->zlib.next_out = r->window;
	r->zlib.avail_out = sizeof r->window;
	uInt before = r->zlib.avail_in;
	int status = inflate(&r->zlib, Z_NO_FLUSH);
	r->body_bytes += before - r->zlib.avail_in;

	/* What came out comes first, so that the first error does not depend on the pieces. */
	if (!idx_take_file(r, r->window, sizeof r->window - r->zlib.avail_out))
		return false;
	if (status == Z_MEM_ERROR)
		return error_no_memory(&r->failure);
	if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
		return error_set(&r->failure, ERROR_INVALID, "gzip: %s at byte %lld of the body",
			r->zlib.msg ? r->zlib.msg : "damaged data", (long long)r->body_bytes);
	if (status == Z_STREAM_END)
		r->wrapping = IDX_GZIP_ENDED;
	return true;
}

static bool idx_refuse_after_gzip(struct idx_reader *r)
{
	return error_set(&r->failure, ERROR_INVALID,
		"the gzip member ends at byte %lld of the body, but more bytes follow; allowed is "
		"one member and nothing after it",
		(long long)r->body_bytes);
}

static bool idx_take_gzip(struct idx_reader *r, const unsigned char *bytes, size_t size)
{
	while (size) {
		uInt piece = size > UINT_MAX / 2 ? UINT_MAX / 2 : (uInt)size;

		r->zlib.next_in = bytes;
		r->zlib.avail_in = piece;
		/* A full window may mean that zlib holds more: ask until it leaves room. */
		do {
			if (!idx_inflate_some(r))
				return false;
		} while (r->wrapping == IDX_GZIP && (r->zlib.avail_in || !r->zlib.avail_out));
		bytes += piece - r->zlib.avail_in;
		size -= piece - r->zlib.avail_in;
		if (r->wrapping == IDX_GZIP_ENDED && size)
			return idx_refuse_after_gzip(r);
	}
	return true;
}

/* --- the reader as its owner sees it ---------------------------------------------------------- */

static bool idx_take_body(struct idx_reader *r, const unsigned char *bytes, size_t size)
{
	if (size == 0)
		return true;
	if (r->wrapping == IDX_UNKNOWN) {
		/* The first byte decides: IDX begins with 0x00, gzip with 0x1f. */
		if (bytes[0] == 0x1f) {
			if (!idx_begin_gzip(r))
				return false;
		} else {
			r->wrapping = IDX_PLAIN;
		}
	}
	switch (r->wrapping) {
	case IDX_PLAIN:
		r->body_bytes += (int64_t)size;
		return idx_take_file(r, bytes, size);
	case IDX_GZIP:
		return idx_take_gzip(r, bytes, size);
	case IDX_GZIP_ENDED:
	case IDX_UNKNOWN:
		break;
	}
	return idx_refuse_after_gzip(r);
}

/* Is everything there that was promised? */
static bool idx_check_complete(struct idx_reader *r)
{
	long long file_bytes = r->file_bytes;

	if (r->wrapping == IDX_UNKNOWN)
		return error_set(&r->failure, ERROR_INVALID,
			"the body is empty; an IDX file has at least 9 bytes");
	if (r->wrapping == IDX_GZIP)
		return error_set(&r->failure, ERROR_INVALID,
			"truncated gzip: the body ends at byte %lld, before the end of its gzip "
			"member",
			(long long)r->body_bytes);
	if (r->file_bytes < r->header_size)
		return error_set(&r->failure, ERROR_INVALID,
			"truncated IDX: it ends at byte %lld, inside its header of %s%d bytes",
			file_bytes, file_bytes < 4 ? "at least " : "",
			file_bytes < 4 ? 8 : r->header_size);
	int64_t seen = r->file_bytes - r->header_size;
	if (seen < r->header.value_bytes)
		return error_set(&r->failure, ERROR_INVALID,
			"truncated IDX: the header promises %lld bytes of values, but the file "
			"ends at byte %lld after %lld of them",
			(long long)r->header.value_bytes, file_bytes, (long long)seen);
	return true;
}

/* What failed once has failed: the reader's first error is everybody's. */
static bool idx_result(struct idx_reader *r, bool ok, struct error *err)
{
	if (!ok && err)
		*err = r->failure;
	return ok;
}

bool idx_reader_write(struct idx_reader *r, const void *bytes, size_t size, struct error *err)
{
	bool ok = r->failure.code == ERROR_NONE && idx_take_body(r, bytes, size);

	return idx_result(r, ok, err);
}

bool idx_reader_end(struct idx_reader *r, struct idx_header *ret, struct error *err)
{
	bool ok = r->failure.code == ERROR_NONE && idx_check_complete(r);

	if (ok)
		*ret = r->header;
	return idx_result(r, ok, err);
}
