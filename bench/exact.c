/* exact.c - the networks of tests/engine/exact.h in every way of working that one build has.
 *
 *	exact [NETWORK…]
 *
 * One JSON line for each network and way: {"network": "mnist", "isa": "avx2", "threads": 3,
 * "micro_batches": true, "stops": 7, "sha256": "…"}. bench/exact runs this from the builds of
 *several compilers and compares. */
#include "tests/engine/exact.h"

#include "engine/registry.h"
#include "engine/trainer.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const sets[] = { "scalar", "avx2", "avx512", "avx512bf16", "neon" };
static const int threads[] = { 1, 2, 3, 5, 8 };
static const uint64_t stops[] = { 0, 1, 2 };

/* Whether `name` stands in `text` as a whole word. */
static bool names(const char *text, const char *name)
{
	size_t n = strlen(name);

	for (const char *at = text; (at = strstr(at, name)); at += n)
		if ((at == text || at[-1] == ' ') && strchr(" ;", at[n]))
			return true;
	return false;
}

static void check_used(const char *name)
{
	for (const struct exact_network *n = exact_networks; n->name; n++)
		if (names(n->layers, name) || names(n->loss, name) || names(n->optimizer, name))
			return;
	fprintf(stderr, "exact: no network uses %s; add one to tests/engine/exact.c\n", name);
	exit(EXIT_FAILURE);
}

static void check_all_used(void)
{
	for (int i = 0; layer_classes[i]; i++)
		check_used(layer_class_row(layer_classes[i]).name);
	for (int i = 0; loss_classes[i]; i++)
		check_used(loss_class_row(loss_classes[i]).name);
	for (int i = 0; optimizer_classes[i]; i++)
		check_used(optimizer_class_row(optimizer_classes[i]).name);
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return true;
	return argc == 1;
}

static bool known(const char *name)
{
	for (const struct exact_network *n = exact_networks; n->name; n++)
		if (strcmp(name, n->name) == 0)
			return true;
	return false;
}

static void run(const struct exact_network *n, const struct exact_way *way)
{
	char text[DIGEST_TEXT_BYTES];
	struct error err = { 0 };

	if (!exact_digest(n, way, text, &err)) {
		fprintf(stderr, "exact: %s: %s\n", n->name, err.text);
		exit(EXIT_FAILURE);
	}
	printf("{\"network\": \"%s\", \"isa\": \"%s\", \"threads\": %d, \"micro_batches\": %s, "
	       "\"stops\": %d, \"sha256\": \"%s\"}\n",
		n->name, way->isa, way->threads, way->micro_batches ? "true" : "false",
		(int)way->stops, text);
	(void)fflush(stdout); /* a reader follows it; if it is gone the next write says so */
}

static void run_all(const struct exact_network *n)
{
	for (size_t i = 0; i < COUNT_OF(sets); i++)
		for (size_t t = 0; trainer_isa(sets[i]) && t < COUNT_OF(threads); t++)
			for (int way = 0; way < 2 * (int)COUNT_OF(stops); way++)
				run(n, &(struct exact_way){ .isa = sets[i],
					       .threads = threads[t],
					       .micro_batches = way % 2,
					       .stops = stops[way / 2] });
}

int main(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!known(argv[i])) {
			fprintf(stderr, "exact: there is no network \"%s\"\n", argv[i]);
			return EXIT_FAILURE;
		}
	if (argc == 1)
		check_all_used();
	for (const struct exact_network *n = exact_networks; n->name; n++)
		if (wanted(n->name, argc, argv))
			run_all(n);
	return EXIT_SUCCESS;
}
