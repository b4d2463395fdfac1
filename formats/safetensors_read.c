/* safetensors_read.c - the strict reader. See safetensors.h.
 *
 * A cursor over the header takes one token after the other; every refusal names the byte of the
 * file where the reader stood. */
#include "base/size.h"
#include "formats/safetensors.h"
#include "formats/safetensors_rules.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

struct cursor {
	const unsigned char *start;    /* of the file */
	const unsigned char *at, *end; /* of the header; the data begin where it ends */
	struct safetensors_file *file;
	int tensors_room, meta_room; /* entries allocated */
	size_t data_bytes;           /* behind the header */
	struct error *err;
};

static long long cursor_offset(const struct cursor *c)
{
	return c->at - c->start;
}

/* What stands at the cursor, for people. */
static bool refuse(const struct cursor *c, const char *wanted)
{
	if (c->at == c->end)
		return error_set(c->err, ERROR_SYNTAX,
			"safetensors byte %lld: the header ends where %s is wanted",
			cursor_offset(c), wanted);
	return error_set(c->err, ERROR_SYNTAX, "safetensors byte %lld: 0x%02x where %s is wanted",
		cursor_offset(c), *c->at, wanted);
}

static void skip_space(struct cursor *c)
{
	while (c->at < c->end &&
		(*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
		c->at++;
}

/* Takes `symbol` if it is next, white space before it included. */
static bool accept(struct cursor *c, char symbol)
{
	skip_space(c);
	if (c->at == c->end || *c->at != (unsigned char)symbol)
		return false;
	c->at++;
	return true;
}

static bool expect(struct cursor *c, char symbol)
{
	char wanted[] = { '\'', symbol, '\'', '\0' };

	return accept(c, symbol) || refuse(c, wanted);
}

/* A JSON string of printable ASCII, of which only the escapes \" \\ \/ are needed and allowed. */
static bool read_string(struct cursor *c, char *ret_text, size_t size)
{
	size_t used = 0;

	if (!expect(c, '"'))
		return false;
	while (c->at < c->end && *c->at != '"') {
		if (*c->at == '\\') {
			c->at++;
			if (c->at == c->end || !memchr("\"\\/", *c->at, 3))
				return refuse(c, "one of '\"', '\\', '/' behind a '\\'");
		} else if (*c->at < 0x20 || *c->at > 0x7e) {
			return refuse(c, "printable ASCII");
		}
		if (used + 1 == size)
			return error_set(c->err, ERROR_INVALID,
				"safetensors byte %lld: a string of more than the %zu bytes that "
				"are allowed",
				cursor_offset(c), size - 1);
		ret_text[used++] = (char)*c->at++;
	}
	ret_text[used] = '\0';
	return expect(c, '"');
}

/* A decimal number without sign, fraction, exponent or leading zero. */
static bool read_number(struct cursor *c, int64_t *ret)
{
	int64_t value = 0;

	skip_space(c);
	const unsigned char *first = c->at;
	for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++) {
		if (c->at > first && *first == '0')
			return refuse(c, "no digit behind a leading zero");
		if (__builtin_mul_overflow(value, (int64_t)10, &value) ||
			__builtin_add_overflow(value, (int64_t)(*c->at - '0'), &value))
			return refuse(c, "a number below 2^63");
	}
	if (c->at == first)
		return refuse(c, "a number");
	*ret = value;
	return true;
}

static bool read_shape(struct cursor *c, struct safetensors_tensor *t)
{
	if (!expect(c, '['))
		return false;
	if (accept(c, ']'))
		return true;
	do {
		if (t->rank == SAFETENSORS_RANK_MAX)
			return error_set(c->err, ERROR_INVALID,
				"safetensors byte %lld: tensor \"%s\" has more than the %d axes "
				"that are allowed",
				cursor_offset(c), t->name, SAFETENSORS_RANK_MAX);
		if (!read_number(c, &t->dim[t->rank++]))
			return false;
	} while (accept(c, ','));
	return expect(c, ']');
}

/* What an entry says; each field once, in any order. */
enum { ENTRY_DTYPE = 1, ENTRY_SHAPE = 2, ENTRY_OFFSETS = 4, ENTRY_WHOLE = 7 };

static bool read_field(
	struct cursor *c, struct safetensors_tensor *t, int64_t offsets[2], unsigned *seen)
{
	static const char *const names[] = { "dtype", "shape", "data_offsets" };
	char name[16], dtype[16];
	unsigned field = 0;

	if (!read_string(c, name, sizeof name) || !expect(c, ':'))
		return false;
	for (unsigned i = 0; i < COUNT_OF(names); i++)
		if (strcmp(name, names[i]) == 0)
			field = 1u << i;
	if (!field || *seen & field)
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" has \"%s\"%s; allowed are \"dtype\", "
			"\"shape\" and \"data_offsets\", each once",
			cursor_offset(c), t->name, name, field ? " twice" : "");
	*seen |= field;
	if (field == ENTRY_SHAPE)
		return read_shape(c, t);
	if (field == ENTRY_OFFSETS)
		return expect(c, '[') && read_number(c, &offsets[0]) && expect(c, ',') &&
		       read_number(c, &offsets[1]) && expect(c, ']');
	if (!read_string(c, dtype, sizeof dtype))
		return false;
	if (strcmp(dtype, "F32") != 0)
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" has dtype \"%s\"; allowed is \"F32\"",
			cursor_offset(c), t->name, dtype);
	return true;
}

