/* test_layer_values.c - what single layers make of their inputs: against PyTorch (golden/
 * make_layers.py made the numbers, in double precision, and says what each layer is), and what is
 * random by its statistics. */
#include "network.h"

#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct layer_case {
	const char *layer;
	int n_in;
	struct shape in[3], out;
	int n_weights;
	const double *x, *w, *y, *dy, *dx, *dw;
};

#include "golden/layers.inc"

/* The engine computes in float: a few hundred operations, each off by at most 6e-8, compared on the
 * scale of the largest. */
static const double TOLERANCE = 2e-6;

enum { ROOM = 1 << 18 };

/* One layer with all that a run would give it. */
struct bench {
	struct model *model;
	struct layer_plan plan;
	struct layer_step step;
	float x[3][ROOM], dx[3][ROOM], y[ROOM], dy[ROOM], w[2][ROOM], partial[2][ROOM],
		scratch[ROOM];
	double saved[ROOM];
};

static struct bench *bench_new(const char *layer, const struct shape *in, int n_in)
{
	struct error err = { 0 };
	struct bench *b = calloc(1, sizeof *b);

	assert_non_null(b);
	b->model = network_model(layer, "mean_squared_error", "SGD");
	const struct model_layer *l = &b->model->layers[0];
	struct layer_request request = { .conf = l->conf, .in = in, .n_in = n_in };
	if (!l->class->plan(&request, &b->plan, &err))
		fail_msg("%s: %s", layer, err.text);
	b->step = (struct layer_step){ .kernels = kernels_find(NULL),
		.gemm = kernels_find(NULL)->gemm,
		.conf = l->conf,
		.plan = &b->plan,
		.in = in,
		.n_in = n_in,
		.y = b->y,
		.dy = b->dy,
		.saved = (uint8_t *)b->saved,
		.scratch = b->scratch,
		.training = true,
		.chunk = PLAN_CHUNK_MAX };
	for (int i = 0; i < n_in; i++) {
		b->step.x[i] = b->x[i];
		b->step.dx[i] = b->dx[i];
	}
	for (int i = 0; i < b->plan.n_weights; i++) {
		b->step.w[i] = b->w[i];
		b->step.partial[i] = b->partial[i];
		b->step.partial_floats[i] = shape_elements(&b->plan.weights[i].shape);
	}
	return b;
}

static void bench_free(struct bench *b)
{
	model_free(b->model);
	free(b);
}

static const struct layer_class *class_of(const struct bench *b)
{
	return b->model->layers[0].class;
}

/* The next n values. */
static void take(const double **from, int64_t n, float *to)
{
	for (int64_t i = 0; i < n; i++)
		to[i] = (float)*(*from)++;
}

static void compare(
	const char *layer, const char *what, const double **wanted, int64_t n, const float *seen)
{
	double largest = 0;

	for (int64_t i = 0; i < n; i++)
		largest = fmax(largest, fabs((*wanted)[i]));
	for (int64_t i = 0; i < n; i++)
		if (!(fabs((double)seen[i] - (*wanted)[i]) <= TOLERANCE * largest))
			fail_msg("%s, %s[%d]: %.9g, PyTorch has %.9g", layer, what, (int)i,
				(double)seen[i], (*wanted)[i]);
	*wanted += n;
}

static void check_case(const struct layer_case *c, const struct kernels *kernels)
{
	struct bench *b = bench_new(c->layer, c->in, c->n_in);
	const double *x = c->x, *w = c->w, *y = c->y, *dy = c->dy, *dx = c->dx, *dw = c->dw;
	int64_t out = SAMPLES * shape_elements(&c->out);

	b->step.kernels = kernels;
	assert_true(shape_equal(&b->plan.out, &c->out));
	assert_int_equal(b->plan.n_weights, c->n_weights);
	for (int i = 0; i < c->n_in; i++)
		take(&x, SAMPLES * shape_elements(&c->in[i]), b->x[i]);
	for (int i = 0; i < c->n_weights; i++)
		take(&w, b->step.partial_floats[i], b->w[i]);
	class_of(b)->forward(&b->step, 0, SAMPLES);
	compare(c->layer, "y", &y, out, b->y);
	take(&dy, out, b->dy);
	class_of(b)->backward(&b->step, 0, SAMPLES);
	for (int i = 0; i < c->n_in; i++)
		compare(c->layer, "dx", &dx, SAMPLES * shape_elements(&c->in[i]), b->dx[i]);
	for (int i = 0; i < c->n_weights; i++)
		compare(c->layer, "dw", &dw, b->step.partial_floats[i], b->partial[i]);
	bench_free(b);
}

