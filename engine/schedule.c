/* schedule.c - see schedule.h. */
#include "engine/schedule.h"

extern const struct schedule_class schedule_constant, schedule_cosine_decay,
	schedule_cosine_decay_restarts, schedule_exponential_decay, schedule_inverse_time_decay,
	schedule_piecewise_constant_decay, schedule_polynomial_decay, schedule_step_decay;

static const struct param_class *const classes[] = {
	&schedule_constant.class,
	&schedule_cosine_decay.class,
	&schedule_cosine_decay_restarts.class,
	&schedule_exponential_decay.class,
	&schedule_inverse_time_decay.class,
	&schedule_piecewise_constant_decay.class,
	&schedule_polynomial_decay.class,
	&schedule_step_decay.class,
	NULL,
};

const struct param_family schedule_family = { "schedules", "schedule", classes };

/* NULL: it is a number. */
static const struct schedule_class *class_of(const struct param_variant *v)
{
	return v->index < 0 ? NULL : (const void *)classes[v->index]; /* its first member */
}

double schedule_rate(const struct param_variant *v, int64_t step)
{
	const struct schedule_class *c = class_of(v);
	const void *conf = param_variant_conf(v);

	if (!c)
		return v->number;
	if (!c->warms_up)
		return c->rate(conf, step);
	const struct schedule_warmup *w = conf;
	if (step >= w->steps)
		return c->rate(conf, step - w->steps);
	return w->from + (c->rate(conf, 0) - w->from) * ((double)step / (double)w->steps);
}

bool schedule_check(const struct param_variant *v, const char *pointer, struct error *err)
{
	const struct schedule_class *c = class_of(v);

	return !c || !c->check || c->check(param_variant_conf(v), pointer, err);
}
