/* test_winograd.c - Conv2D worked by Winograd's F(4x4, 3x3): near enough to a convolution in double
 * precision, the same bits whatever the table of kernels, the cut between threads or the batch, and
 * chosen where it should be. */
#include "network.h"

#include "engine/layers/conv2d_winograd.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Errors relative to the root mean square of the values. F(4x4, 3x3) has about 1e-6 where a sum is
 * as long as the channels are many, more where it runs over the tiles of 16 samples: the error of
 * one chain grows with the square root of its length. A wrong formula has 0.01 and more. */
static const double rms_max = 4e-6, rms_max_of_kernel = 1e-5;

enum { SAMPLES = 19, CHUNKS = 2 }; /* a chunk and a part of one */

static const struct winograd_case {
	int64_t height, width, in, out;
	bool same;
} cases[] = {
	{ 8, 8, 16, 16, true },
	{ 8, 8, 16, 32, false },
	{ 32, 32, 16, 48, true },
	{ 10, 13, 19, 37, true },
	{ 17, 10, 33, 17, false },
	{ 4, 4, 64, 70, true },
	{ 7, 7, 32, 16, true },
};

/* One layer with all that its passes touch. */
struct bench {
	const struct winograd_case *c;
	struct model *model;
	struct shape in;
	struct layer_plan plan;
	struct layer_step step;
	int64_t x_values, y_values, w_values;
	float *x, *w, *bias, *y, *dy, *dx, *partial;
};

static float *noise(uint64_t seed, int64_t n)
{
	float *p = malloc((size_t)n * sizeof *p);

	assert_non_null(p);
	network_noise(seed, p, n);
	return p;
}

static void bench_open(
	struct bench *b, const struct winograd_case *c, const struct kernels *kernels)
{
	char text[96];
	struct error err = { 0 };

	(void)snprintf(text, sizeof text, "Conv2D filters=%d kernel_size=3 padding=%s", (int)c->out,
		c->same ? "same" : "valid");
	*b = (struct bench){ .c = c,
		.model = network_model(text, "mean_squared_error", "SGD"),
		.in = SHAPE3(c->height, c->width, c->in) };
	const struct layer_class *class = b->model->layers[0].class;
	struct layer_request request = {
		.conf = b->model->layers[0].conf, .in = &b->in, .n_in = 1
	};
	if (!class->plan(&request, &b->plan, &err))
		fail_msg("%s: %s", text, err.text);
	b->x_values = shape_elements(&b->in);
	b->y_values = shape_elements(&b->plan.out);
	b->w_values = 9 * c->in * c->out;
	b->x = noise(1, SAMPLES * b->x_values);
	b->w = noise(2, b->w_values);
	b->bias = noise(3, c->out);
	b->y = noise(4, SAMPLES * b->y_values);
	b->dy = noise(5, SAMPLES * b->y_values);
	b->dx = noise(6, SAMPLES * b->x_values);
	b->partial = noise(7, CHUNKS * (b->w_values + c->out));
	b->step = (struct layer_step){
		.kernels = kernels,
		.gemm = kernels->gemm,
		.conf = request.conf,
		.plan = &b->plan,
		.in = &b->in,
		.n_in = 1,
		.x = { b->x },
		.dx = { b->dx },
		.z = b->y,
		.y = b->y,
		.dy = b->dy,
		.w = { b->w, b->bias },
		.partial = { b->partial, b->partial + CHUNKS * b->w_values },
		.partial_floats = { b->w_values, c->out },
		.scratch = noise(8, b->plan.scratch_floats),
		.chunk = PLAN_CHUNK_MAX,
		.count = SAMPLES,
	};
	assert_int_equal(b->plan.table_ints, 0); /* a direct convolution has a table */
}

static void bench_close(struct bench *b)
{
	float *all[] = { b->x, b->w, b->bias, b->y, b->dy, b->dx, b->partial, b->step.scratch };

	for (size_t i = 0; i < COUNT_OF(all); i++)
		free(all[i]);
	model_free(b->model);
}

/* All passes, cut as two threads would: after `cut` samples. */
static void bench_run(struct bench *b, int64_t cut)
{
	const struct layer_class *class = b->model->layers[0].class;

	for (int part = 0; part < 2; part++) {
		int64_t begin = part ? cut : 0, end = part ? SAMPLES : cut;
		if (begin == end)
			continue;
		class->forward(&b->step, begin, end);
		class->backward(&b->step, begin, end);
	}
}

/* The mathematics of conv2d.h in double precision; dw of each chunk. */
struct wanted {
	double *y, *dx, *dw;
};

static double *zeros(int64_t n)
{
	double *p = calloc((size_t)n, sizeof *p);

	assert_non_null(p);
	return p;
}

/* What one tap of the kernel adds at one position. */
static void add_tap(const struct bench *b, struct wanted *wanted, int64_t at_x, int64_t at_y,
	int64_t place, int64_t chunk)
{
	int64_t in = b->c->in, out = b->c->out;

	for (int64_t c = 0; c < in; c++) {
		for (int64_t k = 0; k < out; k++) {
			int64_t at_w = (place * in + c) * out + k;
			double x = (double)b->x[at_x + c], w = (double)b->w[at_w];
			double dy = (double)b->dy[at_y + k];
			wanted->y[at_y + k] += x * w;
			wanted->dx[at_x + c] += dy * w;
			wanted->dw[chunk * b->w_values + at_w] += x * dy;
		}
	}
}

static struct wanted convolve(const struct bench *b)
{
	int64_t rows = b->plan.out.dim[0], columns = b->plan.out.dim[1], out = b->c->out;
	struct wanted wanted = { zeros(SAMPLES * b->y_values), zeros(SAMPLES * b->x_values),
		zeros(CHUNKS * b->w_values) };

