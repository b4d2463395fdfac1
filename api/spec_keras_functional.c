/* spec_keras_functional.c - how the layers of a Keras Functional model hang together. See
 * spec_keras.h.
 *
 * Keras writes layers with names, and with each layer its calls ("inbound nodes") and the tensors
 * that they take: [["name", 0, 0, {}], …] in Keras 2, {"args": [tensor or list of tensors],
 * "kwargs": {}} in Keras 3. We have one input, one output and each layer once, so a call is a list
 * of layers. They are put in an order where inputs stand above, which is theirs if it is one. */
#include "api/spec_keras.h"

#include "engine/registry.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

static const struct known_key functional_keys[] = {
	{ "layers", MEANS_NOTHING }, /* read by name, as the next two are */
	{ "input_layers", MEANS_NOTHING },
	{ "output_layers", MEANS_NOTHING },
	{ "name", MEANS_NOTHING }, /* the job has one of its own */
	{ "trainable", MEANS_TRUE },
	{ "dtype", MEANS_FLOAT32 },
	{ NULL, MEANS_NOTHING },
};
static const struct known_key object_keys[] = {
	{ "class_name", MEANS_NOTHING }, /* read by name, as "config" is */
	{ "config", MEANS_NOTHING },
	{ "name", MEANS_NOTHING },          /* keras_read_name */
	{ "inbound_nodes", MEANS_NOTHING }, /* read_call */
	{ "module", MEANS_NOTHING },
	{ "registered_name", MEANS_NOTHING },
	{ "build_config", MEANS_NOTHING },
	{ NULL, MEANS_NOTHING },
};
static const struct known_key call_keys[] = {
	{ "args", MEANS_NOTHING }, /* read by name, as "kwargs" is */
	{ "kwargs", MEANS_NOTHING },
	{ NULL, MEANS_NOTHING },
};
/* Arguments of a call beside its tensors. */
static const struct known_key argument_keys[] = {
	{ "mask", MEANS_NULL },
	{ "training", MEANS_NULL },
	{ NULL, MEANS_NOTHING },
};
/* Keras 3 writes the default of a noise layer's "training", false, as if it had been said, and in
 * training puts true in its place. BatchNormalization's default is null: there false was meant. */
static const struct known_key argument_keys_3[] = {
	{ "mask", MEANS_NULL },
	{ "training", MEANS_NO },
	{ NULL, MEANS_NOTHING },
};

struct vertex {
	const struct json *layer;
	const char *name;             /* shorter than MODEL_NAME_BYTES; NULL: refused */
	int inputs[MODEL_INPUTS_MAX]; /* vertices */
	int n_inputs;                 /* 0: only the InputLayer, when all is well */
	int n_users;                  /* how often it is an input */
	bool placed;                  /* does it stand in the order? */
};

struct graph {
	struct model_reader *r;
	char pointer[POINTER_BYTES]; /* to the layers */
	struct vertex vertices[MODEL_LAYERS_MAX];
	int n_vertices;
	int input, output;           /* vertices; -1: not found yet */
	int order[MODEL_LAYERS_MAX]; /* vertices, inputs first */
};

/* `<what> of layer "<name>"`, for messages. */
enum { WHAT_BYTES = 160 };
static const char *of_layer(char ret[static WHAT_BYTES], const char *what, const char *name)
{
	(void)snprintf(ret, WHAT_BYTES, "%.40s of layer \"%s\"", what, name);
	return ret;
}

static int graph_find(const struct graph *g, const char *name)
{
	for (int i = 0; i < g->n_vertices; i++)
		if (g->vertices[i].name && strcmp(g->vertices[i].name, name) == 0)
			return i;
	return -1;
}

/* --- tensors ---------------------------------------------------------------------------------- */

/* ["name", 0, 0]: of which layer, the output of which of its calls, and which output. `what` is the
 * subject of a refusal; in Keras 2 a fourth element follows, which is the caller's. */
