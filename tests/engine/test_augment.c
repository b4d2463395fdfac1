/* test_augment.c - what becomes of training images: each map against arrays worked out by hand or
 * by index, what is drawn, and that validation, batches, threads and stops see nothing of it. */
#include "network.h"

#include "engine/augment.h"
#include "engine/registry.h"
#include "engine/trainer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { H = 6, W = 5, C = 3, VALUES = H * W * C };

static struct augments augments_of(const char *text)
{
	struct augments a;
	struct error err = { 0 };

	if (!network_augments(text, &a, &err))
		fail_msg("%s: %s", text, err.text);
	return a;
}

static const struct kernels *kernels(void)
{
	return kernels_find("scalar");
}

/* y = x under what `text` draws for sample 0 of the first epoch. */
static void augment(const char *text, struct shape shape, const float *x, float *y)
{
	struct augments a = augments_of(text);
	struct augment_map m;
	struct error err = { 0 };

	if (!augments_check(&a, &shape, &err))
		fail_msg("%s: %s", text, err.text);
	augments_map(&a, 1, 1, 0, &shape, &m);
	augments_apply(&a, &m, &shape, kernels(), x, y);
}

static void check(const char *text, const float *seen, const float *wanted, int n)
{
	for (int i = 0; i < n; i++)
		if (memcmp(&seen[i], &wanted[i], sizeof(float)) != 0)
			fail_msg("%s: value %d is %.9g, and should be %.9g", text, i,
				(double)seen[i], (double)wanted[i]);
}

/* Which of n pixels stands at place i; -1: none. */
typedef int fold(int i, int n);

static int fold_reflect(int i, int n)
{
	int r = ((i % (2 * n)) + 2 * n) % (2 * n);

	return r < n ? r : 2 * n - 1 - r;
}
static int fold_wrap(int i, int n)
{
	return ((i % n) + n) % n;
}
static int fold_nearest(int i, int n)
{
	return i < 0 ? 0 : i < n ? i : n - 1;
}
static int fold_constant(int i, int n)
{
	return i < 0 || i >= n ? -1 : i;
}

/* --- maps
 * --------------------------------------------------------------------------------------------------------
 */

static void test_nothing_drawn_changes_no_bit(void **state)
{
	static const char *const texts[] = {
		"RandomTranslation height_factor=0 width_factor=0",
		"RandomRotation factor=0",
		"RandomRotation factor=1,1",
		"RandomZoom height_factor=0",
		"RandomZoom height_factor=0,0 width_factor=0",
		"RandomRotation factor=0.5,0.5; RandomRotation factor=-0.5,-0.5",
	};
	float x[VALUES], y[VALUES];

	(void)state;
	network_noise(3, x, VALUES);
	x[4] = -0.0f;
	x[7] = INFINITY;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		augment(texts[i], SHAPE3(H, W, C), x, y);
		check(texts[i], y, x, VALUES);
	}
}

/* Whether sample `sample` was mirrored that way; fails if it is neither. */
static bool mirrored(const struct augments *a, int64_t sample, bool *ret_vertical)
{
	const struct shape shape = SHAPE3(H, W, C);
	float x[VALUES], y[VALUES], wanted[VALUES];
	struct augment_map m;

	network_noise(4, x, VALUES);
	augments_map(a, 9, 2, sample, &shape, &m);
	augments_apply(a, &m, &shape, kernels(), x, y);
	for (int way = 0; way < 4; way++) {
		for (int i = 0; i < VALUES; i++) {
			int row = i / C / W, column = i / C % W;
			row = way & 2 ? H - 1 - row : row;
			column = way & 1 ? W - 1 - column : column;
			wanted[i] = x[(row * W + column) * C + i % C];
		}
		if (memcmp(y, wanted, sizeof y) == 0) {
			*ret_vertical = way & 2;
			return way & 1;
		}
	}
	fail_msg("sample %d is no mirror image", (int)sample);
	return false;
}

