/* exact.h - networks whose results must be the same bits in every way of working, and the work
 * itself.
 *
 * tests/engine/test_exact.c holds small ones to digests that are written down; bench/exact runs all
 * of them in every way. Together they use every layer, loss and optimizer. Data are made, not read.
 */
#pragma once

#include "base/digest.h"
#include "base/error.h"
#include "engine/plan.h"

#include <stdint.h>

struct exact_network {
	const char *name, *layers, *loss, *optimizer; /* as network.h takes them */
	const char *augment;                          /* likewise; NULL: none */
	struct shape input;                           /* an image (rank 3) is fed as bytes */
	struct shape target;                          /* rank 0: labels of `classes` kinds */
	int64_t classes, batch_size, samples, epochs;
	enum plan_precision precision;
};

/* A name of NULL ends the list. */
extern const struct exact_network exact_networks[];

struct exact_way {
	const char *isa; /* as in trainer_options; NULL: the best of this CPU */
	int threads;
	bool micro_batches; /* the smallest memory budget that the plan accepts */
	uint64_t stops; /* 0: run at one go; else the seed of the steps after which the trainer is
			 * thrown away and another one goes on from a copy of its state */
};

/* The digest of all that the training computed: every metric of every epoch, then weights and
 * optimizer slots. false: refused, or no memory. Any thread. */
bool exact_digest(const struct exact_network *network, const struct exact_way *way,
	char ret[static DIGEST_TEXT_BYTES], struct error *err) MUST_CHECK;
