/* test_idx.c - the IDX reader: what it takes, what it passes on, and everything it refuses. */
#include "formats/idx.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include <cmocka.h>

enum { LIMIT = 1000, MEBIBYTE = 1 << 20 };

/* What a sink was given. */
struct got {
	unsigned char bytes[4096];
	size_t size;
	size_t calls;
	size_t element;   /* bytes: every piece must be whole elements */
	size_t refuse_at; /* 0: never; else the call that fails */
};

static bool collect(void *ctx, const void *bytes, size_t size, struct error *err)
{
	struct got *got = ctx;

	if (++got->calls == got->refuse_at)
		return error_set(err, ERROR_NO_SPACE, "the disk is full");
	assert_true(size > 0);
	assert_int_equal(size % got->element, 0);
	assert_true(size <= sizeof got->bytes - got->size);
	memcpy(got->bytes + got->size, bytes, size);
	got->size += size;
	return true;
}

/* Reads `size` bytes in pieces of `piece`. */
static bool read_pieces(const void *bytes, size_t size, size_t piece, struct got *got,
	struct idx_header *header, struct error *err)
{
	*err = (struct error){ 0 };
	AUTO_FREE(idx_reader_free) struct idx_reader *r = idx_reader_new(LIMIT, collect, got, err);
	assert_non_null(r);
	for (size_t at = 0; at < size; at += piece) {
		/* A copy of exactly this piece, so that a sanitizer sees a read beyond it. */
		size_t n = piece < size - at ? piece : size - at;
		void *copy = malloc(n);
		assert_non_null(copy);
		memcpy(copy, (const char *)bytes + at, n);
		bool ok = idx_reader_write(r, copy, n, err);
		free(copy);
		if (!ok)
			return false;
	}
	return idx_reader_end(r, header, err);
}

/* As gzip does it; the caller frees. */
static unsigned char *gzip(const void *bytes, size_t size, size_t *ret_size)
{
	z_stream z = { 0 };
	size_t room = size + size / 1000 + 64;
	unsigned char *packed = malloc(room);

	assert_non_null(packed);
	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	z.next_in = (unsigned char *)(uintptr_t)bytes;
	z.avail_in = (uInt)size;
	z.next_out = packed;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_size = z.total_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
	return packed;
}

/* 2 x 3 bytes. */
static const unsigned char u8_file[] = { 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 10, 20, 30, 40, 50,
	60 };
/* Three labels as int32: 1, -2, 258. */
static const unsigned char i32_file[] = { 0, 0, 0x0c, 1, 0, 0, 0, 3, 0, 0, 0, 1, 0xff, 0xff, 0xff,
	0xfe, 0, 0, 1, 2 };
/* 1.0 and -2.5. */
static const unsigned char f32_file[] = { 0, 0, 0x0d, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0x20,
	0, 0 };

static const struct sample {
	const char *name;
	const unsigned char *bytes;
	size_t size, element;
} samples[] = {
	{ "u8", u8_file, sizeof u8_file, 1 },
	{ "i32", i32_file, sizeof i32_file, 4 },
	{ "f32", f32_file, sizeof f32_file, 4 },
};

static void check_values(const struct sample *s, const struct got *got, const struct idx_header *h)
{
	static const int32_t ints[] = { 1, -2, 258 };
	static const float floats[] = { 1.0f, -2.5f };

	assert_int_equal(got->size, h->value_bytes);
	if (h->type == 0x08) {
		assert_int_equal(h->rank, 2);
		assert_int_equal(h->dim[0], 2);
		assert_int_equal(h->dim[1], 3);
		assert_memory_equal(got->bytes, u8_file + 12, 6);
	} else if (h->type == 0x0c) {
		assert_int_equal(h->rank, 1);
		assert_int_equal(h->dim[0], 3);
		assert_memory_equal(got->bytes, ints, sizeof ints);
	} else {
		assert_string_equal(s->name, "f32");
		assert_int_equal(h->dim[0], 2);
		assert_memory_equal(got->bytes, floats, sizeof floats);
	}
}

