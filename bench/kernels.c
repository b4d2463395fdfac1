/* kernels.c - what the layers' inner loops reach on one core, and their share of its peak.
 *
 *	kernels [--isa NAME] [--bfloat16] [--rounds R] [--only TEXT]
 *
 * Prints Markdown: GFLOP/s of each pass of each layer, median of the rounds, and of the three
 * together, as a step of training has them. A round runs all of them once, so that the machine's
 * moods meet all alike. Times are the thread's CPU time: what a neighbour takes is not in them;
 * what it does to the caches is. The peak is that of multiply-adds in registers, measured in each
 * round too.
 *
 * GFLOP/s are those of the layer's definition. A layer that is worked by Winograd's way does fewer
 *and may pass the peak, up to fourfold. */
#include "bench/fma_peak.h"
#include "engine/plan_layout.h"
#include "tests/engine/network.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { ROUNDS_MAX = 101 };
static const double turn_seconds = 0.02; /* a pass is repeated for that long, to be timed well */

static const struct row {
	const char *text; /* as network.h takes it */
	struct shape in;
	int64_t batch;
} rows[] = {
	{ "Dense units=512", SHAPE1(784), 64 },
	{ "Dense units=512", SHAPE1(512), 64 },
	{ "Dense units=512", SHAPE1(512), 256 },
	{ "Dense units=1024", SHAPE1(1024), 256 },
	{ "Conv2D filters=64 kernel_size=5 padding=same", SHAPE3(32, 32, 64), 32 },
	{ "Conv2D filters=256 kernel_size=5 padding=same", SHAPE3(8, 8, 256), 32 },
	{ "Conv2D filters=128 kernel_size=3 padding=same strides=2", SHAPE3(32, 32, 64), 32 },
	{ "Conv2D filters=128 kernel_size=1", SHAPE3(16, 16, 128), 32 },
	{ "Conv2D filters=16 kernel_size=3 padding=same", SHAPE3(32, 32, 16), 32 },
	{ "Conv2D filters=32 kernel_size=3 padding=same", SHAPE3(32, 32, 32), 32 },
	{ "Conv2D filters=64 kernel_size=3 padding=same", SHAPE3(32, 32, 64), 32 },
	{ "Conv2D filters=128 kernel_size=3 padding=same", SHAPE3(16, 16, 128), 32 },
	{ "Conv2D filters=256 kernel_size=3 padding=same", SHAPE3(8, 8, 256), 32 },
	{ "Conv2D filters=512 kernel_size=3 padding=same", SHAPE3(4, 4, 512), 32 },
};

enum pass { FORWARD, KERNEL_GRADIENT, INPUT_GRADIENT, PASS_COUNT };

struct layer {
	const struct row *row;
	const struct layer_class *class;
	struct layer_plan plan;
	struct layer_step step;
	float *gradient;                     /* of a tiled kernel */
	double gflop;                        /* of each pass */
	double rate[PASS_COUNT][ROUNDS_MAX]; /* GFLOP/s */
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "kernels: %s\n", why);
	exit(EXIT_FAILURE);
}

static double cpu_seconds(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t); /* every Linux has it */
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Memory as a run has it: on huge pages and not all at the same place in them, until the process
 * ends. Noise, no zeros: they would be no slower, but their sums would. */
static void *floats(int64_t n)
{
	enum { HUGE_PAGE = 2 << 20 };
	static size_t calls;
	size_t bytes = ((size_t)n * sizeof(float) / HUGE_PAGE + 3) * HUGE_PAGE;
	char *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		give_up("no memory");
	(void)madvise(p, bytes, MADV_HUGEPAGE);
	p += HUGE_PAGE - (size_t)p % HUGE_PAGE;
	float *values = (float *)(void *)(p + 64 * (calls++ * 7 % 61));
	network_noise(calls, values, n);
	return values;
}

static void place_weights(struct layer *l)
{
	int64_t chunk = plan_chunk(l->row->batch), chunks = (l->row->batch + chunk - 1) / chunk;

	for (int k = 0; k < l->plan.n_weights; k++) {
		int64_t n = shape_elements(&l->plan.weights[k].shape);
		l->step.w[k] = floats(n);
		l->step.partial[k] = floats(n * chunks);
		l->step.partial_floats[k] = n;
	}
	l->gradient = floats(shape_elements(&l->plan.weights[0].shape));
}

static void layer_open(
	struct layer *l, const struct row *row, const struct kernels *kernels, bool bfloat16)
{
	struct error err;
	struct model *m = network_parse(row->text, "mean_squared_error", "SGD", &err);
	if (!m)
		give_up(err.text);
	*l = (struct layer){ .row = row, .class = m->layers[0].class };
	struct layer_request request = { .conf = m->layers[0].conf, .in = &row->in, .n_in = 1 };
	if (!l->class->plan(&request, &l->plan, &err))
		give_up(err.text);
	int64_t in = row->batch * shape_elements(&row->in);
	int64_t out = row->batch * shape_elements(&l->plan.out);
	int32_t *table = floats(l->plan.table_ints);
	if (l->class->table)
		l->class->table(&request, table);
	l->gflop = (double)(out * l->plan.flops_per_output) * 1e-9;
	l->step = (struct layer_step){
		.kernels = kernels,
		.gemm = bfloat16 && l->plan.large ? kernels->gemm_bf16 : kernels->gemm,
		.conf = request.conf,
		.plan = &l->plan,
		.in = &row->in,
		.n_in = 1,
		.x = { floats(in) },
		.dx = { floats(in) },
		.y = floats(out),
		.dy = floats(out),
		.table = table,
		.scratch = floats(l->plan.scratch_floats),
		.chunk = plan_chunk(row->batch),
		.count = row->batch,
		.batch_count = row->batch,
		.first_part = true,
		.last_part = true,
	};
	l->step.z = l->step.y;
	place_weights(l);
}

