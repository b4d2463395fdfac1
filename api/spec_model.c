/* spec_model.c - the "model" of a job in our own words. See spec_read.h. */
#include "api/spec_read.h"

#include <stdio.h>
#include <string.h>

struct model_layer *model_reader_add(struct model_reader *r, const struct layer_class *class,
	const char *name, const char *pointer, bool *ret_ok)
{
	struct error err;
	struct model_layer *layer = model_add(r->model, class, name, &err);

	*ret_ok = layer;
	if (layer)
		return layer;
	error_pointer_prefix(&err, "%s", pointer);
	(void)problems_add(r->problems, &err); /* *ret_ok is false already */
	r->lost = true;
	return name ? model_add(r->model, class, /* name= */ NULL, &err) : NULL;
}

const struct layer_class *model_reader_class(
	struct model_reader *r, const struct json *layer, const char *key, const char *pointer)
{
	struct names known = { 0 };
	const struct json *type = json_find(layer, key);
	char place[POINTER_BYTES];

	pointer_key(place, pointer, key);
	for (int i = 0; layer_classes[i]; i++)
		names_add(&known, layer_class_row(layer_classes[i]).name);
	const struct layer_class *class = NULL;
	/* What a refusal returns is told by NULL. */
	if (!type)
		(void)names_refuse(&known, "layer type", NULL, place, r->problems);
	else if (json_type(type) != JSON_STRING)
		(void)value_refuse(type, key, "the name of a layer type", place, r->problems);
	else if (!(class = layer_class_find(json_string(type))))
		(void)names_refuse(&known, "layer type", json_string(type), place, r->problems);
	r->lost |= !class;
	return class;
}

bool model_check_layers(struct model_reader *r, const struct json *v, const char *pointer)
{
	char wanted[64];

	(void)snprintf(wanted, sizeof wanted, "a list of 1 to %d layers", MODEL_LAYERS_MAX);
	if (!v)
		return problem_at(r->problems, pointer, "layers is missing; wanted: %s", wanted);
	if (json_type(v) != JSON_ARRAY)
		return value_refuse(v, "layers", wanted, pointer, r->problems);
	if (json_count(v) < 1 || json_count(v) > MODEL_LAYERS_MAX)
		return problem_at(r->problems, pointer, "layers has %d elements; wanted: %s",
			json_count(v), wanted);
	return true;
}

/* The names of the layers whose outputs the last layer takes. */
static bool read_inputs(struct model_reader *r, const struct json *v, const char *layer_pointer)
{
	static const char wanted[] = "a list of names of layers above this one";
	const char *names[MODEL_INPUTS_MAX];
	char pointer[POINTER_BYTES], place[POINTER_BYTES];
	struct error err;
	int n = 0;

	pointer_key(pointer, layer_pointer, "inputs");
	if (json_type(v) != JSON_ARRAY)
		return value_refuse(v, "inputs", wanted, pointer, r->problems);
	if (json_count(v) < 1 || json_count(v) > MODEL_INPUTS_MAX)
		return problem_at(r->problems, pointer, "inputs has %d names; allowed: 1 to %d",
			json_count(v), MODEL_INPUTS_MAX);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		pointer_index(place, pointer, n);
		if (json_type(e) != JSON_STRING)
			return value_refuse(e, "an input", "the name of a layer above this one",
				place, r->problems);
		names[n++] = json_string(e);
	}
	if (r->lost || model_set_inputs(r->model, names, n, &err))
		return true;
	error_pointer_prefix(&err, "%s", layer_pointer);
	return problems_add(r->problems, &err);
}

static bool read_layer(struct model_reader *r, const struct json *v, const char *pointer)
{
	static const char *const others[] = { "type", "name", "inputs", NULL };
	char place[POINTER_BYTES];
	bool ok = true, added;

	if (json_type(v) != JSON_OBJECT) {
		r->lost = true;
		return value_refuse(v, "a layer", "an object with \"type\"", pointer, r->problems);
	}
	const struct layer_class *class = model_reader_class(r, v, "type", pointer);
	if (!class)
		return false;
	const struct json *name = json_find(v, "name"), *inputs = json_find(v, "inputs");
	if (name && json_type(name) != JSON_STRING) {
		pointer_key(place, pointer, "name");
		ok = value_refuse(name, "name", "a string", place, r->problems);
		r->lost = true;
		name = NULL;
	}
	struct model_layer *layer =
		model_reader_add(r, class, name ? json_string(name) : NULL, pointer, &added);
	if (!layer)
		return false;
	ok &= added;
	ok &= arguments_read(
		layer_class_row(class).params, v, others, layer->conf, pointer, r->problems);
	return (!inputs || read_inputs(r, inputs, pointer)) && ok;
}

static bool read_layers(struct model_reader *r, const struct json *v, const char *pointer)
{
	bool ok = true;
	int index = 0;

	if (!model_check_layers(r, v, pointer))
		return false;
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		char place[POINTER_BYTES];
		pointer_index(place, pointer, index++);
		ok &= read_layer(r, e, place);
	}
	return ok;
}

bool model_read(struct model_reader *r, const struct json *v, const char *pointer)
{
	char place[POINTER_BYTES];
	bool ok = true;

	if (json_type(v) != JSON_OBJECT)
		return value_refuse(v, "model",
			"an object with \"layers\", or the object that Keras's model.to_json() "
			"writes",
			pointer, r->problems);
	if (json_find(v, "class_name"))
		return model_read_keras(r, v, pointer);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		static const struct names known = { { "layers" }, 1 };
		if (strcmp(json_key(e), "layers") == 0)
			continue;
		pointer_key(place, pointer, json_key(e));
		ok = names_refuse(&known, "key", json_key(e), place, r->problems);
	}
	pointer_key(place, pointer, "layers");
	return read_layers(r, json_find(v, "layers"), place) && ok;
}
