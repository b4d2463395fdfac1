/* test_weights.c - regularizers and constraints against their closed forms. */
#include "engine/constraints.h"
#include "engine/regularizers.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

struct conf {
	PARAM_VARIANT_OF(REGULARIZER_DOUBLES) regularizer;
	PARAM_VARIANT_OF(CONSTRAINT_DOUBLES) constraint;
};
static const struct param params[] = {
	PARAM_VARIANT(struct conf, regularizer, NAN, &regularizer_family, PARAM_NULLABLE, "cost"),
	PARAM_VARIANT(struct conf, constraint, NAN, &constraint_family, PARAM_NULLABLE, "limit"),
	PARAM_END,
};
enum { REGULARIZER, CONSTRAINT };

static struct conf nulls(void)
{
	struct conf c;

	param_set_defaults(params, &c);
	return c;
}

static void become(struct conf *c, int row, const char *name)
{
	assert_true(param_set_variant(&params[row], c, name, "", NULL));
}

static void set_number(struct conf *c, int row, const char *name, double value)
{
	const struct param *p = param_find(param_get_class(&params[row], c)->params, name);

	assert_true(param_set_float(p, param_class_conf(&params[row], c), value, "", NULL));
}

static void set_axis(struct conf *c, const double *axis, int64_t n)
{
	const struct param *class = param_get_class(&params[CONSTRAINT], c)->params;

	assert_true(param_set_list(param_find(class, "axis"),
		param_class_conf(&params[CONSTRAINT], c), axis, n, "", NULL));
}

static const float some[] = { 1, -2, 0, 0.5f, -0.25f };
enum { SOME = 5 };

static void penalties_are_sums(void **state)
{
	struct conf c = nulls();
	const struct param_variant *v = &c.regularizer.variant;

	(void)state;
	assert_true(regularizer_penalty(v, some, SOME) == 0);
	become(&c, REGULARIZER, "l1");
	assert_true(regularizer_penalty(v, some, SOME) == 0.01 * 3.75);
	become(&c, REGULARIZER, "L2");
	set_number(&c, REGULARIZER, "l2", 0.5);
	assert_true(regularizer_penalty(v, some, SOME) == 0.5 * 5.3125);
	become(&c, REGULARIZER, "l1_l2");
	assert_true(regularizer_penalty(v, some, SOME) == 0); /* Keras's defaults */
	set_number(&c, REGULARIZER, "l1", 2);
	set_number(&c, REGULARIZER, "l2", 4);
	assert_true(regularizer_penalty(v, some, SOME) == 2 * 3.75 + 4 * 5.3125);
}

static void gradients_are_those_of_the_penalty(void **state)
{
	struct conf c = nulls();
	const struct param_variant *v = &c.regularizer.variant;

	(void)state;
	become(&c, REGULARIZER, "L1L2");
	set_number(&c, REGULARIZER, "l1", 0.75);
	set_number(&c, REGULARIZER, "l2", 0.5);
	float g[SOME] = { 1, 1, 1, 1, 1 };
	regularizer_gradient(v, some, g, SOME);
	for (int i = 0; i < SOME; i++) {
		float low[SOME], high[SOME];
		memcpy(low, some, sizeof low);
		memcpy(high, some, sizeof high);
		low[i] -= 0.125f;
		high[i] += 0.125f; /* exact, as the penalty is piecewise of degree 2 */
		double slope =
			(regularizer_penalty(v, high, SOME) - regularizer_penalty(v, low, SOME)) /
			0.25;
		if ((double)g[i] != 1 + slope)
			fail_msg("value %d: %g, not 1 + %g", i, (double)g[i], slope);
	}
	param_set_null(&params[REGULARIZER], &c);
	float before[SOME];
	memcpy(before, g, sizeof g);
	regularizer_gradient(v, some, g, SOME);
	assert_memory_equal(g, before, sizeof g);
}

/* Any part of a weight may be done alone: the tiles of a large kernel. */
static void a_gradient_has_no_order(void **state)
{
	struct conf c = nulls();
	float whole[SOME] = { 0 }, parts[SOME] = { 0 };

	(void)state;
	become(&c, REGULARIZER, "L2");
	regularizer_gradient(&c.regularizer.variant, some, whole, SOME);
	for (int i = SOME; i-- > 0;)
		regularizer_gradient(&c.regularizer.variant, some + i, parts + i, 1);
	assert_memory_equal(whole, parts, sizeof whole);
}

static void check_values(const float *seen, const double *wanted, int n)
{
	for (int i = 0; i < n; i++)
		if (fabs((double)seen[i] - wanted[i]) > 1e-6) /* the epsilon, and a rounding */
			fail_msg("value %d is %g, not %g", i, (double)seen[i], wanted[i]);
}

