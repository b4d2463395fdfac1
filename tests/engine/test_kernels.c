/* test_kernels.c - every table of kernels that this CPU can run must equal the scalar one to the
 * last bit (memcmp), on sizes around the widths of vectors and tiles, and must not touch a byte
 * beside its output. */
#include "rooms.h"

#include "engine/kernels/kernels.h"
#include "engine/philox.h"
#include "engine/registry.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

#include <cmocka.h>

struct pool_case {
	struct pool_row p;
	bool flag; /* relu, or add */
};

static void work_pool(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct pool_case *c = ctx;

	k->max_pool(&c->p, r->a, c->flag, r->c[side] + GUARD, r->bytes[side] + GUARD);
}

static void work_pool_backward(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct pool_case *c = ctx;

	for (int i = 0; i < ROOM; i++)
		r->bytes[side][i] %= (uint8_t)(c->p.pool_h * c->p.pool_w);
	k->max_pool_backward(&c->p, r->b, r->bytes[side], c->flag, r->c[side] + GUARD);
}

static void test_max_pool_forward_and_backward(void **state)
{
	char what[96];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		for (int64_t pool = 1; pool < 5; pool++) {
			int64_t channels = odd_sizes[i], stride = pool == 3 ? 2 : pool, width = 5;
			int64_t columns = (width - 1) * stride + pool;
			struct pool_case c = { { .width = width,
						       .channels = channels,
						       .pool_h = pool,
						       .pool_w = pool,
						       .x_row = columns * channels,
						       .x_step = stride * channels },
				pool % 2 == 0 };
			(void)snprintf(what, sizeof what, "max pool %d of %d channels", (int)pool,
				(int)channels);
			each_table(work_pool, &c, what);
			c.flag = stride < pool;
			each_table(work_pool_backward, &c, what);
		}
	}
}

struct conv_pool_case {
	struct conv_pool c;
	bool relu, bias;
};

/* Sample values that are multiples of 1/4 make many equal maxima. */
static void quarter(float *x, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		x[i] = rintf(4 * x[i]) / 4;
}

static void work_conv_pool(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct conv_pool_case *c = ctx;

	if (side == 0) {
		quarter(r->a, ROOM);
		quarter(r->b, ROOM);
	}
	k->conv_pool(&c->c, r->a, r->b, c->bias ? r->b + 17 : NULL, c->relu, r->c[side] + GUARD,
		r->bytes[side] + GUARD);
}

static void work_conv_pool_backward(
	const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	const struct conv_pool_case *c = ctx;
	float *dw = r->c[side] + GUARD;

	for (int i = 0; i < ROOM; i++)
		r->bytes[side][i] %= CONV_POOL_POSITIONS;
	k->conv_pool_backward(&c->c, r->a, c->relu, r->b + 7, r->b, r->bytes[side], dw,
		c->bias ? dw + CONV_POOL_TAPS_MAX * c->c.channels + GUARD : NULL);
}

/* Of a kernel of rows x columns on an image of `in` channels, at every `stride`th position. */
static void check_conv_pool(
	int64_t rows, int64_t columns, int64_t in, int64_t stride, int64_t channels)
{
	int64_t width = 5, x_row = ((2 * width - 1) * stride + columns) * in;
	struct conv_pool_case c = { .c = { .rows = 3,
					    .width = width,
					    .channels = channels,
					    .segments = rows,
					    .run = columns * in,
					    .x_segment = x_row,
					    .down = stride * x_row,
					    .right = stride * in },
		.relu = channels % 2,
		.bias = channels % 3 != 0 };
	char what[96];

	(void)snprintf(what, sizeof what, "%dx%dx%d taps, stride %d, pooled, %d channels",
		(int)rows, (int)columns, (int)in, (int)stride, (int)channels);
	each_table(work_conv_pool, &c, what);
	each_table(work_conv_pool_backward, &c, what);
}

static void test_conv_pool_forward_and_backward(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		check_conv_pool(3, 3, 1, 1, odd_sizes[i]);
		check_conv_pool(3, 3, 1, 2, odd_sizes[i]);
		check_conv_pool(1, 1, 1, 1, odd_sizes[i]);
		check_conv_pool(5, 5, 1, 1, odd_sizes[i]);
		check_conv_pool(3, 3, 3, 1, odd_sizes[i]);
		check_conv_pool(2, 4, 4, 3, odd_sizes[i]);
	}
}

