/* exact.c - see exact.h. */
#include "exact.h"

#include "network.h"

#include "engine/philox.h"
#include "engine/trainer.h"

#include <stdlib.h>
#include <string.h>

/* A small network for a loss, whose name it has. */
#define WITH_LOSS(loss_, activation)                                                               \
	{                                                                                          \
		.name = loss_, .loss = loss_, .optimizer = "Adam", .input = SHAPE1(18),            \
		.layers = "Dense units=20 activation=relu; Dense units=7 activation=" activation,  \
		.target = SHAPE1(7), .batch_size = 34, .samples = 90, .epochs = 2                  \
	}

/* Shapes that fit no vector, no tile and no chunk; the last batch is shorter than the others. */
const struct exact_network exact_networks[] = {
	{
		.name = "mnist",
		.layers = "Conv2D filters=32 kernel_size=3 activation=relu; MaxPooling2D; Flatten; "
			  "Dense units=64 activation=relu; Dense units=10 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adam",
		.input = SHAPE3(28, 28, 1),
		.classes = 10,
		.batch_size = 24,
		.samples = 41,
		.epochs = 2,
	},
	{
		.name = "mlp",
		.layers = "Dense units=129 activation=relu; Dense units=65 activation=tanh; "
			  "Dense units=17 activation=sigmoid; Dense units=3",
		.loss = "mean_squared_error",
		.optimizer = "SGD learning_rate=0.05 momentum=0.9 nesterov=true "
			     "gradient_accumulation_steps=3",
		.input = SHAPE1(71),
		.target = SHAPE1(3),
		.batch_size = 50,
		.samples = 170,
		.epochs = 3,
	},
	{
		.name = "vgg",
		.layers = "Conv2D filters=32 kernel_size=3 padding=same activation=relu; "
			  "Conv2D filters=32 kernel_size=3 padding=same activation=relu; "
			  "MaxPooling2D; "
			  "Conv2D filters=48 kernel_size=3 padding=same activation=relu; "
			  "Conv2D filters=48 kernel_size=3 padding=same activation=relu; "
			  "MaxPooling2D; "
			  "Flatten; Dense units=40 activation=relu; Dense units=10 "
			  "activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "AdamW learning_rate=0.002 clipnorm=1",
		.input = SHAPE3(10, 10, 3),
		.classes = 10,
		.batch_size = 20,
		.samples = 33,
		.epochs = 1,
	},
	{
		.name = "bfloat16",
		.layers = "Conv2D filters=33 kernel_size=3 padding=same activation=relu; "
			  "Conv2D filters=40 kernel_size=5x2 activation=relu; MaxPooling2D; "
			  "Conv2D filters=66 kernel_size=2 groups=2 activation=tanh; "
			  "Conv2D filters=35 kernel_size=3 padding=same strides=2; Flatten; "
			  "Dense units=77 activation=relu; Dense units=5 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adam learning_rate=0.002",
		.input = SHAPE3(13, 12, 4),
		.classes = 5,
		.batch_size = 45,
		.samples = 100,
		.epochs = 2,
		.precision = PLAN_BFLOAT16,
	},
	{
		.name = "odd",
		.layers = "Conv2D filters=5 kernel_size=3x2 strides=2x1 activation=relu; "
			  "Conv2D filters=17 kernel_size=2 padding=same activation=tanh; "
			  "MaxPooling2D pool_size=3x2 strides=2 padding=same; Flatten; "
			  "Dense units=37 activation=sigmoid name=a; Dense units=37 name=b; "
			  "Add inputs=a,b; Activation activation=relu; Dense units=4 "
			  "activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Nadam global_clipnorm=0.5",
		.input = SHAPE3(13, 11, 2),
		.classes = 4,
		.batch_size = 23,
		.samples = 75,
		.epochs = 3,
	},
	{
		.name = "resnet",
		.layers = "Conv2D filters=16 kernel_size=3 padding=same use_bias=false; "
			  "BatchNormalization; Activation activation=relu name=x; "
			  "Conv2D filters=16 kernel_size=3 padding=same use_bias=false; "
			  "BatchNormalization name=a; Add inputs=a,x; Activation activation=relu "
			  "name=y; "
			  "Conv2D filters=24 kernel_size=3 strides=2 padding=same use_bias=false; "
			  "BatchNormalization name=b; Conv2D filters=24 kernel_size=1 strides=2 "
			  "padding=same use_bias=false inputs=y; BatchNormalization name=c; "
			  "Add inputs=b,c; Activation activation=relu; GlobalAveragePooling2D; "
			  "Dense units=10 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "RMSprop momentum=0.5 centered=true",
		.input = SHAPE3(9, 9, 3),
		.classes = 10,
		.batch_size = 36,
		.samples = 55,
		.epochs = 1,
	},
	{
		.name = "signal",
		.layers = "Conv1D filters=12 kernel_size=5 padding=causal dilation_rate=2 "
			  "activation=relu; MaxPooling1D; Conv1D filters=18 kernel_size=3 groups=3 "
			  "activation=gelu name=a; AveragePooling1D pool_size=3 strides=2 "
			  "padding=same; "
			  "BatchNormalization; Permute dims=2,1; Reshape target_shape=-1,6 name=b; "
			  "GlobalMaxPooling1D name=c; GlobalAveragePooling1D inputs=b name=d; "
			  "Add inputs=c,d; Dense units=2",
		.loss = "mean_squared_error",
		.optimizer = "Adamax clipvalue=0.1",
		.input = SHAPE2(50, 3),
		.target = SHAPE1(2),
		.batch_size = 33,
		.samples = 80,
		.epochs = 2,
	},
	{
		.name = "frames",
		.layers =
			"ZeroPadding2D padding=2,1x0,3; Conv2D filters=12 kernel_size=3 groups=2 "
			"dilation_rate=2 activation=selu; AveragePooling2D pool_size=2; "
			"UpSampling2D size=2x3 interpolation=bilinear; Cropping2D cropping=1,0x2,1 "
			"name=a; GlobalMaxPooling2D name=b; GlobalAveragePooling2D inputs=a "
			"name=c; "
			"Add inputs=b,c; Dense units=5 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Lion use_ema=true ema_overwrite_frequency=2",
		.input = SHAPE3(12, 11, 4),
		.classes = 5,
		.batch_size = 30,
		.samples = 70,
		.epochs = 2,
	},
	{
		.name = "merged",
		.layers =
			"Normalization; Rescaling scale=0.5 offset=0.1; GaussianNoise stddev=0.1; "
			"Conv2D filters=12 kernel_size=3 padding=same name=a; LayerNormalization "
			"name=b; SpatialDropout2D rate=0.2 name=c; Multiply inputs=a,c name=d; "
			"Maximum inputs=b,d name=e; Average inputs=a,d,e name=f; Subtract "
			"inputs=e,f name=g; Concatenate inputs=c,f,g; GroupNormalization "
			"groups=9; Activation activation=relu; GlobalAveragePooling2D; Dropout "
			"rate=0.4; Dropout rate=0.1 seed=3; Dense units=6 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adam",
		.input = SHAPE3(9, 7, 3),
		.classes = 6,
		.batch_size = 50,
		.samples = 120,
		.epochs = 2,
	},
	{
		.name = "curves",
		.layers = "Dense units=33 activation=mish; LeakyReLU; Dense units=30 "
			  "activation=silu; "
			  "PReLU; Dense units=21 activation=softplus; ELU alpha=0.5; "
			  "Dense units=18 activation=hard_sigmoid; Dense units=9; Softmax; "
			  "Dense units=3 activation=log_softmax",
		.loss = "mean_squared_error",
		.optimizer = "Adagrad",
		.input = SHAPE1(19),
		.target = SHAPE1(3),
		.batch_size = 40,
		.samples = 111,
		.epochs = 2,
	},
	{
		.name = "small",
		.layers = "Conv2D filters=7 kernel_size=3 activation=elu; Flatten; Dense units=3 "
			  "activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adadelta learning_rate=0.5",
		.input = SHAPE3(7, 6, 1),
		.classes = 3,
		.batch_size = 5,
		.samples = 19,
		.epochs = 4,
	},
	{
		.name = "bounded",
		.layers =
			"Dense units=70 activation=tanh kernel_regularizer=L1L2(l1=0.001|l2=0.01) "
			"kernel_constraint=MaxNorm(max_value=1) bias_regularizer=L2; "
			"BatchNormalization; Dense units=3 activation=softmax "
			"kernel_constraint=UnitNorm bias_constraint=NonNeg",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "AdamW global_clipnorm=0.5 use_ema=true gradient_accumulation_steps=2",
		.input = SHAPE1(67),
		.classes = 3,
		.batch_size = 36,
		.samples = 140,
		.epochs = 3,
	},
	{
		.name = "noise",
		.layers = "Rescaling scale=2 offset=-0.5; GaussianNoise stddev=0.1; "
			  "Dense units=34 activation=relu; LayerNormalization; Dropout rate=0.3; "
			  "Dense units=4 activation=sigmoid",
		.loss = "mean_squared_error",
		.optimizer = "SGD learning_rate=ExponentialDecay(initial_learning_rate=0.1|"
			     "decay_steps=4|decay_rate=0.5|warmup_steps=3)",
		.input = SHAPE1(23),
		.target = SHAPE1(4),
		.batch_size = 13, /* two chunks of 8 */
		.samples = 120,
		.epochs = 3,
	},
	{
		.name = "augmented",
		.layers = "Conv2D filters=9 kernel_size=3 activation=relu; Flatten; Dense units=5 "
			  "activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adam",
		.augment = "RandomFlip; RandomTranslation height_factor=0.2 width_factor=-0.3,0.1; "
			   "RandomRotation factor=0.05; RandomZoom height_factor=-0.3,0.2",
		.input = SHAPE3(9, 7, 3),
		.classes = 5,
		.batch_size = 12,
		.samples = 50,
		.epochs = 3,
	},
	WITH_LOSS("binary_crossentropy", "sigmoid"),
	WITH_LOSS("binary_focal_crossentropy", "sigmoid"),
	WITH_LOSS("categorical_crossentropy", "softmax"),
	WITH_LOSS("categorical_focal_crossentropy", "softmax"),
	WITH_LOSS("categorical_hinge", "tanh"),
	WITH_LOSS("cosine_similarity", "linear"),
	WITH_LOSS("hinge", "tanh"),
	WITH_LOSS("huber", "linear"),
	WITH_LOSS("kl_divergence", "sigmoid"),
	WITH_LOSS("log_cosh", "linear"),
	WITH_LOSS("mean_absolute_error", "linear"),
	WITH_LOSS("mean_absolute_percentage_error", "linear"),
	WITH_LOSS("mean_squared_logarithmic_error", "softplus"),
	WITH_LOSS("poisson", "softplus"),
	WITH_LOSS("squared_hinge", "tanh"),
	{
		.name = "convolutions",
		.layers =
			"Conv2DTranspose filters=6 kernel_size=3x2 strides=2 padding=same "
			"activation=relu; DepthwiseConv2D kernel_size=3 depth_multiplier=3 "
			"padding=same activation=tanh; SeparableConv2D filters=20 kernel_size=3x2 "
			"strides=2 activation=relu; Conv2D filters=36 kernel_size=2 groups=4 "
			"dilation_rate=2x1 padding=same; Dense units=17 activation=sigmoid; "
			"Flatten; Dense units=4 activation=softmax",
		.loss = "sparse_categorical_crossentropy",
		.optimizer = "Adam",
		.input = SHAPE3(7, 5, 2),
		.classes = 4,
		.batch_size = 23,
		.samples = 75,
		.epochs = 3,
	},
	{ .name = NULL },
};

