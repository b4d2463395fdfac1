/* test_initializer.c - the first values of weights: Keras's distributions, and the same bits
 * always.
 */
#include "engine/initializer.h"

#include <inttypes.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct conf {
	PARAM_VARIANT_OF(INITIALIZER_DOUBLES) first;
};
static const struct param params[] = {
	PARAM_VARIANT(struct conf, first, INITIALIZER_ZEROS, &initializer_family, 0, "values"),
	PARAM_END,
};

/* The initializer of that name with its defaults, but for the arguments that are given, in pairs of
 * a name and a number (or a choice's index), up to a NULL. */
static struct conf initializer(const char *name, ...)
{
	struct conf c;
	va_list arguments;

	param_set_defaults(params, &c);
	assert_true(param_set_variant(params, &c, name, "", NULL));
	va_start(arguments, name);
	for (const char *word; (word = va_arg(arguments, const char *));) {
		double value = va_arg(arguments, double);
		const struct param *p = param_find(param_get_class(params, &c)->params, word);
		assert_non_null(p);
		void *conf = param_class_conf(params, &c);
		bool set = p->type == PARAM_TYPE_INT
				   ? param_set_int(p, conf, (int64_t)value, "", NULL)
			   : p->type == PARAM_TYPE_CHOICE
				   ? param_set_choice(p, conf, p->choices[(int)value], "", NULL)
				   : param_set_float(p, conf, value, "", NULL);
		assert_true(set);
	}
	va_end(arguments);
	return c;
}

static const struct initializer_request request = {
	.seed = 5, .weight = 2, .shape = { 2, { 400, 100 } }, .fan_in = 300, .fan_out = 100
};
enum { N = 40000 };
static float w[N];

struct moments {
	double mean, deviation, most; /* most: of the distance to the mean */
};

static struct moments moments_of(const float *values, int n)
{
	struct moments m = { 0 };
	double sum = 0, squares = 0;

	for (int i = 0; i < n; i++)
		sum += (double)values[i];
	m.mean = sum / n;
	for (int i = 0; i < n; i++) {
		double distance = (double)values[i] - m.mean;
		squares += distance * distance;
		m.most = fabs(distance) > m.most ? fabs(distance) : m.most;
	}
	m.deviation = sqrt(squares / n);
	return m;
}

static void they_have_keras_s_moments(void **state)
{
	static const double two = 2 / 0.87962566103423978; /* deviations of a truncated one */
	const struct {
		struct conf init;
		double mean, deviation, most;
	} wanted[] = {
		{ initializer("glorot_uniform", NULL), 0, sqrt(2 / 400.), sqrt(6 / 400.) },
		{ initializer("GlorotNormal", NULL), 0, sqrt(2 / 400.), two * sqrt(2 / 400.) },
		{ initializer("he_uniform", NULL), 0, sqrt(2 / 300.), sqrt(6 / 300.) },
		{ initializer("HeNormal", NULL), 0, sqrt(2 / 300.), two * sqrt(2 / 300.) },
		{ initializer("lecun_uniform", NULL), 0, sqrt(1 / 300.), sqrt(3 / 300.) },
		{ initializer("LecunNormal", NULL), 0, sqrt(1 / 300.), two * sqrt(1 / 300.) },
		{ initializer("random_uniform", NULL), 0, 0.05 / sqrt(3), 0.05 },
		{ initializer("random_uniform", "minval", -1., "maxval", 3., NULL), 1, 2 / sqrt(3),
			2.05 },
		{ initializer("random_normal", NULL), 0, 0.05, 0.25 },
		{ initializer("random_normal", "mean", 2., "stddev", 0.5, NULL), 2, 0.5, 2.5 },
		{ initializer("truncated_normal", NULL), 0, 0.05 / two * 2, 0.1 },
		{ initializer("truncated_normal", "mean", -1., "stddev", 2., NULL), -1, 2 / two * 2,
			4.05 },
		{ initializer("variance_scaling", NULL), 0, sqrt(1 / 300.), two * sqrt(1 / 300.) },
		{ initializer(
			  "variance_scaling", "scale", 3., "mode", 1., "distribution", 1., NULL),
			0, sqrt(3 / 100.), 0.9 },
		{ initializer("variance_scaling", "mode", 2., "distribution", 2., NULL), 0,
			sqrt(1 / 200.), sqrt(3 / 200.) },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(wanted); i++) {
		initializer_fill(&wanted[i].init.first.variant, &request, w);
		struct moments m = moments_of(w, N);
		if (fabs(m.mean - wanted[i].mean) > 0.02 * wanted[i].deviation ||
			fabs(m.deviation / wanted[i].deviation - 1) > 0.02 ||
			m.most > wanted[i].most * 1.00001)
			fail_msg("case %zu: mean %g, deviation %g, largest %g", i, m.mean,
				m.deviation, m.most);
	}
}

