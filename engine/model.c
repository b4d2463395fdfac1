/* model.c - see model.h. */
#include "engine/model.h"

#include "engine/layer.h"
#include "engine/loss.h"
#include "engine/metric.h"
#include "engine/optimizer.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct model *model_new(void)
{
	return calloc(1, sizeof(struct model));
}

void model_free(struct model *m)
{
	if (!m)
		return;
	free(m->layers);
	free(m);
}

int model_find(const struct model *m, const char *name)
{
	for (int i = 0; i < m->n_layers; i++)
		if (strcmp(m->layers[i].name, name) == 0)
			return i;
	return -1;
}

/* Keras's snake case: a word begins at a capital that follows a small letter or is followed by one.
 */
static void snake_case(const char *name, char *ret, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; name[i] && n + 2 < size; i++) {
		bool capital = isupper((unsigned char)name[i]);
		if (i > 0 && capital &&
			(islower((unsigned char)name[i - 1]) ||
				islower((unsigned char)name[i + 1])))
			ret[n++] = '_';
		ret[n++] = (char)tolower((unsigned char)name[i]);
	}
	ret[n] = '\0';
}

/* "dense", then "dense_1", "dense_2" …: the first that is free. */
static void default_name(
	const struct model *m, const struct layer_class *class, char ret[static MODEL_NAME_BYTES])
{
	char word[MODEL_NAME_BYTES - 8];

	snake_case(class->name, word, sizeof word);
	(void)snprintf(ret, MODEL_NAME_BYTES, "%s", word);
	for (int i = 1; model_find(m, ret) >= 0; i++)
		(void)snprintf(ret, MODEL_NAME_BYTES, "%s_%d", word, i);
}

/* Names stand in tensor names, file names and pointers: letters, digits and . _ - only. */
static bool check_letters(const char *name, struct error *err)
{
	size_t n = strlen(name);

	if (n == 0 || n >= MODEL_NAME_BYTES)
		return error_at(err, ERROR_INVALID, "/name",
			"the name has %zu characters; allowed: 1 to %d", n, MODEL_NAME_BYTES - 1);
	for (size_t i = 0; i < n; i++)
		if (!isalnum((unsigned char)name[i]) && !strchr("._-", name[i]))
			return error_at(err, ERROR_INVALID, "/name",
				"the name \"%s\" has a character that is not allowed at %zu; "
				"allowed: letters, digits, \".\", \"_\", \"-\"",
				name, i);
	return true;
}

static bool check_name(const struct model *m, const char *name, struct error *err)
{
	if (!check_letters(name, err))
		return false;
	int other = model_find(m, name);
	if (other >= 0)
		return error_at(err, ERROR_INVALID, "/name", "layer %d has the name \"%s\" already",
			other, name);
	return true;
}

struct model_layer *model_add(
	struct model *m, const struct layer_class *class, const char *name, struct error *err)
{
	if (m->n_layers == MODEL_LAYERS_MAX) {
		(void)error_set(
			err, ERROR_INVALID, "the model has more than %d layers", MODEL_LAYERS_MAX);
		return NULL;
	}
	if (name && !check_name(m, name, err))
		return NULL;
	struct model_layer *layers = realloc(m->layers, ((size_t)m->n_layers + 1) * sizeof *layers);
	if (!layers) {
		(void)error_no_memory(err);
		return NULL;
	}
	m->layers = layers;
	struct model_layer *l = &layers[m->n_layers];
	*l = (struct model_layer){ .class = class, .inputs = { m->n_layers - 1 }, .n_inputs = 1 };
	if (name)
		(void)snprintf(l->name, sizeof l->name, "%s", name);
	else
		default_name(m, class, l->name);
	param_set_defaults(class->params, l->conf);
	m->n_layers++;
	return l;
}

bool model_set_inputs(struct model *m, const char *const *names, int n_names, struct error *err)
{
	struct model_layer *l = &m->layers[m->n_layers - 1];
	char pointer[32];

	if (n_names < 1 || n_names > MODEL_INPUTS_MAX)
		return error_at(err, ERROR_INVALID, "/inputs",
			"%d inputs are named; allowed: 1 to %d", n_names, MODEL_INPUTS_MAX);
	for (int i = 0; i < n_names; i++) {
		(void)snprintf(pointer, sizeof pointer, "/inputs/%d", i);
		int index = model_find(m, names[i]);
		if (index < 0 || index == m->n_layers - 1)
			return error_at(err, ERROR_INVALID, pointer,
				"no layer above this one has the name \"%s\"", names[i]);
		l->inputs[i] = index;
	}
	l->n_inputs = n_names;
	return true;
}

int model_find_metric(const struct model *m, const char *name)
{
	for (int i = 0; i < m->n_metrics; i++)
		if (strcmp(m->metrics[i].name, name) == 0)
			return i;
	return -1;
}

/* What stands beside the metrics of an epoch or a step wherever they are written: in answers and
 * events, the CSV and the log. */
static const char *const reserved[] = { "loss", "epoch", "epochs", "step", "steps_per_epoch",
	"learning_rate", "seconds", "samples_per_second", "phase_seconds", "data_seconds",
	"forward_seconds", "loss_seconds", "backward_seconds", "update_seconds", "eta_seconds",
	"validating", "job", "job_id", "created_at", "time", "level", "event" };

static bool check_metric_name(const char *name, struct error *err)
{
	if (!check_letters(name, err))
		return false;
	bool taken = strncmp(name, "val_", strlen("val_")) == 0;
	for (size_t i = 0; i < COUNT_OF(reserved); i++)
		taken |= strcmp(name, reserved[i]) == 0;
	if (taken)
		return error_at(err, ERROR_INVALID, "/name",
			"a metric cannot be named \"%s\": that, like \"val_\" before a name, has a "
			"meaning of its own in what is told of an epoch",
			name);
	return true;
}

struct model_metric *model_add_metric(
	struct model *m, const struct metric_class *class, const char *name, struct error *err)
{
	struct model_metric *metric = &m->metrics[m->n_metrics];

	if (m->n_metrics == MODEL_METRICS_MAX) {
		(void)error_at(err, ERROR_INVALID, "", "there are more than %d metrics",
			MODEL_METRICS_MAX);
		return NULL;
	}
	if (name && !check_metric_name(name, err))
		return NULL;
	if (model_find_metric(m, name ? name : class->name) >= 0) {
		(void)error_at(err, ERROR_INVALID, name ? "/name" : "",
			"the metric \"%s\" is named twice; give one of them another \"name\"",
			name ? name : class->name);
		return NULL;
	}
	*metric = (struct model_metric){ .class = class };
	(void)snprintf(metric->name, sizeof metric->name, "%s", name ? name : class->name);
	param_set_defaults(class->params, metric->conf);
	m->n_metrics++;
	return metric;
}

void model_set_loss(struct model *m, const struct loss_class *loss)
{
	m->loss = loss;
	param_set_defaults(loss->params, m->loss_conf);
}

void model_set_optimizer(struct model *m, const struct optimizer_class *optimizer)
{
	m->optimizer = optimizer;
	param_set_defaults(optimizer->params, m->optimizer_conf);
}
