/* network.c - see network.h. */
#include "network.h"

#include "engine/philox.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void set_arguments(
	char *words, const char *separator, const struct param *table, void *conf);

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
	if (open) {
		open[1 + strcspn(open + 1, ")")] = '\0';
		set_arguments(
			open + 1, "|", param_get_class(p, conf)->params, param_class_conf(p, conf));
	}
	return true;
}

static void set_argument(const struct param *table, void *conf, const char *name, const char *value)
{
	const struct param *p = param_find(table, name);
	struct error err = { 0 };
	bool set = false;

	if (!p)
		fail_msg("no argument \"%s\"", name);
	if (strcmp(value, "null") == 0) {
		param_set_null(p, conf);
		return;
	}
	switch (p->type) {
	case PARAM_TYPE_INT:
		set = param_set_int(p, conf, atoll(value), "", &err);
		break;
	case PARAM_TYPE_FLOAT:
		set = param_set_float(p, conf, strtod(value, NULL), "", &err);
		break;
	case PARAM_TYPE_BOOL:
		param_set_bool(p, conf, strcmp(value, "true") == 0);
		set = true;
		break;
	case PARAM_TYPE_CHOICE:
		set = param_set_choice(p, conf, value, "", &err);
		break;
	case PARAM_TYPE_PAIR: {
		const char *second = strchr(value, 'x');
		set = param_set_pair(
			p, conf, atoll(value), atoll(second ? second + 1 : value), "", &err);
		break;
	}
	case PARAM_TYPE_MARGINS:
		set = set_margins(p, conf, value, &err);
		break;
	case PARAM_TYPE_LIST:
		set = set_list(p, conf, value, &err);
		break;
	case PARAM_TYPE_VARIANT:
		set = set_variant(p, conf, value, &err);
		break;
	}
	if (!set)
		fail_msg("%s: %s", name, err.text);
}

/* "name=value name=value" into a conf. */
static void set_arguments(char *words, const char *separator, const struct param *table, void *conf)
{
	char *rest = words;

	for (char *word; (word = strtok_r(rest, separator, &rest));) {
		char *equals = strchr(word, '=');
		*equals = '\0';
		set_argument(table, conf, word, equals + 1);
	}
}

/* Takes "key=value" out of words and returns the value, or NULL. */
static char *take_word(char *words, const char *key, char *room)
{
	char *at = strstr(words, key);

	if (!at)
		return NULL;
	size_t n = strcspn(at, " ");
	memcpy(room, at + strlen(key), n - strlen(key));
	room[n - strlen(key)] = '\0';
	memset(at, ' ', n);
	return room;
}

static void add_layer(struct model *m, char *words)
{
	char name_room[64], inputs_room[128];
	struct error err = { 0 };
	char *name = take_word(words, "name=", name_room),
	     *inputs = take_word(words, "inputs=", inputs_room);
	char *rest = words, *type = strtok_r(rest, " ", &rest);
	const struct layer_class *class = layer_class_find(type);

	if (!class)
		fail_msg("no layer \"%s\"", type);
	struct model_layer *l = model_add(m, class, name, &err);
	if (!l)
		fail_msg("%s", err.text);
	set_arguments(rest, " ", class->params, l->conf);
	const char *names[MODEL_INPUTS_MAX];
	int n = 0;
	for (char *input; inputs && (input = strtok_r(inputs, ",", &inputs));)
		names[n++] = input;
	if (n && !model_set_inputs(m, names, n, &err))
		fail_msg("%s", err.text);
}

struct model *network_model(const char *layers, const char *loss, const char *optimizer)
{
	struct model *m = model_new();
	char words[2048], *rest = words;

	assert_non_null(m);
	(void)snprintf(words, sizeof words, "%s", layers);
	for (char *layer; (layer = strtok_r(rest, ";", &rest));)
		add_layer(m, layer);
	(void)snprintf(words, sizeof words, "%s", loss);
	rest = words;
	const struct loss_class *loss_class = loss_class_find(strtok_r(rest, " ", &rest));
	assert_non_null(loss_class);
	model_set_loss(m, loss_class);
	set_arguments(rest, " ", loss_class->params, m->loss_conf);
	(void)snprintf(words, sizeof words, "%s", optimizer);
	rest = words;
	const struct optimizer_class *optimizer_class =
		optimizer_class_find(strtok_r(rest, " ", &rest));
	assert_non_null(optimizer_class);
	model_set_optimizer(m, optimizer_class);
	set_arguments(rest, " ", optimizer_class->params, m->optimizer_conf);
	return m;
}

void network_noise(uint64_t seed, float *values, int64_t n)
{
	for (int64_t i = 0; i < n; i++)
		values[i] = (float)((double)philox(seed, 99, 0, (uint64_t)i).v[0] * 0x1p-31 - 1.0);
}
