/* kernels.h - the innermost loops, one table of functions for each instruction set.
 *
 * The numeric contract of every function is its scalar version (scalar.c): each output element is
 * one chain of fused multiply-adds, or of additions, in the order written there. Vectors run across
 * outputs, never along a chain, so every table gives the same bits; tests/engine/test_kernels.c
 * compares them with memcmp.
 *
 * Letters: N samples, C channels in, K channels out, H W height and width, x y w the tensors, dx dy
 * dw their gradients. All pointers are borrowed for the call; ranges do not overlap unless a
 * comment says so. Any thread. */
#pragma once

#include "engine/activation.h"

#include <stdbool.h>
#include <stdint.h>

/* c[i][j] = start + sum over (s, k), in order, of a(i, s, k) * b(s * run + k, j)
 *   a(i, s, k) = a[row(i) + s * a_segment + k * a_step],  row(i) = a_rows ? a_rows[i] : i * a_row
 *   b(q, j)    = b_transposed ? b[j * b_row + q] : b[q * b_row + j]
 *   start      = accumulate ? c[i][j] : bias ? bias[j] : 0
 * Sizes and distances are in floats. m, n, segments and run are at least 1. This one loop is a
 * dense layer, a convolution and the gradients of both: only the addresses differ. */
struct gemm {
	int64_t m, n;
	int64_t segments, run;
	const float *a;
	const int32_t *a_rows;
	int64_t a_row, a_segment, a_step;
	const float *b;
	int64_t b_row;
	bool b_transposed;
	bool accumulate;
	const float *bias;
	float *c;
	int64_t c_row;
};

/* Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, arXiv:1509.09308): 4 x 4 positions of a
 * convolution by a 3 x 3 kernel, stride 1, from 6 x 6 of its input, as 36 products a pair of
 * channels where a direct one takes 144. With Bᵀ (6x6), G (6x3) and Aᵀ (4x6) of the points 0, 1,
 * -1, 2, -2, ∞: y = Aᵀ [ sum_c (G w Gᵀ) (Bᵀ x B) ] A      dw = Gᵀ [ sum_tiles (Bᵀ x B) (A dy Aᵀ) ]
 * G products being of each of the 36 elements by itself: 36 gemms.
 *
 * An image is cut into tiles of 4 x 4 positions, row by row; those of several samples are counted
 * on. Transformed tiles lie in 36 planes: element e = 6 * row + column of tile t, channel c stands
 * at e * plane + (t - first) * channels + c. */
enum { WINOGRAD_TILE = 4, WINOGRAD_PATCH = 6, WINOGRAD_PLANES = 36 };
struct winograd_tiles {
	int64_t height, width, channels; /* of the image: the rows and columns that lie in memory */
	int64_t tiles, tiles_w;          /* of one sample; of one row of them */
	int64_t before_h,
		before_w; /* zeros above and before the image, where it is an input: 0 … 2 */
	int64_t plane;    /* floats from plane to plane */
};

/* One row of outputs of a max-pooling: `width` windows of pool_h x pool_w positions, `channels`
 * values each. x: the first position of the first window; the rows of a window are x_row floats
 * apart, its columns `channels`, and the next window begins x_step further. */
struct pool_row {
	int64_t width, channels;
	int64_t pool_h, pool_w;
	int64_t x_row, x_step; /* floats */
};

/* A convolution of few taps (the values of its kernel for one output) and the max-pooling after it
 * by windows of 2 x 2 that lie side by side: rows x width of them, `channels` outputs each. x(p, q,
 * s, k) = x[p * down + q * right + s * x_segment + k] is what tap (s, k) sees at position (p, q);
 * the window (i, j) has the positions (2 i, 2 j), (2 i, 2 j + 1), (2 i + 1, 2 j) and (2 i + 1, 2 j
 * + 1). w stands as segments x run x channels. */
enum { CONV_POOL_TAPS_MAX = 32, CONV_POOL_POSITIONS = 4 };
struct conv_pool {
	int64_t rows, width, channels;
	int64_t segments, run;          /* their product is at most CONV_POOL_TAPS_MAX */
	int64_t x_segment, down, right; /* floats */
};

/* One window of an average-pooling: rows x columns positions of `channels` values, the rows x_row
 * floats apart. */
struct pool_window {
	int64_t rows, columns, channels;
	int64_t x_row;
	float scale; /* 1 / (rows * columns); 1: a sum */
};

/* Random numbers come in blocks: value w * NOISE_LANES + l of a block is made of word w of the l-th
 * of the block's counters (engine/philox.h), so that no vector is ever shuffled. */
enum { NOISE_LANES = 32, NOISE_WORDS = 4, NOISE_BLOCK = NOISE_LANES * NOISE_WORDS };