/* Do the offsets fit the shape and the file? Then the values are there. */
static bool place_values(struct cursor *c, struct safetensors_tensor *t, const int64_t offsets[2])
{
	size_t bytes;
	int64_t begin = offsets[0], end = offsets[1];

	if (!safetensors_size(t->rank, t->dim, &bytes))
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: the shape of tensor \"%s\" has more than 2^63 "
			"bytes",
			cursor_offset(c), t->name);
	if (end < begin || (uint64_t)(end - begin) != bytes)
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" has data_offsets [%lld, %lld], but "
			"its shape has %zu bytes",
			cursor_offset(c), t->name, (long long)begin, (long long)end, bytes);
	if ((uint64_t)end > c->data_bytes)
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" ends at byte %lld of the data, of "
			"which there are %zu",
			cursor_offset(c), t->name, (long long)end, c->data_bytes);
	if (begin % (int64_t)sizeof(float))
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" begins at byte %lld of the data; "
			"allowed are multiples of 4",
			cursor_offset(c), t->name, (long long)begin);
	t->values = (const float *)(const void *)(c->end + begin);
	return true;
}

/* Room for one more entry of a list; the new one is zeroed. NULL: err says why. */
static void *list_add(void **list, int *n, int *room, size_t size, struct error *err)
{
	if (*n == *room) {
		int more = *room ? *room * 2 : 16; /* a header's size bounds it */
		void *grown = reallocarray(*list, (size_t)more, size);
		if (!grown) {
			(void)error_no_memory(err); /* NULL says the same */
			return NULL;
		}
		*list = grown;
		*room = more;
	}
	void *entry = (char *)*list + (size_t)(*n)++ * size;
	memset(entry, 0, size);
	return entry;
}

static bool read_tensor(struct cursor *c, const char *name)
{
	void *list = c->file->tensors;
	struct safetensors_tensor *t =
		list_add(&list, &c->file->n_tensors, &c->tensors_room, sizeof *t, c->err);
	int64_t offsets[2];
	unsigned seen = 0;

	c->file->tensors = list;
	if (!t)
		return false;
	memcpy(t->name, name, sizeof t->name);
	if (!expect(c, '{'))
		return false;
	do {
		if (!read_field(c, t, offsets, &seen))
			return false;
	} while (accept(c, ','));
	if (!expect(c, '}'))
		return false;
	if (seen != ENTRY_WHOLE)
		return error_set(c->err, ERROR_INVALID,
			"safetensors byte %lld: tensor \"%s\" lacks one of \"dtype\", \"shape\", "
			"\"data_offsets\"",
			cursor_offset(c), t->name);
	return place_values(c, t, offsets);
}

static bool read_meta(struct cursor *c)
{
	if (!expect(c, '{'))
		return false;
	if (accept(c, '}'))
		return true;
	do {
		void *list = c->file->meta;
		struct safetensors_meta *m =
			list_add(&list, &c->file->n_meta, &c->meta_room, sizeof *m, c->err);
		c->file->meta = list;
		if (!m || !read_string(c, m->key, sizeof m->key) || !expect(c, ':') ||
			!read_string(c, m->value, sizeof m->value))
			return false;
	} while (accept(c, ','));
	return expect(c, '}') && safetensors_check_unique(c->file->meta, sizeof *c->file->meta,
					 c->file->n_meta, "metadata key", c->err);
}