static void test_flips_are_mirror_images(void **state)
{
	static const struct {
		const char *text;
		bool horizontal, vertical;
	} cases[] = {
		{ "RandomFlip", true, true },
		{ "RandomFlip mode=horizontal", true, false },
		{ "RandomFlip mode=vertical", false, true },
	};
	enum { SAMPLES = 400 };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct augments a = augments_of(cases[i].text);
		int count[2][2] = { { 0 } };
		for (int64_t n = 0; n < SAMPLES; n++) {
			bool vertical = false, horizontal = mirrored(&a, n, &vertical);
			count[horizontal][vertical]++;
		}
		/* Shares of 1/2 or 1/4 of 400, within 5 standard deviations. */
		int ways = (cases[i].horizontal ? 2 : 1) * (cases[i].vertical ? 2 : 1);
		for (int k = 0; k < 4; k++) {
			bool may = (cases[i].horizontal || !(k & 1)) &&
				   (cases[i].vertical || !(k & 2));
			int seen = count[k & 1][k >> 1];
			if (may ? abs(seen - SAMPLES / ways) > 50 : seen != 0)
				fail_msg("%s: way %d was drawn %d times", cases[i].text, k, seen);
		}
	}
}

static void test_whole_translations_shift_under_each_fill_mode(void **state)
{
	static const struct {
		const char *name;
		fold *fold;
	} fills[] = {
		{ "reflect", fold_reflect },
		{ "wrap", fold_wrap },
		{ "constant", fold_constant },
		{ "nearest", fold_nearest },
	};
	/* Down and to the right, in pixels of 6 rows and 5 columns. */
	static const int shifts[][2] = { { 1, 0 }, { 0, 1 }, { -2, 3 }, { 5, -4 }, { 6, 5 } };
	float x[VALUES], y[VALUES], wanted[VALUES];

	(void)state;
	network_noise(5, x, VALUES);
	for (size_t k = 0; k < COUNT_OF(fills) * COUNT_OF(shifts) * 2; k++) {
		int down = shifts[k / 8][0], right = shifts[k / 8][1];
		const char *way = k & 4 ? "nearest" : "bilinear";
		char text[256];
		(void)snprintf(text, sizeof text,
			"RandomTranslation height_factor=%.17g,%.17g width_factor=%.17g,%.17g "
			"fill_mode=%s fill_value=7 interpolation=%s",
			down / (double)H, down / (double)H, right / (double)W, right / (double)W,
			fills[k % 4].name, way);
		for (int i = 0; i < VALUES; i++) {
			int row = fills[k % 4].fold(i / C / W - down, H);
			int column = fills[k % 4].fold(i / C % W - right, W);
			bool outside = row < 0 || column < 0;
			wanted[i] = outside ? 7 : x[(row * W + column) * C + i % C];
		}
		augment(text, SHAPE3(H, W, C), x, y);
		check(text, y, wanted, VALUES);
	}
}

static void test_a_quarter_turn_goes_against_the_clock(void **state)
{
	enum { N = 5 };
	float x[N * N * 2], y[N * N * 2], wanted[N * N * 2];

	(void)state;
	network_noise(6, x, COUNT_OF(x));
	for (int i = 0; i < N * N * 2; i++) {
		int row = i / 2 / N, column = i / 2 % N;
		wanted[i] = x[(column * N + N - 1 - row) * 2 + i % 2];
	}
	augment("RandomRotation factor=0.25,0.25", SHAPE3(N, N, 2), x, y);
	check("a quarter turn", y, wanted, N * N * 2);
	augment("RandomRotation factor=-0.75,-0.75 interpolation=nearest", SHAPE3(N, N, 2), x, y);
	check("three quarters back", y, wanted, N * N * 2);

	/* Half a turn of an oblong is both flips. */
	float z[VALUES], half[VALUES];
	network_noise(7, z, VALUES);
	augment("RandomRotation factor=0.5,0.5", SHAPE3(H, W, C), z, half);
	for (int i = 0; i < VALUES; i++)
		assert_true(half[i] == z[(H * W - 1 - i / C) * C + i % C]);
}