static bool read_tensor(const struct graph *g, const struct json *v, const char *what,
	int count_max, const char *pointer, int *ret)
{
	static const char *const wanted[] = { "the name of a layer",
		"0, since each layer is called once here",
		"0, since each layer has one output here" };
	struct names known = { 0 };
	char place[POINTER_BYTES], text[WHAT_BYTES + 8];
	int64_t number;
	int index = 0;

	if (json_type(v) != JSON_ARRAY || json_count(v) < 3 || json_count(v) > count_max)
		return value_refuse(v, what, "a tensor, [\"<name of a layer>\", 0, 0]", pointer,
			g->r->problems);
	for (const struct json *e = json_first(v); index < 3; e = json_next(e), index++) {
		pointer_index(place, pointer, index);
		if (index == 0 ? json_type(e) != JSON_STRING
			       : !json_integer(e, &number) || number != 0)
			return value_refuse(e, what, wanted[index], place, g->r->problems);
	}
	const char *name = json_string(json_first(v));
	*ret = graph_find(g, name);
	if (*ret >= 0)
		return true;
	for (int i = 0; i < g->n_vertices; i++)
		if (g->vertices[i].name)
			names_add(&known, g->vertices[i].name);
	(void)snprintf(text, sizeof text, "%s:", what);
	pointer_index(place, pointer, 0);
	return names_refuse(&known, text, name, place, g->r->problems);
}

/* An input of a vertex. */
static bool add_tensor(
	struct graph *g, struct vertex *x, const struct json *v, int count_max, const char *pointer)
{
	char what[WHAT_BYTES];
	int from;

	if (x->n_inputs == MODEL_INPUTS_MAX)
		return problem_at(g->r->problems, pointer,
			"layer \"%s\" has more than %d inputs; allowed: 1 to %d", x->name,
			MODEL_INPUTS_MAX, MODEL_INPUTS_MAX);
	if (!read_tensor(g, v, of_layer(what, "input", x->name), count_max, pointer, &from))
		return false;
	x->inputs[x->n_inputs++] = from;
	g->vertices[from].n_users++;
	return true;
}

/* {"class_name": "__keras_tensor__", "config": {"keras_history": ["name", 0, 0]}} */
static bool add_tensor_3(
	struct graph *g, struct vertex *x, const struct json *v, const char *pointer)
{
	const struct json *config = json_find(v, "config");
	const struct json *history = config ? json_find(config, "keras_history") : NULL;
	char what[WHAT_BYTES], place[2][POINTER_BYTES];

	if (!keras_is_text(json_find(v, "class_name"), "__keras_tensor__") || !history)
		return value_refuse(v, of_layer(what, "input", x->name),
			"a \"__keras_tensor__\" with \"keras_history\"", pointer, g->r->problems);
	pointer_key(place[0], pointer, "config");
	pointer_key(place[1], place[0], "keras_history");
	return add_tensor(g, x, history, 3, place[1]);
}

/* --- calls ------------------------------------------------------------------------------------ */

/* {"training": null} */
static bool check_arguments(const struct graph *g, const struct vertex *x, const struct json *v,
	const struct known_key *keys, const char *pointer)
{
	char what[WHAT_BYTES], place[POINTER_BYTES];
	struct names known = { 0 };

	if (json_type(v) != JSON_OBJECT)
		return value_refuse(v, of_layer(what, "the arguments in the call", x->name),
			"an object", pointer, g->r->problems);
	for (const struct known_key *k = keys; k->key; k++)
		names_add(&known, k->key);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		const struct known_key *k = keras_find_key(keys, json_key(e));
		pointer_key(place, pointer, json_key(e));
		(void)snprintf(what, sizeof what, "%s in the call of layer \"%s\"%s",
			k ? k->key : "argument", x->name, k ? "" : ":");
		if (!k)
			return names_refuse(&known, what, json_key(e), place, g->r->problems);
		if (!keras_check_value(g->r, e, what, k->meaning, place))
			return false;
	}
	return true;
}

/* [["name", 0, 0, {}], …] */
static bool read_call_2(
	struct graph *g, struct vertex *x, const struct json *call, const char *pointer)
{
	char place[POINTER_BYTES], arguments_place[POINTER_BYTES];
	int index = 0;

