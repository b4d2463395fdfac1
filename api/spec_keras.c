/* spec_keras.c - the "model" of a job as Keras's model.to_json() writes it (Keras 2 and 3): its
 * layers, and Sequential. How the layers of a Functional model hang together is
 * spec_keras_functional.c's. See spec_keras.h.
 *
 * Layers become ours one to one. What Keras writes beside a layer's arguments carries no meaning
 * here while it has Keras's default, and is refused when it has not: nothing that would change the
 * result is dropped in silence. */
#include "api/spec_keras.h"

#include "engine/registry.h"

#include <stdio.h>
#include <string.h>

static const char *const meaning_texts[] = {
	[MEANS_NOTHING] = "anything",
	[MEANS_NULL] = "null, the only value that this version knows",
	[MEANS_TRUE] = "true, the only value that this version knows",
	[MEANS_FALSE] = "false, the only value that this version knows",
	[MEANS_NO] = "null or false, the only values that this version knows",
	[MEANS_ONE] = "1, the only value that this version knows",
	[MEANS_ONES] = "[1, 1], the only value that this version knows",
	[MEANS_FLOAT32] = "\"float32\", the only type that this version computes in",
	[MEANS_CHANNELS_LAST] = "\"channels_last\", the only layout that this version knows",
};

static const struct known_key model_keys[] = {
	{ "class_name", MEANS_NOTHING }, /* read by name, as "config" is */
	{ "config", MEANS_NOTHING },
	{ "module", MEANS_NOTHING },
	{ "registered_name", MEANS_NOTHING },
	{ "build_config", MEANS_NOTHING }, /* the data set gives the shapes */
	{ "keras_version", MEANS_NOTHING },
	{ "backend", MEANS_NOTHING },
	{ "compile_config", MEANS_NOTHING }, /* see check_compile_config */
	{ NULL, MEANS_NOTHING },
};
static const struct known_key sequential_keys[] = {
	{ "layers", MEANS_NOTHING }, /* read by name */
	{ "name", MEANS_NOTHING },   /* the job has one of its own */
	{ "trainable", MEANS_TRUE },
	{ "dtype", MEANS_FLOAT32 },
	{ "build_input_shape", MEANS_NOTHING },
	{ NULL, MEANS_NOTHING },
};
static const struct known_key object_keys[] = {
	{ "class_name", MEANS_NOTHING }, /* read by name, as "config" is */
	{ "config", MEANS_NOTHING },
	{ "module", MEANS_NOTHING },
	{ "registered_name", MEANS_NOTHING },
	{ "build_config", MEANS_NOTHING },
	{ NULL, MEANS_NOTHING },
};
static const struct known_key layer_keys[] = {
	{ "name", MEANS_NOTHING }, /* read by name */
	{ "trainable", MEANS_TRUE },
	{ "dtype", MEANS_FLOAT32 },
	{ "batch_input_shape", MEANS_NOTHING },
	{ "batch_shape", MEANS_NOTHING },
	{ "data_format", MEANS_CHANNELS_LAST },
	{ "dilation_rate", MEANS_ONES },
	{ "groups", MEANS_ONE },
	{ "kernel_initializer", MEANS_NOTHING }, /* Keras 2 writes it for SeparableConv2D,
						  * which has two of its own */
	{ "*_regularizer", MEANS_NULL },
	{ "*_constraint", MEANS_NULL },
	{ "quantization_config", MEANS_NULL },
	{ "noise_shape", MEANS_NULL },   /* Dropout's */
	{ "invert", MEANS_FALSE },       /* Normalization's */
	{ "rms_scaling", MEANS_FALSE },  /* LayerNormalization's */
	{ "synchronized", MEANS_FALSE }, /* BatchNormalization's */
	{ NULL, MEANS_NOTHING },
};
/* Keras writes a seed for every initializer; those that draw nothing have none here. */
static const struct known_key variant_keys[] = {
	{ "seed", MEANS_NULL },
	{ "dtype", MEANS_FLOAT32 },
	{ NULL, MEANS_NOTHING },
};

static bool key_matches(const struct known_key *k, const char *key)
{
	if (k->key[0] != '*')
		return strcmp(k->key, key) == 0;
	size_t suffix = strlen(k->key + 1), length = strlen(key);
	return length >= suffix && strcmp(key + length - suffix, k->key + 1) == 0;
}

const struct known_key *keras_find_key(const struct known_key *keys, const char *key)
{
	for (; keys->key; keys++)
		if (key_matches(keys, key))
			return keys;
	return NULL;
}

bool keras_is_text(const struct json *v, const char *text)
{
	return v && json_type(v) == JSON_STRING && strcmp(json_string(v), text) == 0;
}

static bool is_number(const struct json *v, double number)
{
	return json_type(v) == JSON_NUMBER && json_number(v) == number;
}

/* Keras 3 writes {"class_name": "DTypePolicy", "config": {"name": "float32"}}, Keras 2 sometimes
 * "Policy". */
