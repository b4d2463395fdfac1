/* gemm_bf16.h - gemm of operands in bfloat16, in vectors; included once by vector.c.
 *
 * Operands are rounded while they are copied: a block of rows of a, which stays in the second-level
 * cache, and a panel of b, two vectors wide, in the first. Both lie in words of 32 bits, in the
 * order in which the sums take them: where the processor sums up pairs, a word is a pair; elsewhere
 * two words are, the odd one first, each a float. The summed index is cut into blocks of whole
 * pairs; between them a tile rests in c, which changes no bit. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

enum {
	BF16_WORDS = 192,                             /* of a block: 24 KiB of b */
	BF16_COUNT = 2 * BF16_WORDS / VEC_PAIR_WORDS, /* values of the summed index in it */
	BF16_ROWS = 168,                              /* of a, 12 or 28 tiles */
	BF16_A_ROW = BF16_WORDS + 16,                 /* no power of two */
	BF16_WIDTH = 2 * VEC_WIDTH,                   /* columns of a panel */
	BF16_ALONG = 2 * VEC_WIDTH / VEC_PAIR_WORDS,  /* values of a vector of words */
};

/* A piece of the work: rows of c and a stretch of the summed index. */
struct bf16_block {
	const struct gemm *g;
	int64_t row, rows; /* first, count */
	int64_t q, count;  /* first, count; all but the last one of a gemm are even */
	int words;         /* that they take */
	bool first;        /* sums begin here */
	bool together;     /* a row's values lie side by side in a */
	int64_t *at;       /* where the values lie, from the start of a row of a */
	float *a, *b;      /* words */
	int64_t j;         /* first column of the panel */
	int columns;       /* of it */
};

/* The words of n values (at most BF16_ALONG) that lie side by side. */
VEC_INLINE vec bf16_words(const float *p, int64_t n)
{
	float some[BF16_ALONG] = { 0 };

	if (n >= BF16_ALONG)
		return vec_pairs_along(p);
	memcpy(some, p, (size_t)(n > 0 ? n : 0) * sizeof *p);
	return vec_pairs_along(some);
}

/* One tile. `rows` and `vecs` are constants after inlining. */
VEC_INLINE void bf16_tile(const struct bf16_block *k, int64_t row, int rows, int vecs)
{
	const struct gemm *g = k->g;
	const float *a = k->a + row * BF16_A_ROW, *b = k->b;
	float *c = g->c + (k->row + row) * g->c_row + k->j;
	int tail = k->columns - (vecs - 1) * VEC_WIDTH;
	bool begins = k->first && !g->accumulate;
	vec sum[VEC_TILE_ROWS][2];

	UNROLL
	for (int v = 0; v < vecs; v++) {
		int n = v == vecs - 1 ? tail : VEC_WIDTH;
		vec start = vec_zero();
		if (begins && g->bias) {
			vec bias = load_some(g->bias + k->j + v * VEC_WIDTH, n);
			vec_mask above = vec_greater(bias, vec_set(-0x1p-80f));
			vec_mask below = vec_greater(vec_set(0x1p-80f), bias);
			start = vec_select(below, vec_select(above, start, bias), bias);
		}
		UNROLL
		for (int r = 0; r < rows; r++)
			sum[r][v] = begins ? start : load_some(c + r * g->c_row + v * VEC_WIDTH, n);
	}
	for (int w = 0; w < k->words; w++, a++, b += BF16_WIDTH) {
		vec b0 = vec_load(b), b1 = vecs == 2 ? vec_load(b + VEC_WIDTH) : b0;
		UNROLL
		for (int r = 0; r < rows; r++) {
			vec x = vec_set(a[r * BF16_A_ROW]);
			sum[r][0] = vec_fma_pairs(x, b0, sum[r][0]);
			if (vecs == 2)
				sum[r][1] = vec_fma_pairs(x, b1, sum[r][1]);
		}
	}
	UNROLL
	for (int v = 0; v < vecs; v++) {
		int n = v == vecs - 1 ? tail : VEC_WIDTH;
		UNROLL
		for (int r = 0; r < rows; r++)
			store_some(c + r * g->c_row + v * VEC_WIDTH, sum[r][v], n);
	}
}

typedef void bf16_tile_function(const struct bf16_block *k, int64_t row);

