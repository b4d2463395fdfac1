/* registry.c - the rows. See registry.h. */
#include "engine/registry.h"

#include "engine/activation.h"
#include "engine/augment.h"
#include "engine/callback.h"
#include "engine/constraints.h"
#include "engine/initializer.h"
#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/metric.h"
#include "engine/optimizer.h"
#include "engine/regularizers.h"
#include "engine/schedule.h"

#include <assert.h>
#include <string.h>
#include <strings.h>

extern const struct layer_class layer_activation, layer_add, layer_average, layer_average_pooling1d,
	layer_average_pooling2d, layer_batch_normalization, layer_concatenate, layer_conv1d,
	layer_conv2d, layer_conv2d_transpose, layer_cropping2d, layer_dense, layer_depthwise_conv2d,
	layer_dropout, layer_elu, layer_flatten, layer_gaussian_noise,
	layer_global_average_pooling1d, layer_global_average_pooling2d, layer_global_max_pooling1d,
	layer_global_max_pooling2d, layer_group_normalization, layer_layer_normalization,
	layer_leaky_relu, layer_max_pooling1d, layer_max_pooling2d, layer_maximum, layer_multiply,
	layer_normalization, layer_permute, layer_prelu, layer_rescaling, layer_reshape,
	layer_separable_conv2d, layer_softmax, layer_spatial_dropout2d, layer_subtract,
	layer_up_sampling2d, layer_zero_padding2d;
extern const struct loss_class loss_binary_crossentropy, loss_binary_focal_crossentropy,
	loss_categorical_crossentropy, loss_categorical_focal_crossentropy, loss_categorical_hinge,
	loss_cosine_similarity, loss_hinge, loss_huber, loss_kl_divergence, loss_log_cosh,
	loss_mean_absolute_error, loss_mean_absolute_percentage_error, loss_mean_squared_error,
	loss_mean_squared_logarithmic_error, loss_poisson, loss_sparse_categorical_crossentropy,
	loss_squared_hinge;
extern const struct callback_class callback_early_stopping, callback_reduce_lr_on_plateau,
	callback_terminate_on_nan;
extern const struct augment_class augment_random_flip, augment_random_rotation,
	augment_random_translation, augment_random_zoom;
extern const struct metric_class metric_accuracy, metric_auc, metric_binary_accuracy,
	metric_categorical_accuracy, metric_f1_score, metric_mean_absolute_error,
	metric_mean_squared_error, metric_precision, metric_r2_score, metric_recall,
	metric_root_mean_squared_error, metric_sparse_categorical_accuracy,
	metric_sparse_top_k_categorical_accuracy, metric_top_k_categorical_accuracy;
extern const struct optimizer_class optimizer_adadelta, optimizer_adagrad, optimizer_adam,
	optimizer_adamax, optimizer_adamw, optimizer_lion, optimizer_nadam, optimizer_rmsprop,
	optimizer_sgd;

const struct layer_class *const layer_classes[] = {
	&layer_activation,
	&layer_add,
	&layer_average,
	&layer_average_pooling1d,
	&layer_average_pooling2d,
	&layer_batch_normalization,
	&layer_concatenate,
	&layer_conv1d,
	&layer_conv2d,
	&layer_conv2d_transpose,
	&layer_cropping2d,
	&layer_dense,
	&layer_depthwise_conv2d,
	&layer_dropout,
	&layer_elu,
	&layer_flatten,
	&layer_gaussian_noise,
	&layer_global_average_pooling1d,
	&layer_global_average_pooling2d,
	&layer_global_max_pooling1d,
	&layer_global_max_pooling2d,
	&layer_group_normalization,
	&layer_layer_normalization,
	&layer_leaky_relu,
	&layer_max_pooling1d,
	&layer_max_pooling2d,
	&layer_maximum,
	&layer_multiply,
	&layer_normalization,
	&layer_permute,
	&layer_prelu,
	&layer_rescaling,
	&layer_reshape,
	&layer_separable_conv2d,
	&layer_softmax,
	&layer_spatial_dropout2d,
	&layer_subtract,
	&layer_up_sampling2d,
	&layer_zero_padding2d,
	NULL,
};

const struct loss_class *const loss_classes[] = {
	&loss_binary_crossentropy,
	&loss_binary_focal_crossentropy,
	&loss_categorical_crossentropy,
	&loss_categorical_focal_crossentropy,
	&loss_categorical_hinge,
	&loss_cosine_similarity,
	&loss_hinge,
	&loss_huber,
	&loss_kl_divergence,
	&loss_log_cosh,
	&loss_mean_absolute_error,
	&loss_mean_absolute_percentage_error,
	&loss_mean_squared_error,
	&loss_mean_squared_logarithmic_error,
	&loss_poisson,
	&loss_sparse_categorical_crossentropy,
	&loss_squared_hinge,
	NULL,
};

const struct optimizer_class *const optimizer_classes[] = {
	&optimizer_adadelta,
	&optimizer_adagrad,
	&optimizer_adam,
	&optimizer_adamax,
	&optimizer_adamw,
	&optimizer_lion,
	&optimizer_nadam,
	&optimizer_rmsprop,
	&optimizer_sgd,
	NULL,
};

