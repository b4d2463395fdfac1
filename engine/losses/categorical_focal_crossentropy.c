/* categorical_focal_crossentropy.c - loss = sum over the last axis of -alpha (1 - p)^gamma t
 * log(p), p = softmax(x), the mean over the other axes: Lin and others, arXiv:1708.02002,
 * section 3. From logits, with targets as those of categorical_crossentropy. */
#include "engine/losses/common.h"

#include <math.h>

struct conf {
	double alpha, gamma;
	bool from_logits;
	double label_smoothing;
};

static const struct param params[] = {
	PARAM_FLOAT(struct conf, alpha, 0.25, 0, INFINITY, 0, "weight of every class"),
	PARAM_FLOAT(
		struct conf, gamma, 2, 0, INFINITY, 0, "how little counts what is nearly right"),
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

	return loss_plan_classes("categorical_focal_crossentropy", r, ret, err) &&
	       loss_plan_logits("categorical_focal_crossentropy", r, c->from_logits,
		       ACTIVATION_SOFTMAX, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct entropy_row row = { .keep = (float)(1 - c->label_smoothing),
		.share = (float)(c->label_smoothing / (double)s->depth),
		.weight = (float)c->alpha,
		.gamma = (float)c->gamma };

	loss_run_rows(s, s->kernels->focal, row, begin, end);
}

const struct loss_class loss_categorical_focal_crossentropy = {
	.name = "categorical_focal_crossentropy",
	.doc = "categorical cross-entropy that counts less what is nearly right",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