#define BF16_TILE(rows)                                                                            \
	static void bf16_tile_##rows(const struct bf16_block *k, int64_t row)                      \
	{                                                                                          \
		if (k->columns > VEC_WIDTH)                                                        \
			bf16_tile(k, row, rows, 2);                                                \
		else                                                                               \
			bf16_tile(k, row, rows, 1);                                                \
	}

BF16_TILE(1)
BF16_TILE(2)
BF16_TILE(3)
BF16_TILE(4)
BF16_TILE(5)
BF16_TILE(6)
#if VEC_REGISTERS == 32
BF16_TILE(7)
BF16_TILE(8)
BF16_TILE(9)
BF16_TILE(10)
BF16_TILE(11)
BF16_TILE(12)
BF16_TILE(13)
BF16_TILE(14)
#endif

/* [rows - 1] */
static bf16_tile_function *const bf16_tiles[VEC_TILE_ROWS] = {
	bf16_tile_1,
	bf16_tile_2,
	bf16_tile_3,
	bf16_tile_4,
	bf16_tile_5,
	bf16_tile_6,
#if VEC_REGISTERS == 32
	bf16_tile_7,
	bf16_tile_8,
	bf16_tile_9,
	bf16_tile_10,
	bf16_tile_11,
	bf16_tile_12,
	bf16_tile_13,
	bf16_tile_14,
#endif
};

static const float *bf16_row(const struct bf16_block *k, int64_t i)
{
	const struct gemm *g = k->g;

	return g->a + (g->a_rows ? g->a_rows[k->row + i] : (k->row + i) * g->a_row);
}

/* A row's values of the block, side by side: where they lie, or copied to line. */
static const float *bf16_line(const struct bf16_block *k, const float *row, float *line)
{
	const struct gemm *g = k->g;

	if (k->together)
		return row + k->at[0];
	if (g->a_step != 1) {
		for (int64_t q = 0; q < k->count; q++)
			line[q] = row[k->at[q]];
		return line;
	}
	for (int64_t q = 0; q < k->count;) {
		int64_t left = g->run - (k->q + q) % g->run;
		int64_t n = left < k->count - q ? left : k->count - q;
		memcpy(line + q, row + k->at[q], (size_t)n * sizeof *line);
		q += n;
	}
	return line;
}

static void bf16_pack_row(const struct bf16_block *k, int64_t i)
{
	float line[BF16_COUNT];
	const float *from = bf16_line(k, bf16_row(k, i), line);
	float *to = k->a + i * BF16_A_ROW;

	for (int64_t q = 0; q < k->count; q += BF16_ALONG, to += VEC_WIDTH)
		vec_store(to, bf16_words(from + q, k->count - q));
}

/* Do VEC_WIDTH rows from i on lie a float apart? */
static bool bf16_rows_adjoin(const struct bf16_block *k, int64_t i)
{
	const float *first = bf16_row(k, i);

	for (int64_t r = 1; r < VEC_WIDTH; r++)
		if (bf16_row(k, i + r) != first + r)
			return false;
	return true;
}

/* VEC_WIDTH such rows: vectors across them, turned. */
static void bf16_pack_adjoining(const struct bf16_block *k, int64_t i)
{
	const float *from = bf16_row(k, i);
	float *to = k->a + i * BF16_A_ROW;

	for (int64_t q = 0; q < k->count; q += BF16_ALONG, to += VEC_WIDTH) {
		vec r[VEC_WIDTH];
		UNROLL
		for (int p = 0; p < VEC_WIDTH / VEC_PAIR_WORDS; p++) {
			int64_t even = q + 2 * p, odd = even + 1;
			vec_pairs(even < k->count ? vec_load(from + k->at[even]) : vec_zero(),
				odd < k->count ? vec_load(from + k->at[odd]) : vec_zero(),
				r + p * VEC_PAIR_WORDS);
		}
		vec_transpose(r);
		UNROLL
		for (int v = 0; v < VEC_WIDTH; v++)
			vec_store(to + v * BF16_A_ROW, r[v]);
	}
}

static void bf16_pack_a(const struct bf16_block *k)
{
	for (int64_t i = 0; i < k->rows;) {
		if (k->g->a_step != 1 && i + VEC_WIDTH <= k->rows && bf16_rows_adjoin(k, i)) {
			bf16_pack_adjoining(k, i);
			i += VEC_WIDTH;
		} else {
			bf16_pack_row(k, i++);
		}
	}
}