static void test_a_zoom_by_two_is_worked_out_by_hand(void **state)
{
	/* Columns 0 … 3 are seen from 0.75, 1.25, 1.75, 2.25 (x/2 + 3/4); one row. */
	static const float x[] = { 0, 4, 12, 28 };
	static const float in[] = { 3, 6, 10, 16 };
	static const float in_nearest[] = { 4, 4, 12, 12 };
	/* Out: from 2 x - 3/2: -1.5, 0.5, 2.5, 4.5. */
	static const float out_reflect[] = { 2, 2, 20, 20 };
	static const float out_wrap[] = { 20, 2, 20, 2 };
	static const float out_nearest[] = { 0, 2, 20, 28 };
	static const float out_constant[] = { 1, 2, 20, 1 };
	/* 1.5 x - 3/4: -0.75, 0.75, 2.25, 3.75: fill_value has its share beside the edge. */
	static const float half_out[] = { 0.75f, 3, 16, 7.75f };
	static const struct {
		const char *text;
		const float *wanted;
	} cases[] = {
		{ "RandomZoom height_factor=0 width_factor=-0.5,-0.5", in },
		{ "RandomZoom height_factor=-0.5,-0.5", in },
		{ "RandomZoom height_factor=-0.5,-0.5 interpolation=nearest", in_nearest },
		{ "RandomZoom height_factor=0 width_factor=1,1", out_reflect },
		{ "RandomZoom height_factor=0 width_factor=1,1 fill_mode=wrap", out_wrap },
		{ "RandomZoom height_factor=0 width_factor=1,1 fill_mode=nearest", out_nearest },
		{ "RandomZoom height_factor=0 width_factor=1,1 fill_mode=constant fill_value=1",
			out_constant },
		{ "RandomZoom height_factor=0 width_factor=0.5,0.5 fill_mode=constant "
		  "fill_value=1",
			half_out },
	};
	float y[4];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		augment(cases[i].text, SHAPE3(1, 4, 1), x, y);
		check(cases[i].text, y, cases[i].wanted, 4);
	}
}

/* A zoom out and the same zoom in are no zoom: composed, they lose nothing. */
static void test_maps_are_composed_before_they_are_applied(void **state)
{
	float x[VALUES], y[VALUES];

	(void)state;
	network_noise(8, x, VALUES);
	augment("RandomZoom height_factor=1,1; RandomZoom height_factor=-0.5,-0.5", SHAPE3(H, W, C),
		x, y);
	check("out and in", y, x, VALUES);
	/* Moved by one pixel, then seen twice as large: by two pixels, not by one. */
	struct augments a = augments_of("RandomTranslation height_factor=0 width_factor=0.2,0.2; "
					"RandomZoom height_factor=-0.5,-0.5");
	const struct shape shape = SHAPE3(H, W, C);
	struct augment_map m;
	augments_map(&a, 1, 1, 0, &shape, &m);
	assert_true(m.a[0][0] == 0.5 && m.b[0] == -1 && m.b[1] == 0);
	a = augments_of("RandomZoom height_factor=-0.5,-0.5; "
			"RandomTranslation height_factor=0 width_factor=0.2,0.2");
	augments_map(&a, 1, 1, 0, &shape, &m);
	assert_true(m.a[0][0] == 0.5 && m.b[0] == -0.5 && m.b[1] == 0);
}

/* --- kernels
 * -----------------------------------------------------------------------------------------------------
 */

enum { ROOM = 1024 };

/* Every table of kernels must equal the scalar one to the last bit, and stay inside the image. */
static void check_tables(const struct resample *s, size_t number)
{
	float x[ROOM], y[2][ROOM];

	network_noise(11, x, ROOM);
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_find(kernels_all[i]->name);
		if (!k)
			continue;
		memset(y, 0x55, sizeof y);
		kernels()->resample(s, x, y[0]);
		k->resample(s, x, y[1]);
		float rest = y[0][s->height * s->width * s->channels];
		if (memcmp(y[0], y[1], sizeof y[0]) != 0 || rest != y[0][ROOM - 1])
			fail_msg("%s differs from scalar in case %zu: %dx%dx%d, fill %d", k->name,
				number, (int)s->height, (int)s->width, (int)s->channels,
				(int)s->fill);
	}
}

/* Turned, stretched, and far beyond the edges. */
static void test_every_table_of_kernels_gives_the_same_bits(void **state)
{
	static const float maps[][2][3] = {
		{ { 0.8f, -0.6f, 3.25f }, { 0.6f, 0.8f, -2.5f } },
		{ { -1.5f, 0.0f, 40.5f }, { 0.0f, 3.0f, -71.5f } },
		{ { 1.0f, 0.0f, 2.0f }, { 0.0f, -1.0f, 5.0f } },
		{ { 0.0f, 0.0f, -0.5f }, { 1e7f, 0.0f, -1e9f } },
	};
	static const int64_t sizes[][3] = { { 1, 1, 1 }, { 7, 5, 1 }, { 9, 33, 3 }, { 28, 28, 1 },
		{ 6, 70, 2 }, { 5, 4, 17 } };
	enum { WAYS = 2 * RESAMPLE_FILL_COUNT };

	(void)state;
	for (size_t i = 0; i < COUNT_OF(maps) * COUNT_OF(sizes) * WAYS; i++) {
		const int64_t *size = sizes[i / WAYS % COUNT_OF(sizes)];
		struct resample s = { .height = size[0],
			.width = size[1],
			.channels = size[2],
			.fill = i % RESAMPLE_FILL_COUNT,
			.fill_value = 0.3f,
			.nearest = i % WAYS >= RESAMPLE_FILL_COUNT };
		memcpy(s.map, maps[i / WAYS / COUNT_OF(sizes)], sizeof s.map);
		check_tables(&s, i);
	}
}

