/* conv2d_winograd.c - see conv2d_winograd.h.
 *
 * A block of tiles is transformed, multiplied plane by plane and transformed back while it stays in
 * the second-level cache. Where a sum runs over tiles (the kernel's gradient) it runs in the tiles'
 * order over the whole chunk, so the size of a block changes no bit.
 *
 * The kernel's gradient is summed up while transformed and turned back once a chunk, into that
 * chunk's partial sum. The other way, rows of the kernel over the whole batch, would need the
 * transforms of all samples at once: 2.25 times x and dy.
 *
 * Each call transforms the kernel anew into the thread's scratch: a call is for all samples of a
 * thread, of which 32 make that 1 to 8 % of the pass. Kept from step to step it would be eight
 * times the kernel, of each layer instead of the largest. */
#include "engine/layers/conv2d_winograd.h"

enum {
	CHANNELS_MIN = 16,        /* with fewer, the transforms cost more than is saved */
	KERNEL_MAX = 1 << 18,     /* in x out: transformed, 38 MiB of a thread's scratch */
	PANEL = 32,               /* columns of a transformed kernel that lie together */
	BLOCK_FLOATS = 256 << 10, /* of a block of tiles, before and after the products */
	BLOCK_TILES_MIN = 56,     /* fewer do not pay for reading the kernel once more */
};

/* Of a pass. The tiles are those of the positions that it makes, y; in the kernel's gradient x and
 * y both are read. */
struct pass {
	struct winograd_tiles x, y;
	int64_t block;              /* tiles */
	int64_t kernel_plane;       /* floats */
	float *kernel;              /* transformed, or its gradient before it is turned back */
	float *blocks_x, *blocks_y; /* transformed */
	float *turned;              /* PANEL columns of a kernel that is turned round */
};

static int64_t min(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* An odd number of cache lines, so that 36 planes fall into different sets of a cache. */
static int64_t plane_floats(int64_t n)
{
	return ((n + 15) / 16 | 1) * 16;
}

static int64_t block_tiles(const struct conv2d_geometry *g)
{
	int64_t fit = BLOCK_FLOATS / (WINOGRAD_PLANES * (g->in + g->out));

	return fit > BLOCK_TILES_MIN ? fit : BLOCK_TILES_MIN;
}

static int64_t tiles_along(int64_t positions)
{
	return (positions + WINOGRAD_TILE - 1) / WINOGRAD_TILE;
}

bool conv2d_winograd_suits(const struct conv2d_geometry *g)
{
	int64_t products = tiles_along(g->h.out) * tiles_along(g->w.out) * WINOGRAD_PLANES;
	bool plain = g->h.size == 3 && g->w.size == 3 && g->h.stride == 1 && g->w.stride == 1 &&
		     g->dilation_h == 1 && g->dilation_w == 1 && g->groups == 1;

	/* Tiles that stand out over the image may eat up a half of what is saved. */
	return plain && g->in >= CHANNELS_MIN && g->out >= CHANNELS_MIN &&
	       g->in * g->out <= KERNEL_MAX && 2 * products <= g->h.out * g->w.out * 9;
}

void conv2d_winograd_plan_memory(const struct conv2d_geometry *g, struct layer_plan *ret)
{
	int64_t block = block_tiles(g);

	ret->large = false; /* the transforms magnify what rounding takes */
	ret->table_ints = 0;
	ret->scratch_floats =
		WINOGRAD_PLANES * (plane_floats(g->in * g->out) + plane_floats(block * g->in) +
					  plane_floats(block * g->out)) +
		9 * PANEL * g->out;
}

/* The pass from x to y; back: from dy to dx. */
static struct pass pass_of(const struct layer_step *s, const struct conv2d_geometry *g, bool back)
{
	struct winograd_tiles in = { .height = g->h.in, .width = g->w.in, .channels = g->in };
	struct winograd_tiles out = { .height = g->h.out, .width = g->w.out, .channels = g->out };
	struct pass p = { .x = back ? out : in, .y = back ? in : out, .block = block_tiles(g) };

	/* A 3 x 3 kernel turned round reaches two positions back. */
	p.x.before_h = back ? 2 - g->h.before : g->h.before;
	p.x.before_w = back ? 2 - g->w.before : g->w.before;
	p.x.tiles_w = p.y.tiles_w = tiles_along(p.y.width);
	p.x.tiles = p.y.tiles = tiles_along(p.y.height) * p.y.tiles_w;
	p.x.plane = plane_floats(p.block * p.x.channels);
	p.y.plane = plane_floats(p.block * p.y.channels);
	p.kernel_plane = plane_floats(g->in * g->out);
	p.kernel = s->scratch;
	p.blocks_x = p.kernel + WINOGRAD_PLANES * p.kernel_plane;
	p.blocks_y = p.blocks_x + WINOGRAD_PLANES * p.x.plane;
	p.turned = p.blocks_y + WINOGRAD_PLANES * p.y.plane;
	return p;
}

/* The columns from j on of a transformed kernel. They lie in panels, as a gemm goes through them.
 */
static float *panel_of(const struct pass *p, int64_t j)
{
	return p->kernel + j * p->x.channels;
}

static void transform_kernel(
	const struct layer_step *s, const struct conv2d_geometry *g, const struct pass *p)
{
	const float *w = s->w[CONV2D_KERNEL];

	for (int64_t j = 0; j < g->out; j += PANEL) {
		int64_t n = min(PANEL, g->out - j);
		for (int64_t c = 0; c < g->in; c++)
			s->kernels->winograd_kernel(w + c * g->out + j, g->in * g->out, n,
				p->kernel_plane, panel_of(p, j) + c * n);
	}
}

/* The same of the kernel as the input's gradient has it: (R,S,K,C), its last place first. */
static void transform_turned_kernel(
	const struct layer_step *s, const struct conv2d_geometry *g, const struct pass *p)
{
	const float *w = s->w[CONV2D_KERNEL];

	for (int64_t j = 0; j < g->in; j += PANEL) {
		int64_t n = min(PANEL, g->in - j), place = g->out * n;
		for (int i = 0; i < 9; i++)
			s->kernels->transpose(w + (i * g->in + j) * g->out, n, g->out, g->out,
				p->turned + (8 - i) * place, n);
		for (int64_t k = 0; k < g->out; k++)
			s->kernels->winograd_kernel(p->turned + k * n, place, n, p->kernel_plane,
				panel_of(p, j) + k * n);
	}
}

static void multiply_plane(const struct layer_step *s, const struct pass *p, int e, int64_t tiles)
{
	for (int64_t j = 0; j < p->y.channels; j += PANEL) {
		int64_t n = min(PANEL, p->y.channels - j);
		s->kernels->gemm(&(struct gemm){
			.m = tiles,
			.n = n,
			.segments = 1,
			.run = p->x.channels,
			.a = p->blocks_x + e * p->x.plane,
			.a_row = p->x.channels,
			.a_step = 1,
			.b = panel_of(p, j) + e * p->kernel_plane,
			.b_row = n,
			.c = p->blocks_y + e * p->y.plane + j,
			.c_row = p->y.channels,
		});
	}
}

/* y = the convolution of x with the transformed kernel, for the samples [begin, end). */
static void convolve(const struct layer_step *s, const struct pass *p, const float *x,
	const float *bias, float *y, int64_t begin, int64_t end)
{
	int64_t last = end * p->y.tiles;

	for (int64_t first = begin * p->y.tiles; first < last; first += p->block) {
		int64_t tiles = min(p->block, last - first);
		s->kernels->winograd_input(&p->x, x, first, tiles, p->blocks_x);
		for (int e = 0; e < WINOGRAD_PLANES; e++)
			multiply_plane(s, p, e, tiles);
		s->kernels->winograd_output(&p->y, p->blocks_y, first, tiles, bias, y);
	}
}

void conv2d_winograd_forward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	const struct pass p = pass_of(s, g, false);

	transform_kernel(s, g, &p);
	convolve(s, &p, s->x[0], s->w[CONV2D_BIAS], s->z, begin, end);
	layer_activate(s, begin, end);
}