	for (const struct json *e = json_first(call); e; e = json_next(e)) {
		pointer_index(place, pointer, index++);
		pointer_index(arguments_place, place, 3);
		if (!add_tensor(g, x, e, 4, place))
			return false;
		const struct json *arguments = json_next(json_next(json_next(json_first(e))));
		if (arguments && !check_arguments(g, x, arguments, argument_keys, arguments_place))
			return false;
	}
	return true;
}

static bool add_tensors_3(
	struct graph *g, struct vertex *x, const struct json *list, const char *pointer)
{
	char place[POINTER_BYTES];
	int index = 0;

	for (const struct json *e = json_first(list); e; e = json_next(e)) {
		pointer_index(place, pointer, index++);
		if (!add_tensor_3(g, x, e, place))
			return false;
	}
	return true;
}

/* {"args": [tensor or list of tensors, …], "kwargs": {}} */
static bool read_call_3(
	struct graph *g, struct vertex *x, const struct json *call, const char *pointer)
{
	const struct json *args = json_find(call, "args"), *kwargs = json_find(call, "kwargs");
	bool normalizes = keras_is_text(json_find(x->layer, "class_name"), "BatchNormalization");
	char args_pointer[POINTER_BYTES], place[POINTER_BYTES];
	int index = 0;

	if (!keras_check_members(g->r, call, call_keys, pointer))
		return false;
	pointer_key(args_pointer, pointer, "args");
	if (!args || json_type(args) != JSON_ARRAY)
		return problem_at(g->r->problems, args_pointer,
			"the call of layer \"%s\" has no list \"args\"; wanted: its tensors",
			x->name);
	for (const struct json *e = json_first(args); e; e = json_next(e)) {
		pointer_index(place, args_pointer, index++);
		if (json_type(e) == JSON_ARRAY ? !add_tensors_3(g, x, e, place)
					       : !add_tensor_3(g, x, e, place))
			return false;
	}
	pointer_key(place, pointer, "kwargs");
	return !kwargs ||
	       check_arguments(g, x, kwargs, normalizes ? argument_keys : argument_keys_3, place);
}

/* The one call of a layer. */
static bool read_call(struct graph *g, struct vertex *x, const char *layer_pointer)
{
	const struct json *calls = json_find(x->layer, "inbound_nodes");
	char what[WHAT_BYTES], pointer[POINTER_BYTES], place[POINTER_BYTES];
	bool ok;

	pointer_key(pointer, layer_pointer, "inbound_nodes");
	if (!calls || json_type(calls) != JSON_ARRAY)
		return problem_at(g->r->problems, pointer,
			"layer \"%s\" has no list \"inbound_nodes\"; wanted: its call", x->name);
	if (json_count(calls) != 1)
		return problem_at(g->r->problems, pointer,
			"layer \"%s\" is called %d times; allowed: once, since layers are not "
			"shared here",
			x->name, json_count(calls));
	const struct json *call = json_first(calls);
	pointer_index(place, pointer, 0);
	if (json_type(call) == JSON_ARRAY)
		ok = read_call_2(g, x, call, place);
	else if (json_type(call) == JSON_OBJECT)
		ok = read_call_3(g, x, call, place);
	else
		return value_refuse(call, of_layer(what, "the call", x->name),
			"a list of tensors, or an object with \"args\"", place, g->r->problems);
	if (ok && x->n_inputs == 0)
		return problem_at(g->r->problems, place,
			"layer \"%s\" is called without a tensor; wanted: 1 to %d", x->name,
			MODEL_INPUTS_MAX);
	return ok;
}

/* --- the graph -------------------------------------------------------------------------------- */

/* The layer at the end of the list, which nothing else is said of yet. */
static bool read_name(struct graph *g, struct vertex *x, const char *pointer)
{
	const char *name;
	size_t length;

	if (json_type(x->layer) != JSON_OBJECT)
		return false; /* keras_read_layer says so */
	if (!keras_read_name(g->r, x->layer, pointer, &name))
		return false;
	length = name ? strlen(name) : 0;
	if (length == 0 || length >= MODEL_NAME_BYTES)
		return problem_at(g->r->problems, pointer,
			"the layer's name has %zu characters; allowed: 1 to %d", length,
			MODEL_NAME_BYTES - 1);
	int other = graph_find(g, name);
	if (other >= 0)
		return problem_at(g->r->problems, pointer,
			"layer %d has the name \"%s\" already; wanted: another", other, name);
	x->name = name;
	return true;
}