/* --- what is drawn
 * -----------------------------------------------------------------------------------------------
 */

static void test_parameters_fill_their_range(void **state)
{
	static const struct {
		const char *text;
		double low, high;
	} cases[] = {
		{ "RandomTranslation height_factor=0 width_factor=0.3", -0.3, 0.3 },
		{ "RandomTranslation height_factor=0 width_factor=-0.3", -0.3, 0.3 },
		{ "RandomTranslation height_factor=0 width_factor=0.1,0.4", 0.1, 0.4 },
		{ "RandomTranslation height_factor=0 width_factor=0.4,-0.2", -0.2, 0.4 },
	};
	enum { SAMPLES = 4000 };
	const struct shape shape = SHAPE3(H, W, C);

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct augments a = augments_of(cases[i].text);
		double least = INFINITY, most = -INFINITY, sum = 0;
		double low = cases[i].low, high = cases[i].high, span = high - low;
		for (int64_t n = 0; n < SAMPLES; n++) {
			struct augment_map m;
			augments_map(&a, 3, 1, n, &shape, &m);
			double factor = -m.b[0] / W;
			least = fmin(least, factor);
			most = fmax(most, factor);
			sum += factor;
		}
		/* 5 standard deviations of the mean: 5 / sqrt(12 * 4000) of the span. */
		if (least < low - 1e-12 || least > low + 0.01 * span || most > high + 1e-12 ||
			most < high - 0.01 * span ||
			fabs(sum / SAMPLES - (low + high) / 2) > 0.023 * span)
			fail_msg("%s: %g … %g, mean %g", cases[i].text, least, most, sum / SAMPLES);
	}
}

static void test_draws_differ_by_seed_epoch_sample_and_place(void **state)
{
	static const char text[] = "RandomTranslation height_factor=1 width_factor=1";
	static const char seeded[] = "RandomTranslation height_factor=1 width_factor=1 seed=5";
	static const char second[] = "RandomFlip mode=vertical; RandomTranslation height_factor=1 "
				     "width_factor=1";
	static const struct {
		const char *text;
		uint64_t seed;
		int64_t epoch, sample;
	} cases[] = { { text, 1, 1, 0 }, { text, 2, 1, 0 }, { text, 1, 2, 0 }, { text, 1, 1, 1 },
		{ seeded, 1, 1, 0 }, { second, 1, 1, 0 }, { text, 1, 1, (int64_t)1 << 40 } };
	const struct shape shape = SHAPE3(H, W, C);
	double drawn[COUNT_OF(cases)];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct augments a = augments_of(cases[i].text);
		struct augment_map m, again;
		augments_map(&a, cases[i].seed, cases[i].epoch, cases[i].sample, &shape, &m);
		augments_map(&a, cases[i].seed, cases[i].epoch, cases[i].sample, &shape, &again);
		assert_memory_equal(&m, &again, sizeof m);
		assert_true(m.b[0] * H != m.b[1] * W); /* drawn apart */
		drawn[i] = m.b[0];
		for (size_t k = 0; k < i; k++)
			if (drawn[k] == drawn[i])
				fail_msg("cases %zu and %zu drew the same", k, i);
	}
}

static void test_zoom_without_a_width_keeps_the_ratio(void **state)
{
	struct augments a = augments_of("RandomZoom height_factor=0.5");
	struct augments b = augments_of("RandomZoom height_factor=0.5 width_factor=0.5");
	const struct shape shape = SHAPE3(H, W, C);
	struct augment_map m;

	(void)state;
	augments_map(&a, 1, 1, 3, &shape, &m);
	assert_true(m.a[0][0] == m.a[1][1] && m.a[0][0] != 1);
	augments_map(&b, 1, 1, 3, &shape, &m);
	assert_true(m.a[0][0] != m.a[1][1]);
}

