/* common.c - see common.h. */
#include "engine/losses/common.h"

#include <inttypes.h>

enum { BLOCK = 256 }; /* values at a time: their losses and slopes stay in the first-level cache */

static bool refuse_shape(const char *name, const struct loss_request *r, struct error *err)
{
	char output[SHAPE_TEXT_BYTES], target[SHAPE_TEXT_BYTES];

	shape_text(&r->output, output);
	shape_text(&r->target, target);
	return error_at(err, ERROR_INVALID, "/loss",
		"%s needs targets of the network's output's shape %s; those of this data set have "
		"shape %s",
		name, output, target);
}

bool loss_plan_values(const char *name, const struct loss_request *r, int64_t labels_below,
	struct loss_plan *ret, struct error *err)
{
	bool numbers = r->target.rank == 0 && shape_elements(&r->output) == 1;

	if (!numbers && !shape_equal(&r->output, &r->target))
		return refuse_shape(name, r, err);
	if (labels_below > 0 && r->classes > labels_below)
		return error_at(err, ERROR_INVALID, "/loss",
			"%s takes labels of 0 to %" PRId64
			"; the data set has labels up to %" PRId64,
			name, labels_below - 1, r->classes - 1);
	*ret = (struct loss_plan){ .labels = r->classes > 0,
		.labels_below = r->classes > 0 ? labels_below : 0 };
	return true;
}

bool loss_plan_labels(
	const char *name, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	char text[SHAPE_TEXT_BYTES];

	shape_text(&r->output, text);
	if (r->classes == 0)
		return error_at(err, ERROR_INVALID, "/loss",
			"%s needs integer labels; the targets of this data set are not", name);
	if (r->output.rank != 1)
		return error_at(err, ERROR_INVALID, "/loss",
			"%s needs one row of classes a sample; the network's output is %s: put "
			"Flatten and Dense at its end",
			name, text);
	if (r->output.dim[0] < r->classes)
		return error_at(err, ERROR_INVALID, "/loss",
			"the network has %" PRId64
			" outputs, the data set has labels up to %" PRId64 ": at least %" PRId64
			" outputs are needed",
			r->output.dim[0], r->classes - 1, r->classes);
	*ret = (struct loss_plan){ .labels = true, .labels_below = r->output.dim[0] };
	return true;
}

bool loss_plan_classes(
	const char *name, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	if (r->classes > 0)
		return loss_plan_labels(name, r, ret, err);
	if (r->output.rank == 0 || !shape_equal(&r->output, &r->target))
		return refuse_shape(name, r, err);
	*ret = (struct loss_plan){ .labels = false };
	return true;
}

bool loss_plan_logits(const char *name, const struct loss_request *r, bool from_logits,
	enum activation wanted, struct loss_plan *ret, struct error *err)
{
	bool ends_so = r->activation == wanted;

	if (from_logits && ends_so)
		return error_at(err, ERROR_INVALID, "/loss/from_logits",
			"from_logits is true, but the last layer ends in %s, which gives "
			"probabilities",
			activation_names[wanted]);
	if (!from_logits && !ends_so)
		return error_at(err, ERROR_INVALID, "/loss",
			"%s needs probabilities; the last layer's activation is %s: make it %s, or "
			"set from_logits",
			name, activation_names[r->activation], activation_names[wanted]);
	ret->takes_logits = ends_so;
	return true;
}

/* n targets of a sample from value `at` on. */
static void fetch_targets(const struct loss_step *s, const struct loss_sum *sum, int64_t sample,
	int64_t at, int64_t n, float *ret)
{
	for (int64_t j = 0; j < n; j++) {
		float t = s->labels ? (float)s->labels[sample]
				    : s->targets[sample * s->width + at + j];
		ret[j] = t + sum->smoothing * (0.5f - t);
	}
}

/* In double, so that the error of a wide output does not depend on its width; the order is that of
 * the outputs. */
void loss_run_values(
	const struct loss_step *s, const struct loss_sum *sum, int64_t begin, int64_t end)
{
	const float share = s->scale / (float)sum->divisor;
	float targets[BLOCK], values[BLOCK], slopes[BLOCK];

	for (int64_t i = begin; i < end; i++) {
		double total = 0;
		for (int64_t at = 0; at < s->width; at += BLOCK) {
			int64_t n = at + BLOCK < s->width ? BLOCK : s->width - at;
			int64_t first = i * s->width + at;
			fetch_targets(s, sum, i, at, n, targets);
			s->kernels->loss(
				sum->function, sum->p, s->y + first, targets, n, values, slopes);
			for (int64_t j = 0; j < n; j++)
				total += (double)values[j];
			for (int64_t j = 0; s->dy && j < n; j++)
				s->dy[first + j] = share * slopes[j];
		}
		s->loss[i] = (float)(total / (double)sum->divisor);
	}
}

void loss_run_rows(const struct loss_step *s, float (*entropy)(const struct entropy_row *r),
	struct entropy_row row, int64_t begin, int64_t end)
{
	int64_t rows = s->width / s->depth;

	row.n = s->depth;
	row.scale = s->scale / (float)rows;
	for (int64_t i = begin; i < end; i++) {
		double total = 0;
		for (int64_t r = 0; r < rows; r++) {
			int64_t at = i * s->width + r * s->depth;
			row.x = s->y + at;
			row.targets = s->labels ? NULL : s->targets + at;
			row.label = s->labels ? s->labels[i] : 0;
			row.dx = s->dy ? s->dy + at : NULL;
			total += (double)entropy(&row);
		}
		s->loss[i] = (float)(total / (double)rows);
	}
}
