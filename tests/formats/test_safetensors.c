/* test_safetensors.c - what the writer writes, what the reader takes, and everything it refuses. */
#include "formats/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { FILE_BYTES_MAX = 1 << 22 };

static const float kernel[] = { 1, 2, 3, 4, 5, 6 }, bias[] = { -1, 0.5f, 1e-30f },
		   scalar[] = { 42 };
static const struct safetensors_tensor tensors[] = {
	{ "dense/kernel", 2, { 2, 3 }, kernel },
	{ "dense/bias", 1, { 3 }, bias },
	{ "nothing", 2, { 0, 7 }, NULL },
	{ "step \"1\" \\ x", 0, { 0 }, scalar },
};
static const struct safetensors_meta meta[] = {
	{ "epoch", "3" },
	{ "left out", "" },
	{ "spec", "{\"a\":\"b\\c\"}" },
};

/* The whole sample file, to be freed with buffer_done. */
static struct buffer write_sample(void)
{
	struct buffer out;
	struct error err;

	buffer_init(&out, FILE_BYTES_MAX);
	if (!safetensors_write(tensors, COUNT_OF(tensors), meta, COUNT_OF(meta), &out, &err))
		fail_msg("%s", err.text);
	return out;
}

/* A file with that header, padded as it must be, and `data_bytes` zeros; the caller frees. */
static void *make_file(const char *header, size_t data_bytes, size_t *ret_size)
{
	uint64_t n = (strlen(header) + 7) / 8 * 8;
	char *file = malloc(8 + n + data_bytes);

	assert_non_null(file);
	memcpy(file, &n, sizeof n);
	memset(file + 8, ' ', n);
	memcpy(file + 8, header, strlen(header));
	memset(file + 8 + n, 0, data_bytes);
	*ret_size = 8 + n + data_bytes;
	return file;
}

static void check_sample(const struct safetensors_file *f)
{
	static const char *const order[] = { "dense/kernel", "dense/bias", "nothing",
		"step \"1\" \\ x" };

	assert_int_equal(f->n_tensors, COUNT_OF(tensors));
	for (size_t i = 0; i < COUNT_OF(tensors); i++) {
		const struct safetensors_tensor *t = &f->tensors[i], *want = &tensors[i];
		size_t bytes = sizeof(float);
		assert_string_equal(t->name, order[i]);
		assert_int_equal(t->rank, want->rank);
		for (int axis = 0; axis < t->rank; axis++) {
			assert_int_equal(t->dim[axis], want->dim[axis]);
			bytes *= (size_t)t->dim[axis];
		}
		if (bytes)
			assert_memory_equal(t->values, want->values, bytes);
		assert_ptr_equal(safetensors_find(f, t->name), t);
	}
	assert_int_equal(f->n_meta, 2);
	assert_string_equal(safetensors_meta_find(f, "epoch"), "3");
	assert_string_equal(safetensors_meta_find(f, "spec"), "{\"a\":\"b\\c\"}");
	assert_null(safetensors_meta_find(f, "left out"));
	assert_null(safetensors_find(f, "dense"));
}

static void what_was_written_reads_back(void **state)
{
	(void)state;
	struct buffer out = write_sample();
	struct safetensors_file f;
	struct error err;

	if (!safetensors_read(out.data, out.size, &f, &err))
		fail_msg("%s", err.text);
	check_sample(&f);
	safetensors_file_done(&f);
	buffer_done(&out);
}

static void the_bytes_are_those_of_the_format(void **state)
{
	(void)state;
	static const char header[] =
		"{\"__metadata__\":{\"epoch\":\"3\",\"spec\":\"{\\\"a\\\":\\\"b\\\\c\\\"}\"},"
		"\"dense/kernel\":{\"dtype\":\"F32\",\"shape\":[2,3],\"data_offsets\":[0,24]},"
		"\"dense/bias\":{\"dtype\":\"F32\",\"shape\":[3],\"data_offsets\":[24,36]},"
		"\"nothing\":{\"dtype\":\"F32\",\"shape\":[0,7],\"data_offsets\":[36,36]},"
		"\"step \\\"1\\\" \\\\ "
		"x\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[36,40]}}";
	struct buffer out = write_sample();
	uint64_t n;

	memcpy(&n, out.data, sizeof n);
	assert_int_equal(n % 8, 0);
	assert_true(n >= strlen(header) && n < strlen(header) + 8);
	assert_memory_equal(out.data + 8, header, strlen(header));
	for (size_t i = strlen(header); i < n; i++)
		assert_int_equal(out.data[8 + i], ' ');
	assert_int_equal(out.size, 8 + n + 40);
	assert_memory_equal(out.data + 8 + n, kernel, sizeof kernel);
	buffer_done(&out);
}

