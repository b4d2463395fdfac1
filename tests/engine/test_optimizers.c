/* test_optimizers.c - every optimizer against its formulas, written out here in double.
 *
 * The network is one weight w, the loss (w - 3)², so the gradient is 2 (w - 3); w begins at 1. What
 * the engine makes of it in some steps must be what the formulas make of it. */
#include "network.h"

#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { STEPS = 12, TARGET = 3 };
static const double tolerance = 2e-6;

/* What an optimizer remembers, and one step of it: w changes by the gradient g; t counts from 1. */
struct memory {
	double w, a, b, c, product;
};
typedef void formula(struct memory *m, double g, int t);

static void sgd(struct memory *m, double g, int t)
{
	(void)t;
	m->w -= 0.1 * g;
}

static void sgd_momentum(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.9 * m->a - 0.01 * g;
	m->w += m->a;
}

static void sgd_nesterov(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.9 * m->a - 0.01 * g;
	m->w += 0.9 * m->a - 0.01 * g;
}

static void adam(struct memory *m, double g, int t)
{
	m->a = 0.9 * m->a + 0.1 * g;
	m->b = 0.999 * m->b + 0.001 * g * g;
	m->w -= 0.1 * m->a * sqrt(1 - pow(0.999, t)) / (1 - pow(0.9, t)) / (sqrt(m->b) + 1e-7);
}

static void adamw(struct memory *m, double g, int t)
{
	m->w -= m->w * 0.05 * 0.1;
	adam(m, g, t);
}

static void amsgrad(struct memory *m, double g, int t)
{
	m->a = 0.5 * m->a + 0.5 * g;
	m->b = 0.6 * m->b + 0.4 * g * g;
	m->c = fmax(m->c, m->b);
	m->w -= 0.3 * m->a * sqrt(1 - pow(0.6, t)) / (1 - pow(0.5, t)) / (sqrt(m->c) + 1e-7);
}

static void adamax(struct memory *m, double g, int t)
{
	m->a = 0.9 * m->a + 0.1 * g;
	m->b = fmax(0.999 * m->b, fabs(g));
	m->w -= 0.1 / (1 - pow(0.9, t)) * m->a / (m->b + 1e-7);
}

static void nadam(struct memory *m, double g, int t)
{
	double u = 0.9 * (1 - 0.5 * pow(0.96, t)), next = 0.9 * (1 - 0.5 * pow(0.96, t + 1));

	m->product = (t == 1 ? 1 : m->product) * u;
	m->a = 0.9 * m->a + 0.1 * g;
	m->b = 0.999 * m->b + 0.001 * g * g;
	double mean = next * m->a / (1 - m->product * next) + (1 - u) * g / (1 - m->product);
	m->w -= 0.1 * mean / (sqrt(m->b / (1 - pow(0.999, t))) + 1e-7);
}

static void rmsprop(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.8 * m->a + 0.2 * g * g;
	m->w -= 0.1 * g / sqrt(m->a + 0.01);
}

static void rmsprop_momentum(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.8 * m->a + 0.2 * g * g;
	m->b = 0.5 * m->b + 0.1 * g / sqrt(m->a + 0.01);
	m->w -= m->b;
}

static void rmsprop_centered(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.8 * m->a + 0.2 * g * g;
	m->c = 0.8 * m->c + 0.2 * g;
	m->w -= 0.1 * g / sqrt(m->a - m->c * m->c + 0.01);
}

static void rmsprop_centered_momentum(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.8 * m->a + 0.2 * g * g;
	m->c = 0.8 * m->c + 0.2 * g;
	m->b = 0.5 * m->b + 0.1 * g / sqrt(m->a - m->c * m->c + 0.01);
	m->w -= m->b;
}

static void adagrad(struct memory *m, double g, int t)
{
	m->a = (t == 1 ? 0.25 : m->a) + g * g;
	m->w -= 0.5 * g / sqrt(m->a + 1e-7);
}

static void adadelta(struct memory *m, double g, int t)
{
	(void)t;
	m->a = 0.9 * m->a + 0.1 * g * g;
	double step = sqrt(m->b + 0.01) * g / sqrt(m->a + 0.01);
	m->b = 0.9 * m->b + 0.1 * step * step;
	m->w -= 2 * step;
}

static void lion(struct memory *m, double g, int t)
{
	double towards = 0.9 * m->a + 0.1 * g;

	(void)t;
	m->w -= 0.3 * ((towards > 0) - (towards < 0));
	m->a = 0.99 * m->a + 0.01 * g;
}

/* What all optimizers can do, here around plain descent at rate 0.1. */
static void clipped(struct memory *m, double g, int t)
{
	(void)t;
	m->w -= 0.1 * fmax(-0.5, fmin(0.5, g));
}

