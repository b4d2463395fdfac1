/* train.c - trains a network on the engine alone: no daemon, no database.
 *
 *	train --layers TEXT --input 28x28x1 [--batch B] [--threads N] [--epochs E] [--samples S]
 *	      [--data DIR] [--evaluate] [--accuracy] [--isa NAME] [--bfloat16] [--seed S]
 *	      [--optimizer TEXT]
 *
 * TEXT is a network or an optimizer (Adam) as tests/engine/network.h reads it; there are ten
 *classes. DIR holds MNIST's four IDX files, not compressed; without it the images are noise.
 *--evaluate works on the 10,000 images of MNIST's test after each epoch. The first line of output
 *is the plan's forecast, then there is a JSON line an epoch, as rival.py prints it; `seconds` are
 *those of the training alone. --accuracy evaluates, too, and prints what share of the test was
 *right. */
#include "tests/engine/network.h"

#include "engine/philox.h"
#include "engine/trainer.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MNIST_TRAIN = 60000, MNIST_TEST = 10000, MNIST_PIXELS = 28 * 28, CLASSES = 10 };
enum { IMAGES_HEADER_BYTES = 16, LABELS_HEADER_BYTES = 8 }; /* IDX: 4, and 4 an axis */
enum { SAMPLES_MAX = 1 << 24 };

struct arguments {
	const char *layers, *optimizer, *data, *isa;
	struct shape input;
	bool evaluate, accuracy, bfloat16;
	int threads, epochs, batch, samples, seed;
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "train: %s\n", why);
	exit(EXIT_FAILURE);
}

static int positive(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > SAMPLES_MAX)
		give_up("numbers are whole numbers from 1");
	return (int)value;
}

/* "32x32x3" */
static struct shape parse_shape(const char *text)
{
	struct shape s = { 0 };
	char *end;

	for (const char *at = text;; at = end + 1) {
		long value = strtol(at, &end, 10);
		if (end == at || value < 1 || value > SAMPLES_MAX || s.rank == SHAPE_RANK_MAX ||
			(*end && *end != 'x'))
			give_up("a shape is given as 28x28x1");
		s.dim[s.rank++] = value;
		if (!*end)
			return s;
	}
}

static void set_option(struct arguments *a, int option)
{
	if (option == 'l')
		a->layers = optarg;
	else if (option == 'o')
		a->optimizer = optarg;
	else if (option == 'd')
		a->data = optarg;
	else if (option == 'i')
		a->isa = optarg;
	else if (option == 'x')
		a->input = parse_shape(optarg);
	else if (option == 'v')
		a->evaluate = true;
	else if (option == 'a')
		a->evaluate = a->accuracy = true;
	else if (option == 'p')
		a->bfloat16 = true;
	else if (option == 't')
		a->threads = positive(optarg);
	else if (option == 'e')
		a->epochs = positive(optarg);
	else if (option == 'b')
		a->batch = positive(optarg);
	else if (option == 's')
		a->samples = positive(optarg);
	else if (option == 'r')
		a->seed = positive(optarg);
	else
		exit(EXIT_FAILURE); /* getopt_long has said why */
}

static struct arguments parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "layers", required_argument, NULL, 'l' },
		{ "optimizer", required_argument, NULL, 'o' },
		{ "data", required_argument, NULL, 'd' },
		{ "isa", required_argument, NULL, 'i' },
		{ "input", required_argument, NULL, 'x' },
		{ "evaluate", no_argument, NULL, 'v' },
		{ "accuracy", no_argument, NULL, 'a' },
		{ "bfloat16", no_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 'r' },
		{ "threads", required_argument, NULL, 't' },
		{ "epochs", required_argument, NULL, 'e' },
		{ "batch", required_argument, NULL, 'b' },
		{ "samples", required_argument, NULL, 's' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .optimizer = "Adam",
		.threads = 1,
		.epochs = 3,
		.batch = 64,
		.samples = MNIST_TRAIN,
		.seed = 7 };

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;)
		set_option(&a, option);
	if (!a.layers || a.input.rank == 0 || optind < argc)
		give_up("usage: --layers TEXT --input 28x28x1 [--batch B] [--threads N] [--epochs "
			"E] "
			"[--samples S] [--data DIR] [--evaluate] [--accuracy] [--isa NAME] "
			"[--bfloat16] [--seed S] [--optimizer TEXT]");
	if (a.data && shape_elements(&a.input) != MNIST_PIXELS)
		give_up("MNIST's images have 784 values");
	if (a.data && a.samples > MNIST_TRAIN)
		give_up("MNIST has 60,000 images");
	if (a.evaluate && !a.data)
		give_up("--evaluate and --accuracy need --data");
	return a;
}

/* --- data
 * --------------------------------------------------------------------------------------------------------
 */

/* Room in huge pages, as storage/store.c makes it for a data set, until the process ends. */
static void *room(size_t bytes)
{
	void *at = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (at == MAP_FAILED)
		give_up("no memory for the data");
	(void)madvise(at, bytes, MADV_HUGEPAGE);
	return at;
}