static void values_do_not_depend_on_the_pieces(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		const struct sample *s = &samples[i];
		size_t packed_size;
		unsigned char *packed = gzip(s->bytes, s->size, &packed_size);
		for (size_t piece = 1; piece <= packed_size; piece++) {
			struct idx_header h;
			struct error err;
			struct got got = { .element = s->element }, unpacked = got;
			if (!read_pieces(s->bytes, s->size, piece, &got, &h, &err))
				fail_msg("%s in pieces of %zu: %s", s->name, piece, err.text);
			check_values(s, &got, &h);
			if (!read_pieces(packed, packed_size, piece, &unpacked, &h, &err))
				fail_msg(
					"%s gzip'd in pieces of %zu: %s", s->name, piece, err.text);
			check_values(s, &unpacked, &h);
		}
		free(packed);
	}
}

static void a_value_is_passed_on_as_soon_as_it_is_whole(void **state)
{
	(void)state;
	struct error err;
	struct got got = { .element = 4 };
	AUTO_FREE(idx_reader_free)
	struct idx_reader *r = idx_reader_new(LIMIT, collect, &got, &err);

	assert_non_null(r);
	assert_true(idx_reader_write(r, i32_file, 11, &err));
	assert_int_equal(got.size, 0);
	assert_true(idx_reader_write(r, i32_file + 11, 1, &err));
	assert_int_equal(got.size, 4);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(samples); i++) {
		const struct sample *s = &samples[i];
		size_t packed_size;
		unsigned char *packed = gzip(s->bytes, s->size, &packed_size);
		struct idx_header h;
		struct error err;
		char place[32];
		for (size_t size = 0; size < s->size; size++) {
			struct got got = { .element = s->element };
			if (read_pieces(s->bytes, size, 5, &got, &h, &err))
				fail_msg("%s: %zu of %zu bytes were taken for a whole file",
					s->name, size, s->size);
			assert_int_equal(err.code, ERROR_INVALID);
			(void)snprintf(place, sizeof place, "byte %zu", size);
			assert_non_null(strstr(err.text, size ? place : "empty"));
		}
		for (size_t size = 0; size < packed_size; size++) {
			struct got got = { .element = s->element };
			if (read_pieces(packed, size, 5, &got, &h, &err))
				fail_msg("%s gzip'd: %zu of %zu bytes were enough", s->name, size,
					packed_size);
			assert_int_equal(err.code, ERROR_INVALID);
			(void)snprintf(place, sizeof place, "byte %zu,", size);
			assert_non_null(strstr(err.text, size ? place : "empty"));
		}
		free(packed);
	}
}

static void every_damaged_bit_of_a_gzip_body_is_refused_or_harmless(void **state)
{
	(void)state;
	size_t packed_size;
	unsigned char *packed = gzip(u8_file, sizeof u8_file, &packed_size);
	int taken = 0;

	for (size_t bit = 0; bit < packed_size * 8; bit++) {
		struct idx_header h;
		struct error err;
		struct got got = { .element = 1 };
		packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
		if (read_pieces(packed, packed_size, packed_size, &got, &h, &err)) {
			assert_int_equal(got.size, 6);
			assert_memory_equal(got.bytes, u8_file + 12, 6);
			taken++;
		}
		packed[bit / 8] ^= (unsigned char)(1 << bit % 8);
	}
	/* Time, level and system in gzip's header (6 bytes), one flag, and up to 7 bits that pad
	 * the last block mean nothing. */
	assert_in_range(taken, 1, 6 * 8 + 1 + 7);
	free(packed);
}

static void a_wrong_checksum_is_refused(void **state)
{
	(void)state;
	size_t packed_size;
	unsigned char *packed = gzip(u8_file, sizeof u8_file, &packed_size);
	struct got got = { .element = 1 };
	struct idx_header h;
	struct error err;

	packed[packed_size - 8] ^= 1; /* crc32 and size are the last 8 bytes */
	assert_false(read_pieces(packed, packed_size, packed_size, &got, &h, &err));
	assert_int_equal(err.code, ERROR_INVALID);
	assert_non_null(strstr(err.text, "incorrect data check"));
	free(packed);
}

/* --- headers ---------------------------------------------------------------------------------- */

