/* test_digest.c - SHA-256 against the published examples, and ids that sort by their time. */
#include "base/digest.h"

#include "base/macros.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Crockford's base 32, in ascending order. */
static const char id_letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
static const int64_t NOW_MS = 1795504736120; /* 2026-11-24 */

static void digests_are_those_of_the_standard(void **state)
{
	/* NIST, "Secure Hash Standard: example values" */
	static const struct {
		const char *text, *digest;
	} cases[] = {
		{ "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
		{ "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
		{ "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
			"248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		char digest[DIGEST_TEXT_BYTES];
		digest_of(cases[i].text, strlen(cases[i].text), digest);
		assert_string_equal(digest, cases[i].digest);
	}
}

static void a_million_letters_in_pieces(void **state)
{
	enum { LETTERS = 1000000, PIECE_MAX = 1500 };
	uint8_t sum[DIGEST_BYTES];
	char piece[PIECE_MAX], digest[DIGEST_TEXT_BYTES];
	struct digest d;

	(void)state;
	memset(piece, 'a', sizeof piece);
	digest_init(&d);
	for (size_t done = 0, size = 0; done < LETTERS; done += size) {
		size = (size + 37) % PIECE_MAX; /* of all sizes, across the blocks of 64 bytes */
		if (size > LETTERS - done)
			size = LETTERS - done;
		digest_add(&d, piece, size);
	}
	digest_end(&d, sum);
	digest_text(sum, digest);
	assert_string_equal(
		digest, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void a_digest_is_written_in_lower_case_hexadecimal(void **state)
{
	uint8_t bytes[DIGEST_BYTES];
	char text[DIGEST_TEXT_BYTES];

	(void)state;
	for (int i = 0; i < DIGEST_BYTES; i++)
		bytes[i] = (uint8_t)(i * 8 + 7);
	digest_text(bytes, text);
	assert_string_equal(
		text, "070f171f272f373f474f575f676f777f878f979fa7afb7bfc7cfd7dfe7eff7ff");
}

static void random_bytes_fill_what_was_asked_for(void **state)
{
	enum { SIZE = 32, ROUNDS = 64 };
	uint8_t seen[SIZE] = { 0 }, bytes[SIZE + 1];

	(void)state;
	/* A byte that stays 0 for 64 rounds happens once in 256 to the 64th runs. */
	bytes[SIZE] = 0x5a;
	for (int round = 0; round < ROUNDS; round++) {
		random_bytes(bytes, SIZE);
		for (int i = 0; i < SIZE; i++)
			seen[i] |= bytes[i];
	}
	for (int i = 0; i < SIZE; i++)
		assert_int_not_equal(seen[i], 0);
	assert_int_equal(bytes[SIZE], 0x5a);
}

static void an_id_is_26_letters_that_begin_with_its_time(void **state)
{
	char id[ID_BYTES];
	int64_t time = 0;

	(void)state;
	id_new(NOW_MS, id);
	assert_int_equal(strlen(id), ID_BYTES - 1);
	assert_int_equal(strspn(id, id_letters), ID_BYTES - 1);
	for (int i = 0; i < 10; i++)
		time = time * 32 + (strchr(id_letters, id[i]) - id_letters);
	assert_int_equal(time, NOW_MS);
}

static void ids_sort_by_time(void **state)
{
	char before[ID_BYTES], id[ID_BYTES];

	(void)state;
	id_new(0, before);
	for (int64_t ms = 1; ms < INT64_C(1) << 48; ms *= 2) {
		id_new(ms, id);
		assert_true(strcmp(before, id) < 0);
		memcpy(before, id, sizeof before);
	}
}

static int compare_ids(const void *a, const void *b)
{
	return strcmp(a, b);
}

static void ids_of_one_millisecond_differ(void **state)
{
	enum { IDS = 10000 };
	static char ids[IDS][ID_BYTES];

	(void)state;
	for (int i = 0; i < IDS; i++)
		id_new(NOW_MS, ids[i]);
	qsort(ids, IDS, sizeof ids[0], compare_ids);
	for (int i = 1; i < IDS; i++)
		assert_string_not_equal(ids[i - 1], ids[i]);
	/* All 16 random letters take part. */
	for (int letter = 10; letter < ID_BYTES - 1; letter++) {
		int same = 0;
		for (int i = 1; i < IDS; i++)
			same += ids[i][letter] == ids[0][letter];
		assert_int_not_equal(same, IDS - 1);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digests_are_those_of_the_standard),
		cmocka_unit_test(a_million_letters_in_pieces),
		cmocka_unit_test(a_digest_is_written_in_lower_case_hexadecimal),
		cmocka_unit_test(random_bytes_fill_what_was_asked_for),
		cmocka_unit_test(an_id_is_26_letters_that_begin_with_its_time),
		cmocka_unit_test(ids_sort_by_time),
		cmocka_unit_test(ids_of_one_millisecond_differ),
	};

	return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
