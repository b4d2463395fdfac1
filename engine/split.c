/* split.c - see split.h. */
#include "engine/split.h"

#include "engine/shuffle.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

enum { SPLIT_EPOCH = 0 }; /* epochs count from 1: an order that no epoch has */

static int64_t class_of(const struct data *d, int64_t sample, bool stratify)
{
	return stratify ? data_label(d, sample) : 0;
}

/* How many of each class are kept back: the whole parts, and one more for those with the largest
 * remainders until the total is right. */
static void share_out(
	const int64_t *counts, int64_t classes, double fraction, int64_t total, int64_t *quota)
{
	for (int64_t c = 0; c < classes; c++) {
		quota[c] = (int64_t)floor((double)counts[c] * fraction);
		total -= quota[c];
	}
	for (; total > 0; total--) {
		int64_t most = -1;
		double largest = -1;
		for (int64_t c = 0; c < classes; c++) {
			double left = (double)counts[c] * fraction - (double)quota[c];
			if (quota[c] < counts[c] && left > largest) {
				largest = left;
				most = c;
			}
		}
		quota[most]++;
	}
}

/* Marks the samples that are kept back: of each class the first of the shuffled order. */
static void mark(const struct data *d, bool stratify, uint64_t seed, int64_t *quota, uint8_t *kept)
{
	struct shuffle order;

	shuffle_init(&order, seed, SPLIT_EPOCH, d->count);
	for (int64_t i = 0; i < d->count; i++) {
		int64_t sample = shuffle_at(&order, i), class = class_of(d, sample, stratify);
		kept[sample] = quota[class] > 0;
		quota[class] -= kept[sample];
	}
}

static bool fill(const struct data *d, const uint8_t *kept, int64_t n_kept, struct split *ret)
{
	*ret = (struct split){
		.train = malloc((size_t)(d->count - n_kept) * sizeof *ret->train),
		.validation = malloc((size_t)n_kept * sizeof *ret->validation),
	};
	if (!ret->train || !ret->validation) {
		split_done(ret);
		return false;
	}
	for (int64_t i = 0; i < d->count; i++) {
		if (kept[i])
			ret->validation[ret->n_validation++] = (int32_t)i;
		else
			ret->train[ret->n_train++] = (int32_t)i;
	}
	return true;
}

bool split_count(int64_t samples, double fraction, int64_t *ret_validation, struct error *err)
{
	int64_t total = (int64_t)floor((double)samples * fraction + 0.5);

	if (samples > INT32_MAX)
		return error_at(err, ERROR_INVALID, "",
			"%" PRId64 " samples cannot be split; allowed: at most %d", samples,
			INT32_MAX);
	if (total < 1 || total >= samples)
		return error_at(err, ERROR_INVALID, "",
			"a fraction of %g of %" PRId64 " samples leaves %" PRId64
			" for training and %" PRId64 " for validation; both need at least 1",
			fraction, samples, samples - total, total);
	*ret_validation = total;
	return true;
}

bool split_make(const struct data *data, double fraction, bool stratify, uint64_t seed,
	struct split *ret, struct error *err)
{
	int64_t classes = stratify ? data->classes : 1;
	int64_t total;

	if (!split_count(data->count, fraction, &total, err))
		return false;
	int64_t *counts = calloc((size_t)classes, sizeof *counts),
		*quota = calloc((size_t)classes, sizeof *quota);
	uint8_t *kept = calloc((size_t)data->count, 1);
	bool ok = counts && quota && kept;
	if (ok) {
		for (int64_t i = 0; i < data->count; i++)
			counts[class_of(data, i, stratify)]++;
		share_out(counts, classes, fraction, total, quota);
		mark(data, stratify, seed, quota, kept);
		ok = fill(data, kept, total, ret);
	}
	free(counts);
	free(quota);
	free(kept);
	return ok || error_no_memory(err);
}

void split_done(struct split *s)
{
	free(s->train);
	free(s->validation);
	*s = (struct split){ 0 };
}
