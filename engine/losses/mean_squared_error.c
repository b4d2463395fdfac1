/* mean_squared_error.c - loss = mean over the outputs of (y - t)². d loss / dy = 2 (y - t) / width.
 * Keras's mean is over the last axis and then over the rest; with equal rows that is the mean over
 * all. */
#include "engine/loss.h"
#include "engine/registry.h"

static bool loss_plan(
	const void *conf, const struct loss_request *r, struct loss_plan *ret, struct error *err)
{
	char output[SHAPE_TEXT_BYTES], target[SHAPE_TEXT_BYTES];

	(void)conf; /* has no arguments */
	shape_text(&r->output, output);
	shape_text(&r->target, target);
	/* Numbers without an axis of their own are targets for one output. */
	bool numbers = r->target.rank == 0 && shape_elements(&r->output) == 1;
	if (!numbers && !shape_equal(&r->output, &r->target))
		return error_at(err, ERROR_INVALID, "/loss",
			"mean_squared_error needs targets of the network's output's shape %s; "
			"those of this data set have shape %s",
			output, target);
	*ret = (struct loss_plan){ .labels = r->classes > 0 };
	return true;
}

/* In double, so that the error of a wide output does not depend on its width; the order is that of
 * the outputs. */
static void loss_run(const struct loss_step *s, int64_t begin, int64_t end)
{
	const float slope = 2.0f * s->scale / (float)s->width;

	for (int64_t i = begin; i < end; i++) {
		double sum = 0;
		for (int64_t j = 0; j < s->width; j++) {
			int64_t at = i * s->width + j;
			float t = s->labels ? (float)s->labels[i] : s->targets[at];
			float d = s->y[at] - t;
			sum += (double)d * (double)d;
			if (s->dy)
				s->dy[at] = slope * d;
		}
		s->loss[i] = (float)(sum / (double)s->width);
		s->right[i] = 0;
	}
}

const struct loss_class loss_mean_squared_error = {
	.name = "mean_squared_error",
	.doc = "mean of the squared differences between output and target",
	.plan = loss_plan,
	.run = loss_run,
};