static void layers_have_pytorch_s_values_and_gradients(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(layer_cases); i++)
		for (int k = 0; kernels_all[k]; k++)
			if (kernels_find(kernels_all[k]->name))
				check_case(&layer_cases[i], kernels_all[k]);
}

/* --- noise
 * -------------------------------------------------------------------------------------------------------
 */

enum { WIDTH = 1000, NOISY = 200 };

/* What a layer of noise makes of NOISY samples that are all ones, as a part that begins at sample
 * `first` of the batch. */
static struct bench *noise_of_ones(
	const char *layer, const struct shape *in, uint64_t key, int64_t first)
{
	struct bench *b = bench_new(layer, in, 1);

	for (int64_t i = 0; i < NOISY * shape_elements(in); i++)
		b->x[0][i] = b->dy[i] = 1.0f;
	b->step.key = key;
	b->step.first = first;
	class_of(b)->forward(&b->step, 0, NOISY);
	return b;
}

static void dropout_drops_its_rate_and_scales_the_rest(void **state)
{
	static const double rates[] = { 0, 0.1, 0.5, 0.9 };
	const struct shape in = SHAPE1(WIDTH);
	const double n = NOISY * WIDTH;

	(void)state;
	for (size_t r = 0; r < COUNT_OF(rates); r++) {
		char layer[64];
		int dropped = 0;
		(void)snprintf(layer, sizeof layer, "Dropout rate=%g", rates[r]);
		struct bench *b = noise_of_ones(layer, &in, 5, 0);
		for (int i = 0; i < NOISY * WIDTH; i++) {
			dropped += b->y[i] == 0.0f;
			assert_true(b->y[i] == 0.0f || b->y[i] == (float)(1 / (1 - rates[r])));
		}
		/* Four standard deviations of a binomial distribution. */
		double off = fabs(dropped - n * rates[r]);
		assert_true(off <= 4 * sqrt(n * rates[r] * (1 - rates[r])));
		class_of(b)->backward(&b->step, 0, NOISY);
		assert_memory_equal(b->dx[0], b->y, NOISY * WIDTH * sizeof(float));
		b->step.training = false;
		class_of(b)->forward(&b->step, 0, NOISY);
		assert_memory_equal(b->y, b->x[0], NOISY * WIDTH * sizeof(float));
		bench_free(b);
	}
}

static void noise_is_that_of_the_place_in_the_batch(void **state)
{
	static const char *const layers[] = { "Dropout rate=0.5", "SpatialDropout2D rate=0.5",
		"GaussianNoise stddev=1" };
	const struct shape in = SHAPE3(5, 10, 20);
	const size_t values = 16 * WIDTH, bytes = (NOISY - 16) * WIDTH * sizeof(float);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(layers); i++) {
		char seeded[64];
		(void)snprintf(seeded, sizeof seeded, "%s seed=1", layers[i]);
		struct bench *whole = noise_of_ones(layers[i], &in, 5, 0),
			     *part = noise_of_ones(layers[i], &in, 5, 16),
			     *other_step = noise_of_ones(layers[i], &in, 6, 0),
			     *other_seed = noise_of_ones(seeded, &in, 5, 0);
		assert_memory_equal(whole->y + values, part->y, bytes);
		assert_memory_not_equal(whole->y, part->y, bytes);
		assert_memory_not_equal(whole->y, other_step->y, bytes);
		assert_memory_not_equal(whole->y, other_seed->y, bytes);
		bench_free(whole);
		bench_free(part);
		bench_free(other_step);
		bench_free(other_seed);
	}
}

static void spatial_dropout_drops_whole_channels(void **state)
{
	const struct shape in = SHAPE3(5, 10, 20);
	int dropped = 0;

	(void)state;
	struct bench *b = noise_of_ones("SpatialDropout2D rate=0.25", &in, 5, 0);
	for (int n = 0; n < NOISY; n++) {
		for (int c = 0; c < 20; c++) {
			const float *first = b->y + n * WIDTH + c;
			assert_true(*first == 0.0f || *first == (float)(1 / 0.75));
			dropped += *first == 0.0f;
			for (int place = 1; place < 50; place++)
				assert_true(first[place * 20] == *first);
		}
	}
	assert_true(abs(dropped - 1000) <= 110); /* four standard deviations */
	class_of(b)->backward(&b->step, 0, NOISY);
	assert_memory_equal(b->dx[0], b->y, NOISY * WIDTH * sizeof(float));
	bench_free(b);
}