static void decayed(struct memory *m, double g, int t)
{
	(void)t;
	m->w -= m->w * 0.2 * 0.1;
	m->w -= 0.1 * g;
}

static void accumulated(struct memory *m, double g, int t)
{
	m->a += g;
	if (t % 3 == 0) {
		m->w -= 0.1 * m->a / 3;
		m->a = 0;
	}
}

/* Adam's own count is that of the steps it takes, not of the batches. */
static void adam_accumulated(struct memory *m, double g, int t)
{
	m->c += g;
	if (t % 3 != 0)
		return;
	adam(m, m->c / 3, t / 3);
	m->c = 0;
}

/* Whose rate halves in two batches, not in two of its steps. */
static void accumulated_on_schedule(struct memory *m, double g, int t)
{
	m->a += g;
	if (t % 3 != 0)
		return;
	m->w -= 0.1 * pow(0.5, (t - 1) / 2.0) * m->a / 3;
	m->a = 0;
}

static void averaged(struct memory *m, double g, int t)
{
	m->w -= 0.1 * g;
	m->a = t == 1 ? m->w : 0.75 * m->a + 0.25 * m->w;
	if (t % 4 == 0 || t == STEPS)
		m->w = m->a;
}

static const struct optimizer_case {
	const char *optimizer;
	formula *step;
} cases[] = {
	{ "SGD learning_rate=0.1", sgd },
	{ "SGD momentum=0.9", sgd_momentum },
	{ "SGD momentum=0.9 nesterov=true", sgd_nesterov },
	{ "Adam learning_rate=0.1", adam },
	{ "Adam learning_rate=0.3 beta_1=0.5 beta_2=0.6 amsgrad=true", amsgrad },
	{ "Adam learning_rate=0.1 weight_decay=0.05", adamw },
	{ "AdamW learning_rate=0.1 weight_decay=0.05", adamw },
	{ "Adamax learning_rate=0.1", adamax },
	{ "Nadam learning_rate=0.1", nadam },
	{ "RMSprop learning_rate=0.1 rho=0.8 epsilon=0.01", rmsprop },
	{ "RMSprop learning_rate=0.1 rho=0.8 epsilon=0.01 momentum=0.5", rmsprop_momentum },
	{ "RMSprop learning_rate=0.1 rho=0.8 epsilon=0.01 centered=true", rmsprop_centered },
	{ "RMSprop learning_rate=0.1 rho=0.8 epsilon=0.01 momentum=0.5 centered=true",
		rmsprop_centered_momentum },
	{ "Adagrad learning_rate=0.5 initial_accumulator_value=0.25", adagrad },
	{ "Adadelta learning_rate=2 rho=0.9 epsilon=0.01", adadelta },
	{ "Lion learning_rate=0.3", lion },
	{ "SGD learning_rate=0.1 clipvalue=0.5", clipped },
	{ "SGD learning_rate=0.1 clipnorm=0.5", clipped },
	{ "SGD learning_rate=0.1 global_clipnorm=0.5", clipped },
	{ "SGD learning_rate=0.1 weight_decay=0.2", decayed },
	{ "SGD learning_rate=0.1 gradient_accumulation_steps=3", accumulated },
	{ "Adam learning_rate=0.1 gradient_accumulation_steps=3", adam_accumulated },
	{ "SGD "
	  "learning_rate=ExponentialDecay(initial_learning_rate=0.1|decay_steps=2|decay_rate=0.5)"
	  " gradient_accumulation_steps=3",
		accumulated_on_schedule },
	{ "SGD learning_rate=0.1 use_ema=true ema_momentum=0.75 ema_overwrite_frequency=4",
		averaged },
};

struct seen {
	struct trainer *trainer;
	double w[STEPS];
	int n;
};

static void on_step(void *ctx)
{
	struct seen *s = ctx;
	struct trainer_tensor kernel;

	trainer_tensor(s->trainer, 0, &kernel);
	s->w[s->n++] = (double)kernel.values[0];
}

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct seen *s = ctx;
	struct trainer_tensor kernel;

	(void)e, (void)err; /* the weights are what is looked at */
	trainer_tensor(s->trainer, 0, &kernel);
	s->w[s->n - 1] = (double)kernel.values[0];
	return true;
}