/* The counters that n values take. */
static inline int64_t noise_counters(int64_t n)
{
	return (n + NOISE_BLOCK - 1) / NOISE_BLOCK * NOISE_LANES;
}

/* An image seen through a map: the pixel at column x, row y shows what the input has at column
 * map[0][0] x + map[0][1] y + map[0][2], row map[1][0] x + map[1][1] y + map[1][2]. `nearest`: the
 * pixel nearest to there, else one interpolated between the four around. */
enum resample_fill {       /* how an image a b c goes on beyond its edges */
	RESAMPLE_REFLECT,  /* c b a | a b c | c b a */
	RESAMPLE_WRAP,     /* a b c | a b c | a b c */
	RESAMPLE_CONSTANT, /* k k k | a b c | k k k, k = fill_value */
	RESAMPLE_NEAREST,  /* a a a | a b c | c c c */
	RESAMPLE_FILL_COUNT,
};
struct resample {
	int64_t height, width; /* at most 2^15 */
	int64_t channels;
	float map[2][3];
	enum resample_fill fill;
	float fill_value;
	bool nearest;
};

/* The random numbers of one sample in one layer and step; its counters begin at `first`. */
struct noise {
	uint64_t key;
	int64_t first;
	uint32_t threshold; /* values whose 32 bits are below it are dropped */
	float scale;        /* what the others are multiplied by; or the standard deviation */
};

/* One row of a depthwise convolution: `width` positions, `channels` values each, size_h x size_w
 * taps. The first tap of position q and channel j lies at x[q * x_step + j]; the taps of a column
 * are x_row floats apart, those of a row x_column; the kernel's are w_tap apart, which may be
 * negative. */
struct depthwise_row {
	int64_t width, channels;
	int64_t size_h, size_w;
	int64_t x_row, x_column, x_step; /* floats */
	int64_t w_tap;
};

/* How an optimizer changes weights: engine/kernels/rules.h. */
enum update_rule {
	UPDATE_SGD,
	UPDATE_SGD_MOMENTUM,
	UPDATE_ADAM,
	UPDATE_AMSGRAD,
	UPDATE_NADAM,
	UPDATE_ADAMAX,
	UPDATE_RMSPROP,
	UPDATE_RMSPROP_CENTERED,
	UPDATE_RMSPROP_MOMENTUM,
	UPDATE_RMSPROP_CENTERED_MOMENTUM,
	UPDATE_ADAGRAD,
	UPDATE_ADADELTA,
	UPDATE_LION,
	UPDATE_COUNT,
};

/* The scalars of one step, computed once in double and rounded to float; a rule reads those that
 * it has. */
struct update_step {
	float rate;                   /* the learning rate, times what a rule's author put there */
	float take_1, take_2, keep_2; /* 1 - beta_1, 1 - beta_2 (or rho); beta_2 */
	float epsilon;
	float momentum;
	float share_mean, share_gradient, correction; /* Nadam's */
	bool nesterov;
	double product;  /* Nadam's u_1 u_2 … u_t, which its next step goes on from … */
	int64_t factors; /* … and that t; 0: there is no product yet */
};

/* Losses of single values; losses.h has their formulas and says what their arguments p are. */
enum loss_function {
	LOSS_SQUARED,
	LOSS_ABSOLUTE,
	LOSS_PERCENTAGE,
	LOSS_SQUARED_LOGARITHMIC,
	LOSS_HUBER,
	LOSS_LOG_COSH,
	LOSS_POISSON,
	LOSS_DIVERGENCE,
	LOSS_HINGE,
	LOSS_SQUARED_HINGE,
	LOSS_BINARY_ENTROPY, /* y are logits, as in the next */
	LOSS_BINARY_FOCAL,
	LOSS_FUNCTION_COUNT,
};

/* A row of n logits against a target for each: t[j] keep + share, t being `targets`, or where they
 * are NULL 1 at `label` and 0 elsewhere. dx = the derivative times scale; NULL: not wanted. */
struct entropy_row {
	int64_t n;
	const float *x, *targets;
	int64_t label;
	float keep, share, scale;
	float weight, gamma; /* of focal */
	float *dx;
};

struct kernels {
	const char *name;
	void (*gemm)(const struct gemm *g);
	/* The same of a and b rounded to bfloat16, the sums in f32. The summed index, counted on
	 * over the segments, is taken in pairs, of each first the odd, then the even one; an odd
	 * end is paired with 0. accumulate: c is what gemm_bf16 left. gemm_bf16_scalar.h says what
	 * becomes of tiny values. */
	void (*gemm_bf16)(const struct gemm *g);

