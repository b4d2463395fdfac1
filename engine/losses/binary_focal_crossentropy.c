/* binary_focal_crossentropy.c - loss = mean over the outputs of w (1 - q)^gamma e, e being the
 * binary cross-entropy, q the probability given to the target, w alpha for 1 and 1 - alpha for 0
 * where classes are balanced, else 1: Lin and others, arXiv:1708.02002, section 3. From logits, as
 * binary_crossentropy. */
#include "engine/losses/common.h"

#include <math.h>

struct conf {
	bool apply_class_balancing, from_logits;
	double alpha, gamma, label_smoothing;
};

static const struct param params[] = {
	PARAM_BOOL(struct conf, apply_class_balancing, false, "weigh targets by alpha"),
	PARAM_FLOAT(struct conf, alpha, 0.25, 0, 1, 0,
		"weight of targets of 1; those of 0 have 1 - alpha"),
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

	return loss_plan_values("binary_focal_crossentropy", r, /* labels_below= */ 2, ret, err) &&
	       loss_plan_logits("binary_focal_crossentropy", r, c->from_logits, ACTIVATION_SIGMOID,
		       ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct loss_sum sum = { .function = LOSS_BINARY_FOCAL,
		.p = { (float)c->gamma, c->apply_class_balancing ? (float)c->alpha : 1.0f,
			c->apply_class_balancing ? (float)(1 - c->alpha) : 1.0f },
		.smoothing = (float)c->label_smoothing,
		.divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_binary_focal_crossentropy = {
	.name = "binary_focal_crossentropy",
	.doc = "binary cross-entropy that counts less what is nearly right",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
