/* split.h - which samples are kept back for validation.
 *
 * The samples are shuffled by the seed before they are cut, so sorted data do no harm. Stratified:
 * each class has the same share on both sides, as nearly as whole samples allow; the remainders go
 * to the classes that lose most by rounding. Both sides stay in the order of the data set. The same
 * arguments always give the same split. Any thread. */
#pragma once

#include "base/error.h"
#include "engine/data.h"

struct split {
	int32_t *train, *validation; /* numbers of samples, ascending: for data.index */
	int64_t n_train, n_validation;
};

/* How many of so many samples are kept back: without their labels, for a forecast. false: one side
 * would be empty, or there are too many (pointer ""). */
bool split_count(
	int64_t samples, double fraction, int64_t *ret_validation, struct error *err) MUST_CHECK;

/* fraction: the share of the validation, in (0, 1). stratify needs labels (data.classes > 0),
 * and few: it takes memory by their number, and time by its square. data.index is not looked at.
 * false: one side would be empty (pointer ""), or no memory. The caller frees with split_done. */
bool split_make(const struct data *data, double fraction, bool stratify, uint64_t seed,
	struct split *ret, struct error *err) MUST_CHECK;
void split_done(struct split *s);