/* FNV-1a over the values, low byte first. */
static uint64_t digest(const float *values, int n)
{
	uint64_t h = 1469598103934665603u;

	for (int i = 0; i < n; i++) {
		uint32_t bits;
		memcpy(&bits, &values[i], sizeof bits);
		for (int byte = 0; byte < 4; byte++) {
			h ^= bits >> (8 * byte) & 255;
			h *= 1099511628211u;
		}
	}
	return h;
}

/* Stored jobs name initializers: their first values must stay. */
static void their_values_never_change(void **state)
{
	static const struct {
		const char *name;
		uint64_t digest;
	} cases[] = {
		{ "glorot_uniform", 0x85b85bb3fb0afb6f },
		{ "glorot_normal", 0xd8575f593d1abe49 },
		{ "he_uniform", 0xe4ff0606030bce5a },
		{ "he_normal", 0xc8da78a2a4a3b102 },
		{ "lecun_uniform", 0x0ff67aff17fa5301 },
		{ "lecun_normal", 0x8d0e6179f2ec8cd3 },
		{ "random_uniform", 0x9a0e06d6bee8c946 },
		{ "random_normal", 0x547183c67110b74d },
		{ "truncated_normal", 0x0e3ae75c7379ee57 },
		{ "zeros", 0xf8be85c9ff6b2553 },
		{ "ones", 0xcba8ee11201b8daa },
		{ "orthogonal", 0x458eb72fbca11af4 },
	};
	struct initializer_request r = {
		.seed = 5, .weight = 2, .shape = { 1, { 10007 } }, .fan_in = 300, .fan_out = 101
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = initializer(cases[i].name, NULL);
		if (strcmp(cases[i].name, "orthogonal") == 0)
			r.shape = SHAPE2(30, 20);
		initializer_fill(&c.first.variant, &r, w);
		uint64_t seen = digest(w, (int)shape_elements(&r.shape));
		if (seen != cases[i].digest)
			fail_msg("%s: 0x%016" PRIx64, cases[i].name, seen);
	}
}

static void constants_are_everywhere_the_same(void **state)
{
	static const struct {
		const char *name;
		float value;
	} cases[] = { { "zeros", 0 }, { "ones", 1 }, { "constant", 0 } };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = initializer(cases[i].name, NULL);
		initializer_fill(&c.first.variant, &request, w);
		for (int k = 0; k < N; k++)
			assert_true(w[k] == cases[i].value);
	}
	struct conf c = initializer("Constant", "value", 0.25, NULL);
	initializer_fill(&c.first.variant, &request, w);
	assert_true(w[0] == 0.25f && w[N - 1] == 0.25f);
}

static void identity_has_a_diagonal(void **state)
{
	struct conf c = initializer("identity", "gain", 1.5, NULL);
	struct initializer_request wide = request;

	(void)state;
	wide.shape = SHAPE2(3, 5);
	initializer_fill(&c.first.variant, &wide, w);
	for (int i = 0; i < 15; i++)
		assert_true(w[i] == (i / 5 == i % 5 ? 1.5f : 0.0f));
}

/* The shorter side's vectors: at right angles to each other, and as long as the gain. */
static void check_orthogonal(struct shape shape, double gain)
{
	struct conf c = initializer("orthogonal", "gain", gain, NULL);
	struct initializer_request r = request;
	int64_t columns = shape.dim[shape.rank - 1], rows = shape_elements(&shape) / columns;
	bool tall = rows >= columns;
	int64_t count = tall ? columns : rows, length = tall ? rows : columns;
	double worst = 0;

	r.shape = shape;
	initializer_fill(&c.first.variant, &r, w);
	for (int64_t i = 0; i < count; i++)
		for (int64_t j = 0; j <= i; j++) {
			double dot = 0;
			for (int64_t k = 0; k < length; k++)
				dot += (double)w[tall ? k * columns + i : i * columns + k] *
				       (double)w[tall ? k * columns + j : j * columns + k];
			double off = fabs(dot - (i == j ? gain * gain : 0));
			worst = off > worst ? off : worst;
		}
	if (worst > 1e-6 * gain * gain) /* some roundings of floats */
		fail_msg("(%d, %d): %g away", (int)rows, (int)columns, worst);
}