static const struct refusal {
	const char *name;
	unsigned char bytes[24];
	size_t size;
	enum error_code code;
	const char *text; /* part of what is said: the byte, the value seen, the values allowed */
} refusals[] = {
	{ "a PNG", { 0x89, 'P', 'N', 'G' }, 4, ERROR_INVALID, "byte 0 is 0x89, allowed is 0x00" },
	{ "second byte", { 0, 1, 8, 1 }, 4, ERROR_INVALID, "byte 1 is 0x01" },
	{ "int16", { 0, 0, 0x0b, 1 }, 4, ERROR_INVALID,
		"byte 2, the type, is 0x0b; allowed are 0x08 (uint8), 0x0c (int32), 0x0d "
		"(float32)" },
	{ "float64", { 0, 0, 0x0e, 1 }, 4, ERROR_INVALID, "is 0x0e" },
	{ "no axis", { 0, 0, 8, 0 }, 4, ERROR_INVALID,
		"byte 3, the number of axes, is 0; allowed are 1 to 4" },
	{ "five axes", { 0, 0, 8, 5 }, 4, ERROR_INVALID, "is 5; allowed are 1 to 4" },
	{ "255 axes", { 0, 0, 8, 255 }, 4, ERROR_INVALID, "is 255; allowed are 1 to 4" },
	{ "no sample", { 0, 0, 8, 1, 0, 0, 0, 0 }, 8, ERROR_INVALID, "byte 4: axis 0 has size 0" },
	{ "an empty row", { 0, 0, 8, 2, 0, 0, 0, 9, 0, 0, 0, 0 }, 12, ERROR_INVALID,
		"byte 8: axis 1 has size 0" },
	{ "2^128 bytes",
		{ 0, 0, 8, 4, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255,
			255, 255 },
		20, ERROR_TOO_LARGE, "byte 8: with size 4294967295 of axis 1" },
	{ "2^63 bytes, by the size of a float",
		{ 0, 0, 0x0d, 3, 128, 0, 0, 0, 64, 0, 0, 0, 0, 0, 0, 1 }, 16, ERROR_TOO_LARGE,
		"2^63 bytes" },
	{ "a product that wraps to 0",
		{ 0, 0, 8, 4, 128, 0, 0, 0, 128, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0, 1 }, 20,
		ERROR_TOO_LARGE, "allowed are 1000" },
	{ "one byte above the limit", { 0, 0, 8, 1, 0, 0, 3, 233 }, 8, ERROR_TOO_LARGE,
		"bytes 4 to 7) promises 1001 bytes of values; allowed are 1000" },
	{ "251 floats", { 0, 0, 0x0d, 1, 0, 0, 0, 251 }, 8, ERROR_TOO_LARGE,
		"promises 1004 bytes" },
	{ "zlib without gzip", { 0x78, 0x9c, 0x63, 0x60 }, 4, ERROR_INVALID, "byte 0 is 0x78" },
	{ "gzip's first byte alone", { 0x1f, 0x00, 0x08, 0 }, 4, ERROR_INVALID,
		"gzip: incorrect header check" },
	{ "an unknown method", { 0x1f, 0x8b, 0x07, 0 }, 4, ERROR_INVALID,
		"gzip: unknown compression method" },
};

static void bad_headers_are_refused_before_a_value_is_taken(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(refusals); i++) {
		const struct refusal *c = &refusals[i];
		for (size_t piece = 1; piece <= 4; piece += 3) {
			struct got got = { .element = 1 };
			struct error err = { 0 };
			AUTO_FREE(idx_reader_free)
			struct idx_reader *r = idx_reader_new(LIMIT, collect, &got, &err);
			assert_non_null(r);
			bool ok = true;
			for (size_t at = 0; ok && at < c->size; at += piece)
				ok = idx_reader_write(r, c->bytes + at, piece, &err);
			if (ok)
				fail_msg("%s: taken", c->name);
			if (err.code != c->code || !strstr(err.text, c->text))
				fail_msg("%s: code %d, \"%s\"", c->name, (int)err.code, err.text);
			assert_int_equal(got.calls, 0);
		}
	}
}

static void the_limit_itself_is_allowed(void **state)
{
	(void)state;
	unsigned char file[8 + LIMIT] = { 0, 0, 8, 1, 0, 0, 3, 232 };
	struct got got = { .element = 1 };
	struct idx_header h;
	struct error err;

	assert_true(read_pieces(file, sizeof file, 100, &got, &h, &err));
	assert_int_equal(h.value_bytes, LIMIT);
	assert_int_equal(got.size, LIMIT);
}

/* --- more than was promised ------------------------------------------------------------------- */

static void one_byte_too_many_is_refused(void **state)
{
	(void)state;
	unsigned char file[sizeof u8_file + 1] = { 0 };
	struct idx_header h;
	struct error err;

	memcpy(file, u8_file, sizeof u8_file);
	for (size_t piece = 1; piece <= sizeof file; piece++) {
		struct got got = { .element = 1 };
		assert_false(read_pieces(file, sizeof file, piece, &got, &h, &err));
		assert_non_null(
			strstr(err.text, "oversized IDX: the header promises 6 bytes of values"));
		assert_non_null(strstr(err.text, "byte 18"));
		assert_true(got.size <= 6);
	}
}