/* A layer's inputs; the InputLayer has none. */
static bool read_vertex(struct graph *g, int index, const char *pointer)
{
	struct vertex *x = &g->vertices[index];
	const struct json *calls = json_find(x->layer, "inbound_nodes");

	if (!x->name)
		return false; /* read_name has said why */
	if (!keras_is_input(x->layer))
		return read_call(g, x, pointer);
	if (g->input >= 0)
		return problem_at(g->r->problems, pointer,
			"layer \"%s\" is an InputLayer, and so is \"%s\"; allowed: one, since a "
			"model has one input here",
			x->name, g->vertices[g->input].name);
	if (calls && (json_type(calls) != JSON_ARRAY || json_count(calls) > 0))
		return problem_at(g->r->problems, pointer,
			"InputLayer \"%s\" has \"inbound_nodes\"; wanted: none, []", x->name);
	g->input = index;
	return true;
}

static bool read_vertices(struct graph *g, const struct json *layers)
{
	char place[POINTER_BYTES];
	bool ok = true;

	for (const struct json *e = json_first(layers); e; e = json_next(e)) {
		struct vertex *x = &g->vertices[g->n_vertices];
		*x = (struct vertex){ .layer = e };
		pointer_index(place, g->pointer, g->n_vertices);
		ok &= read_name(g, x, place);
		g->n_vertices++;
	}
	for (int i = 0; i < g->n_vertices; i++) {
		pointer_index(place, g->pointer, i);
		ok &= read_vertex(g, i, place);
	}
	return ok;
}

/* "input_layers" or "output_layers": one tensor, alone or in a list or an object. */
static bool read_end(const struct graph *g, const struct json *config, const char *key,
	const char *config_pointer, int *ret)
{
	const struct json *v = json_find(config, key);
	char pointer[POINTER_BYTES], place[POINTER_BYTES];

	pointer_key(pointer, config_pointer, key);
	if (!v || (json_type(v) != JSON_ARRAY && json_type(v) != JSON_OBJECT))
		return problem_at(g->r->problems, pointer,
			"there is no list %s; wanted: [[\"<name of a layer>\", 0, 0]]", key);
	const struct json *first = json_first(v);
	if (first && json_type(v) == JSON_ARRAY && json_type(first) == JSON_STRING)
		return read_tensor(g, v, key, 3, pointer, ret);
	if (json_count(v) != 1)
		return problem_at(g->r->problems, pointer,
			"%s has %d tensors; allowed: 1, since a model has one input and one output "
			"here",
			key, json_count(v));
	if (json_type(v) == JSON_ARRAY)
		pointer_index(place, pointer, 0);
	else
		pointer_key(place, pointer, json_key(first));
	return read_tensor(g, first, key, 3, place, ret);
}

static bool read_ends(struct graph *g, const struct json *config, const char *config_pointer)
{
	char place[POINTER_BYTES];
	int input;

	if (!read_end(g, config, "input_layers", config_pointer, &input) ||
		!read_end(g, config, "output_layers", config_pointer, &g->output))
		return false;
	if (input == g->input)
		return true;
	pointer_key(place, config_pointer, "input_layers");
	return problem_at(g->r->problems, place,
		"input_layers names layer \"%s\", which is no InputLayer; wanted: one that is",
		g->vertices[input].name);
}

/* The first input that has no place yet; -1: all have. */
static int find_waiting(const struct graph *g, const struct vertex *x)
{
	for (int k = 0; k < x->n_inputs; k++)
		if (!g->vertices[x->inputs[k]].placed)
			return x->inputs[k];
	return -1;
}