static bool is_float32(const struct json *v)
{
	const struct json *class_name = json_find(v, "class_name"),
			  *config = json_find(v, "config");

	if (keras_is_text(v, "float32"))
		return true;
	return (keras_is_text(class_name, "DTypePolicy") || keras_is_text(class_name, "Policy")) &&
	       config && keras_is_text(json_find(config, "name"), "float32");
}

static bool has_meaning(const struct json *v, enum meaning meaning)
{
	switch (meaning) {
	case MEANS_NOTHING:
		return true;
	case MEANS_NULL:
		return json_type(v) == JSON_NULL;
	case MEANS_TRUE:
		return json_type(v) == JSON_BOOL && json_bool(v);
	case MEANS_FALSE:
		return json_type(v) == JSON_BOOL && !json_bool(v);
	case MEANS_NO:
		return json_type(v) == JSON_NULL || (json_type(v) == JSON_BOOL && !json_bool(v));
	case MEANS_ONE:
		return is_number(v, 1);
	case MEANS_ONES:
		return is_number(v, 1) || (json_type(v) == JSON_ARRAY && json_count(v) == 2 &&
						  is_number(json_first(v), 1) &&
						  is_number(json_next(json_first(v)), 1));
	case MEANS_FLOAT32:
		return is_float32(v);
	case MEANS_CHANNELS_LAST:
		return keras_is_text(v, "channels_last");
	}
	return false;
}

bool keras_check_value(struct model_reader *r, const struct json *v, const char *name,
	enum meaning meaning, const char *pointer)
{
	return has_meaning(v, meaning) ||
	       value_refuse(v, name, meaning_texts[meaning], pointer, r->problems);
}

/* One member that is no argument: known, and with the value that means nothing? */
static bool check_member(struct model_reader *r, const struct json *v, const struct known_key *keys,
	const struct param *params, const char *pointer)
{
	const struct known_key *key = keras_find_key(keys, json_key(v));
	struct names known = { 0 };

	if (key)
		return keras_check_value(r, v, json_key(v), key->meaning, pointer);
	names_add_params(&known, params);
	for (; keys->key; keys++)
		names_add(&known, keys->key);
	return names_refuse(&known, "key", json_key(v), pointer, r->problems);
}

bool keras_check_members(struct model_reader *r, const struct json *object,
	const struct known_key *keys, const char *pointer)
{
	bool ok = true;

	for (const struct json *v = json_first(object); v; v = json_next(v)) {
		char place[POINTER_BYTES];
		pointer_key(place, pointer, json_key(v));
		ok &= check_member(r, v, keys, /* params= */ NULL, place);
	}
	return ok;
}

/* The "config" of an object, which must be one itself; NULL: refused. */
static const struct json *read_config(struct model_reader *r, const struct json *object,
	const char *pointer, char ret_pointer[static POINTER_BYTES])
{
	const struct json *config = json_find(object, "config");

	pointer_key(ret_pointer, pointer, "config");
	/* What a refusal returns is told by NULL. */
	if (!config)
		(void)problem_at(r->problems, ret_pointer, "config is missing; wanted: an object");
	else if (json_type(config) != JSON_OBJECT)
		(void)value_refuse(config, "config", "an object", ret_pointer, r->problems);
	else
		return config;
	return NULL;
}

static bool read_arguments(struct model_reader *r, const struct param *params,
	const struct json *config, const struct known_key *keys, void *conf, const char *pointer);

/* {"class_name": "GlorotUniform", "config": {"seed": null}} */
static bool read_variant(struct model_reader *r, const struct param *p, const struct json *v,
	void *conf, const char *pointer)
{
	char config_pointer[POINTER_BYTES], place[POINTER_BYTES];

	pointer_key(place, pointer, "class_name");
	bool ok = keras_check_members(r, v, object_keys, pointer);
	if (!variant_read_class(p, json_find(v, "class_name"), conf, place, r->problems))
		return false;
	const struct json *config = read_config(r, v, pointer, config_pointer);
	return config &&
	       read_arguments(r, param_get_class(p, conf)->params, config, variant_keys,
		       param_class_conf(p, conf), config_pointer) &&
	       ok;
}

/* The arguments among the members of a "config", and what else it has by `keys`. */
static bool read_arguments(struct model_reader *r, const struct param *params,
	const struct json *config, const struct known_key *keys, void *conf, const char *pointer)
{
	bool ok = true;

	for (const struct json *v = json_first(config); v; v = json_next(v)) {
		char place[POINTER_BYTES];
		const struct param *p = param_find(params, json_key(v));
		pointer_key(place, pointer, json_key(v));
		if (!p)
			ok &= check_member(r, v, keys, params, place);
		else if (p->type == PARAM_TYPE_VARIANT && json_type(v) == JSON_OBJECT)
			ok &= read_variant(r, p, v, conf, place);
		else
			ok &= argument_read(p, v, conf, place, r->problems);
	}
	return arguments_check_required(params, config, pointer, r->problems) && ok;
}

