/* bench_mnist.c - the MNIST job on the engine alone: no daemon, no database.
 *
 *	bench_mnist --data DIR [--threads N] [--epochs E] [--batch B] [--isa NAME]
 *
 * Prints one JSON line an epoch, as pytorch_mnist.py does; seconds are those of a training epoch,
 *without validation. DIR holds MNIST's four IDX files, not compressed. */
#include "engine/model.h"
#include "engine/trainer.h"

#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SAMPLES = 60000, SIDE = 28, CLASSES = 10, SEED = 7 };
enum { IMAGES_HEADER_BYTES = 16, LABELS_HEADER_BYTES = 8 }; /* IDX: 4, and 4 an axis */

struct arguments {
	const char *data, *isa;
	int threads, epochs, batch;
};

static _Noreturn void give_up(const char *why)
{
	fprintf(stderr, "bench_mnist: %s\n", why);
	exit(EXIT_FAILURE);
}

static int positive(const char *text)
{
	char *end;
	long value = strtol(text, &end, 10);

	if (*end || value < 1 || value > PLAN_BATCH_MAX)
		give_up("--threads, --epochs and --batch take a whole number from 1");
	return (int)value;
}

static struct arguments parse(int argc, char **argv)
{
	static const struct option options[] = {
		{ "data", required_argument, NULL, 'd' },
		{ "isa", required_argument, NULL, 'i' },
		{ "threads", required_argument, NULL, 't' },
		{ "epochs", required_argument, NULL, 'e' },
		{ "batch", required_argument, NULL, 'b' },
		{ NULL, 0, NULL, 0 },
	};
	struct arguments a = { .threads = 1, .epochs = 5, .batch = 64 };

	for (int option; (option = getopt_long(argc, argv, "", options, NULL)) != -1;) {
		if (option == 'd')
			a.data = optarg;
		else if (option == 'i')
			a.isa = optarg;
		else if (option == 't')
			a.threads = positive(optarg);
		else if (option == 'e')
			a.epochs = positive(optarg);
		else if (option == 'b')
			a.batch = positive(optarg);
		else
			exit(EXIT_FAILURE); /* getopt_long has said why */
	}
	if (!a.data || optind < argc)
		give_up("usage: --data DIR [--threads N] [--epochs E] [--batch B] [--isa NAME]");
	return a;
}

/* The values of an IDX file, in huge pages as storage/store.c reads them, until the process ends.
 */
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
	void *values =
		mmap(NULL, value_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (values == MAP_FAILED)
		give_up("no memory for MNIST");
	(void)madvise(values, value_bytes, MADV_HUGEPAGE);
	if (pread(fd, values, value_bytes, (off_t)header_bytes) != (ssize_t)value_bytes) {
		perror(path);
		exit(EXIT_FAILURE);
	}
	(void)close(fd); /* only read from */
	return values;
}

static struct data load(const char *folder)
{
	return (struct data){
		.x = read_values(folder, "train-images-idx3-ubyte", IMAGES_HEADER_BYTES,
			(size_t)SAMPLES * SIDE * SIDE),
		.x_type = DATA_U8,
		.shape = SHAPE3(SIDE, SIDE, 1),
		.y = read_values(folder, "train-labels-idx1-ubyte", LABELS_HEADER_BYTES, SAMPLES),
		.y_type = DATA_U8,
		.count = SAMPLES,
		.classes = CLASSES,
	};
}

static const struct row {
	const char *type;
	struct {
		const char *name;
		int64_t value;
	} numbers[2];
	const char *activation;
} network[] = {
	{ "Conv2D", { { "filters", 32 }, { "kernel_size", 3 } }, "relu" },
	{ "MaxPooling2D", { { "pool_size", 2 } } },
	{ "Flatten" },
	{ "Dense", { { "units", 64 } }, "relu" },
	{ "Dense", { { "units", CLASSES } }, "softmax" },
};

static bool add_layer(struct model *m, const struct row *row, struct error *err)
{
	const struct layer_class *class = layer_class_find(row->type);
	const struct param *params = layer_class_row(class).params;
	struct model_layer *l = model_add(m, class, NULL, err);
	bool set = l;

	for (size_t i = 0; set && i < COUNT_OF(row->numbers) && row->numbers[i].name; i++) {
		const struct param *p = param_find(params, row->numbers[i].name);
		int64_t value = row->numbers[i].value;
		set = p->type == PARAM_TYPE_PAIR ? param_set_pair(p, l->conf, value, value, "", err)
						 : param_set_int(p, l->conf, value, "", err);
	}
	if (set && row->activation)
		set = param_set_choice(
			param_find(params, "activation"), l->conf, row->activation, "", err);
	return set;
}

static bool fill(struct model *m, struct error *err)
{
	for (size_t i = 0; i < COUNT_OF(network); i++)
		if (!add_layer(m, &network[i], err))
			return false;
	model_set_loss(m, loss_class_find("sparse_categorical_crossentropy"));
	model_set_optimizer(m, optimizer_class_find("Adam"));
	return true;
}

static bool print_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	(void)ctx;
	(void)err; /* never stops the training */
	printf("{\"epoch\": %" PRId64 ", \"seconds\": %.4f, \"loss\": %.6f, \"accuracy\": %.6f",
		e->epoch, e->train_seconds, e->loss, e->accuracy);
	for (size_t i = 0; i < COUNT_OF(e->phase_seconds); i++)
		printf("%s\"%s\": %.4f", i ? ", " : ", \"phase_seconds\": {",
			trainer_phase_names[i], e->phase_seconds[i]);
	puts("}}");
	(void)fflush(stdout); /* a reader waits for it; if it is gone the next write says so */
	return true;
}

static bool train(const struct arguments *a, struct error *err)
{
	AUTO_FREE(model_free) struct model *model = model_new();
	if (!model)
		return error_no_memory(err);
	if (!fill(model, err))
		return false;
	struct data data = load(a->data);
	AUTO_FREE(plan_free)
	struct plan *plan = plan_new(model,
		&(struct plan_options){
			.input = data.shape, .classes = CLASSES, .batch_size = a->batch },
		err);
	if (!plan)
		return false;
	AUTO_FREE(trainer_free)
	struct trainer *trainer = trainer_new(&(struct trainer_options){ .plan = plan,
						      .train = data,
						      .epochs = a->epochs,
						      .seed = SEED,
						      .shuffle = true,
						      .threads_max = a->threads,
						      .isa = a->isa },
		err);
	const struct trainer_events events = { .epoch = print_epoch };
	const atomic_bool stop = false;
	return trainer && trainer_run(trainer, &events, &stop, err) == TRAINER_DONE;
}

int main(int argc, char **argv)
{
	struct arguments arguments = parse(argc, argv);
	struct error err = { 0 };

	if (!train(&arguments, &err))
		give_up(err.text);
	return EXIT_SUCCESS;
}