static bool read_header(struct cursor *c)
{
	bool meta_seen = false;

	if (c->at == c->end || *c->at != '{') /* the format allows no white space before it */
		return refuse(c, "'{'");
	c->at++;
	if (accept(c, '}'))
		return true;
	do {
		char name[SAFETENSORS_NAME_BYTES] = "";
		if (!read_string(c, name, sizeof name) || !expect(c, ':'))
			return false;
		if (!name[0])
			return error_set(c->err, ERROR_INVALID,
				"safetensors byte %lld: a tensor without a name", cursor_offset(c));
		bool meta = strcmp(name, SAFETENSORS_META_KEY) == 0;
		if (meta && meta_seen)
			return error_set(c->err, ERROR_INVALID,
				"safetensors byte %lld: \"" SAFETENSORS_META_KEY
				"\" is there twice",
				cursor_offset(c));
		meta_seen |= meta;
		if (!(meta ? read_meta(c) : read_tensor(c, name)))
			return false;
	} while (accept(c, ','));
	return expect(c, '}');
}

/* By where the values begin; an empty tensor comes before the one that begins at the same place. */
static int compare_places(const void *a, const void *b)
{
	const struct safetensors_tensor *s = a, *t = b;
	size_t s_bytes = 0, t_bytes = 0;

	if (s->values != t->values)
		return s->values < t->values ? -1 : 1;
	if (safetensors_size(s->rank, s->dim, &s_bytes) &&
		safetensors_size(t->rank, t->dim, &t_bytes) && s_bytes != t_bytes)
		return s_bytes < t_bytes ? -1 : 1;
	return strcmp(s->name, t->name);
}

/* Sorted, the tensors must lie end to end and fill the data. */
static bool check_cover(const struct cursor *c)
{
	const struct safetensors_file *f = c->file;
	size_t at = 0, bytes = 0;

	if (f->n_tensors)
		qsort(f->tensors, (size_t)f->n_tensors, sizeof *f->tensors, compare_places);
	for (int i = 0; i < f->n_tensors; i++) {
		const struct safetensors_tensor *t = &f->tensors[i];
		size_t begin = (size_t)((const unsigned char *)t->values - c->end);
		if (begin != at)
			return error_set(c->err, ERROR_INVALID,
				"safetensors: tensor \"%s\" begins at byte %zu of the data, but "
				"what is before it ends at %zu: %s",
				t->name, begin, at,
				begin < at ? "they overlap" : "there is a hole");
		if (!safetensors_size(t->rank, t->dim, &bytes)) /* it was when it was read */
			return false;
		at += bytes;
	}
	if (at != c->data_bytes)
		return error_set(c->err, ERROR_INVALID,
			"safetensors: the tensors have %zu bytes, but %zu bytes of data follow the "
			"header",
			at, c->data_bytes);
	return true;
}

static bool read_file(struct cursor *c)
{
	if (!read_header(c))
		return false;
	while (c->at < c->end && *c->at == ' ')
		c->at++;
	if (c->at != c->end)
		return refuse(c, "the end of the header or a space");
	return safetensors_check_unique(c->file->tensors, sizeof *c->file->tensors,
		       c->file->n_tensors, "tensor", c->err) &&
	       check_cover(c);
}

bool safetensors_read(
	const void *bytes, size_t size, struct safetensors_file *ret, struct error *err)
{
	uint64_t header_bytes;
	struct safetensors_file file = { 0 };

	assert((uintptr_t)bytes % 8 == 0);
	if (size < sizeof header_bytes)
		return error_set(err, ERROR_SYNTAX,
			"safetensors: a file of %zu bytes; it needs at least 8", size);
	memcpy(&header_bytes, bytes, sizeof header_bytes);
	if (header_bytes > SAFETENSORS_HEADER_BYTES_MAX ||
		header_bytes > size - sizeof header_bytes)
		return error_set(err, ERROR_SYNTAX,
			"safetensors byte 0: a header of %llu bytes; allowed are %d, and %zu "
			"follow in this file",
			(unsigned long long)header_bytes, SAFETENSORS_HEADER_BYTES_MAX,
			size - sizeof header_bytes);
	if (header_bytes % 8)
		return error_set(err, ERROR_SYNTAX,
			"safetensors byte 0: a header of %llu bytes; allowed are multiples of 8, "
			"so that values are aligned",
			(unsigned long long)header_bytes);
	const unsigned char *start = bytes;
	struct cursor c = {
		.start = start,
		.at = start + sizeof header_bytes,
		.end = start + sizeof header_bytes + header_bytes,
		.file = &file,
		.data_bytes = size - sizeof header_bytes - (size_t)header_bytes,
		.err = err,
	};
	if (!read_file(&c)) {
		safetensors_file_done(&file);
		return false;
	}
	*ret = file;
	return true;
}
