/* categorical_crossentropy.c - loss = sum over the last axis of -t log(softmax(x)), the mean over
 * the other axes; always from the logits x, as sparse_categorical_crossentropy. Smoothed targets
 * are t (1 - label_smoothing) + label_smoothing / classes. Labels stand for rows of 0 with a 1 at
 * their place. */
#include "engine/losses/common.h"

struct conf {
	bool from_logits;
	double label_smoothing;
};

static const struct param params[] = {
	PARAM_BOOL(
		struct conf, from_logits, false, "the last layer gives logits, not probabilities"),
	PARAM_FLOAT(struct conf, label_smoothing, 0, 0, 1, 0,
		"how much of each target is spread evenly"),
	PARAM_END,
};

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	const struct conf *c = conf;

	return loss_plan_classes("categorical_crossentropy", r, ret, err) &&
	       loss_plan_logits(
		       "categorical_crossentropy", r, c->from_logits, ACTIVATION_SOFTMAX, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct entropy_row row = { .keep = (float)(1 - c->label_smoothing),
		.share = (float)(c->label_smoothing / (double)s->depth) };

	loss_run_rows(s, s->kernels->entropy, row, begin, end);
}

const struct loss_class loss_categorical_crossentropy = {
	.name = "categorical_crossentropy",
	.doc = "-log of the probabilities given to the classes; targets are rows of shares, or "
	       "labels",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