/* The kernels of few taps against those that they take the place of: equal forward, to the bit. */
static void test_conv_pool_is_a_gemm_and_a_max_pool(void **state)
{
	enum {
		ROWS = 3,
		WIDTH = 5,
		CHANNELS = 20,
		X_ROW = 2 * WIDTH + 2,
		OUT = ROWS * WIDTH * CHANNELS
	};
	const struct conv_pool c = { ROWS, WIDTH, CHANNELS, 3, 3, X_ROW, X_ROW, 1 };
	const struct pool_row pool = { WIDTH, CHANNELS, 2, 2, 2 * WIDTH * CHANNELS, 2 * CHANNELS };
	static float sums[4 * OUT], y[2][OUT];
	static uint8_t where[2][OUT];

	(void)state;
	reference->conv_pool(&c, fresh.a, fresh.b, fresh.b + 500, true, y[0], where[0]);
	for (int i = 0; i < 2 * ROWS; i++)
		reference->gemm(&(struct gemm){ .m = 2 * WIDTH,
			.n = CHANNELS,
			.segments = 3,
			.run = 3,
			.a = fresh.a + i * X_ROW,
			.a_row = 1,
			.a_segment = X_ROW,
			.a_step = 1,
			.b = fresh.b,
			.b_row = CHANNELS,
			.bias = fresh.b + 500,
			.c = sums + i * 2 * WIDTH * CHANNELS,
			.c_row = CHANNELS });
	for (int i = 0; i < ROWS; i++)
		reference->max_pool(&pool, sums + i * 4 * WIDTH * CHANNELS, true,
			y[1] + i * WIDTH * CHANNELS, where[1] + i * WIDTH * CHANNELS);
	assert_memory_equal(y[0], y[1], sizeof y[0]);
	assert_memory_equal(where[0], where[1], sizeof where[0]);
}

static void work_pool_window(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx;
	const struct pool_window w = {
		.rows = 3, .columns = 2, .channels = n, .x_row = 5 * n, .scale = 1.0f / 6.0f
	};
	float *c = r->c[side] + GUARD;

	k->average_pool(&w, r->a, c);
	k->average_pool_backward(&w, r->b, n % 2, c + 1000);
	k->max_rows(r->a, 7, n, c + 4000, (int32_t *)(void *)(r->bytes[side] + GUARD));
}

static void test_average_and_global_pooling(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "pooling of %d channels", (int)odd_sizes[i]);
		each_table(work_pool_window, &odd_sizes[i], what);
	}
}

static void work_noise(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx;
	float *c = r->c[side] + GUARD;
	const struct noise z = { .key = 0x123456789abcdef0u,
		.first = UINT32_MAX - 5,
		.threshold = 1u << 30,
		.scale = 1.3f };

	k->dropout(&z, r->a, n, c);
	k->gaussian_noise(&z, r->a, n, c + 1000);
}

static void test_noise(void **state)
{
	char what[64];

	(void)state;
	for (int64_t n = 1; n < 200; n++) {
		(void)snprintf(what, sizeof what, "noise, n=%d", (int)n);
		each_table(work_noise, &n, what);
	}
}

/* What is drawn is Philox's, in the order that kernels.h says. */
static void test_dropout_drops_by_counter(void **state)
{
	enum { N = 3 * NOISE_BLOCK + 7 };
	const struct noise z = { .key = 77, .first = 5000, .threshold = 1u << 31, .scale = 2.0f };
	float ones[N], y[N];

	(void)state;
	for (int i = 0; i < N; i++)
		ones[i] = 1.0f;
	reference->dropout(&z, ones, N, y);
	for (int i = 0; i < N; i++) {
		int lane = i % NOISE_LANES, word = i % NOISE_BLOCK / NOISE_LANES;
		uint64_t counter = 5000 + (uint64_t)(i / NOISE_BLOCK * NOISE_LANES + lane);
		bool kept = philox(77, PHILOX_LAYER, 0, counter).v[word] >= 1u << 31;
		assert_true(y[i] == (kept ? 2.0f : 0.0f));
	}
	assert_int_equal(noise_counters(N), 4 * NOISE_LANES);
}

static void work_normalize_rows(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx, rows = 3;
	float *c = r->c[side] + GUARD;

	k->normalize_rows(r->a, r->b, r->b + 300, 0.001f, rows, n, c, c + 1000);
	k->normalize_rows_backward(r->b + 600, r->a, r->b, c + 1000, rows, n, c + 2000);
	k->sum_normalized(r->b + 600, r->a, c + 1000, rows, n, c + 3000);
}

static void test_normalization_of_rows(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "rows of %d normalized", (int)odd_sizes[i]);
		each_table(work_normalize_rows, &odd_sizes[i], what);
	}
}