/* The values of an IDX file. */
static const void *read_values(
	const char *folder, const char *name, size_t header_bytes, size_t value_bytes)
{
	char path[4096];
	struct stat st;

	(void)snprintf(path, sizeof path, "%s/%s", folder, name);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	if ((size_t)st.st_size != header_bytes + value_bytes)
		give_up("the files are not those of MNIST");
	void *values = room(value_bytes);
	if (pread(fd, values, value_bytes, (off_t)header_bytes) != (ssize_t)value_bytes) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	(void)close(fd); /* only read from */
	return values;
}

static struct data read_mnist(const struct arguments *a, const char *part, int64_t count)
{
	char images[64], labels[64];

	(void)snprintf(images, sizeof images, "%s-images-idx3-ubyte", part);
	(void)snprintf(labels, sizeof labels, "%s-labels-idx1-ubyte", part);
	return (struct data){
		.x = read_values(
			a->data, images, IMAGES_HEADER_BYTES, (size_t)count * MNIST_PIXELS),
		.x_type = DATA_U8,
		.shape = a->input,
		.y = read_values(a->data, labels, LABELS_HEADER_BYTES, (size_t)count),
		.y_type = DATA_U8,
		.count = count,
		.classes = CLASSES,
	};
}

static struct data make_noise(const struct arguments *a)
{
	size_t values = (size_t)shape_elements(&a->input) * (size_t)a->samples;
	uint8_t *x = room(values), *y = room((size_t)a->samples);

	for (size_t i = 0; i < values; i++)
		x[i] = (uint8_t)philox(7, 97, 0, i).v[0];
	for (int i = 0; i < a->samples; i++)
		y[i] = (uint8_t)(i % CLASSES);
	return (struct data){ .x = x,
		.x_type = DATA_U8,
		.shape = a->input,
		.y = y,
		.y_type = DATA_U8,
		.count = a->samples,
		.classes = CLASSES };
}

/* --- training
 * ----------------------------------------------------------------------------------------------------
 */

static void print_forecast(const struct plan *plan, const char *isa)
{
	struct plan_forecast f;
	struct plan_layer_info layer;
	int64_t forward_flops = 0;

	plan_forecast(plan, &f);
	for (int i = 0; i < plan_layer_count(plan); i++) {
		plan_layer_info(plan, i, &layer);
		forward_flops += layer.flops_per_sample;
	}
	printf("{\"isa\": \"%s\", \"parameters\": %" PRId64 ", \"bytes\": %" PRId64
	       ", \"train_flops\": %" PRId64 ", \"evaluate_flops\": %" PRId64 "}\n",
		trainer_isa(isa), f.parameters, f.total_bytes, f.flops_per_sample, forward_flops);
}

static bool print_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	const struct arguments *a = ctx;

	(void)err; /* never stops the training */
	printf("{\"epoch\": %" PRId64
	       ", \"seconds\": %.6f, \"evaluate_seconds\": %.6f, \"loss\": %.6f",
		e->epoch, e->train_seconds, e->seconds - e->train_seconds, e->loss);
	for (size_t i = 0; i < COUNT_OF(e->phase_seconds); i++)
		printf("%s\"%s\": %.4f", i ? ", " : ", \"phase_seconds\": {",
			trainer_phase_names[i], e->phase_seconds[i]);
	printf("}");
	if (a->accuracy)
		printf(", \"val_accuracy\": %.4f", e->val_metrics[0]);
	puts("}");
	(void)fflush(stdout); /* a reader waits for it; if it is gone the next write says so */
	return true;
}

static bool train(const struct arguments *a, struct error *err)
{
	AUTO_FREE(model_free)
	struct model *model =
		network_parse(a->layers, "sparse_categorical_crossentropy", a->optimizer, err);
	if (!model)
		return false;
	if (a->accuracy && !model_add_metric(model, metric_class_find("accuracy"), NULL, err))
		return false;
	struct data data = a->data ? read_mnist(a, "train", MNIST_TRAIN) : make_noise(a), test;
	data.count = a->samples;
	if (a->evaluate)
		test = read_mnist(a, "t10k", MNIST_TEST);
	AUTO_FREE(plan_free)
	struct plan *plan = plan_new(model,
		&(struct plan_options){ .input = data.shape,
			.classes = CLASSES,
			.batch_size = a->batch,
			.precision = a->bfloat16 ? PLAN_BFLOAT16 : PLAN_FLOAT32 },
		err);
	if (!plan)
		return false;
	AUTO_FREE(trainer_free)
	struct trainer *trainer = trainer_new(&(struct trainer_options){ .plan = plan,
						      .train = data,
						      .validation = a->evaluate ? &test : NULL,
						      .epochs = a->epochs,
						      .seed = (uint64_t)a->seed,
						      .shuffle = true,
						      .threads_max = a->threads,
						      .isa = a->isa },
		err);
	if (!trainer)
		return false;
	print_forecast(plan, a->isa);
	struct trainer_events events = { .epoch = print_epoch, .ctx = (void *)(uintptr_t)a };
	return trainer_run(trainer, &events, NULL, err) == TRAINER_DONE;
}

int main(int argc, char **argv)
{
	struct arguments arguments = parse(argc, argv);
	struct error err = { 0 };

	if (!train(&arguments, &err))
		give_up(err.text);
	return EXIT_SUCCESS;
}
