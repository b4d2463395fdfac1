/* scenario.h - the life of two jobs and a data set, step by step: what the fault tests run while
 * things fail. */
#pragma once

#include "fixture.h"

/* Each step does one thing, wholly or not at all; some only read, and check what they read. */
struct step {
	const char *name;
	bool (*run)(struct database *db, struct error *err);
	bool two_transactions; /* what fails may have done the first */
};
extern const struct step steps[];
extern const int n_steps;

/* Directories made from now on lie in memory where the system has such a place: thousands are made.
 */
void scenario_use_memory(void);

/* cmocka's set-up and tear-down; *state is a struct fixture, opened where the steps begin. Whatever
 * SQLite was given must have come back in the end. */
int scenario_begin(void **state);
int scenario_end(void **state);

/* Opens what a daemon that died has left in a directory; its content must be one of the two. */
void scenario_reopen(
	const char *directory, const char *before, const char *after, const char *what);

/* --- a step under trial: run again and again from the same state, with one thing failing each time
 * --------- */

struct trial {
	struct fixture *f;
	const struct step *step;
	char before[65], after[65]; /* digests of the state without and with the step */
	char snapshot[64];          /* a copy of the directory before the step */
	int64_t data_version;       /* as a reader sees it; differs once anything was committed */
	bool changed;               /* the last run has changed the state */
};
/* Learns both states from a run in which nothing fails. */
void trial_begin(struct trial *t, struct fixture *f, const struct step *step);
/* Before each run: the state is the old one, and nothing is prepared. */
void trial_reset(struct trial *t);
/* After each run: the state is the new one if it was done, the old one if not. */
void trial_check(struct trial *t, bool done, int nth);
/* After the last run, in which nothing failed: the file is whole. */
void trial_end(struct trial *t);