static void work_elementwise(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx, rows = 3;
	float *c = r->c[side] + GUARD;
	int32_t labels[3] = { 0, (int32_t)(n / 2), (int32_t)(n - 1) };

	k->add(c, r->a, n);
	k->add_scaled(r->b, 0.3f, n, c + 200);
	k->affine(r->b, 0.3f, -0.7f, n, c + 400);
	k->blend(r->a, r->b, 0.3f, n, c + 600);
	k->multiply(c + 800, r->a, n);
	k->scale_columns(r->a, r->b, rows, n, c + 1200);
	k->maximum(c + 1600, r->a, n);
	k->take_equal(r->a, c + 1600, n, c + 1800, c + 1900);
	k->take_equal(r->a, c + 1600, n, c + 2400, NULL);
	k->from_u8(r->bytes[side] + 4096 + 3, n, c + 1000);
	k->sum_rows(r->a, rows, n, c + 2000);
	k->sum_rows(r->a, rows, 250 + n, c + 22000); /* several vectors at a time, and a rest */
	k->stream(r->a, n, c + 2500 + n % 5);
	k->prelu(r->a, r->b, rows, n, c + 3000);
	k->prelu_backward(r->a, r->b, rows, n, c + 4000, c + 5000);
	k->softmax_cross_entropy(r->a, labels, rows, n, 0.25f, c + 20000, c + 21000);
	k->softmax_cross_entropy(r->b, labels, rows, n, 0.25f, NULL, c + 21100);
}

/* Slots that hold means of squares are not negative. */
static void work_updates(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx;
	const struct update_step step = { .rate = 0.002f,
		.take_1 = 0.1f,
		.take_2 = 0.001f,
		.keep_2 = 0.999f,
		.epsilon = 1e-7f,
		.momentum = 0.9f,
		.share_mean = 0.95f,
		.share_gradient = 0.15f,
		.correction = 1.3f,
		.nesterov = n % 2 };

	for (int rule = 0; rule < UPDATE_COUNT; rule++) {
		float *w = r->c[side] + GUARD + rule * 2400, *slots[3];
		for (int s = 0; s < 3; s++) {
			slots[s] = w + 600 * (s + 1);
			for (int64_t i = 0; i < n; i++)
				slots[s][i] = fabsf(slots[s][i]);
		}
		k->update[rule](&step, r->a, n, w, slots);
	}
}

static void test_every_optimizer_s_rule(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "updates, n=%d", (int)odd_sizes[i]);
		each_table(work_updates, &odd_sizes[i], what);
	}
}

static void test_everything_elementwise(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "elementwise, n=%d", (int)odd_sizes[i]);
		each_table(work_elementwise, &odd_sizes[i], what);
	}
}

/* Every activation with its result in a place of its own, then in place. */
static void work_activations(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	int64_t n = *(const int64_t *)ctx, rows = 3;

	for (int i = 0; i < ACTIVATION_COUNT; i++) {
		enum activation a = (enum activation)i;
		float *x = r->c[side] + GUARD + 1800 * i, *y = x + 600, *dy = x + 1200;
		for (int64_t j = 0; j < rows * n; j++)
			x[j] *= 20.0f;
		k->activate(a, 0.3f, x, y, rows, n);
		k->activate_backward(a, 0.3f, x, y, dy, rows, n);
		if (activation_needs_input(a))
			continue;
		k->activate(a, 0.3f, x, x, rows, n);
		k->activate_backward(a, 0.3f, x, x, dy + 300, rows, n);
	}
}

static void test_activations(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "activations, n=%d", (int)odd_sizes[i]);
		each_table(work_activations, &odd_sizes[i], what);
	}
}

/* Targets of 0, 1 and between, outputs on both sides of 0. */
static void work_losses(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	static const float p[3] = { 1.5f, 0.3f, 0.7f };
	int64_t n = *(const int64_t *)ctx;
	float *c = r->c[side] + GUARD, y[128], t[128];

	for (int64_t i = 0; i < n; i++) {
		y[i] = r->a[i] * 8.0f;
		t[i] = i % 3 == 0 ? 0.0f : i % 3 == 1 ? 1.0f : fabsf(r->b[i]);
	}
	for (int f = 0; f < LOSS_FUNCTION_COUNT; f++) {
		k->loss((enum loss_function)f, p, y, t, n, c + 400 * f, c + 400 * f + 200);
		for (int64_t i = 0; f == LOSS_POISSON && i < n; i++)
			if (y[i] < 0) /* no number: of its bits nothing is promised */
				c[400 * f + i] = 0;
	}
	for (int i = 0; i < 4; i++) {
		float *dx = c + 6000 + 200 * i;
		struct entropy_row row = { .n = n,
			.x = y,
			.targets = i % 2 ? t : NULL,
			.label = n / 2,
			.keep = 0.9f,
			.share = 0.01f,
			.scale = 0.25f,
			.weight = 0.25f,
			.gamma = 1.5f,
			.dx = i < 2 ? dx : NULL };
		c[8000 + i] = k->entropy(&row);
		row.dx = row.dx ? dx + 1000 : NULL;
		c[8100 + i] = k->focal(&row);
	}
}