/* The gradient of a tiled kernel, cut as a run cuts it. */
static void tiled_gradient(const struct layer *l)
{
	const struct shape *kernel = &l->plan.weights[0].shape;
	int64_t rows_total = kernel->dim[0], row = shape_elements(kernel) / rows_total;
	int64_t together = plan_units_per_task(
		rows_total * row, row, true, l->step.gemm == l->step.kernels->gemm_bf16);

	for (int64_t i = 0; i < rows_total; i += together) {
		int64_t end = i + together < rows_total ? i + together : rows_total;
		l->class->gradient(&l->step, 0, i, end, l->gradient);
	}
}

static void run_pass(const struct layer *l, enum pass pass)
{
	struct layer_step step = l->step;

	if (pass == FORWARD) {
		l->class->forward(&step, 0, step.count);
	} else if (pass == KERNEL_GRADIENT && l->plan.weights[0].tiled) {
		tiled_gradient(l);
	} else {
		if (pass == KERNEL_GRADIENT)
			step.dx[0] = NULL;
		l->class->backward(&step, 0, step.count);
	}
}

static double time_pass(const struct layer *l, enum pass pass)
{
	double begin = cpu_seconds(), seconds;
	int turns = 0;

	do {
		run_pass(l, pass);
		turns++;
		seconds = cpu_seconds() - begin;
	} while (seconds < turn_seconds);
	return seconds / turns;
}

/* A kernel's gradient that is not tiled is a part of backward. */
static void time_layer(struct layer *l, int round)
{
	double kernel = time_pass(l, KERNEL_GRADIENT);
	double backward = time_pass(l, INPUT_GRADIENT);

	l->rate[FORWARD][round] = l->gflop / time_pass(l, FORWARD);
	l->rate[KERNEL_GRADIENT][round] = l->gflop / kernel;
	l->rate[INPUT_GRADIENT][round] =
		l->gflop / (l->plan.weights[0].tiled ? backward : backward - kernel);
}

static double time_peak(fma_peak *run)
{
	double begin = cpu_seconds(), flops = 0, seconds;

	do {
		flops += run();
		seconds = cpu_seconds() - begin;
	} while (seconds < turn_seconds);
	return flops / seconds * 1e-9;
}

static int compare_doubles(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof *values, compare_doubles);
	return values[n / 2];
}

static void print_rate(double rate, double peak)
{
	printf(" %.0f | %.0f %% |", rate, 100 * rate / peak);
}

static void print_report(
	const struct kernels *kernels, struct layer *layers, int n, double peak, int rounds)
{
	char shape[SHAPE_TEXT_BYTES];

	printf("%s, one core, peak %.0f GFLOP/s; medians of %d rounds\n\n", kernels->name, peak,
		rounds);
	puts("| layer | input | batch | forward | | gradient of kernel | | gradient of input | "
	     "| all three | |");
	puts("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|");
	for (int i = 0; i < n; i++) {
		shape_text(&layers[i].row->in, shape);
		printf("| %s | %s | %d |", layers[i].row->text, shape, (int)layers[i].row->batch);
		double inverse = 0;
		for (int p = 0; p < PASS_COUNT; p++) {
			double rate = median(layers[i].rate[p], rounds);
			inverse += 1 / rate;
			print_rate(rate, peak);
		}
		print_rate(PASS_COUNT / inverse, peak);
		puts("");
	}
}

struct arguments {
	const char *isa, *only;
	bool bfloat16;
	int rounds;
};

static struct arguments parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "isa", required_argument, NULL, 'i' },
		{ "bfloat16", no_argument, NULL, 'b' },
		{ "rounds", required_argument, NULL, 'r' },
		{ "only", required_argument, NULL, 'o' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .only = "", .rounds = 9 };

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'i')
			a.isa = optarg;
		else if (option == 'o')
			a.only = optarg;
		else if (option == 'b')
			a.bfloat16 = true;
		else if (option == 'r')
			a.rounds = (int)strtol(optarg, NULL, 10);
		else
			exit(EXIT_FAILURE); /* getopt_long has said why */
	}
	if (optind < argc || a.rounds < 1 || a.rounds > ROUNDS_MAX)
		give_up("usage: [--isa NAME] [--bfloat16] [--rounds 1 … 101] [--only TEXT]");
	return a;
}

int main(int argc, char **argv)
{
	static struct layer layers[COUNT_OF(rows)];
	static double peak[ROUNDS_MAX];
	struct arguments a = parse(argc, argv);
	const struct kernels *kernels = kernels_find(a.isa);
	int n = 0;

	if (!kernels)
		give_up("this CPU has no such instruction set");
	fma_peak *run_peak = fma_peak_find(kernels->name);
	if (!run_peak)
		give_up("the scalar kernels are a reference, not fast");
	for (size_t i = 0; i < COUNT_OF(rows); i++)
		if (strstr(rows[i].text, a.only))
			layer_open(&layers[n++], &rows[i], kernels, a.bfloat16);
	for (int round = 0; round < a.rounds; round++) {
		peak[round] = time_peak(run_peak);
		for (int i = 0; i < n; i++)
			time_layer(&layers[i], round);
	}
	print_report(kernels, layers, n, median(peak, a.rounds), a.rounds);
	return EXIT_SUCCESS;
}
