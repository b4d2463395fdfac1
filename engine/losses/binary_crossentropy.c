/* binary_crossentropy.c - loss = mean over the outputs of -t log(p) - (1 - t) log(1 - p), always
 * from the logits of p: the last layer's sigmoid is left out of the network and done here, where it
 * cannot underflow. Smoothed targets are t (1 - label_smoothing) + label_smoothing / 2. */
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

	return loss_plan_values("binary_crossentropy", r, /* labels_below= */ 2, ret, err) &&
	       loss_plan_logits(
		       "binary_crossentropy", r, c->from_logits, ACTIVATION_SIGMOID, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const struct conf *c = s->conf;
	const struct loss_sum sum = { .function = LOSS_BINARY_ENTROPY,
		.smoothing = (float)c->label_smoothing,
		.divisor = s->width };

	loss_run_values(s, &sum, begin, end);
}

const struct loss_class loss_binary_crossentropy = {
	.name = "binary_crossentropy",
	.alias = "bce",
	.doc = "-log of the probability given to each output's target; targets are 0 or 1",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