	/* Transforms of the tiles [first, first + count): by columns, then by rows, each line as
	 * written in scalar.c. What an image lacks is read as 0 and not written. input: v = Bᵀ x B
	 * of the 6 x 6 positions from (4 i - before_h, 4 j - before_w) of tile (i, j); output: y =
	 * Aᵀ m A + bias (NULL: 0); output_gradient: z = A dy Aᵀ. */
	void (*winograd_input)(const struct winograd_tiles *t, const float *x, int64_t first,
		int64_t count, float *v);
	void (*winograd_output)(const struct winograd_tiles *t, const float *m, int64_t first,
		int64_t count, const float *bias, float *y);
	void (*winograd_output_gradient)(const struct winograd_tiles *t, const float *dy,
		int64_t first, int64_t count, float *z);
	/* n values at each of the 9 places of a kernel, w_place floats apart (negative: the kernel
	 * turned round): u = G w Gᵀ into 36 planes, and dw = Gᵀ du G. */
	void (*winograd_kernel)(
		const float *w, int64_t w_place, int64_t n, int64_t plane, float *u);
	void (*winograd_kernel_gradient)(
		const float *du, int64_t plane, int64_t n, int64_t w_place, float *dw);

	/* y = max over each window (relu: of max(x, 0) too); where[c] = the first position of the
	 * window that holds it, counted row by row. A NaN that comes first stays. */
	void (*max_pool)(
		const struct pool_row *p, const float *x, bool relu, float *y, uint8_t *where);
	/* dx at the position of each maximum = dy, elsewhere in the windows 0; overlapping windows:
	 * adds (dx starts at 0). */
	void (*max_pool_backward)(const struct pool_row *p, const float *dy, const uint8_t *where,
		bool add, float *dx);

	/* What gemm and max_pool give, of one sample: y = the largest of the window's bias + sum
	 * over taps of x w (relu: at least 0), and where it was. bias NULL: 0. */
	void (*conv_pool)(const struct conv_pool *c, const float *x, const float *w,
		const float *bias, bool relu, float *y, uint8_t *where);
	/* The gradients of w and of the bias (db NULL: not wanted), which one sample's maxima alone
	 * make: window by window, dw += x under the maximum * dy and db += dy. relu: dy counts only
	 * where y > 0. */
	void (*conv_pool_backward)(const struct conv_pool *c, const float *x, bool relu,
		const float *y, const float *dy, const uint8_t *where, float *dw, float *db);

	/* y[c] = scale * (the sum of the window, row by row). */
	void (*average_pool)(const struct pool_window *w, const float *x, float *y);
	/* dx at each position of the window = scale * dy; add: it is added. */
	void (*average_pool_backward)(
		const struct pool_window *w, const float *dy, bool add, float *dx);
	/* y[j] = max of x[r][j] over r, where[j] = the first row that holds it. A NaN that comes
	 * first stays. */
	void (*max_rows)(const float *x, int64_t rows, int64_t n, float *y, int32_t *where);
	/* y[q][j] = bias[j] + sum over the taps, row by row, of x w. bias NULL: 0. */
	void (*depthwise)(const struct depthwise_row *p, const float *x, const float *w,
		const float *bias, float *y);
	/* dw[tap][j] += sum over the positions of x dy. */
	void (*depthwise_gradient)(
		const struct depthwise_row *p, const float *x, const float *dy, float *dw);

	/* y = x, past the caches: for values that another core has read and will read again, whose
	 * copy would have to be called back line by line. */
	void (*stream)(const float *x, int64_t n, float *y);

	/* y[j][i] = x[i][j] for i < rows, j < columns; rows x_row and y_row floats apart. */
	void (*transpose)(const float *x, int64_t rows, int64_t columns, int64_t x_row, float *y,
		int64_t y_row);
	/* sum[j] += x[0][j] + x[1][j] + …: one chain of additions for each j. */
	void (*sum_rows)(const float *x, int64_t rows, int64_t n, float *sum);
	/* sum[j] += sum over r of dy[r][j], products[j] += sum over r of
	 * dy[r][j] (x[r][j] - mean[j]): one chain each for each j. */
	void (*sum_products)(const float *dy, const float *x, const float *mean, int64_t rows,
		int64_t n, float *sum, float *products);
	/* mean[j] of x[r][j] over r, and m2[j], the sum of the squared distances from it. */
	void (*moments)(const float *x, int64_t rows, int64_t n, float *mean, float *m2);
	/* y[r][j] = (x[r][j] - mean[j]) scale[j] + offset[j] */
	void (*normalize)(const float *x, const float *mean, const float *scale,
		const float *offset, int64_t rows, int64_t n, float *y);
	/* dx[r][j] = dy[r][j] scale[j] + (x[r][j] - mean[j]) slope[j] + offset[j]; dx may be dy */
	void (*normalize_backward)(const float *dy, const float *x, const float *mean,
		const float *scale, const float *slope, const float *offset, int64_t rows,
		int64_t n, float *dx);
	/* Each row on its own: y[r][j] = (x[r][j] - mean) inverse gamma[j] + beta[j], stats[2r] =
	 * mean = the mean of x[r], stats[2r + 1] = inverse = 1 / sqrt(its variance + epsilon). */
	void (*normalize_rows)(const float *x, const float *gamma, const float *beta, float epsilon,
		int64_t rows, int64_t n, float *y, float *stats);
	/* dx[r][j] = inverse (g - mean of g - h mean of (g h)), g = dy[r][j] gamma[j], h =
	 * (x[r][j] - mean) inverse; the means are those of the row. */
	void (*normalize_rows_backward)(const float *dy, const float *x, const float *gamma,
		const float *stats, int64_t rows, int64_t n, float *dx);
	/* sum[j] += sum over r of dy[r][j] h, as above. */
	void (*sum_normalized)(const float *dy, const float *x, const float *stats, int64_t rows,
		int64_t n, float *sum);