/* The transformed gradient of the kernel over the samples [begin, end), in place of the kernel. */
static void sum_products(
	const struct layer_step *s, const struct pass *p, int64_t begin, int64_t end)
{
	int64_t last = end * p->y.tiles;

	for (int64_t first = begin * p->y.tiles; first < last; first += p->block) {
		int64_t tiles = min(p->block, last - first);
		s->kernels->winograd_input(&p->x, s->x[0], first, tiles, p->blocks_x);
		s->kernels->winograd_output_gradient(&p->y, s->dy, first, tiles, p->blocks_y);
		for (int e = 0; e < WINOGRAD_PLANES; e++)
			s->kernels->gemm(&(struct gemm){
				.m = p->x.channels,
				.n = p->y.channels,
				.segments = 1,
				.run = tiles,
				.a = p->blocks_x + e * p->x.plane,
				.a_row = 1,
				.a_step = p->x.channels,
				.b = p->blocks_y + e * p->y.plane,
				.b_row = p->y.channels,
				.accumulate = first > begin * p->y.tiles,
				.c = p->kernel + e * p->kernel_plane,
				.c_row = p->y.channels,
			});
	}
}

static void kernel_gradient(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	const struct pass p = pass_of(s, g, false);

	for (int64_t n = begin; n < end; n = layer_chunk_end(s, n, end)) {
		sum_products(s, &p, n, layer_chunk_end(s, n, end));
		s->kernels->winograd_kernel_gradient(p.kernel, p.kernel_plane, g->in * g->out,
			g->in * g->out, layer_partial(s, CONV2D_KERNEL, n));
	}
}

static void bias_gradient(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	int64_t places = g->h.out * g->w.out;

	for (int64_t n = begin; n < end; n = layer_chunk_end(s, n, end))
		layer_sum_rows(s, s->dy + n * places * g->out,
			(layer_chunk_end(s, n, end) - n) * places, g->out,
			layer_partial(s, CONV2D_BIAS, n));
}

void conv2d_winograd_backward(
	const struct layer_step *s, const struct conv2d_geometry *g, int64_t begin, int64_t end)
{
	layer_activate_backward(s, begin, end);
	if (s->w[CONV2D_BIAS])
		bias_gradient(s, g, begin, end);
	kernel_gradient(s, g, begin, end);
	if (!s->dx[0])
		return;
	const struct pass p = pass_of(s, g, true);
	transform_turned_kernel(s, g, &p);
	convolve(s, &p, s->dy, NULL, s->dx[0], begin, end);
}
