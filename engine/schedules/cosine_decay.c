/* cosine_decay.c - Keras's CosineDecay (Loshchilov and Hutter, arXiv:1608.03983, without restarts):
 *   rate = r ((1 - alpha) (1 + cos(pi min(s, decay_steps) / decay_steps)) / 2 + alpha)
 * Without a warmup_target: r = initial_learning_rate, s = step. With one the rate first rises from
 * initial_learning_rate to it, in warmup_steps: r = warmup_target, s = step - warmup_steps. */
#include "engine/schedule.h"

#include "engine/math64.h"

#include <inttypes.h>
#include <stdio.h>

struct conf {
	double initial_learning_rate, alpha, warmup_target;
	int64_t decay_steps, warmup_steps;
};

static const struct param params[] = {
	{ .name = "initial_learning_rate",
		.doc = "rate of the first step",
		.type = PARAM_TYPE_FLOAT,
		.flags = PARAM_REQUIRED,
		.offset = offsetof(struct conf, initial_learning_rate),
		.max = INFINITY },
	SCHEDULE_STEPS(struct conf, decay_steps, "steps of the fall"),
	PARAM_FLOAT(struct conf, alpha, 0, 0, 1, 0, "what is left in the end, as a share"),
	PARAM_FLOAT(struct conf, warmup_target, NAN, 0, INFINITY, PARAM_NULLABLE | PARAM_ABOVE_MIN,
		"rate to which it rises first; null: it does not"),
	PARAM_INT(struct conf, warmup_steps, 0, 0, SCHEDULE_STEPS_MAX, "steps of that rise"),
	PARAM_END,
};

static bool cosine_check(const void *conf, const char *pointer, struct error *err)
{
	const struct conf *c = conf;
	char place[160];

	if (c->warmup_steps == 0 || !isnan(c->warmup_target))
		return true;
	(void)snprintf(place, sizeof place, "%s/warmup_steps", pointer);
	return error_at(err, ERROR_INVALID, place,
		"warmup_steps is %" PRId64 ", but there is no warmup_target to rise to; wanted: "
		"both, or neither",
		c->warmup_steps);
}

static double cosine_rate(const void *conf, int64_t step)
{
	const struct conf *c = conf;
	bool warms = !isnan(c->warmup_target);
	double first = warms ? c->warmup_target : c->initial_learning_rate;
	int64_t s = warms ? step - c->warmup_steps : step;

	if (s < 0)
		return (first - c->initial_learning_rate) *
			       ((double)step / (double)c->warmup_steps) +
		       c->initial_learning_rate;
	s = s < c->decay_steps ? s : c->decay_steps;
	double cosine = 0.5 * (1.0 + math64_cos_pi((double)s / (double)c->decay_steps));
	return first * ((1.0 - c->alpha) * cosine + c->alpha);
}

const struct schedule_class schedule_cosine_decay = {
	.class = { "CosineDecay", "falls along half a cosine, after a rise if wanted", params,
		sizeof(struct conf) },
	.rate = cosine_rate,
	.check = cosine_check,
};
