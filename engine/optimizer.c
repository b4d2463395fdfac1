/* optimizer.c - see optimizer.h. */
#include "engine/optimizer.h"

#include <string.h>

void optimizer_slots(
	const struct optimizer_class *class, const void *conf, struct optimizer_slots *ret)
{
	const struct optimizer_conf *c = conf;
	const char *const *own = class->slots(conf);

	*ret = (struct optimizer_slots){ .average = OPTIMIZER_NO_SLOT,
		.accumulator = OPTIMIZER_NO_SLOT };
	while (*own)
		ret->names[ret->count++] = *own++;
	if (c->use_ema) {
		ret->average = ret->count;
		ret->names[ret->count++] = "average";
	}
	if (c->gradient_accumulation_steps != PARAM_NULL) {
		ret->accumulator = ret->count;
		ret->names[ret->count++] = "accumulated_gradient";
	}
}

bool optimizer_needs_norms(const void *conf)
{
	const struct optimizer_conf *c = conf;

	return !isnan(c->clipnorm) || !isnan(c->global_clipnorm);
}

bool optimizer_check(const void *conf, struct error *err)
{
	const struct optimizer_conf *c = conf;

	if (!isnan(c->clipnorm) + !isnan(c->clipvalue) + !isnan(c->global_clipnorm) > 1)
		return error_at(err, ERROR_INVALID, "/optimizer",
			"more than one of clipnorm, clipvalue and global_clipnorm is given; "
			"allowed: one of them");
	return schedule_check(&c->learning_rate.variant, "/optimizer/learning_rate", err);
}

static int64_t accumulation_of(const struct optimizer_conf *c)
{
	return c->gradient_accumulation_steps == PARAM_NULL ? 1 : c->gradient_accumulation_steps;
}

static double or_none(double limit)
{
	return isnan(limit) ? INFINITY : limit;
}

void optimizer_begin(const struct optimizer_class *class, const void *conf, double rate,
	int64_t batch, struct optimizer_step *s)
{
	const struct optimizer_conf *c = conf;
	int64_t done = batch / accumulation_of(c); /* of the optimizer's own steps */

	s->rule = class->rule(conf);
	s->applies = (batch + 1) % accumulation_of(c) == 0;
	s->accumulated = 1.0f / (float)accumulation_of(c);
	if (!s->applies)
		return;
	class->begin(conf, rate, done + 1, &s->values);
	s->decay = isnan(c->weight_decay) ? 0.0f : (float)(c->weight_decay * rate);
	s->clip_value = (float)or_none(c->clipvalue);
	s->clip_norm = or_none(c->clipnorm);
	s->clip_global = or_none(c->global_clipnorm);
	s->ema_keep = done == 0 ? 0.0f : (float)c->ema_momentum;
	s->ema_overwrites = c->ema_overwrite_frequency != PARAM_NULL &&
			    (done + 1) % c->ema_overwrite_frequency == 0;
}
