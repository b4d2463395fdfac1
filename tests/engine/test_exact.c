/* test_exact.c - the networks of exact.h against digests that are written down.
 *
 * Other tests compare the ways of working that one build on one CPU has. Here every build
 *(compiler, sanitizer, kind of CPU) is held to the same numbers, so all of them agree with each
 *other. The digests change only when the arithmetic is meant to change; then test_engine_exact
 *--print >tests/engine/golden/exact.inc writes them anew, and the commit says why. */
#include "exact.h"

#include "engine/kernels/kernels.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct exact_digest_row {
	const char *network, *sha256;
} written[] = {
#include "golden/exact.inc"
};

/* The scalar kernels' own way, from which all others differ in one thing or several. */
static const struct exact_way plain = { .isa = "scalar", .threads = 1 };

static const struct exact_way ways[] = {
	{ .threads = 1 },
	{ .threads = 2, .micro_batches = true },
	{ .threads = 3, .stops = 1 },
};

static const char *written_digest(const char *network)
{
	for (size_t i = 0; i < COUNT_OF(written); i++)
		if (strcmp(written[i].network, network) == 0)
			return written[i].sha256;
	fail_msg("golden/exact.inc has no digest of \"%s\"; the text above says how to make it",
		network);
	return NULL;
}

static void check(const struct exact_network *n, const struct exact_way *way)
{
	char seen[DIGEST_TEXT_BYTES];
	const char *wanted = written_digest(n->name);
	struct error err = { 0 };

	if (!exact_digest(n, way, seen, &err))
		fail_msg("%s: %s", n->name, err.text);
	if (strcmp(seen, wanted) != 0)
		fail_msg("%s: %s kernels, %d threads%s%s: the digest is\n%s, and should be\n%s",
			n->name, way->isa, way->threads,
			way->micro_batches ? ", a batch in parts" : "",
			way->stops ? ", stopped and gone on" : "", seen, wanted);
}

static void test_every_network_has_its_digest(void **state)
{
	(void)state;
	for (const struct exact_network *n = exact_networks; n->name; n++)
		check(n, &plain);
}

static void test_every_way_has_the_same_digest(void **state)
{
	(void)state;
	for (const struct exact_network *n = exact_networks; n->name; n++) {
		for (int k = 0; kernels_all[k]; k++) {
			const char *isa = kernels_all[k]->name;
			for (size_t w = 0; kernels_find(isa) && w < COUNT_OF(ways); w++) {
				struct exact_way way = ways[w];
				way.isa = isa;
				check(n, &way);
			}
		}
	}
}

static void test_no_digest_is_left_of_a_network_that_went(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(written); i++) {
		const struct exact_network *n = exact_networks;
		while (n->name && strcmp(n->name, written[i].network) != 0)
			n++;
		if (!n->name)
			fail_msg("there is no network \"%s\"", written[i].network);
	}
}

static int print_digests(void)
{
	char text[DIGEST_TEXT_BYTES];
	struct error err = { 0 };

	for (const struct exact_network *n = exact_networks; n->name; n++) {
		if (!exact_digest(n, &plain, text, &err)) {
			(void)fprintf(stderr, "%s: %s\n", n->name, err.text);
			return EXIT_FAILURE;
		}
		printf("{ \"%s\", \"%s\" },\n", n->name, text);
	}
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_network_has_its_digest),
		cmocka_unit_test(test_every_way_has_the_same_digest),
		cmocka_unit_test(test_no_digest_is_left_of_a_network_that_went),
	};

	if (argc == 2 && strcmp(argv[1], "--print") == 0)
		return print_digests();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