bool keras_read_name(
	struct model_reader *r, const struct json *layer, const char *pointer, const char **ret)
{
	const struct json *config = json_find(layer, "config"),
			  *names[] = { json_find(config, "name"), json_find(layer, "name") };
	char place[2][POINTER_BYTES], wanted[96];

	pointer_key(place[1], pointer, "config");
	pointer_key(place[0], place[1], "name");
	pointer_key(place[1], pointer, "name");
	*ret = NULL;
	for (int i = 0; i < 2; i++) {
		if (!names[i])
			continue;
		if (json_type(names[i]) != JSON_STRING)
			return value_refuse(names[i], "name", "a string", place[i], r->problems);
		if (*ret && strcmp(*ret, json_string(names[i])) != 0) {
			(void)snprintf(wanted, sizeof wanted, "\"%.63s\", its config's", *ret);
			return value_refuse(names[i], "name", wanted, place[i], r->problems);
		}
		*ret = json_string(names[i]);
	}
	return true;
}

bool keras_is_input(const struct json *layer)
{
	return keras_is_text(json_find(layer, "class_name"), "InputLayer");
}

static bool is_model(const struct json *class_name)
{
	return keras_is_text(class_name, "Sequential") || keras_is_text(class_name, "Functional") ||
	       keras_is_text(class_name, "Model");
}

bool keras_read_layer(struct model_reader *r, const struct json *v, const char *name,
	const struct known_key *keys, const char *pointer)
{
	const struct json *class_name = json_find(v, "class_name");
	char config_pointer[POINTER_BYTES], place[POINTER_BYTES];
	bool added;

	if (json_type(v) != JSON_OBJECT) {
		r->lost = true;
		return value_refuse(v, "a layer", "an object with \"class_name\" and \"config\"",
			pointer, r->problems);
	}
	if (is_model(class_name)) {
		r->lost = true;
		pointer_key(place, pointer, "class_name");
		return value_refuse(class_name, "class_name",
			"a layer, since this version reads no model within a model; put that "
			"model's layers in its place",
			place, r->problems);
	}
	bool ok = keras_check_members(r, v, keys, pointer);
	const struct layer_class *class = model_reader_class(r, v, "class_name", pointer);
	const struct json *config = read_config(r, v, pointer, config_pointer);
	r->lost |= !config;
	if (!class || !config)
		return false;
	struct model_layer *layer = model_reader_add(r, class, name, config_pointer, &added);
	if (!layer)
		return false;
	struct registry_row row = layer_class_row(class);
	return read_arguments(r, row.params, config, layer_keys, layer->conf, config_pointer) &&
	       ok && added;
}

static bool read_sequential(struct model_reader *r, const struct json *config, const char *pointer)
{
	const struct json *layers = json_find(config, "layers");
	char layers_pointer[POINTER_BYTES], place[POINTER_BYTES];
	bool ok = keras_check_members(r, config, sequential_keys, pointer);
	int index = 0;

	pointer_key(layers_pointer, pointer, "layers");
	if (!model_check_layers(r, layers, layers_pointer))
		return false;
	for (const struct json *e = json_first(layers); e; e = json_next(e)) {
		const char *name;
		pointer_index(place, layers_pointer, index++);
		if (keras_is_input(e)) /* the data set gives the shape */
			continue;
		ok &= keras_read_name(r, e, place, &name);
		ok &= keras_read_layer(r, e, name, object_keys, place);
	}
	return ok;
}

/* A compiled model names a loss and an optimizer too; they may be left aside only where the job
 * names its own. */
static bool check_compile_config(
	struct model_reader *r, const struct json *model, const char *pointer)
{
	const struct json *config = json_find(model, "compile_config");
	char place[POINTER_BYTES];

	if (!config || json_type(config) == JSON_NULL ||
		(json_find(r->job, "loss") && json_find(r->job, "optimizer")))
		return true;
	pointer_key(place, pointer, "compile_config");
	return problem_at(r->problems, place,
		"this model was compiled, and its compile_config is not read; say \"loss\" and "
		"\"optimizer\" in the job, or leave compile_config out");
}

bool model_read_keras(struct model_reader *r, const struct json *v, const char *pointer)
{
	const struct json *class_name = json_find(v, "class_name");
	char config_pointer[POINTER_BYTES], place[POINTER_BYTES];

	pointer_key(place, pointer, "class_name");
	if (!is_model(class_name))
		return value_refuse(class_name, "class_name",
			"\"Sequential\", \"Functional\" or \"Model\"", place, r->problems);
	bool ok = keras_check_members(r, v, model_keys, pointer);
	ok &= check_compile_config(r, v, pointer);
	const struct json *config = read_config(r, v, pointer, config_pointer);
	if (!config)
		return false;
	ok &= keras_is_text(class_name, "Sequential")
		      ? read_sequential(r, config, config_pointer)
		      : model_read_functional(r, config, config_pointer);
	pointer_key(place, config_pointer, "layers");
	if (ok && r->model->n_layers == 0)
		return problem_at(r->problems, place,
			"there is no layer but InputLayer; wanted: at least one");
	return ok;
}