static void an_empty_file_is_a_file(void **state)
{
	(void)state;
	struct buffer out;
	struct safetensors_file f;
	struct error err;

	buffer_init(&out, FILE_BYTES_MAX);
	assert_true(safetensors_write(NULL, 0, NULL, 0, &out, &err));
	assert_int_equal(out.size, 16);
	assert_memory_equal(out.data, "\10\0\0\0\0\0\0\0{}      ", 16);
	assert_true(safetensors_read(out.data, out.size, &f, &err));
	assert_int_equal(f.n_tensors, 0);
	assert_int_equal(f.n_meta, 0);
	safetensors_file_done(&f);
	buffer_done(&out);
}

static void the_writer_refuses_what_the_reader_would(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		struct safetensors_tensor tensor[2];
		int n_tensors;
		struct safetensors_meta meta[2];
		int n_meta;
		const char *text;
	} cases[] = {
		{ "the same name twice", { { "a", 0, { 0 }, scalar }, { "a", 0, { 0 }, scalar } },
			2, { { "", "" } }, 0, "the tensor \"a\" is there twice" },
		{ "no name", { { "", 0, { 0 }, scalar } }, 1, { { "", "" } }, 0,
			"cannot name a tensor" },
		{ "a reserved name", { { "__metadata__", 0, { 0 }, scalar } }, 1, { { "", "" } }, 0,
			"cannot name a tensor" },
		{ "UTF-8", { { "\xc3\xa9", 0, { 0 }, scalar } }, 1, { { "", "" } }, 0,
			"printable ASCII" },
		{ "a line end", { { "a\n", 0, { 0 }, scalar } }, 1, { { "", "" } }, 0,
			"printable ASCII" },
		{ "rank 5", { { "a", 5, { 1, 1, 1, 1 }, scalar } }, 1, { { "", "" } }, 0,
			"rank 5; allowed are 0 to 4" },
		{ "a negative axis", { { "a", 1, { -1 }, scalar } }, 1, { { "", "" } }, 0, "2^63" },
		{ "2^64 values", { { "a", 2, { 1LL << 32, 1LL << 32 }, scalar } }, 1,
			{ { "", "" } }, 0, "2^63" },
		{ "metadata twice", { { "a", 0, { 0 }, scalar } }, 1,
			{ { "k", "1" }, { "k", "2" } }, 2,
			"the metadata key \"k\" is there twice" },
		{ "metadata in UTF-8", { { "a", 0, { 0 }, scalar } }, 1, { { "k", "\xc3\xa9" } }, 1,
			"metadata 0" },
	};

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct buffer out;
		struct error err;
		buffer_init(&out, FILE_BYTES_MAX);
		if (safetensors_write(cases[i].tensor, cases[i].n_tensors, cases[i].meta,
			    cases[i].n_meta, &out, &err))
			fail_msg("%s: written", cases[i].name);
		if (!strstr(err.text, cases[i].text))
			fail_msg("%s: \"%s\"", cases[i].name, err.text);
		buffer_done(&out);
	}
}

static void limits_hold_when_writing(void **state)
{
	(void)state;
	struct buffer out;
	struct error err;
	int n = 12000; /* of about 100 bytes of header each: more than 1 MiB */
	struct safetensors_tensor *many = calloc((size_t)n, sizeof *many);

	assert_non_null(many);
	for (int i = 0; i < n; i++) {
		(void)snprintf(many[i].name, sizeof many[i].name,
			"layer with a name of its own %d/kernel", i);
		many[i].values = scalar;
	}
	buffer_init(&out, FILE_BYTES_MAX);
	assert_false(safetensors_write(many, n, NULL, 0, &out, &err));
	assert_int_equal(err.code, ERROR_TOO_LARGE);
	assert_non_null(strstr(err.text, "allowed are 1048576"));
	buffer_done(&out);

	struct buffer whole = write_sample();
	for (size_t room = 0; room < whole.size; room += 7) {
		buffer_init(&out, room);
		assert_false(safetensors_write(
			tensors, COUNT_OF(tensors), meta, COUNT_OF(meta), &out, &err));
		assert_int_equal(err.code, ERROR_NO_MEMORY);
		buffer_done(&out);
	}
	buffer_done(&whole);
	free(many);
}