/* --- data
 * --------------------------------------------------------------------------------------------------------
 */

struct task {
	struct data train, validation;
	float *x_numbers, *y_numbers;
	uint8_t *x_bytes, *y_labels;
};

static void task_free(struct task *t)
{
	if (!t)
		return;
	free(t->x_numbers);
	free(t->y_numbers);
	free(t->x_bytes);
	free(t->y_labels);
	free(t);
}
DEFINE_AUTO_FREE(struct task, task_free)

/* Noise, with some values higher by the sample's class; targets between 0 and 1. */
static void task_fill(
	struct task *t, const struct exact_network *n, int64_t x_values, int64_t y_values)
{
	network_noise(1, t->x_numbers, n->samples * x_values);
	network_noise(2, t->y_numbers, n->samples * y_values);
	for (int64_t i = 0; i < n->samples * y_values; i++)
		t->y_numbers[i] = 0.5f + 0.5f * t->y_numbers[i];
	for (int64_t i = 0; i < n->samples; i++) {
		if (n->classes)
			t->y_labels[i] = (uint8_t)(i * 7 % n->classes);
		int64_t mark = n->classes ? t->y_labels[i] : 0;
		for (int64_t k = mark; k < x_values; k += 1 + n->classes)
			t->x_numbers[i * x_values + k] += 0.5f;
	}
	for (int64_t i = 0; i < n->samples * x_values; i++)
		t->x_bytes[i] = (uint8_t)(100.0f + 60.0f * t->x_numbers[i]);
}