	/* y = scale x, or 0 where it is dropped. */
	void (*dropout)(const struct noise *z, const float *x, int64_t n, float *y);
	/* y = x + scale times a normally distributed number. */
	void (*gaussian_noise)(const struct noise *z, const float *x, int64_t n, float *y);

	/* y = the image x seen through a map; y is not x. */
	void (*resample)(const struct resample *s, const float *x, float *y);

	void (*add)(float *y, const float *x, int64_t n);                     /* y += x */
	void (*add_scaled)(const float *x, float scale, int64_t n, float *y); /* y += scale x */
	/* y = scale x + offset; y may be x. */
	void (*affine)(const float *x, float scale, float offset, int64_t n, float *y);
	/* y = a + t (b - a) */
	void (*blend)(const float *a, const float *b, float t, int64_t n, float *y);
	void (*multiply)(float *y, const float *x, int64_t n); /* y *= x */
	/* y[r][j] = x[r][j] scale[j] */
	void (*scale_columns)(
		const float *x, const float *scale, int64_t rows, int64_t n, float *y);
	void (*maximum)(float *y, const float *x, int64_t n); /* y = max(y, x); a NaN in y stays */
	/* Where x equals y, moves dy to dx (NULL: not wanted) and leaves 0; elsewhere dx = 0. */
	void (*take_equal)(const float *x, const float *y, int64_t n, float *dy, float *dx);
	void (*from_u8)(const uint8_t *x, int64_t n, float *y); /* y = x / 255 */
	/* y = f(x), rows of n; softmax and log_softmax work along a row. y may be x. alpha: f's
	 * argument, where it has one. */
	void (*activate)(
		enum activation a, float alpha, const float *x, float *y, int64_t rows, int64_t n);
	/* dy in place: times the derivative at x, y being f(x). x may be y where
	 * !activation_needs_input(a): those have the derivative in terms of y. */
	void (*activate_backward)(enum activation a, float alpha, const float *x, const float *y,
		float *dy, int64_t rows, int64_t n);
	/* Rows of n: y = x above 0, alpha[j] x below. Backward: dy in place, sum[j] += min(x, 0)
	 * dy: one chain down the rows for each j. */
	void (*prelu)(const float *x, const float *alpha, int64_t rows, int64_t n, float *y);
	void (*prelu_backward)(
		const float *x, const float *alpha, int64_t rows, int64_t n, float *dy, float *sum);
	/* For each of n values: the loss of y at target t, and its derivative by y. p: 3. */
	void (*loss)(enum loss_function f, const float *p, const float *y, const float *t,
		int64_t n, float *value, float *slope);
	/* The loss of a row; dx must not be x. */
	float (*entropy)(const struct entropy_row *r);
	float (*focal)(const struct entropy_row *r);
	/* Rows of n logits, a label each: dx = (softmax(x) - onehot(label)) * scale, loss[r] = -log
	 * softmax(x)[label]. dx NULL: loss only. dx may be x. */
	void (*softmax_cross_entropy)(const float *x, const int32_t *labels, int64_t rows,
		int64_t n, float scale, float *dx, float *loss);

	/* w and what the optimizer keeps for it (n values each), changed by the gradient g. */
	void (*update[UPDATE_COUNT])(const struct update_step *s, const float *g, int64_t n,
		float *w, float *const *slots);
};

/* The table of that name if this CPU can run it; NULL name: the best one. NULL: there is none. */
const struct kernels *kernels_find(const char *name);

/* Tables that were compiled in, NULL at the end; whether this CPU can run each is kernels_find's
 * affair. */
extern const struct kernels *const kernels_all[];