/* --- in training
 * -------------------------------------------------------------------------------------------------
 */

enum { SAMPLES = 30, EPOCHS = 2 };

struct outcome {
	double loss[EPOCHS], val_loss[EPOCHS];
	int epochs;
};

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct outcome *o = ctx;

	(void)err; /* never stops the training */
	o->loss[o->epochs] = e->loss;
	o->val_loss[o->epochs++] = e->val_loss;
	return true;
}

/* One dense layer, learning nothing: its loss is that of the images as they come. */
static struct outcome train(const char *text, enum data_type type, int64_t batch, int threads)
{
	static uint8_t bytes[SAMPLES * H * W];
	static float numbers[SAMPLES * H * W], targets[SAMPLES];
	struct outcome o = { .epochs = 0 };
	struct error err = { 0 };
	struct augments a = augments_of(text);

	for (int i = 0; i < SAMPLES * H * W; i++)
		bytes[i] = (uint8_t)(i * 37 % 256);
	kernels()->from_u8(bytes, SAMPLES * H * W, numbers);
	AUTO_FREE(model_free)
	struct model *model = network_model("Flatten; Dense units=1 use_bias=false",
		"mean_squared_error", "SGD learning_rate=1e-30");
	AUTO_FREE(plan_free)
	struct plan *plan = plan_new(model,
		&(struct plan_options){
			.input = SHAPE3(H, W, 1), .target = SHAPE1(1), .batch_size = batch },
		&err);
	assert_non_null(plan);
	struct data data = { .x = type == DATA_U8 ? (const void *)bytes : numbers,
		.x_type = type,
		.shape = SHAPE3(H, W, 1),
		.y = targets,
		.y_type = DATA_F32,
		.y_shape = SHAPE1(1),
		.count = SAMPLES };
	AUTO_FREE(trainer_free)
	struct trainer *t = trainer_new(&(struct trainer_options){ .plan = plan,
						.train = data,
						.validation = &data,
						.epochs = EPOCHS,
						.augment = &a,
						.seed = 8,
						.threads_max = threads },
		&err);
	if (!t)
		fail_msg("%s", err.text);
	const struct trainer_events events = { .epoch = on_epoch, .ctx = &o };
	assert_int_equal(trainer_run(t, &events, NULL, &err), TRAINER_DONE);
	return o;
}

static void test_training_sees_it_and_validation_does_not(void **state)
{
	static const char text[] = "RandomRotation factor=0.2; RandomTranslation height_factor=0.3 "
				   "width_factor=0.3";
	struct outcome plain = train("", DATA_U8, 8, 1), seen = train(text, DATA_U8, 8, 1);

	(void)state;
	assert_true(plain.loss[0] == plain.loss[1]);
	assert_true(seen.loss[0] != plain.loss[0]);
	assert_true(seen.loss[0] != seen.loss[1]); /* anew in every epoch */
	for (int i = 0; i < EPOCHS; i++)
		assert_true(seen.val_loss[i] == plain.val_loss[i]);
	struct outcome nothing = train("RandomZoom height_factor=0", DATA_U8, 8, 1);
	assert_memory_equal(&nothing, &plain, sizeof plain);
}

static void test_bytes_and_numbers_give_the_same_images(void **state)
{
	static const char text[] = "RandomFlip; RandomZoom height_factor=0.3 fill_mode=constant "
				   "fill_value=0.5";
	struct outcome bytes = train(text, DATA_U8, 8, 1), numbers = train(text, DATA_F32, 8, 1);

	(void)state;
	assert_memory_equal(&bytes, &numbers, sizeof bytes);
}

/* Threads, parts and stops are exact.c's, network "augmented". */
static void test_an_image_does_not_depend_on_its_batch(void **state)
{
	static const char text[] = "RandomFlip; RandomRotation factor=0.1";
	struct outcome a = train(text, DATA_U8, 8, 1), b = train(text, DATA_U8, 30, 1),
		       c = train(text, DATA_U8, 30, 3);

	(void)state;
	for (int i = 0; i < EPOCHS; i++) {
		/* The means are those of the same numbers, in sums of doubles. */
		assert_true(fabs(a.loss[i] - b.loss[i]) < 1e-9);
		assert_true(b.loss[i] == c.loss[i]);
	}
}

/* --- refusals
 * ----------------------------------------------------------------------------------------------------
 */