static struct task *task_new(const struct exact_network *n)
{
	struct task *t = calloc(1, sizeof *t);
	int64_t x_values = shape_elements(&n->input), y_values = shape_elements(&n->target);

	if (!t)
		return NULL;
	t->x_numbers = calloc((size_t)(n->samples * x_values), sizeof(float));
	t->y_numbers = calloc((size_t)(n->samples * y_values), sizeof(float));
	t->x_bytes = calloc((size_t)(n->samples * x_values), 1);
	t->y_labels = calloc((size_t)n->samples, 1);
	if (!t->x_numbers || !t->y_numbers || !t->x_bytes || !t->y_labels) {
		task_free(t);
		return NULL;
	}
	task_fill(t, n, x_values, y_values);
	bool image = n->input.rank == 3, labels = n->classes > 0;
	t->train = (struct data){
		.x = image ? (const void *)t->x_bytes : t->x_numbers,
		.x_type = image ? DATA_U8 : DATA_F32,
		.shape = n->input,
		.y = labels ? (const void *)t->y_labels : t->y_numbers,
		.y_type = labels ? DATA_U8 : DATA_F32,
		.y_shape = n->target,
		.count = n->samples,
		.classes = n->classes,
	};
	t->validation = t->train;
	t->validation.count = n->samples * 2 / 3;
	return t;
}

