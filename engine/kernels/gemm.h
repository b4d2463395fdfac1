/* gemm.h - gemm in vectors; included once by vector.c.
 *
 * It works on tiles of c: up to VEC_TILE_ROWS rows by two vectors of columns, which stay in
 * registers while the summed index runs. That index is cut into blocks of BLOCK, so that the panel
 * of b (BLOCK rows of two vectors) and the tile's part of a stay in the first-level cache; between
 * blocks a tile rests in c, which changes no bit. */
#pragma once

#include "engine/kernels/kernels.h"
#include "engine/kernels/vec.h"

#include <string.h>

enum {
	BLOCK = 192, /* of the summed index: 192 x 32 floats of b are 24 KiB, half of a 48 KiB cache
		      */
	PANEL_WIDTH = 2 * VEC_WIDTH, /* columns of a tile */
	LINE = 64 / sizeof(float),   /* floats of a line of a cache */
	PAGE = 4096 / sizeof(float),
	PACK_ROWS = 6 * VEC_TILE_ROWS, /* fewer rows of c do not pay for copying b */
	COPIED_ROWS = 256,             /* of c, whose a is copied at a time */
	COPY = COPIED_ROWS * (BLOCK + LINE),
	TURNED_ROWS = 8 * VEC_TILE_ROWS, /* of a transposed c at a time: 14 KiB of 32 columns */
	TURNED_RUN = 1024,               /* longest sum of one: 128 KiB of a, transposed */
};

/* A stretch of the summed index, and where its b lies. `ask`: what a tile asks the caches for while
 * it works, a line with each step of the summed index. */
struct block {
	int64_t segment, segments; /* first, count */
	int64_t k, run;            /* first within a segment, count */
	const float *b;
	int64_t b_row;
	const float *ask;
	int64_t ask_step;
};

/* One tile. `rows`, `vecs` and `part` are constants after inlining. part: the last vector has only
 * `tail` columns. */
VEC_INLINE void tile(const struct gemm *g, const struct block *block, const float *const *a,
	int rows, int vecs, bool part, int tail, bool first, const float *bias, float *c)
{
	vec sum[VEC_TILE_ROWS][2];

	UNROLL
	for (int v = 0; v < vecs; v++) {
		bool cut = part && v == vecs - 1;
		vec start = !first || !bias ? vec_zero()
			    : cut           ? vec_load_part(bias + v * VEC_WIDTH, tail)
					    : vec_load(bias + v * VEC_WIDTH);
		UNROLL
		for (int r = 0; r < rows; r++) {
			const float *from = c + r * g->c_row + v * VEC_WIDTH;
			sum[r][v] = first ? start
				    : cut ? vec_load_part(from, tail)
					  : vec_load(from);
		}
	}
	const float *b = block->b, *ask = block->ask;
	for (int64_t s = 0; s < block->segments; s++) {
		int64_t at = (block->segment + s) * g->a_segment + block->k * g->a_step;
		for (int64_t k = 0; k < block->run; k++, at += g->a_step, b += block->b_row) {
			vec b0 = part && vecs == 1 ? vec_load_part(b, tail) : vec_load(b);
			vec b1 = vecs == 1 ? b0
				 : part    ? vec_load_part(b + VEC_WIDTH, tail)
					   : vec_load(b + VEC_WIDTH);
			__builtin_prefetch(ask, 0, 2);
			ask += block->ask_step;
			UNROLL
			for (int r = 0; r < rows; r++) {
				vec x = vec_set(a[r][at]);
				sum[r][0] = vec_fma(x, b0, sum[r][0]);
				if (vecs == 2)
					sum[r][1] = vec_fma(x, b1, sum[r][1]);
			}
		}
	}
	UNROLL
	for (int r = 0; r < rows; r++) {
		UNROLL
		for (int v = 0; v < vecs; v++) {
			float *to = c + r * g->c_row + v * VEC_WIDTH;
			if (part && v == vecs - 1)
				vec_store_part(to, sum[r][v], tail);
			else
				vec_store(to, sum[r][v]);
		}
	}
}