const struct callback_class *const callback_classes[] = {
	&callback_early_stopping,
	&callback_reduce_lr_on_plateau,
	&callback_terminate_on_nan,
	NULL,
};

const struct augment_class *const augment_classes[] = {
	&augment_random_flip,
	&augment_random_rotation,
	&augment_random_translation,
	&augment_random_zoom,
	NULL,
};

const struct metric_class *const metric_classes[] = {
	&metric_accuracy,
	&metric_auc,
	&metric_binary_accuracy,
	&metric_categorical_accuracy,
	&metric_f1_score,
	&metric_mean_absolute_error,
	&metric_mean_squared_error,
	&metric_precision,
	&metric_r2_score,
	&metric_recall,
	&metric_root_mean_squared_error,
	&metric_sparse_categorical_accuracy,
	&metric_sparse_top_k_categorical_accuracy,
	&metric_top_k_categorical_accuracy,
	NULL,
};

const char *const activation_names[] = {
	[ACTIVATION_LINEAR] = "linear",
	[ACTIVATION_RELU] = "relu",
	[ACTIVATION_RELU6] = "relu6",
	[ACTIVATION_LEAKY_RELU] = "leaky_relu",
	[ACTIVATION_ELU] = "elu",
	[ACTIVATION_SELU] = "selu",
	[ACTIVATION_GELU] = "gelu",
	[ACTIVATION_SIGMOID] = "sigmoid",
	[ACTIVATION_HARD_SIGMOID] = "hard_sigmoid",
	[ACTIVATION_SILU] = "silu",
	[ACTIVATION_SOFTPLUS] = "softplus",
	[ACTIVATION_SOFTSIGN] = "softsign",
	[ACTIVATION_TANH] = "tanh",
	[ACTIVATION_EXPONENTIAL] = "exponential",
	[ACTIVATION_MISH] = "mish",
	[ACTIVATION_SOFTMAX] = "softmax",
	[ACTIVATION_LOG_SOFTMAX] = "log_softmax",
	[ACTIVATION_COUNT] = NULL,
};

const char *const activation_aliases[] = { "swish", "silu", NULL };

const struct param_family *const param_families[] = {
	&constraint_family,
	&initializer_family,
	&regularizer_family,
	&schedule_family,
	NULL,
};

const struct layer_class *layer_class_find(const char *name)
{
	for (int i = 0; layer_classes[i]; i++)
		if (strcmp(layer_classes[i]->name, name) == 0)
			return layer_classes[i];
	return NULL;
}

/* Keras takes a loss's function and class: "log_cosh", "LogCosh" and "logcosh" are one. */
const struct loss_class *loss_class_find(const char *name)
{
	for (int i = 0; loss_classes[i]; i++) {
		const struct loss_class *c = loss_classes[i];
		if (param_same_name(c->name, name) || (c->alias && param_same_name(c->alias, name)))
			return c;
	}
	return NULL;
}

/* Keras takes the class's name and the same in lower case. */
const struct optimizer_class *optimizer_class_find(const char *name)
{
	for (int i = 0; optimizer_classes[i]; i++)
		if (strcasecmp(optimizer_classes[i]->name, name) == 0)
			return optimizer_classes[i];
	return NULL;
}

/* Keras's short names. */
static const struct {
	const char *name, *means;
} metric_aliases[] = {
	{ "acc", "accuracy" },
	{ "mae", "mean_absolute_error" },
	{ "mse", "mean_squared_error" },
	{ "rmse", "root_mean_squared_error" },
};

const struct metric_class *metric_class_find(const char *name)
{
	for (size_t i = 0; i < COUNT_OF(metric_aliases); i++)
		if (strcasecmp(name, metric_aliases[i].name) == 0)
			name = metric_aliases[i].means;
	for (int i = 0; metric_classes[i]; i++)
		if (param_same_name(metric_classes[i]->name, name))
			return metric_classes[i];
	return NULL;
}

const struct callback_class *callback_class_find(const char *name)
{
	for (int i = 0; callback_classes[i]; i++)
		if (param_same_name(callback_classes[i]->name, name))
			return callback_classes[i];
	return NULL;
}

const struct augment_class *augment_class_find(const char *name)
{
	for (int i = 0; augment_classes[i]; i++)
		if (param_same_name(augment_classes[i]->name, name))
			return augment_classes[i];
	return NULL;
}

struct registry_row layer_class_row(const struct layer_class *c)
{
	assert(c->conf_size <= MODEL_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}

struct registry_row loss_class_row(const struct loss_class *c)
{
	assert(c->conf_size <= MODEL_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}

struct registry_row callback_class_row(const struct callback_class *c)
{
	assert(c->conf_size <= CALLBACK_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}

struct registry_row augment_class_row(const struct augment_class *c)
{
	assert(c->conf_size <= AUGMENT_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}

struct registry_row metric_class_row(const struct metric_class *c)
{
	assert(c->conf_size <= MODEL_METRIC_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}

struct registry_row optimizer_class_row(const struct optimizer_class *c)
{
	assert(c->conf_size <= MODEL_CONF_BYTES);
	return (struct registry_row){ c->name, c->doc, c->params, c->conf_size };
}