static void test_losses(void **state)
{
	char what[64];

	(void)state;
	for (size_t i = 0; i < COUNT_OF(odd_sizes); i++) {
		(void)snprintf(what, sizeof what, "losses, n=%d", (int)odd_sizes[i]);
		each_table(work_losses, &odd_sizes[i], what);
	}
}

/* Far out, at 0, and where a function changes its piece: values that noise does not have. */
static void work_ends(const struct kernels *k, struct rooms *r, int side, const void *ctx)
{
	static const float ends[] = { 0, -0.0f, 1e-45f, -1e-45f, 1e-38f, -1e-38f, 1e-4f, -1e-4f, 3,
		-3, 6, -6, 13.3f, -13.3f, 14.5f, -14.5f, 20, -20, 87.3f, -87.3f, 88.8f, -88.8f,
		1e6f, -1e6f, 3e38f, -3e38f };
	enum { N = COUNT_OF(ends) };

	(void)ctx; /* needs no size */
	for (int i = 0; i < ACTIVATION_SOFTMAX; i++) {
		enum activation a = (enum activation)i;
		float *y = r->c[side] + GUARD + 100 * i, *dy = y + 50;
		k->activate(a, 0.3f, ends, y, 1, N);
		k->activate_backward(a, 0.3f, ends, y, dy, 1, N);
	}
}

static void test_activations_at_the_ends_of_the_range(void **state)
{
	(void)state;
	each_table(work_ends, NULL, "activations of ends");
}

static void check_gemms_of_a_nan_bias(const struct kernels *k)
{
	const float one = 1, bias = NAN;

	for (int i = 0; i < 2; i++) {
		float y = 0;
		const struct gemm g = { .m = 1,
			.n = 1,
			.segments = 1,
			.run = 1,
			.a = &one,
			.a_row = 1,
			.a_step = 1,
			.b = &one,
			.b_row = 1,
			.bias = &bias,
			.c = &y,
			.c_row = 1 };
		(i ? k->gemm_bf16 : k->gemm)(&g);
		if (!isnan(y))
			fail_msg("%s: a bias of NaN became %g by %s", k->name, (double)y,
				i ? "gemm_bf16" : "gemm");
	}
}

static void test_a_nan_is_not_hidden_by_an_activation_pool_or_bias(void **state)
{
	(void)state;
	for (int i = 0; kernels_all[i]; i++) {
		const struct kernels *k = kernels_find(kernels_all[i]->name);
		if (!k)
			continue;
		float x[4] = { NAN, 1, 2, 3 }, w[1] = { 1 }, y[1];
		uint8_t where[1];
		k->max_pool(&(struct pool_row){ 1, 1, 2, 2, 2, 2 }, x, true, y, where);
		assert_true(isnan(y[0]));
		y[0] = 0;
		k->conv_pool(
			&(struct conv_pool){ 1, 1, 1, 1, 1, 2, 2, 1 }, x, w, NULL, true, y, where);
		assert_true(isnan(y[0]));
		check_gemms_of_a_nan_bias(k);
		for (int a = 0; a < ACTIVATION_COUNT; a++) {
			float z[4];
			k->activate((enum activation)a, 0.3f, x, z, 1, 4);
			if (!isnan(z[0]))
				fail_msg("%s: NaN became %g by %s", k->name, (double)z[0],
					activation_names[a]);
		}
	}
}

static void test_names(void **state)
{
	(void)state;
	assert_non_null(kernels_find("scalar"));
	assert_null(kernels_find("avx1024"));
	assert_null(kernels_find(""));
	assert_ptr_equal(kernels_find(NULL), kernels_find(kernels_find(NULL)->name));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_max_pool_forward_and_backward),
		cmocka_unit_test(test_conv_pool_forward_and_backward),
		cmocka_unit_test(test_conv_pool_is_a_gemm_and_a_max_pool),
		cmocka_unit_test(test_average_and_global_pooling),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_dropout_drops_by_counter),
		cmocka_unit_test(test_normalization_of_rows),
		cmocka_unit_test(test_everything_elementwise),
		cmocka_unit_test(test_activations),
		cmocka_unit_test(test_losses),
		cmocka_unit_test(test_activations_at_the_ends_of_the_range),
		cmocka_unit_test(test_a_nan_is_not_hidden_by_an_activation_pool_or_bias),
		cmocka_unit_test(test_every_optimizer_s_rule),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, rooms_set_up, NULL);
}
