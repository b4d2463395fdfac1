/* test_memory.c - reading and writing while each allocation fails in turn: the answer is "out of
 * memory", and nothing leaks (a build with AddressSanitizer sees that). */
#include "fault_alloc.h"
#include "formats/idx.h"
#include "formats/safetensors.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

/* What else our code allocates with; see fault_alloc.h for the names. */
void *__real_reallocarray(void *old, size_t count, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
int __real_inflateInit2_(void *stream, int bits, const char *version, int size);
int __wrap_inflateInit2_(void *stream, int bits, const char *version, int size);

void *__wrap_reallocarray(void *old, size_t count, size_t size)
{
	return fault_now(&fault_alloc) ? NULL : __real_reallocarray(old, count, size);
}

int __wrap_inflateInit2_(void *stream, int bits, const char *version, int size)
{
	enum { NO_MEMORY = -4 }; /* zlib's Z_MEM_ERROR */

	return fault_now(&fault_alloc) ? NO_MEMORY
				       : __real_inflateInit2_(stream, bits, version, size);
}

/* Runs until no allocation fails any more; each failure must be told. Returns how many there are.
 */
static int each_allocation(bool (*go)(struct error *err))
{
	int nth = 0, hits;

	do {
		struct error err = { 0 };
		fault_arm(&fault_alloc, ++nth, /* lasting= */ false);
		bool ok = go(&err);
		hits = fault_disarm(&fault_alloc);
		if (ok != (hits == 0) || (!ok && err.code != ERROR_NO_MEMORY))
			fail_msg("allocation %d: %s", nth,
				ok ? "its failure was not noticed" : err.text);
	} while (hits);
	return nth - 1;
}

static bool write_and_read(struct error *err)
{
	static const float values[] = { 1, 2 };
	struct safetensors_tensor tensors[20];
	static const struct safetensors_meta meta[] = { { "a", "1" }, { "b", "2" } };
	struct safetensors_file file;
	struct buffer out;

	for (int i = 0; i < (int)COUNT_OF(tensors); i++)
		tensors[i] = (struct safetensors_tensor){
			.name = { (char)('a' + i) }, 1, { 2 }, values
		};
	buffer_init(&out, 1 << 20);
	bool ok = safetensors_write(tensors, COUNT_OF(tensors), meta, COUNT_OF(meta), &out, err) &&
		  safetensors_read(out.data, out.size, &file, err);
	if (ok)
		safetensors_file_done(&file);
	buffer_done(&out);
	return ok;
}

static void safetensors_survive_each_allocation_that_fails(void **state)
{
	(void)state;
	/* Names twice and the buffer to write; the same, tensors (twice) and metadata to read. */
	assert_in_range(each_allocation(write_and_read), 8, 30);
}

static bool take(void *ctx, const void *bytes, size_t size, struct error *err)
{
	(void)ctx;
	(void)bytes;
	(void)size;
	(void)err; /* nothing goes wrong here */
	return true;
}

/* 00 00 08 01 00000001 2a */
static const unsigned char packed[] = { 0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1, 9, 0, 0xf6, 0xff, 0,
	0, 8, 1, 0, 0, 0, 1, 0x2a, 0, 0, 0, 0, 9, 0, 0, 0 };

static bool read_packed(struct error *err)
{
	AUTO_FREE(idx_reader_free) struct idx_reader *r = idx_reader_new(100, take, NULL, err);

	/* All but its checksum, which is not what this is about. */
	return r && idx_reader_write(r, packed, sizeof packed - 8, err);
}

static void idx_survives_each_allocation_that_fails(void **state)
{
	(void)state;
	assert_int_equal(each_allocation(read_packed), 2); /* the reader, zlib's state */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(safetensors_survive_each_allocation_that_fails),
		cmocka_unit_test(idx_survives_each_allocation_that_fails),
	};

	return cmocka_run_group_tests_name("formats/memory", tests, NULL, NULL);
}