/* Mean, variance and fourth moment of 200000 numbers, each within four standard deviations of its
 * own: 1, sqrt(2) and sqrt(96), over the root of their number. */
static void gaussian_noise_is_normally_distributed(void **state)
{
	const struct shape in = SHAPE1(WIDTH);
	const double n = NOISY * WIDTH;
	double moments[5] = { 0 };

	(void)state;
	struct bench *b = noise_of_ones("GaussianNoise stddev=0.5", &in, 5, 0);
	for (int i = 0; i < NOISY * WIDTH; i++) {
		double z = ((double)b->y[i] - 1) / 0.5, power = 1;
		for (int m = 1; m < 5; m++)
			moments[m] += (power *= z) / n;
	}
	assert_true(fabs(moments[1]) <= 4 / sqrt(n));
	assert_true(fabs(moments[2] - 1) <= 4 * sqrt(2 / n));
	assert_true(fabs(moments[4] - 3) <= 4 * sqrt(96 / n));
	class_of(b)->backward(&b->step, 0, NOISY);
	assert_memory_equal(b->dx[0], b->dy, NOISY * WIDTH * sizeof(float));
	b->step.training = false;
	class_of(b)->forward(&b->step, 0, NOISY);
	assert_memory_equal(b->y, b->x[0], NOISY * WIDTH * sizeof(float));
	bench_free(b);
}

/* --- Normalization
 * -----------------------------------------------------------------------------------------------
 */

enum { ROWS = 300, PLACES = 6, COLUMNS = 3 };

static void check_measured(const struct data *data)
{
	struct error err = { 0 };
	struct trainer_tensor mean, variance;
	struct plan_options o = {
		.input = SHAPE2(PLACES, COLUMNS), .classes = 2, .batch_size = 16
	};

	AUTO_FREE(model_free)
	struct model *m = network_model("Normalization; Flatten; Dense units=2",
		"sparse_categorical_crossentropy "
		"from_logits=true",
		"SGD");
	AUTO_FREE(plan_free) struct plan *p = plan_new(m, &o, &err);
	assert_non_null(p);
	AUTO_FREE(trainer_free)
	struct trainer *t = trainer_new(
		&(struct trainer_options){
			.plan = p, .train = *data, .epochs = 1, .threads_max = 2 },
		&err);
	assert_non_null(t);
	trainer_tensor(t, 0, &mean);
	trainer_tensor(t, 1, &variance);
	assert_string_equal(mean.name, "normalization/mean");
	assert_string_equal(variance.name, "normalization/variance");
	for (int c = 0; c < COLUMNS; c++) {
		double sum = 0, squares = 0, n = ROWS * PLACES;
		for (int i = 0; i < ROWS * PLACES; i++) {
			int at = i * COLUMNS + c;
			double x = data->x_type == DATA_U8 ? ((const uint8_t *)data->x)[at] / 255.0
							   : (double)((const float *)data->x)[at];
			sum += x;
			squares += x * x;
		}
		double wanted = squares / n - sum / n * sum / n;
		assert_true(fabs((double)mean.values[c] - sum / n) <= 1e-6 * fabs(sum / n));
		assert_true(fabs((double)variance.values[c] - wanted) <= 1e-5 * wanted);
	}
}

static void normalization_measures_the_training_data(void **state)
{
	static float numbers[ROWS * PLACES * COLUMNS];
	static uint8_t bytes[ROWS * PLACES * COLUMNS], labels[ROWS];
	struct data d = { .x = numbers,
		.x_type = DATA_F32,
		.shape = SHAPE2(PLACES, COLUMNS),
		.y = labels,
		.y_type = DATA_U8,
		.count = ROWS,
		.classes = 1 };

	(void)state;
	network_noise(3, numbers, ROWS * PLACES * COLUMNS);
	for (int i = 0; i < ROWS * PLACES * COLUMNS; i++) {
		bytes[i] = (uint8_t)(i * i % 251);
		numbers[i] = numbers[i] * (float)(1 + i % COLUMNS) + 0.5f;
	}
	check_measured(&d);
	d.x = bytes;
	d.x_type = DATA_U8;
	check_measured(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(layers_have_pytorch_s_values_and_gradients),
		cmocka_unit_test(dropout_drops_its_rate_and_scales_the_rest),
		cmocka_unit_test(noise_is_that_of_the_place_in_the_batch),
		cmocka_unit_test(spatial_dropout_drops_whole_channels),
		cmocka_unit_test(gaussian_noise_is_normally_distributed),
		cmocka_unit_test(normalization_measures_the_training_data),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