/* --- plans
 * -------------------------------------------------------------------------------------------------------
 */

/* The smallest budget that the plan accepts, by halving. */
static int64_t smallest_budget(const struct model *m, struct plan_options options, int64_t accepted)
{
	int64_t refused = 0;

	while (accepted - refused > 1) {
		options.bytes_max = refused + (accepted - refused) / 2;
		AUTO_FREE(plan_free) struct plan *p = plan_new(m, &options, NULL);
		if (p)
			accepted = options.bytes_max;
		else
			refused = options.bytes_max;
	}
	return accepted;
}

static struct plan *make_plan(
	const struct exact_network *n, const struct model *m, bool micro_batches, struct error *err)
{
	struct plan_options options = { .input = n->input,
		.target = n->target,
		.classes = n->classes,
		.batch_size = n->batch_size,
		.precision = n->precision };
	struct plan *whole = plan_new(m, &options, err);
	struct plan_forecast forecast;

	if (!whole || !micro_batches)
		return whole;
	plan_forecast(whole, &forecast);
	plan_free(whole);
	options.bytes_max = smallest_budget(m, options, forecast.total_bytes);
	return plan_new(m, &options, err);
}

/* --- running
 * -----------------------------------------------------------------------------------------------------
 */

struct watch {
	struct digest digest;
	atomic_bool stop;
	uint64_t stops, drawn; /* seed, and how many were drawn */
	int64_t steps_left;    /* until the next stop */
};