static void orthogonal_vectors_are_orthogonal(void **state)
{
	(void)state;
	check_orthogonal(SHAPE2(200, 200), 1);
	check_orthogonal(SHAPE2(400, 100), 1);
	check_orthogonal(SHAPE2(70, 300), 3);
	check_orthogonal(SHAPE4(3, 3, 8, 40), 0.5);
	check_orthogonal(SHAPE4(3, 3, 2, 90), 2);
	check_orthogonal(SHAPE2(1, 7), 1);
	check_orthogonal(SHAPE2(7, 1), 1);
}

/* Uniform over the sphere: every value has the variance 1 / length. A QR decomposition whose signs
 * are left as they come has not. */
static void orthogonal_vectors_point_everywhere(void **state)
{
	struct conf c = initializer("orthogonal", NULL);
	struct initializer_request r = request;
	double first = 0, sum = 0;

	(void)state;
	r.shape = SHAPE2(4, 4);
	for (int i = 0; i < 4000; i++) {
		r.seed = (uint64_t)i;
		initializer_fill(&c.first.variant, &r, w);
		first += (double)w[0];
		sum += (double)w[0] * (double)w[0];
	}
	assert_true(fabs(first / 4000) < 0.03);
	assert_true(fabs(sum / 4000 - 0.25) < 0.015);
}

static void a_seed_of_its_own_is_all_that_counts(void **state)
{
	static float again[N];
	static const char *const names[] = { "glorot_uniform", "variance_scaling", "random_uniform",
		"random_normal", "truncated_normal", "orthogonal" };
	struct initializer_request r = request, other = request;

	(void)state;
	r.shape = other.shape = SHAPE2(40, 40);
	other.seed = 77;
	other.weight = 9;
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		struct conf own = initializer(names[i], "seed", 7., NULL),
			    jobs = initializer(names[i], NULL),
			    third = initializer(names[i], "seed", 8., NULL);
		initializer_fill(&own.first.variant, &r, w);
		initializer_fill(&own.first.variant, &other, again);
		assert_memory_equal(w, again, 1600 * sizeof *w);
		initializer_fill(&third.first.variant, &r, again);
		assert_memory_not_equal(w, again, 1600 * sizeof *w);
		initializer_fill(&jobs.first.variant, &r, w);
		initializer_fill(&jobs.first.variant, &other, again);
		assert_memory_not_equal(w, again, 1600 * sizeof *w);
	}
}

static void some_shapes_are_refused(void **state)
{
	static const struct {
		const char *name;
		struct shape shape;
		const char *text; /* NULL: taken */
	} cases[] = {
		{ "identity", { 2, { 3, 4 } }, NULL },
		{ "identity", { 1, { 4 } },
			"Identity fills matrices only, not a weight of shape (4,)" },
		{ "identity", { 4, { 3, 3, 1, 8 } }, "not a weight of shape (3, 3, 1, 8)" },
		{ "orthogonal", { 1, { 4 } },
			"Orthogonal fills kernels of rank 2 or more, not a weight of shape (4,)" },
		{ "orthogonal", { 4, { 3, 3, 64, 64 } }, NULL },
		{ "orthogonal", { 2, { 784, 512 } }, NULL },
		{ "orthogonal", { 2, { 4096, 4000 } },
			"Orthogonal would orthogonalize 4000 vectors of 4096 values" },
		{ "glorot_uniform", { 2, { 4096, 4000 } }, NULL },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct conf c = initializer(cases[i].name, NULL);
		struct error err = { 0 };
		bool taken = initializer_check(
			&c.first.variant, &cases[i].shape, "/kernel_initializer", &err);
		if (taken != !cases[i].text || !strstr(err.text, taken ? "" : cases[i].text))
			fail_msg("case %zu: %s", i, taken ? "taken" : err.text);
		assert_string_equal(err.pointer, taken ? "" : "/kernel_initializer");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(they_have_keras_s_moments),
		cmocka_unit_test(their_values_never_change),
		cmocka_unit_test(constants_are_everywhere_the_same),
		cmocka_unit_test(identity_has_a_diagonal),
		cmocka_unit_test(orthogonal_vectors_are_orthogonal),
		cmocka_unit_test(orthogonal_vectors_point_everywhere),
		cmocka_unit_test(a_seed_of_its_own_is_all_that_counts),
		cmocka_unit_test(some_shapes_are_refused),
	};

	return cmocka_run_group_tests_name("initializer", tests, NULL, NULL);
}