static void norms_are_limited_along_the_axes(void **state)
{
	static const struct {
		const char *name;
		double axis[2];
		int n_axes;
		double wanted[6];
	} cases[] = {
		/* columns (3, 4) (0, 0.5) (6, 8): norms 5, 0.5, 10 */
		{ "max_norm", { 0 }, 1, { 1.2, 0, 1.2, 1.6, 0.5, 1.6 } },
		{ "MaxNorm", { -2 }, 1, { 1.2, 0, 1.2, 1.6, 0.5, 1.6 } },
		{ "UnitNorm", { 0 }, 1, { 0.6, 0, 0.6, 0.8, 1, 0.8 } },
		/* rows (3, 0, 6) (4, 0.5, 8) */
		{ "UnitNorm", { 1 }, 1,
			{ 0.4472135955, 0, 0.894427191, 0.4465164577, 0.0558145572,
				0.8930329155 } },
		/* all: norm sqrt(125.25) */
		{ "unit_norm", { 0, 1 }, 2,
			{ 0.2680602310, 0, 0.5361204619, 0.3574136413, 0.0446767052,
				0.7148272826 } },
	};
	const struct shape shape = SHAPE2(2, 3);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		float w[6] = { 3, 0, 6, 4, 0.5f, 8 };
		struct conf c = nulls();
		become(&c, CONSTRAINT, cases[i].name);
		set_axis(&c, cases[i].axis, cases[i].n_axes);
		assert_true(constraint_check(&c.constraint.variant, &shape, "", NULL));
		constraint_apply(&c.constraint.variant, &shape, w);
		check_values(w, cases[i].wanted, 6);
	}
}

static void a_filter_of_a_convolution_is_one_vector(void **state)
{
	static const double axis[] = { 0, 1, 2 };
	const struct shape shape = SHAPE4(2, 1, 2, 2);
	float w[8] = { 1, 3, 1, 0, 1, 4, 1, 0 }; /* filters (1, 1, 1, 1) and (3, 0, 4, 0) */
	static const double wanted[] = { 0.5, 0.6, 0.5, 0, 0.5, 0.8, 0.5, 0 };
	struct conf c = nulls();

	(void)state;
	become(&c, CONSTRAINT, "UnitNorm");
	set_axis(&c, axis, 3);
	constraint_apply(&c.constraint.variant, &shape, w);
	check_values(w, wanted, 8);
}

static void some_constraints_leave_what_is_allowed(void **state)
{
	float w[SOME], zeros[4] = { 0 };
	struct conf c = nulls();

	(void)state;
	memcpy(w, some, sizeof w);
	constraint_apply(&c.constraint.variant, &SHAPE1(SOME), w);
	assert_memory_equal(w, some, sizeof w);
	become(&c, CONSTRAINT, "non_neg");
	constraint_apply(&c.constraint.variant, &SHAPE1(SOME), w);
	check_values(w, (const double[]){ 1, 0, 0, 0.5, 0 }, SOME);
	become(&c, CONSTRAINT, "UnitNorm");
	constraint_apply(&c.constraint.variant, &SHAPE2(2, 2), zeros);
	check_values(zeros, (const double[]){ 0, 0, 0, 0 }, 4); /* and no NaN */
}

static void axes_that_are_not_there_are_refused(void **state)
{
	static const struct {
		double axis[2];
		int n_axes;
		const char *text; /* NULL: taken */
	} cases[] = {
		{ { 0 }, 1, NULL },
		{ { -1 }, 1, NULL },
		{ { 0, 1 }, 2, NULL },
		{ { 2 }, 1, "axis is 2; the weight of shape (2, 3) has the axes 0 to 1" },
		{ { -3 }, 1, "axis is -3" },
		{ { 0, 0 }, 2, "axis names 0 twice" },
		{ { 1, -1 }, 2, "axis names 1 twice; the weight has shape (2, 3)" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = nulls();
		struct error err = { 0 };
		become(&c, CONSTRAINT, "MaxNorm");
		set_axis(&c, cases[i].axis, cases[i].n_axes);
		bool taken = constraint_check(
			&c.constraint.variant, &SHAPE2(2, 3), "/kernel_constraint", &err);
		if (taken != !cases[i].text || !strstr(err.text, taken ? "" : cases[i].text))
			fail_msg("case %zu: %s", i, taken ? "taken" : err.text);
		assert_string_equal(err.pointer, taken ? "" : "/kernel_constraint/axis");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(penalties_are_sums),
		cmocka_unit_test(gradients_are_those_of_the_penalty),
		cmocka_unit_test(a_gradient_has_no_order),
		cmocka_unit_test(norms_are_limited_along_the_axes),
		cmocka_unit_test(a_filter_of_a_convolution_is_one_vector),
		cmocka_unit_test(some_constraints_leave_what_is_allowed),
		cmocka_unit_test(axes_that_are_not_there_are_refused),
	};

	return cmocka_run_group_tests_name("weights", tests, NULL, NULL);
}