static void test_what_cannot_be_augmented_is_refused(void **state)
{
	static const char zoom[] = "RandomZoom height_factor=0.1", flip[] = "RandomFlip";
	const struct {
		const char *text;
		struct shape shape;
		const char *pointer, *says;
	} cases[] = {
		{ flip, SHAPE1(7), "/augment", "(7,)" },
		{ zoom, SHAPE2(7, 3), "/augment",
			"allowed: images of shape (height, width, "
			"channels)" },
		{ zoom, SHAPE4(7, 3, 1, 1), "/augment", "(7, 3, 1, 1)" },
		{ zoom, SHAPE3(40000, 3, 1), "/augment", "up to 32768" },
		{ "RandomFlip; RandomZoom height_factor=0.1; RandomRotation factor=0.1 "
		  "fill_mode=wrap",
			SHAPE3(7, 7, 1), "/augment/2/fill_mode",
			"\"wrap\"; RandomZoom before it has \"reflect\"" },
		{ "RandomZoom height_factor=0.1; RandomRotation factor=0.1 interpolation=nearest",
			SHAPE3(7, 7, 1), "/augment/1/interpolation", "has \"bilinear\"" },
		{ "RandomZoom height_factor=0.1 fill_mode=constant; RandomRotation factor=0.1 "
		  "fill_mode=constant fill_value=2",
			SHAPE3(7, 7, 1), "/augment/1/fill_value", "fill_value is 2" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct augments a = augments_of(cases[i].text);
		struct error err = { 0 };
		if (augments_check(&a, &cases[i].shape, &err))
			fail_msg("%s: accepted", cases[i].text);
		if (strcmp(err.pointer, cases[i].pointer) != 0 || !strstr(err.text, cases[i].says))
			fail_msg("%s: %s: %s", cases[i].text, err.pointer, err.text);
	}
	/* Nothing is asked of it: nothing is refused. fill_value counts for constant alone. */
	struct augments none = { .count = 0 };
	struct augments unused = augments_of("RandomZoom height_factor=0.1; RandomRotation "
					     "factor=0.1 fill_value=2");
	assert_true(augments_check(&none, &SHAPE1(7), NULL));
	assert_true(augments_check(&unused, &SHAPE3(7, 7, 1), NULL));
}

#define FOUR "RandomFlip; RandomFlip; RandomFlip; RandomFlip"

static void test_arguments_out_of_range_are_refused(void **state)
{
	static const char *const texts[] = {
		"RandomFlip mode=diagonal",
		"RandomTranslation height_factor=1.1",
		"RandomRotation factor=-0.1,-1.5",
		"RandomRotation factor=0.1,0.2,0.3",
		"RandomZoom height_factor=0.1 fill_mode=mirror",
		"RandomZoom height_factor=0.1 interpolation=bicubic",
		FOUR ";" FOUR "; RandomFlip",
	};

	(void)state;
	for (size_t i = 0; i < COUNT_OF(texts); i++) {
		struct augments a;
		if (network_augments(texts[i], &a, NULL))
			fail_msg("%s: accepted", texts[i]);
	}
	assert_ptr_equal(augment_class_find("random_flip"), augment_class_find("RandomFlip"));
	assert_null(augment_class_find("RandomCrop"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_drawn_changes_no_bit),
		cmocka_unit_test(test_flips_are_mirror_images),
		cmocka_unit_test(test_whole_translations_shift_under_each_fill_mode),
		cmocka_unit_test(test_a_quarter_turn_goes_against_the_clock),
		cmocka_unit_test(test_a_zoom_by_two_is_worked_out_by_hand),
		cmocka_unit_test(test_maps_are_composed_before_they_are_applied),
		cmocka_unit_test(test_every_table_of_kernels_gives_the_same_bits),
		cmocka_unit_test(test_parameters_fill_their_range),
		cmocka_unit_test(test_draws_differ_by_seed_epoch_sample_and_place),
		cmocka_unit_test(test_zoom_without_a_width_keeps_the_ratio),
		cmocka_unit_test(test_training_sees_it_and_validation_does_not),
		cmocka_unit_test(test_bytes_and_numbers_give_the_same_images),
		cmocka_unit_test(test_an_image_does_not_depend_on_its_batch),
		cmocka_unit_test(test_what_cannot_be_augmented_is_refused),
		cmocka_unit_test(test_arguments_out_of_range_are_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