static void every_truncation_is_refused(void **state)
{
	(void)state;
	struct buffer out = write_sample();

	for (size_t size = 0; size < out.size; size++) {
		struct safetensors_file f;
		struct error err;
		void *cut = malloc(size ? size : 1);
		assert_non_null(cut);
		memcpy(cut, out.data, size);
		if (safetensors_read(cut, size, &f, &err))
			fail_msg("%zu of %zu bytes were taken for a whole file", size, out.size);
		free(cut);
	}
	buffer_done(&out);
}

static void bytes_behind_the_values_are_refused(void **state)
{
	(void)state;
	struct buffer out = write_sample();
	struct safetensors_file f;
	struct error err;

	buffer_add(&out, "\0", 1);
	assert_false(safetensors_read(out.data, out.size, &f, &err));
	assert_non_null(strstr(
		err.text, "the tensors have 40 bytes, but 41 bytes of data follow the header"));
	buffer_done(&out);
}

/* A file that was taken in spite of its damage must still be one: inside its bytes, named once,
 * written again. */
static void check_sane(const struct safetensors_file *f, const char *bytes, size_t size)
{
	struct buffer again;
	struct error err;

	for (int i = 0; i < f->n_tensors; i++) {
		const struct safetensors_tensor *t = &f->tensors[i];
		size_t n = sizeof(float);
		for (int axis = 0; axis < t->rank; axis++)
			n *= (size_t)t->dim[axis];
		size_t at = (size_t)((const char *)t->values - bytes);
		assert_true(at <= size && n <= size - at);
		assert_ptr_equal(safetensors_find(f, t->name), t);
	}
	buffer_init(&again, FILE_BYTES_MAX);
	if (!safetensors_write(f->tensors, f->n_tensors, f->meta, f->n_meta, &again, &err))
		fail_msg("read, but not written again: %s", err.text);
	buffer_done(&again);
}

static void every_changed_byte_is_refused_or_harmless(void **state)
{
	(void)state;
	struct buffer out = write_sample();
	int taken = 0, refused = 0;

	for (size_t at = 0; at < out.size; at++) {
		for (int change = 1; change < 256; change++) {
			struct safetensors_file f;
			struct error err;
			out.data[at] = (char)(out.data[at] ^ change);
			if (safetensors_read(out.data, out.size, &f, &err)) {
				check_sane(&f, out.data, out.size);
				safetensors_file_done(&f);
				taken++;
			} else {
				assert_true(err.text[0]);
				refused++;
			}
			out.data[at] = (char)(out.data[at] ^ change);
		}
	}
	assert_true(taken > 40 * 255); /* any change of the values themselves */
	assert_true(refused > taken);
	buffer_done(&out);
}

/* --- hand-made headers ------------------------------------------------------------------------ */

#define T(name, shape, begin, end)                                                                 \
	"\"" name "\":{\"dtype\":\"F32\",\"shape\":[" shape "],\"data_offsets\":[" #begin "," #end \
	"]}"

