/* sparse_categorical_crossentropy.c - loss = -log softmax(x)[label], always from the logits x: the
 * last layer's softmax is left out of the network and done here, where it cannot underflow. d loss
 * / dx = softmax(x) - onehot(label). */
#include "engine/loss.h"
#include "engine/registry.h"

#include <inttypes.h>

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
	char text[SHAPE_TEXT_BYTES];

	shape_text(&r->output, text);
	if (r->classes == 0)
		return error_at(err, ERROR_INVALID, "/loss",
			"sparse_categorical_crossentropy needs integer labels; the targets of this "
			"data set are not");
	if (r->output.rank != 1)
		return error_at(err, ERROR_INVALID, "/loss",
			"sparse_categorical_crossentropy needs one row of classes a sample; the "
			"network's output is %s: put Flatten "
			"and Dense at its end",
			text);
	if (r->output.dim[0] < r->classes)
		return error_at(err, ERROR_INVALID, "/loss",
			"the network has %" PRId64
			" outputs, the data set has labels up to %" PRId64 ": at least %" PRId64
			" outputs are needed",
			r->output.dim[0], r->classes - 1, r->classes);
	bool softmax = r->activation == ACTIVATION_SOFTMAX;
	if (c->from_logits && softmax)
		return error_at(err, ERROR_INVALID, "/loss/from_logits",
			"from_logits is true, but the last layer ends in softmax, which gives "
			"probabilities");
	if (!c->from_logits && !softmax)
		return error_at(err, ERROR_INVALID, "/loss",
			"sparse_categorical_crossentropy needs probabilities; the last layer's "
			"activation is %s: make it softmax, or "
			"set from_logits",
			activation_names[r->activation]);
	*ret = (struct loss_plan){ .takes_logits = softmax, .labels = true, .accuracy = true };
	return true;
}

static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	int64_t at = begin * s->width;

	s->kernels->softmax_cross_entropy(s->y + at, s->labels + begin, end - begin, s->width,
		s->scale, s->dy ? s->dy + at : NULL, s->loss + begin, s->right + begin);
}

const struct loss_class loss_sparse_categorical_crossentropy = {
	.name = "sparse_categorical_crossentropy",
	.doc = "-log of the probability given to the right class; targets are class numbers",
	.params = params,
	.conf_size = sizeof(struct conf),
	.plan = loss_plan,
	.run = loss_run,
};