static bool on_epoch(void *ctx, const struct trainer_epoch *e, struct error *err)
{
	struct watch *w = ctx;
	const double metrics[] = { e->loss, e->metrics[0], e->val_loss, e->val_metrics[0] };

	(void)err; /* never stops the training */
	digest_add(&w->digest, metrics, sizeof metrics);
	return true;
}

static void on_step(void *ctx)
{
	struct watch *w = ctx;

	if (w->stops && --w->steps_left == 0)
		atomic_store(&w->stop, true);
}

static struct trainer *copy_trainer(
	const struct trainer_options *options, const struct trainer *from, struct error *err)
{
	struct trainer *t = trainer_new(options, err);
	struct trainer_state state;

	if (!t)
		return NULL;
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor a, b;
		trainer_tensor(from, i, &a);
		trainer_tensor(t, i, &b);
		memcpy(b.values, a.values, (size_t)shape_elements(&a.shape) * sizeof(float));
	}
	trainer_get_state(from, &state);
	if (!trainer_set_state(t, &state, err)) {
		trainer_free(t);
		return NULL;
	}
	return t;
}

/* Trains to the end, in one trainer or in several that follow each other; NULL: failed. */
static struct trainer *train(
	const struct trainer_options *options, struct watch *w, struct error *err)
{
	const struct trainer_events events = { .epoch = on_epoch, .step = on_step, .ctx = w };
	struct trainer *t = trainer_new(options, err);

	while (t) {
		w->steps_left = 1 + philox(w->stops, 98, 0, w->drawn++).v[0] % 4;
		atomic_store(&w->stop, false);
		enum trainer_outcome outcome = trainer_run(t, &events, &w->stop, err);
		if (outcome == TRAINER_DONE)
			return t;
		struct trainer *next =
			outcome == TRAINER_STOPPED ? copy_trainer(options, t, err) : NULL;
		trainer_free(t);
		t = next;
	}
	return NULL;
}

static void digest_tensors(const struct trainer *t, struct digest *d)
{
	for (int i = 0; i < trainer_tensor_count(t); i++) {
		struct trainer_tensor tensor;
		trainer_tensor(t, i, &tensor);
		digest_add(d, tensor.name, strlen(tensor.name));
		digest_add(d, tensor.values, (size_t)shape_elements(&tensor.shape) * sizeof(float));
	}
}

bool exact_digest(const struct exact_network *n, const struct exact_way *way,
	char ret[static DIGEST_TEXT_BYTES], struct error *err)
{
	struct watch watch = { .stops = way->stops };
	struct augments augments = { .count = 0 };
	uint8_t sum[DIGEST_BYTES];

	AUTO_FREE(task_free) struct task *task = task_new(n);
	if (!task)
		return error_no_memory(err);
	AUTO_FREE(model_free)
	struct model *model = network_parse(n->layers, n->loss, n->optimizer, err);
	if (!model || !model_add_metric(model, metric_class_find("mean_squared_error"), NULL, err))
		return false;
	if (n->augment && !network_augments(n->augment, &augments, err))
		return false;
	AUTO_FREE(plan_free) struct plan *plan = make_plan(n, model, way->micro_batches, err);
	if (!plan)
		return false;
	digest_init(&watch.digest);
	AUTO_FREE(trainer_free)
	struct trainer *trainer = train(&(struct trainer_options){ .plan = plan,
						.train = task->train,
						.validation = &task->validation,
						.augment = n->augment ? &augments : NULL,
						.epochs = n->epochs,
						.seed = 5,
						.shuffle = true,
						.threads_max = way->threads,
						.isa = way->isa },
		&watch, err);
	if (!trainer)
		return false;
	digest_tensors(trainer, &watch.digest);
	digest_end(&watch.digest, sum);
	digest_text(sum, ret);
	return true;
}