static const struct header {
	const char *name, *header;
	size_t data_bytes;
	const char *text; /* NULL: it is taken */
} headers[] = {
	{ "data in another order than names", "{" T("a", "1", 4, 8) "," T("b", "1", 0, 4) "}", 8,
		NULL },
	{ "white space everywhere",
		"{ \"a\" :\t{ \"dtype\" : \"F32\",\n\"shape\": [ 1 , 1 ],\r\"data_offsets\":[ 0 , "
		"4 ] } } ",
		4, NULL },
	{ "fields in another order",
		"{\"a\":{\"data_offsets\":[0,4],\"shape\":[],\"dtype\":\"F32\"}}", 4, NULL },
	{ "an escaped slash", "{" T("a\\/b", "", 0, 4) "}", 4, NULL },
	{ "metadata alone", "{\"__metadata__\":{}}", 0, NULL },
	{ "empty tensors at one place",
		"{" T("b", "0", 0, 0) "," T("a", "0,5", 0, 0) "," T("c", "2", 0, 8) "}", 8, NULL },

	{ "a hole", "{" T("a", "1", 0, 4) "," T("b", "1", 8, 12) "}", 12,
		"\"b\" begins at byte 8 of the data, but what is before it ends at 4: there is a "
		"hole" },
	{ "a hole at the beginning", "{" T("a", "1", 4, 8) "}", 8, "there is a hole" },
	{ "a hole at the end", "{" T("a", "1", 0, 4) "}", 8,
		"the tensors have 4 bytes, but 8 bytes of data" },
	{ "an overlap", "{" T("a", "2", 0, 8) "," T("b", "1", 4, 8) "}", 8, "they overlap" },
	{ "the same place twice", "{" T("a", "1", 0, 4) "," T("b", "1", 0, 4) "}", 4,
		"they overlap" },
	{ "an empty tensor in the middle of another",
		"{" T("a", "2", 0, 8) "," T("b", "0", 4, 4) "}", 8, "they overlap" },
	{ "beyond the end", "{" T("a", "2", 0, 8) "}", 4,
		"ends at byte 8 of the data, of which there are 4" },
	{ "backwards", "{" T("a", "1", 4, 0) "}", 4, "data_offsets [4, 0]" },
	{ "offsets that do not fit the shape", "{" T("a", "3", 0, 8) "}", 8,
		"but its shape has 12 bytes" },
	{ "unaligned", "{" T("a", "0", 2, 2) "," T("b", "1", 0, 4) "}", 4,
		"begins at byte 2 of the data; allowed are multiples of 4" },
	{ "2^64 bytes", "{" T("a", "4294967296,1073741824", 0, 0) "}", 0, "2^63" },
	{ "2^63 bytes", "{" T("a", "2305843009213693952", 0, 9223372036854775807) "}", 0, "2^63" },
	{ "a number of 2^63", "{" T("a", "9223372036854775808", 0, 0) "}", 0,
		"a number below 2^63 is wanted" },
	{ "a name twice", "{" T("a", "0", 0, 0) "," T("b", "0", 0, 0) "," T("a", "0", 0, 0) "}", 0,
		"the tensor \"a\" is there twice" },
	{ "no name", "{" T("", "1", 0, 4) "}", 4, "a tensor without a name" },
	{ "metadata twice", "{\"__metadata__\":{},\"__metadata__\":{}}", 0,
		"\"__metadata__\" is there twice" },
	{ "a metadata key twice", "{\"__metadata__\":{\"k\":\"1\",\"k\":\"2\"}}", 0,
		"the metadata key \"k\" is there twice" },
	{ "metadata that is a number", "{\"__metadata__\":{\"k\":1}}", 0,
		"byte 29: 0x31 where '\"' is wanted" },
	{ "rank 5", "{" T("a", "1,1,1,1,1", 0, 4) "}", 4, "has more than the 4 axes" },
	{ "F16", "{\"a\":{\"dtype\":\"F16\",\"shape\":[2],\"data_offsets\":[0,4]}}", 4,
		"has dtype \"F16\"; allowed is \"F32\"" },
	{ "no dtype", "{\"a\":{\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "lacks one of" },
	{ "a field twice", "{\"a\":{\"shape\":[1],\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
		"has \"shape\" twice" },
	{ "an unknown field", "{\"a\":{\"stride\":[1]}}", 4, "has \"stride\"; allowed are" },
	{ "no field", "{\"a\":{}}", 0, "where '\"' is wanted" },
	{ "one offset", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0]}}", 0,
		"where ',' is wanted" },
	{ "three offsets", "{\"a\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4,8]}}", 0,
		"where ']' is wanted" },
	{ "a negative number", "{" T("a", "-1", 0, 4) "}", 4, "where a number is wanted" },
	{ "a fraction", "{" T("a", "1.0", 0, 4) "}", 4, "0x2e where ']' is wanted" },
	{ "an exponent", "{" T("a", "1e0", 0, 4) "}", 4, "0x65 where ']' is wanted" },
	{ "a leading zero", "{" T("a", "01", 0, 4) "}", 4,
		"where no digit behind a leading zero is wanted" },
	{ "a trailing comma", "{" T("a", "1", 0, 4) ",}", 4, "where '\"' is wanted" },
	{ "a comma in the shape", "{" T("a", "1,", 0, 4) "}", 4, "where a number is wanted" },
	{ "an unknown escape", "{" T("a\\u0041", "1", 0, 4) "}", 4, "behind a '\\' is wanted" },
	{ "UTF-8", "{" T("\xc3\xa9", "1", 0, 4) "}", 4, "0xc3 where printable ASCII is wanted" },
	{ "a tab in a name", "{" T("a\tb", "1", 0, 4) "}", 4, "0x09 where printable ASCII" },
	{ "white space before it", " {}", 0, "byte 8: 0x20 where '{' is wanted" },
	{ "something after it", "{} x", 0,
		"byte 11: 0x78 where the end of the header or a space is wanted" },
	{ "a tab as padding", "{}\t", 0, "0x09 where the end of the header" },
	{ "a list", "[]", 0, "where '{' is wanted" },
	{ "nothing", "", 0, "the header ends where '{' is wanted" },
	{ "one brace", "{", 0, "byte 16: the header ends where '\"' is wanted" },
	{ "an open string", "{\"abc", 0, "the header ends where '\"' is wanted" },
};