static void bytes_behind_the_gzip_member_are_refused(void **state)
{
	(void)state;
	size_t packed_size;
	unsigned char *packed = gzip(u8_file, sizeof u8_file, &packed_size);
	unsigned char *twice = malloc(packed_size * 2);
	struct idx_header h;
	struct error err;
	char place[32];

	assert_non_null(twice);
	memcpy(twice, packed, packed_size);
	memcpy(twice + packed_size, packed,
		packed_size); /* a second member, as `cat a.gz b.gz` makes it */
	(void)snprintf(place, sizeof place, "byte %zu ", packed_size);
	for (size_t size = packed_size + 1; size <= packed_size * 2; size += packed_size - 1) {
		for (size_t piece = 1; piece <= size; piece++) {
			struct got got = { .element = 1 };
			assert_false(read_pieces(twice, size, piece, &got, &h, &err));
			assert_non_null(strstr(err.text, "the gzip member ends at"));
			assert_non_null(strstr(err.text, place));
			assert_int_equal(got.size, 6);
		}
	}
	free(packed);
	free(twice);
}

static void a_gzip_bomb_stops_at_the_promise(void **state)
{
	(void)state;
	size_t size = 8 + 10 * MEBIBYTE, packed_size;
	unsigned char *file = calloc(1, size);
	struct got got = { .element = 1 };
	struct idx_header h;
	struct error err;

	assert_non_null(file);
	memcpy(file, (const unsigned char[]){ 0, 0, 8, 1, 0, 0, 0, 16 }, 8);
	unsigned char *packed = gzip(file, size, &packed_size);
	assert_true(packed_size < 20000);
	assert_false(read_pieces(packed, packed_size, packed_size, &got, &h, &err));
	assert_non_null(strstr(err.text, "oversized IDX: the header promises 16 bytes"));
	assert_int_equal(got.size, 16);
	free(packed);
	free(file);
}

/* --- failures that stay ----------------------------------------------------------------------- */

static void a_sink_that_fails_stops_the_reader_with_its_own_error(void **state)
{
	(void)state;
	struct got got = { .element = 1, .refuse_at = 2 };
	struct idx_header h;
	struct error err;

	assert_false(read_pieces(u8_file, sizeof u8_file, 13, &got, &h, &err));
	assert_int_equal(err.code, ERROR_NO_SPACE);
	assert_string_equal(err.text, "the disk is full");
	assert_int_equal(got.size, 1);
}

static void a_reader_that_failed_repeats_its_first_error(void **state)
{
	(void)state;
	struct got got = { .element = 1 };
	struct error first = { 0 }, second = { 0 }, last = { 0 };
	struct idx_header h = { .rank = 77 };
	AUTO_FREE(idx_reader_free)
	struct idx_reader *r = idx_reader_new(LIMIT, collect, &got, &first);

	assert_non_null(r);
	assert_false(idx_reader_write(r, "PK\3\4", 4, &first));
	assert_false(idx_reader_write(r, u8_file, sizeof u8_file, &second));
	assert_false(idx_reader_end(r, &h, &last));
	assert_string_equal(first.text, second.text);
	assert_string_equal(first.text, last.text);
	assert_int_equal(got.calls, 0);
	assert_int_equal(h.rank, 77); /* written on success only */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_do_not_depend_on_the_pieces),
		cmocka_unit_test(a_value_is_passed_on_as_soon_as_it_is_whole),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_damaged_bit_of_a_gzip_body_is_refused_or_harmless),
		cmocka_unit_test(a_wrong_checksum_is_refused),
		cmocka_unit_test(bad_headers_are_refused_before_a_value_is_taken),
		cmocka_unit_test(the_limit_itself_is_allowed),
		cmocka_unit_test(one_byte_too_many_is_refused),
		cmocka_unit_test(bytes_behind_the_gzip_member_are_refused),
		cmocka_unit_test(a_gzip_bomb_stops_at_the_promise),
		cmocka_unit_test(a_sink_that_fails_stops_the_reader_with_its_own_error),
		cmocka_unit_test(a_reader_that_failed_repeats_its_first_error),
	};

	return cmocka_run_group_tests_name("formats/idx", tests, NULL, NULL);
}