	for (int64_t at = 0; at < SAMPLES * rows * columns; at++) {
		int64_t n = at / (rows * columns);
		int64_t p = at / columns % rows - b->c->same, q = at % columns - b->c->same;
		for (int64_t k = 0; k < out; k++)
			wanted.y[at * out + k] = (double)b->bias[k];
		for (int64_t i = 0; i < 9; i++) {
			int64_t h = p + i / 3, w = q + i % 3;
			if (h >= 0 && h < b->c->height && w >= 0 && w < b->c->width)
				add_tap(b, &wanted,
					((n * b->c->height + h) * b->c->width + w) * b->c->in,
					at * out, i, n / PLAN_CHUNK_MAX);
		}
	}
	return wanted;
}

static void check_rms(const struct winograd_case *c, const char *what, const float *seen,
	const double *wanted, int64_t n, double allowed)
{
	double error = 0, square = 0;

	for (int64_t i = 0; i < n; i++) {
		error += ((double)seen[i] - wanted[i]) * ((double)seen[i] - wanted[i]);
		square += wanted[i] * wanted[i];
	}
	double rms = sqrt(error / square);
	if (!(rms <= allowed))
		fail_msg("%d x %d, %d to %d channels: %s: relative RMS error %.3g, allowed %.3g",
			(int)c->height, (int)c->width, (int)c->in, (int)c->out, what, rms, allowed);
}

static void test_against_double_precision(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bench b;
		bench_open(&b, &cases[i], kernels_find(NULL));
		struct wanted wanted = convolve(&b);
		bench_run(&b, SAMPLES);
		check_rms(b.c, "y", b.y, wanted.y, SAMPLES * b.y_values, rms_max);
		check_rms(b.c, "dx", b.dx, wanted.dx, SAMPLES * b.x_values, rms_max);
		check_rms(b.c, "dw", b.partial, wanted.dw, CHUNKS * b.w_values, rms_max_of_kernel);
		free(wanted.y);
		free(wanted.dx);
		free(wanted.dw);
		bench_close(&b);
	}
}

static void check_same(const struct bench *a, const struct bench *b, const char *what)
{
	int64_t partials = CHUNKS * (a->w_values + a->c->out);

	if (memcmp(a->y, b->y, (size_t)(SAMPLES * a->y_values) * sizeof(float)) != 0 ||
		memcmp(a->dx, b->dx, (size_t)(SAMPLES * a->x_values) * sizeof(float)) != 0 ||
		memcmp(a->partial, b->partial, (size_t)partials * sizeof(float)) != 0)
		fail_msg("%d x %d, %d to %d channels, %s: other bits than the scalar kernels",
			(int)a->c->height, (int)a->c->width, (int)a->c->in, (int)a->c->out, what);
}

static void test_same_bits_on_every_table_and_in_two_parts(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct bench reference;
		bench_open(&reference, &cases[i], kernels_find("scalar"));
		bench_run(&reference, SAMPLES);
		for (int k = 0; kernels_all[k]; k++) {
			const struct kernels *kernels = kernels_find(kernels_all[k]->name);
			struct bench b;
			if (!kernels)
				continue;
			bench_open(&b, &cases[i], kernels);
			bench_run(&b, PLAN_CHUNK_MAX);
			check_same(&reference, &b, kernels->name);
			bench_close(&b);
		}
		bench_close(&reference);
	}
}

/* Which layers are worked so is part of the numeric contract: it may not change unnoticed. */
static const struct {
	const char *layer;
	struct shape in;
	bool suits;
} suits[] = {
	{ "Conv2D filters=16 kernel_size=3", SHAPE3(10, 10, 16), true },
	{ "Conv2D filters=64 kernel_size=3 padding=same", SHAPE3(32, 32, 64), true },
	{ "Conv2D filters=512 kernel_size=3 padding=same", SHAPE3(4, 4, 512), true },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(3, 3, 16), true },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(2, 2, 16), false },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(5, 5, 16), false },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(6, 6, 16), true },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(1, 40, 16), false },
	{ "Conv2D filters=15 kernel_size=3", SHAPE3(32, 32, 16), false },
	{ "Conv2D filters=16 kernel_size=3", SHAPE3(32, 32, 15), false },
	{ "Conv2D filters=513 kernel_size=3", SHAPE3(32, 32, 512), false },
	{ "Conv2D filters=16 kernel_size=3x1", SHAPE3(32, 32, 16), false },
	{ "Conv2D filters=16 kernel_size=5", SHAPE3(32, 32, 16), false },
	{ "Conv2D filters=16 kernel_size=3 strides=2", SHAPE3(32, 32, 16), false },
	{ "Conv2D filters=16 kernel_size=3 dilation_rate=2", SHAPE3(32, 32, 16), false },
	{ "Conv2D filters=32 kernel_size=3 groups=2", SHAPE3(32, 32, 32), false },
};

static void test_which_layers_it_suits(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(suits); i++) {
		struct model *m = network_model(suits[i].layer, "mean_squared_error", "SGD");
		struct conv2d_geometry g;
		assert_true(conv2d_geometry_plan(
			(const void *)m->layers[0].conf, &suits[i].in, &g, NULL));
		if (conv2d_winograd_suits(&g) != suits[i].suits)
			fail_msg("%s, case %zu: not worked as it was", suits[i].layer, i);
		model_free(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_against_double_precision),
		cmocka_unit_test(test_same_bits_on_every_table_and_in_two_parts),
		cmocka_unit_test(test_which_layers_it_suits),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
