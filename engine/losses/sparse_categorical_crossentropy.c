/* sparse_categorical_crossentropy.c - loss = -log softmax(x)[label], always from the logits x: the
 * last layer's softmax is left out of the network and done here, where it cannot underflow. d loss
 * / dx = softmax(x) - onehot(label). */
#include "engine/losses/common.h"

struct conf {
	bool from_logits;
};

static const struct param params[] = {
	PARAM_BOOL(
		struct conf, from_logits, false, "the last layer gives logits, not probabilities"),
	PARAM_END,
};

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	const struct conf *c = conf;

	return loss_plan_labels("sparse_categorical_crossentropy", r, ret, err) &&
	       loss_plan_logits("sparse_categorical_crossentropy", r, c->from_logits,
		       ACTIVATION_SOFTMAX, ret, err);
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	int64_t at = begin * s->width;

	s->kernels->softmax_cross_entropy(s->y + at, s->labels + begin, end - begin, s->width,
		s->scale, s->dy ? s->dy + at : NULL, s->loss + begin);
}

const struct loss_class loss_sparse_categorical_crossentropy = {
	.name = "sparse_categorical_crossentropy",
	.doc = "-log of the probability given to the right class; targets are class numbers",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