static void headers_are_taken_or_refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(headers); i++) {
		const struct header *c = &headers[i];
		size_t size;
		void *file = make_file(c->header, c->data_bytes, &size);
		struct safetensors_file f;
		struct error err = { 0 };
		bool ok = safetensors_read(file, size, &f, &err);
		if (ok && c->text)
			fail_msg("%s: taken", c->name);
		if (!ok && (!c->text || !strstr(err.text, c->text)))
			fail_msg("%s: \"%s\"", c->name, err.text);
		if (ok)
			safetensors_file_done(&f);
		free(file);
	}
}

static void tensors_come_in_the_order_of_their_data(void **state)
{
	(void)state;
	size_t size;
	void *file = make_file(
		"{" T("a", "1", 4, 8) "," T("b", "1", 0, 4) "," T("c", "0", 4, 4) "}", 8, &size);
	struct safetensors_file f;
	struct error err;

	assert_true(safetensors_read(file, size, &f, &err));
	assert_int_equal(f.n_tensors, 3);
	assert_string_equal(f.tensors[0].name, "b");
	assert_string_equal(f.tensors[1].name, "c");
	assert_string_equal(f.tensors[2].name, "a");
	safetensors_file_done(&f);
	free(file);
}

static void names_have_a_length(void **state)
{
	(void)state;
	for (int length = SAFETENSORS_NAME_BYTES - 1; length <= SAFETENSORS_NAME_BYTES; length++) {
		char header[512];
		size_t size;
		struct safetensors_file f;
		struct error err;
		(void)snprintf(header, sizeof header,
			"{\"%0*d\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[0,4]}}",
			length, 7);
		void *file = make_file(header, 4, &size);
		bool ok = safetensors_read(file, size, &f, &err);
		assert_int_equal(ok, length < SAFETENSORS_NAME_BYTES);
		if (ok) {
			assert_int_equal(strlen(f.tensors[0].name), length);
			safetensors_file_done(&f);
		} else {
			assert_non_null(strstr(err.text, "more than the 159 bytes"));
		}
		free(file);
	}
}

static void the_length_in_front_is_not_believed(void **state)
{
	(void)state;
	static const uint64_t lengths[] = { 1, 7, 9, 12, 24, 1 << 20, (1 << 20) + 8, 1ull << 32,
		1ull << 63, UINT64_MAX, UINT64_MAX - 7 };

	for (size_t i = 0; i < COUNT_OF(lengths); i++) {
		_Alignas(8) char file[24] = "        {}              ";
		struct safetensors_file f;
		struct error err;
		memcpy(file, &lengths[i], sizeof lengths[i]);
		if (safetensors_read(file, sizeof file, &f, &err))
			fail_msg("a length of %llu was believed", (unsigned long long)lengths[i]);
		assert_non_null(strstr(err.text, "safetensors byte 0: a header of"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_was_written_reads_back),
		cmocka_unit_test(the_bytes_are_those_of_the_format),
		cmocka_unit_test(an_empty_file_is_a_file),
		cmocka_unit_test(the_writer_refuses_what_the_reader_would),
		cmocka_unit_test(limits_hold_when_writing),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(bytes_behind_the_values_are_refused),
		cmocka_unit_test(every_changed_byte_is_refused_or_harmless),
		cmocka_unit_test(headers_are_taken_or_refused),
		cmocka_unit_test(tensors_come_in_the_order_of_their_data),
		cmocka_unit_test(names_have_a_length),
		cmocka_unit_test(the_length_in_front_is_not_believed),
	};

	return cmocka_run_group_tests_name("formats/safetensors", tests, NULL, NULL);
}