static void bf16_pack_b(const struct bf16_block *k)
{
	const struct gemm *g = k->g;

	for (int v = 0; v < k->columns; v += VEC_WIDTH) {
		int n = k->columns - v < VEC_WIDTH ? k->columns - v : VEC_WIDTH;
		const float *b = g->b + k->q * g->b_row + k->j + v;
		float *to = k->b + v;
		for (int64_t q = 0; q < k->count; q += 2, b += 2 * g->b_row) {
			vec words[VEC_PAIR_WORDS];
			vec_pairs(load_some(b, n),
				q + 1 < k->count ? load_some(b + g->b_row, n) : vec_zero(), words);
			for (int i = 0; i < VEC_PAIR_WORDS; i++, to += BF16_WIDTH)
				vec_store(to, words[i]);
		}
	}
}

static void bf16_pack_b_transposed(const struct bf16_block *k)
{
	const struct gemm *g = k->g;

	for (int v = 0; v < k->columns; v += VEC_WIDTH) {
		int n = k->columns - v < VEC_WIDTH ? k->columns - v : VEC_WIDTH;
		const float *b = g->b + (k->j + v) * g->b_row + k->q;
		float *to = k->b + v;
		for (int64_t q = 0; q < k->count; q += BF16_ALONG, to += VEC_WIDTH * BF16_WIDTH) {
			vec r[VEC_WIDTH];
			UNROLL
			for (int i = 0; i < VEC_WIDTH; i++)
				r[i] = i < n ? bf16_words(b + i * g->b_row + q, k->count - q)
					     : vec_zero();
			vec_transpose(r);
			UNROLL
			for (int i = 0; i < VEC_WIDTH; i++)
				vec_store(to + i * BF16_WIDTH, r[i]);
		}
	}
}

/* All panels of columns. Rows are shared out evenly over the tiles. */
static void bf16_block_work(struct bf16_block *k)
{
	const struct gemm *g = k->g;
	int64_t n_tiles = (k->rows + VEC_TILE_ROWS - 1) / VEC_TILE_ROWS;

	for (int64_t q = 0; q < k->count; q++)
		k->at[q] = (k->q + q) / g->run * g->a_segment + (k->q + q) % g->run * g->a_step;
	k->together = g->a_step == 1 && k->q / g->run == (k->q + k->count - 1) / g->run;
	bf16_pack_a(k);
	for (k->j = 0; k->j < g->n; k->j += BF16_WIDTH) {
		k->columns = (int)(g->n - k->j < BF16_WIDTH ? g->n - k->j : BF16_WIDTH);
		if (g->b_transposed)
			bf16_pack_b_transposed(k);
		else
			bf16_pack_b(k);
		for (int64_t t = 0; t < n_tiles; t++) {
			int64_t begin = t * k->rows / n_tiles, end = (t + 1) * k->rows / n_tiles;
			bf16_tiles[end - begin - 1](k, begin);
		}
	}
}

static void k_gemm_bf16(const struct gemm *g)
{
	_Alignas(64) float a[BF16_ROWS * BF16_A_ROW], b[BF16_WORDS * BF16_WIDTH];
	int64_t at[BF16_COUNT];
	int64_t count = g->segments * g->run, pairs = (count + 1) / 2;
	int64_t blocks = (count + BF16_COUNT - 1) / BF16_COUNT;
	int64_t row_blocks = (g->m + BF16_ROWS - 1) / BF16_ROWS;
	struct bf16_block k = { .g = g, .a = a, .b = b, .at = at };

	for (int64_t r = 0; r < row_blocks; r++) {
		k.row = r * g->m / row_blocks;
		k.rows = (r + 1) * g->m / row_blocks - k.row;
		for (int64_t i = 0; i < blocks; i++) {
			int64_t end = (i + 1) * pairs / blocks * 2;
			k.q = i * pairs / blocks * 2;
			k.words = (int)((end - k.q) / 2 * VEC_PAIR_WORDS);
			k.count = (end < count ? end : count) - k.q;
			k.first = i == 0;
			bf16_block_work(&k);
		}
	}
}