/* Names a layer of a cycle: whoever goes from input to input long enough is in one. */
static bool refuse_cycle(const struct graph *g)
{
	char place[POINTER_BYTES];
	int at = 0;

	while (g->vertices[at].placed)
		at++;
	for (int i = 0; i < g->n_vertices; i++)
		at = find_waiting(g, &g->vertices[at]);
	pointer_index(place, g->pointer, at);
	return problem_at(g->r->problems, place,
		"layer \"%s\" takes its own output, by way of \"%s\"; allowed: inputs that lead "
		"back to the InputLayer",
		g->vertices[at].name, g->vertices[find_waiting(g, &g->vertices[at])].name);
}

/* Always the first layer whose inputs have a place: an order that is one already stays. */
static bool order_vertices(struct graph *g)
{
	for (int n = 0; n < g->n_vertices; n++) {
		int next = 0;
		while (next < g->n_vertices &&
			(g->vertices[next].placed || find_waiting(g, &g->vertices[next]) >= 0))
			next++;
		if (next == g->n_vertices)
			return refuse_cycle(g);
		g->vertices[next].placed = true;
		g->order[n] = next;
	}
	return true;
}

/* With one end alone, the output is last in every order. */
static bool check_used(const struct graph *g)
{
	char place[POINTER_BYTES];

	for (int i = 0; i < g->n_vertices; i++) {
		if (i == g->output || g->vertices[i].n_users > 0)
			continue;
		pointer_index(place, g->pointer, i);
		return problem_at(g->r->problems, place,
			"no layer takes the output of layer \"%s\", and it is not the model's, "
			"which is that of \"%s\"; leave it out",
			g->vertices[i].name, g->vertices[g->output].name);
	}
	return true;
}

/* --- the layers ------------------------------------------------------------------------------- */

/* Only the first of our layers takes the sample. Where several are to, a layer that changes nothing
 * stands before them under the InputLayer's name. */
static bool add_input(struct model_reader *r, const struct vertex *x, const char *pointer)
{
	bool added;
	const struct model_layer *layer =
		model_reader_add(r, layer_class_find("Activation"), x->name, pointer, &added);

	return layer && added; /* its activation is the first there is, linear */
}

/* The inputs of the layer that was added last, the n-th in the order. */
static void set_inputs(const struct graph *g, int n)
{
	const struct vertex *x = &g->vertices[g->order[n]];
	const char *names[MODEL_INPUTS_MAX];

	if (x->n_inputs == 1 && x->inputs[0] == g->order[n - 1])
		return; /* the layer before */
	for (int k = 0; k < x->n_inputs; k++)
		names[k] = g->vertices[x->inputs[k]].name;
	bool set = model_set_inputs(g->r->model, names, x->n_inputs, NULL);
	assert(set); /* that is what the order is for */
}

/* All layers: linked, or only read, so that one answer tells what is wrong in them, too. */
static bool add_layers(struct graph *g, bool linked)
{
	char place[POINTER_BYTES];
	bool ok = linked;

	for (int n = 0; n < g->n_vertices; n++) {
		int index = linked ? g->order[n] : n;
		const struct vertex *x = &g->vertices[index];
		pointer_index(place, g->pointer, index);
		if (!keras_is_input(x->layer))
			ok &= keras_read_layer(
				g->r, x->layer, linked ? x->name : NULL, object_keys, place);
		else if (linked && x->n_users > 1)
			ok &= add_input(g->r, x, place);
		if (linked && !g->r->lost && !keras_is_input(x->layer))
			set_inputs(g, n);
	}
	return ok;
}

bool model_read_functional(struct model_reader *r, const struct json *config, const char *pointer)
{
	const struct json *layers = json_find(config, "layers");
	struct graph g = { .r = r, .input = -1, .output = -1 };
	bool ok = keras_check_members(r, config, functional_keys, pointer);

	pointer_key(g.pointer, pointer, "layers");
	if (!model_check_layers(r, layers, g.pointer))
		return false;
	bool linked = read_vertices(&g, layers) && read_ends(&g, config, pointer) &&
		      order_vertices(&g) && check_used(&g);
	return add_layers(&g, linked) && ok;
}
