/* network.c - see network.h. */
#include "network.h"

#include "engine/metric.h"
#include "engine/philox.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_BYTES = 4096 }; /* of a string of layers, its NUL included */

static bool set_arguments(char *words, const char *separator, const struct param *table, void *conf,
	struct error *err);

/* "1,2,3" */
static bool set_list(const struct param *p, void *conf, const char *value, struct error *err)
{
	double values[64];
	int64_t count = 0;

	for (const char *at = value; at && count < 64; at = strchr(at, ','), at += at ? 1 : 0)
		values[count++] = strtod(at, NULL);
	return param_set_list(p, conf, values, count, "", err);
}

/* "1", "1x2" or "1,2x3,4": rows, then columns. */
static bool set_margins(const struct param *p, void *conf, const char *value, struct error *err)
{
	const char *columns = strchr(value, 'x');
	const char *halves[2] = { value, columns ? columns + 1 : value };
	int64_t margins[4];

	for (int i = 0; i < 2; i++) {
		const char *second = strchr(halves[i], ',');
		if (i == 0 && columns && second > columns)
			second = NULL;
		margins[2 * i] = atoll(halves[i]);
		margins[2 * i + 1] = atoll(second ? second + 1 : halves[i]);
	}
	return param_set_margins(p, conf, margins, "", err);
}

/* "0.1", "L2" or "L1L2(l1=0.1|l2=0.2)" */
static bool set_variant(const struct param *p, void *conf, const char *value, struct error *err)
{
	char name[256], *end;
	double number = strtod(value, &end);

	if (*value && !*end)
		return param_set_number(p, conf, number, "", err);
	(void)snprintf(name, sizeof name, "%s", value);
	char *open = strchr(name, '(');
	if (open)
		*open = '\0';
	if (!param_set_variant(p, conf, name, "", err))
		return false;
	if (!open)
		return true;
	open[1 + strcspn(open + 1, ")")] = '\0';
	return set_arguments(
		open + 1, "|", param_get_class(p, conf)->params, param_class_conf(p, conf), err);
}

static bool set_pair(const struct param *p, void *conf, const char *value, struct error *err)
{
	const char *second = strchr(value, 'x');

	return param_set_pair(p, conf, atoll(value), atoll(second ? second + 1 : value), "", err);
}

static bool set_argument(const struct param *table, void *conf, const char *name, const char *value,
	struct error *err)
{
	const struct param *p = param_find(table, name);

	if (!p)
		return error_set(err, ERROR_INVALID, "there is no argument \"%s\"", name);
	if (strcmp(value, "null") == 0) {
		param_set_null(p, conf);
		return true;
	}
	switch (p->type) {
	case PARAM_TYPE_INT:
		return param_set_int(p, conf, atoll(value), "", err);
	case PARAM_TYPE_FLOAT:
		return param_set_float(p, conf, strtod(value, NULL), "", err);
	case PARAM_TYPE_BOOL:
		param_set_bool(p, conf, strcmp(value, "true") == 0);
		return true;
	case PARAM_TYPE_CHOICE:
		return param_set_choice(p, conf, value, "", err);
	case PARAM_TYPE_PAIR:
		return set_pair(p, conf, value, err);
	case PARAM_TYPE_MARGINS:
		return set_margins(p, conf, value, err);
	case PARAM_TYPE_LIST:
		return set_list(p, conf, value, err);
	case PARAM_TYPE_VARIANT:
		return set_variant(p, conf, value, err);
	case PARAM_TYPE_NAME:
		return param_set_name(p, conf, value, "", err);
	}
	return error_set(err, ERROR_INVALID, "%s: an argument of unknown type", name);
}

/* "name=value name=value" into a conf. */
static bool set_arguments(char *words, const char *separator, const struct param *table, void *conf,
	struct error *err)
{
	char *rest = words;

	for (char *word; (word = strtok_r(rest, separator, &rest));) {
		char *equals = strchr(word, '=');
		if (!equals)
			return error_set(
				err, ERROR_INVALID, "\"%s\" is not of the form name=value", word);
		*equals = '\0';
		if (!set_argument(table, conf, word, equals + 1, err))
			return false;
	}
	return true;
}

/* Takes " key=value" out of words and returns the value, in room, or NULL. */
static char *take_word(char *words, const char *key, char *room)
{
	char *at = strstr(words, key);

	if (!at)
		return NULL;
	const char *value = at + strlen(key);
	size_t n = strcspn(value, " ");
	memcpy(room, value, n);
	room[n] = '\0';
	memset(at, ' ', strlen(key) + n);
	return room;
}