typedef void tile_function(const struct gemm *g, const struct block *block, const float *const *a,
	int tail, bool first, const float *bias, float *c);

#define TILE(rows, vecs, part)                                                                     \
	static void tile_##rows##_##vecs##_##part(const struct gemm *g, const struct block *block, \
		const float *const *a, int tail, bool first, const float *bias, float *c)          \
	{                                                                                          \
		tile(g, block, a, rows, vecs, part, tail, first, bias, c);                         \
	}
#define TILES(rows) TILE(rows, 1, 0) TILE(rows, 1, 1) TILE(rows, 2, 0) TILE(rows, 2, 1)
#define TILE_ROW(rows)                                                                             \
	{                                                                                          \
		{ tile_##rows##_1_0, tile_##rows##_1_1 },                                          \
		{                                                                                  \
			tile_##rows##_2_0, tile_##rows##_2_1                                       \
		}                                                                                  \
	}

TILES(1)
TILES(2)
TILES(3)
TILES(4)
TILES(5)
TILES(6)
#if VEC_REGISTERS == 32
TILES(7)
TILES(8)
TILES(9)
TILES(10)
TILES(11)
TILES(12)
TILES(13)
TILES(14)
#endif

/* [rows - 1][vectors - 1][whether the last vector is cut] */
static tile_function *const tiles[VEC_TILE_ROWS][2][2] = {
	TILE_ROW(1),
	TILE_ROW(2),
	TILE_ROW(3),
	TILE_ROW(4),
	TILE_ROW(5),
	TILE_ROW(6),
#if VEC_REGISTERS == 32
	TILE_ROW(7),
	TILE_ROW(8),
	TILE_ROW(9),
	TILE_ROW(10),
	TILE_ROW(11),
	TILE_ROW(12),
	TILE_ROW(13),
	TILE_ROW(14),
#endif
};

/* to[q][0 … columns) = b(first_q + q, j + …), the rows PANEL_WIDTH apart. */
static void pack(
	const struct gemm *g, int64_t first_q, int64_t count, int64_t j, int columns, float *to)
{
	const float *b = g->b + first_q * g->b_row + j;
	int left = columns < VEC_WIDTH ? columns : VEC_WIDTH, right = columns - left;

	for (int64_t q = 0; q < count; q++, b += g->b_row, to += PANEL_WIDTH) {
		vec_store(to, load_some(b, left));
		if (right)
			vec_store(to + VEC_WIDTH, load_some(b + VEC_WIDTH, right));
	}
}

static void pack_transposed(
	const struct gemm *g, int64_t first_q, int64_t count, int64_t j, int columns, float *to)
{
	int64_t q = 0;
	int whole = columns / VEC_WIDTH * VEC_WIDTH;

	for (; q + VEC_WIDTH <= count; q += VEC_WIDTH) {
		for (int v = 0; v < whole; v += VEC_WIDTH) {
			vec r[VEC_WIDTH];
			UNROLL
			for (int i = 0; i < VEC_WIDTH; i++)
				r[i] = vec_load(g->b + (j + v + i) * g->b_row + first_q + q);
			vec_transpose(r);
			UNROLL
			for (int i = 0; i < VEC_WIDTH; i++)
				vec_store(to + (q + i) * PANEL_WIDTH + v, r[i]);
		}
	}
	for (int64_t p = 0; p < count; p++)
		for (int i = p < q ? whole : 0; i < columns; i++)
			to[p * PANEL_WIDTH + i] = g->b[(j + i) * g->b_row + first_q + p];
}

/* Asks for what the next block will read of a tile's rows. They are too far apart, and each stretch
 * too short, for the processor to foresee it. */
static void prefetch_next_block(
	const struct gemm *g, const struct block *block, const float *const *a, int64_t rows)
{
	int64_t at = block->segment * g->a_segment + block->k + block->run;

	for (int64_t r = 0; r < rows; r++)
		for (int64_t k = 0; k < block->run; k += LINE)
			__builtin_prefetch(a[r] + at + k);
}

/* Asks for a share of what the panel after that of column j takes from a transposed b. */
static void prefetch_next_panel(
	const struct gemm *g, int64_t q, int64_t count, int64_t j, int64_t share, int64_t shares)
{
	int64_t width = g->n - j < PANEL_WIDTH ? g->n - j : PANEL_WIDTH;

	for (int64_t i = share * width / shares; i < (share + 1) * width / shares; i++)
		for (int64_t k = 0; k < count; k += LINE)
			__builtin_prefetch(g->b + (j + i) * g->b_row + q + k, 0, 2);
}

/* What tile t of the panel of column j asks for. What lies in rows far from each other, each read
 * for a stretch too short for the processor to foresee it, or even in another core's cache, comes
 * too late else. Into the second-level cache: the first one is full. Past the end there is nothing
 * to be had, and nothing happens. */
static void ask_for(const struct gemm *g, struct block *block, int64_t j, int64_t t, int64_t end)
{
	const float *a = g->a + block->segment * g->a_segment + block->k * g->a_step;
	int64_t q = block->segment * g->run + block->k, count = block->segments * block->run;
	bool last = j + PANEL_WIDTH >= g->n;

	block->ask = block->b; /* which is there */
	block->ask_step = 0;
	if (g->a_step > 1 && block->segments > 1) {
		/* rows of c, to which is added */
		block->ask = g->c + end * g->c_row + j + t % 2 * LINE;
		block->ask_step = g->c_row;
	} else if (g->a_step > 1 && j == 0 && t * LINE < g->m) {
		/* the columns that follow, which are the next call's */
		block->ask = a + g->m + t * LINE;
		block->ask_step = g->a_step;
	} else if (g->a_step == 1 && !g->b_transposed && t * LINE < PANEL_WIDTH) {
		/* a line of each row of the next panel */
		block->ask = g->b + t * LINE +
			     (last ? (q + count) * g->b_row : q * g->b_row + j + PANEL_WIDTH);
		block->ask_step = g->b_row;
	}
}

/* All rows of c for one panel of columns and one block of the summed index. Rows are shared out
 * evenly over the tiles. */
static void panel(const struct gemm *g, struct block *block, int64_t j, int columns, bool first)
{
	int64_t q = block->segment * g->run + block->k, count = block->segments * block->run;
	int vecs = columns > VEC_WIDTH ? 2 : 1;
	int tail = columns - (vecs - 1) * VEC_WIDTH;
	int64_t n_tiles = (g->m + VEC_TILE_ROWS - 1) / VEC_TILE_ROWS;
	const float *bias = g->bias ? g->bias + j : NULL;

	for (int64_t t = 0; t < n_tiles; t++) {
		int64_t begin = t * g->m / n_tiles, end = (t + 1) * g->m / n_tiles;
		const float *a[VEC_TILE_ROWS];
		for (int64_t i = begin; i < end; i++)
			a[i - begin] = g->a + (g->a_rows ? g->a_rows[i] : i * g->a_row);
		if (j == 0 && g->a_step == 1 && block->k + block->run < g->run)
			prefetch_next_block(g, block, a, end - begin);
		ask_for(g, block, j, t, end);
		if (g->b_transposed && j + PANEL_WIDTH < g->n)
			prefetch_next_panel(g, q, count, j + PANEL_WIDTH, t, n_tiles);
		tiles[end - begin - 1][vecs - 1][tail < VEC_WIDTH](g, block, a, tail,
			first && !g->accumulate, bias, g->c + begin * g->c_row + j);
	}
}

/* All panels of columns for one block of the summed index. */
static void block_work(const struct gemm *g, struct block *block, bool first)
{
	_Alignas(64) float packed[BLOCK * PANEL_WIDTH];
	int64_t q = block->segment * g->run + block->k, count = block->segments * block->run;
	bool copy =
		g->b_transposed || (g->m >= PACK_ROWS && g->b_row > PANEL_WIDTH && count <= BLOCK);

	for (int64_t j = 0; j < g->n; j += PANEL_WIDTH) {
		int columns = (int)(g->n - j < PANEL_WIDTH ? g->n - j : PANEL_WIDTH);
		block->b = copy ? packed : g->b + q * g->b_row + j;
		block->b_row = copy ? PANEL_WIDTH : g->b_row;
		if (g->b_transposed)
			pack_transposed(g, q, count, j, columns, packed);
		else if (copy)
			pack(g, q, count, j, columns, packed);
		panel(g, block, j, columns, first);
	}
}

/* The least odd number of lines that holds n floats, in floats: rows so far from each other share
 * the places of a cache evenly. */
static int64_t odd_lines(int64_t n)
{
	return ((n + LINE - 1) / LINE | 1) * LINE;
}

/* Copies what the rows of `part` need of a, which are g's from row i on. */
static void copy_a(
	const struct gemm *g, const struct block *block, int64_t i, struct gemm *part, float *to)
{
	bool by_columns = g->a_step > 1;
	int64_t length = by_columns ? part->m : block->run,
		apart = odd_lines(by_columns ? part->m : part->run);
	const float *a = g->a + block->segment * g->a_segment + block->k * g->a_step +
			 (g->a_rows ? g->a_rows[i] : i * g->a_row);

	part->a = to;
	part->a_rows = NULL;
	part->a_row = by_columns ? 1 : apart;
	part->a_step = by_columns ? apart : 1;
	for (int64_t s = 0; s < block->segments; s++, a += g->a_segment) {
		const float *from = a;
		float *copy = to + s * block->run * part->a_step;
		for (int64_t k = 0; k < (by_columns ? block->run : part->m); k++) {
			for (int64_t v = 0; v < length; v += LINE)
				__builtin_prefetch(from + length + v, 0, 2);
			memcpy(copy, from, (size_t)length * sizeof *copy);
			from += by_columns ? g->a_step : g->a_row;
			copy += apart;
		}
	}
}

/* block_work with what it reads of a copied, so that it lies next to each other. */
static void block_work_copied(const struct gemm *g, struct block *block, bool first)
{
	_Alignas(64) float copy[COPY];
	int64_t q = block->segment * g->run + block->k, count = block->segments * block->run;

	for (int64_t i = 0; i < g->m; i += COPIED_ROWS) {
		struct gemm part = *g;
		part.m = g->m - i < COPIED_ROWS ? g->m - i : COPIED_ROWS;
		part.run = count;
		part.segments = 1;
		part.b += g->b_transposed ? q : q * g->b_row;
		part.c += i * g->c_row;
		copy_a(g, block, i, &part, copy);
		block_work(&part, &(struct block){ .segments = 1, .run = count }, first);
	}
}

/* Whether what is read of a wants the same few places of a first-level cache: rows whole pages
 * apart, or columns of rows that lie some lines apart, or a multiple of that. A copy must serve
 * several panels, and one of columns several tiles. */
static bool a_collides(const struct gemm *g)
{
	if (g->n < 4 * PANEL_WIDTH)
		return false;
	if (g->a_step == 1)
		return !g->a_rows && g->a_row % PAGE == 0 && g->m >= VEC_TILE_ROWS;
	bool adjoin = g->a_rows ? g->a_rows[g->m - 1] - g->a_rows[0] == g->m - 1 : g->a_row == 1;
	return adjoin && g->a_step % (4 * LINE) == 0 && g->m >= 4 * VEC_TILE_ROWS;
}

/* Cuts the summed index: whole segments while they fit a block, else pieces of one segment. */
static void gemm_blocks(const struct gemm *g)
{
	void (*work)(const struct gemm *g, struct block *block, bool first) =
		a_collides(g) ? block_work_copied : block_work;
	int64_t together = BLOCK / g->run;

	for (int64_t s = 0; s < g->segments;) {
		if (together > 0) {
			int64_t n = g->segments - s < together ? g->segments - s : together;
			work(g,
				&(struct block){
					.segment = s, .segments = n, .k = 0, .run = g->run },
				s == 0);
			s += n;
			continue;
		}
		int64_t blocks = (g->run + BLOCK - 1) / BLOCK;
		for (int64_t i = 0; i < blocks; i++) {
			int64_t k = i * g->run / blocks, end = (i + 1) * g->run / blocks;
			work(g,
				&(struct block){
					.segment = s, .segments = 1, .k = k, .run = end - k },
				s == 0 && i == 0);
		}
		s++;
	}
}

static void k_transpose(
	const float *x, int64_t rows, int64_t columns, int64_t x_row, float *y, int64_t y_row)
{
	int64_t whole = rows / VEC_WIDTH * VEC_WIDTH, across = columns / VEC_WIDTH * VEC_WIDTH;

	for (int64_t i = 0; i < whole; i += VEC_WIDTH) {
		for (int64_t j = 0; j < across; j += VEC_WIDTH) {
			vec r[VEC_WIDTH];
			UNROLL
			for (int q = 0; q < VEC_WIDTH; q++)
				r[q] = vec_load(x + (i + q) * x_row + j);
			vec_transpose(r);
			UNROLL
			for (int q = 0; q < VEC_WIDTH; q++)
				vec_store(y + (j + q) * y_row + i, r[q]);
		}
	}
	for (int64_t i = 0; i < rows; i++)
		for (int64_t j = i < whole ? across : 0; j < columns; j++)
			y[j * y_row + i] = x[i * x_row + j];
}

/* Whether to work out c transposed: then a is transposed instead of b, and c is turned afterwards.
 * Cheaper where c has few rows for the size of b, whose rows do not collide: in the gradient of a
 * dense layer's input. */
static bool gemm_turns(const struct gemm *g)
{
	return g->b_transposed && !g->bias && !g->accumulate && !g->a_rows && g->a_step == 1 &&
	       g->segments == 1 && g->run <= TURNED_RUN && g->m % VEC_WIDTH == 0 &&
	       g->b_row % PAGE != 0 && g->m * (g->n + g->run) < g->n * g->run;
}

static void gemm_turned(const struct gemm *g)
{
	_Alignas(64) float a[TURNED_RUN * PANEL_WIDTH], c[TURNED_ROWS * PANEL_WIDTH];

	for (int64_t i = 0; i < g->m; i += PANEL_WIDTH) {
		int64_t columns = g->m - i < PANEL_WIDTH ? g->m - i : PANEL_WIDTH;
		k_transpose(g->a + i * g->a_row, columns, g->run, g->a_row, a, PANEL_WIDTH);
		for (int64_t j = 0; j < g->n; j += TURNED_ROWS) {
			int64_t rows = g->n - j < TURNED_ROWS ? g->n - j : TURNED_ROWS;
			gemm_blocks(&(struct gemm){
				.m = rows,
				.n = columns,
				.segments = 1,
				.run = g->run,
				.a = g->b + j * g->b_row,
				.a_row = g->b_row,
				.a_step = 1,
				.b = a,
				.b_row = PANEL_WIDTH,
				.c = c,
				.c_row = PANEL_WIDTH,
			});
			k_transpose(
				c, rows, columns, PANEL_WIDTH, g->c + i * g->c_row + j, g->c_row);
		}
	}
}

static void k_gemm(const struct gemm *g)
{
	struct gemm one = *g;

	if (g->a_segment == g->run * g->a_step) { /* segments that adjoin are one */
		one.segments = 1;
		one.run = g->segments * g->run;
		g = &one;
	}
	if (gemm_turns(g))
		gemm_turned(g);
	else
		gemm_blocks(g);
}
