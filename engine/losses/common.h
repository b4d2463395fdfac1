/* common.h - what several losses do in the same way. Pure functions of their arguments, any thread.
 */
#pragma once

#include "engine/loss.h"
#include "engine/registry.h"

/* Plans of a loss of that name; false: refused, err->pointer is "/loss" or under it.
 * Targets are numbers of the output's shape; numbers without an axis of their own, labels among
 * them, are targets for one output. labels_below as in struct loss_plan. */
bool loss_plan_values(const char *name, const struct loss_request *r, int64_t labels_below,
	struct loss_plan *ret, struct error *err);
/* Targets are rows of the output's shape, or labels, each of which stands for the row that has 1 at
 * its place and 0 elsewhere. */
bool loss_plan_classes(
	const char *name, const struct loss_request *r, struct loss_plan *ret, struct error *err);
/* Targets are labels: places in the output's one axis. */
bool loss_plan_labels(
	const char *name, const struct loss_request *r, struct loss_plan *ret, struct error *err);
/* The loss is worked out from logits: the network ends in that activation, which is left out, or,
 * if from_logits, not in it. */
bool loss_plan_logits(const char *name, const struct loss_request *r, bool from_logits,
	enum activation wanted, struct loss_plan *ret, struct error *err);

/* How a loss is a sum over values. */
struct loss_sum {
	enum loss_function function;
	float p[3];      /* its arguments */
	float smoothing; /* targets are t (1 - smoothing) + smoothing / 2 */
	int64_t divisor; /* of the sum over a sample */
};
void loss_run_values(
	const struct loss_step *s, const struct loss_sum *sum, int64_t begin, int64_t end);

/* A sample's loss is the mean over its rows of entropy(row); row's n, x, target, scale and dx are
 * set here, the rest is the caller's. */
void loss_run_rows(const struct loss_step *s, float (*entropy)(const struct entropy_row *r),
	struct entropy_row row, int64_t begin, int64_t end);