static bool add_layer(struct model *m, char *words, struct error *err)
{
	char name_room[TEXT_BYTES], inputs_room[TEXT_BYTES];
	char *name = take_word(words, " name=", name_room),
	     *inputs = take_word(words, " inputs=", inputs_room);
	char *rest = words, *type = strtok_r(rest, " ", &rest);
	const struct layer_class *class = type ? layer_class_find(type) : NULL;

	if (!class)
		return error_set(err, ERROR_INVALID, "there is no layer \"%s\"", type ? type : "");
	struct model_layer *l = model_add(m, class, name, err);
	if (!l || !set_arguments(rest, " ", class->params, l->conf, err))
		return false;
	const char *names[MODEL_INPUTS_MAX];
	int n = 0;
	for (char *input;
		n < MODEL_INPUTS_MAX && inputs && (input = strtok_r(inputs, ",", &inputs));)
		names[n++] = input;
	return n == 0 || model_set_inputs(m, names, n, err);
}

static bool set_loss(struct model *m, char *words, struct error *err)
{
	char *rest = words, *name = strtok_r(rest, " ", &rest);
	const struct loss_class *class = name ? loss_class_find(name) : NULL;

	if (!class)
		return error_set(err, ERROR_INVALID, "there is no loss \"%s\"", name ? name : "");
	model_set_loss(m, class);
	return set_arguments(rest, " ", class->params, m->loss_conf, err);
}

static bool set_optimizer(struct model *m, char *words, struct error *err)
{
	char *rest = words, *name = strtok_r(rest, " ", &rest);
	const struct optimizer_class *class = name ? optimizer_class_find(name) : NULL;

	if (!class)
		return error_set(
			err, ERROR_INVALID, "there is no optimizer \"%s\"", name ? name : "");
	model_set_optimizer(m, class);
	return set_arguments(rest, " ", class->params, m->optimizer_conf, err);
}

/* A copy that may be cut; false: the text is too long. */
static bool copy_text(const char *text, char ret[static TEXT_BYTES], struct error *err)
{
	if (snprintf(ret, TEXT_BYTES, "%s", text) >= TEXT_BYTES)
		return error_set(err, ERROR_INVALID, "a text of %zu bytes; allowed: %d",
			strlen(text), TEXT_BYTES - 1);
	return true;
}

bool network_add_metric(struct model *m, const char *metric, struct error *err)
{
	char words[TEXT_BYTES], room[TEXT_BYTES];

	if (!copy_text(metric, words, err))
		return false;
	char *given = take_word(words, " name=", room), *rest = words;
	const char *type = strtok_r(rest, " ", &rest);
	const struct metric_class *class = type ? metric_class_find(type) : NULL;
	if (!class)
		return error_set(err, ERROR_INVALID, "there is no metric \"%s\"", metric);
	struct model_metric *new = model_add_metric(m, class, given, err);
	return new &&set_arguments(rest, " ", class->params, new->conf, err);
}

bool network_add_callback(struct callbacks *c, const char *callback, struct error *err)
{
	char words[TEXT_BYTES], *rest = words;

	if (!copy_text(callback, words, err))
		return false;
	const char *type = strtok_r(rest, " ", &rest);
	const struct callback_class *class = type ? callback_class_find(type) : NULL;
	if (!class)
		return error_set(err, ERROR_INVALID, "there is no callback \"%s\"", callback);
	struct callback *new = callbacks_add(c, class, err);
	return new &&set_arguments(rest, " ", class->params, new->conf, err);
}

static bool fill(struct model *m, const char *layers, const char *loss, const char *optimizer,
	struct error *err)
{
	char words[TEXT_BYTES], *rest = words;

	if (!copy_text(layers, words, err))
		return false;
	for (char *layer; (layer = strtok_r(rest, ";", &rest));)
		if (!add_layer(m, layer, err))
			return false;
	return copy_text(loss, words, err) && set_loss(m, words, err) &&
	       copy_text(optimizer, words, err) && set_optimizer(m, words, err);
}

struct model *network_parse(
	const char *layers, const char *loss, const char *optimizer, struct error *err)
{
	struct model *m = model_new();

	if (!m) {
		(void)error_no_memory(err);
		return NULL;
	}
	if (!fill(m, layers, loss, optimizer, err)) {
		model_free(m);
		return NULL;
	}
	return m;
}

static bool add_augment(struct augments *a, char *words, struct error *err)
{
	char *rest = words, *type = strtok_r(rest, " ", &rest);
	const struct augment_class *class = type ? augment_class_find(type) : NULL;

	if (!class)
		return error_set(
			err, ERROR_INVALID, "there is no augmentation \"%s\"", type ? type : "");
	struct augment *new = augments_add(a, class, err);
	return new &&set_arguments(rest, " ", class->params, new->conf, err);
}

bool network_augments(const char *text, struct augments *ret, struct error *err)
{
	char words[TEXT_BYTES], *rest = words;

	ret->count = 0;
	if (!copy_text(text, words, err))
		return false;
	for (char *one; (one = strtok_r(rest, ";", &rest));)
		if (!add_augment(ret, one, err))
			return false;
	return true;
}

void network_noise(uint64_t seed, float *values, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		values[i] = (float)((double)philox(seed, 99, 0, (uint64_t)i).v[0] * 0x1p-31 - 1.0);
}