static void check(const struct optimizer_case *c, const char *isa)
{
	static const float x = 1, y = TARGET;
	struct error err = { 0 };
	struct memory m = { .w = 1 };
	struct seen seen = { .n = 0 };
	const struct data data = { .x = &x,
		.x_type = DATA_F32,
		.shape = SHAPE1(1),
		.y = &y,
		.y_type = DATA_F32,
		.y_shape = SHAPE1(1),
		.count = 1 };
	AUTO_FREE(model_free)
	struct model *model = network_model("Dense units=1 use_bias=false kernel_initializer=ones",
		"mean_squared_error", c->optimizer);
	AUTO_FREE(plan_free)
	struct plan *plan = plan_new(model,
		&(struct plan_options){ .input = SHAPE1(1), .target = SHAPE1(1), .batch_size = 1 },
		&err);

	if (!plan)
		fail_msg("%s: %s", c->optimizer, err.text);
	AUTO_FREE(trainer_free)
	struct trainer *t = trainer_new(&(struct trainer_options){ .plan = plan,
						.train = data,
						.epochs = STEPS,
						.threads_max = 1,
						.isa = isa },
		&err);
	assert_non_null(t);
	seen.trainer = t;
	const struct trainer_events events = { .epoch = on_epoch, .step = on_step, .ctx = &seen };
	if (trainer_run(t, &events, NULL, &err) != TRAINER_DONE)
		fail_msg("%s: %s", c->optimizer, err.text);
	for (int i = 0; i < STEPS; i++) {
		c->step(&m, 2 * (m.w - TARGET), i + 1);
		if (!(fabs(seen.w[i] - m.w) <= tolerance * (1 + fabs(m.w))))
			fail_msg("%s, %s: after step %d the weight is %.8g; by the formulas %.8g",
				c->optimizer, isa ? isa : "best", i + 1, seen.w[i], m.w);
	}
}

static void test_each_follows_its_formulas(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		check(&cases[i], NULL);
		check(&cases[i], "scalar");
	}
}

static void untouched(struct memory *m, double g, int t)
{
	(void)m, (void)g, (void)t; /* w stays where it began */
}

/* A mean that was never made is not 0. */
static void test_a_training_too_short_for_one_step_keeps_its_weights(void **state)
{
	static const struct optimizer_case c = { "SGD use_ema=true gradient_accumulation_steps=100",
		untouched };

	(void)state;
	check(&c, NULL);
}

/* In a job that goes on from a checkpoint nothing is left of the step before. */
static void test_nadam_goes_on_anywhere_to_the_same_bits(void **state)
{
	static const char *const optimizers[] = { "Nadam", "Nadam beta_1=0.9999" };
	struct optimizer_step all = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(optimizers); i++, all = (struct optimizer_step){ 0 }) {
		AUTO_FREE(model_free)
		struct model *m =
			network_model("Dense units=1", "mean_squared_error", optimizers[i]);
		for (int64_t step = 0; step < 1000; step++) {
			struct optimizer_step one = { 0 };
			optimizer_begin(m->optimizer, m->optimizer_conf, 0.1, step, &all);
			optimizer_begin(m->optimizer, m->optimizer_conf, 0.1, step, &one);
			if (memcmp(&all.values, &one.values, sizeof all.values) != 0)
				fail_msg("%s: step %d", optimizers[i], (int)step);
		}
	}
}

static void test_no_row_is_left_out(void **state)
{
	(void)state;
	for (int i = 0; optimizer_classes[i]; i++) {
		const char *name = optimizer_classes[i]->name;
		size_t n = strlen(name), c = 0;
		while (c < COUNT_OF(cases) &&
			(strncmp(cases[c].optimizer, name, n) != 0 || cases[c].optimizer[n] != ' '))
			c++;
		if (c == COUNT_OF(cases))
			fail_msg("no case for %s", name);
	}
}

static void test_only_one_way_of_clipping_at_a_time(void **state)
{
	static const char *const pairs[] = { "SGD clipnorm=1 clipvalue=1",
		"Adam clipvalue=1 global_clipnorm=1", "Lion clipnorm=1 global_clipnorm=1" };
	struct error err = { 0 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(pairs); i++) {
		AUTO_FREE(model_free)
		struct model *m = network_model("Dense units=1", "mean_squared_error", pairs[i]);
		assert_null(plan_new(m,
			&(struct plan_options){
				.input = SHAPE1(1), .target = SHAPE1(1), .batch_size = 1 },
			&err));
		assert_string_equal(err.pointer, "/optimizer");
		assert_non_null(strstr(err.text, "more than one of clipnorm, clipvalue and "
						 "global_clipnorm is given"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_follows_its_formulas),
		cmocka_unit_test(test_a_training_too_short_for_one_step_keeps_its_weights),
		cmocka_unit_test(test_nadam_goes_on_anywhere_to_the_same_bits),
		cmocka_unit_test(test_no_row_is_left_out),
		cmocka_unit_test(test_only_one_way_of_clipping_at_a_time),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
