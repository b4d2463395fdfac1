/* spec_parse.c - a job's fields. See spec.h. */
#include "api/spec_read.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	METADATA_MAX = 16,
	METADATA_KEY_BYTES_MAX = 64,
	METADATA_VALUE_BYTES_MAX = 256,
	METADATA_TEXT_BYTES_MAX = 64 * 1024
};

/* In the order of enum trainer_last_batch. */
static const char *const last_batch_names[] = { "keep", "drop", "merge", NULL };
/* In the order of enum plan_precision. */
static const char *const precision_names[] = { "float32", "bfloat16", NULL };

const struct param spec_params[] = {
	PARAM_INT(struct spec, batch_size, 32, 1, PLAN_BATCH_MAX, "samples a step"),
	PARAM_INT(struct spec, epochs, 1, 1, 1000000,
		"times that the training samples are gone through"),
	PARAM_CHOICE(struct spec, last_batch, TRAINER_LAST_KEEP, last_batch_names,
		"what becomes of the samples that make no whole batch"),
	PARAM_CHOICE(struct spec, precision, PLAN_FLOAT32, precision_names,
		"of the factors in large products; sums and weights are float32"),
	{ .name = "steps_per_epoch",
		.doc = "batches after which an epoch ends; null: all",
		.type = PARAM_TYPE_INT,
		.flags = PARAM_NULLABLE,
		.offset = offsetof(struct spec, steps_per_epoch),
		.def = NAN,
		.min = 1,
		.max = 1e12 },
	PARAM_INT(struct spec, validation_freq, 1, 1, 1000000,
		"epochs from one validation to the next"),
	PARAM_INT(struct spec, seed, 0, 0, 9007199254740991, "of everything that is random"),
	PARAM_BOOL(struct spec, shuffle, true, "a new order of the samples every epoch"),
	PARAM_BOOL(struct spec, sample_weight, true,
		"let samples count as sample_weight_train says, if the data set has it"),
	PARAM_INT(struct spec, threads, 0, 0, 1024,
		"at most that many; 0: all. Never changes the result"),
	PARAM_INT(struct spec, priority, 0, -1000, 1000, "jobs of a higher one run first"),
	PARAM_END,
};

struct reader {
	struct spec *spec;
	const struct json *root;
	struct problems *problems;
};

/* ^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$ */
static bool is_name(const char *text)
{
	static const char first[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
	static const char others[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
	size_t length = strlen(text);

	return length >= 1 && length <= 64 && strchr(first, text[0]) &&
	       strspn(text, others) == length;
}

static bool read_name_of(struct reader *r, const struct json *v, const char *what,
	const char *pointer, char ret_name[static 65])
{
	static const char wanted[] =
		"1 to 64 letters, digits, \".\", \"_\", \"-\", a letter or digit first";

	if (json_type(v) != JSON_STRING || !is_name(json_string(v)))
		return value_refuse(v, what, wanted, pointer, r->problems);
	memcpy(ret_name, json_string(v), strlen(json_string(v)) + 1);
	return true;
}

static bool read_name(struct reader *r, const struct json *v, const char *pointer)
{
	return read_name_of(r, v, "name", pointer, r->spec->name);
}

static bool read_dataset(struct reader *r, const struct json *v, const char *pointer)
{
	return read_name_of(r, v, "dataset", pointer, r->spec->dataset);
}

static bool read_validation(struct reader *r, const struct json *v, const char *pointer)
{
	return validation_read(r->spec, v, pointer, r->problems);
}

static bool read_class_weight(struct reader *r, const struct json *v, const char *pointer)
{
	return class_weight_read(r->spec, v, pointer, r->problems);
}

static bool read_model(struct reader *r, const struct json *v, const char *pointer)
{
	struct model_reader m = {
		.model = r->spec->model, .job = r->root, .problems = r->problems
	};

	return model_read(&m, v, pointer);
}

/* --- what a table of the engine names: a name, or an object with "type" and arguments ------------
 */

struct kind {
	const char *what;
	bool named; /* may carry a "name" of its own */
	void (*names)(struct names *ret);
	/* Gives the spec the class of that type, with its defaults; *ret_row stays as it is if
	 * there is none. false: it is refused. */
	bool (*set)(struct spec *s, const char *type, const char *name,
		struct registry_row *ret_row, void **ret_conf, struct error *err);
};

static void loss_names(struct names *ret)
{
	for (int i = 0; loss_classes[i]; i++)
		names_add(ret, loss_class_row(loss_classes[i]).name);
}

static bool set_loss(struct spec *s, const char *type, const char *name,
	struct registry_row *ret_row, void **ret_conf, struct error *err)
{
	const struct loss_class *class = loss_class_find(type);

	(void)name, (void)err; /* has none; cannot fail */
	if (!class)
		return true;
	model_set_loss(s->model, class);
	*ret_row = loss_class_row(class);
	*ret_conf = s->model->loss_conf;
	return true;
}

static void optimizer_names(struct names *ret)
{
	for (int i = 0; optimizer_classes[i]; i++)
		names_add(ret, optimizer_class_row(optimizer_classes[i]).name);
}

static bool set_optimizer(struct spec *s, const char *type, const char *name,
	struct registry_row *ret_row, void **ret_conf, struct error *err)
{
	const struct optimizer_class *class = optimizer_class_find(type);

	(void)name, (void)err; /* has none; cannot fail */
	if (!class)
		return true;
	model_set_optimizer(s->model, class);
	*ret_row = optimizer_class_row(class);
	*ret_conf = s->model->optimizer_conf;
	return true;
}

static void metric_names(struct names *ret)
{
	for (int i = 0; metric_classes[i]; i++)
		names_add(ret, metric_class_row(metric_classes[i]).name);
}

static bool set_metric(struct spec *s, const char *type, const char *name,
	struct registry_row *ret_row, void **ret_conf, struct error *err)
{
	const struct metric_class *class = metric_class_find(type);

	if (!class)
		return true;
	struct model_metric *m = model_add_metric(s->model, class, name, err);
	if (!m)
		return false;
	*ret_row = metric_class_row(class);
	*ret_conf = m->conf;
	return true;
}

static void callback_names(struct names *ret)
{
	for (int i = 0; callback_classes[i]; i++)
		names_add(ret, callback_class_row(callback_classes[i]).name);
}

static bool set_callback(struct spec *s, const char *type, const char *name,
	struct registry_row *ret_row, void **ret_conf, struct error *err)
{
	const struct callback_class *class = callback_class_find(type);

	(void)name; /* has none */
	if (!class)
		return true;
	struct callback *c = callbacks_add(&s->callbacks, class, err);
	if (!c)
		return false;
	*ret_row = callback_class_row(class);
	*ret_conf = c->conf;
	return true;
}

static void augment_names(struct names *ret)
{
	for (int i = 0; augment_classes[i]; i++)
		names_add(ret, augment_class_row(augment_classes[i]).name);
}

static bool set_augment(struct spec *s, const char *type, const char *name,
	struct registry_row *ret_row, void **ret_conf, struct error *err)
{
	const struct augment_class *class = augment_class_find(type);

	(void)name; /* has none */
	if (!class)
		return true;
	struct augment *a = augments_add(&s->augments, class, err);
	if (!a)
		return false;
	*ret_row = augment_class_row(class);
	*ret_conf = a->conf;
	return true;
}

/* The object's own "name", or NULL; false: it is not a string. */
static bool read_own_name(struct reader *r, const struct json *v, const struct kind *kind,
	const char *pointer, const char **ret)
{
	const struct json *name =
		kind->named && json_type(v) == JSON_OBJECT ? json_find(v, "name") : NULL;
	char place[POINTER_BYTES];

	*ret = NULL;
	if (!name)
		return true;
	pointer_key(place, pointer, "name");
	if (json_type(name) != JSON_STRING)
		return value_refuse(name, "name", "a string", place, r->problems);
	*ret = json_string(name);
	return true;
}

static bool read_kind(
	struct reader *r, const struct json *v, const char *pointer, const struct kind *kind)
{
	static const char *const others[] = { "type", NULL }, *const named[] = { "type", "name",
		NULL };
	const struct json *type = json_type(v) == JSON_OBJECT ? json_find(v, "type") : v;
	struct names known = { 0 };
	struct registry_row row = { 0 };
	struct error err;
	void *conf = NULL;
	char place[POINTER_BYTES];
	const char *name;

	kind->names(&known);
	(void)snprintf(place, sizeof place, "%s", pointer);
	if (type != v)
		pointer_key(place, pointer, "type");
	if (!type)
		return names_refuse(&known, kind->what, NULL, place, r->problems);
	if (json_type(type) != JSON_STRING)
		return value_refuse(type, type == v ? kind->what : "type",
			type == v ? "a name, or an object with \"type\"" : "a name", place,
			r->problems);
	if (!read_own_name(r, v, kind, pointer, &name))
		return false;
	if (!kind->set(r->spec, json_string(type), name, &row, &conf, &err)) {
		error_pointer_prefix(&err, "%s", pointer);
		return problems_add(r->problems, &err);
	}
	if (!row.name)
		return names_refuse(&known, kind->what, json_string(type), place, r->problems);
	return type == v || arguments_read(row.params, v, kind->named ? named : others, conf,
				    pointer, r->problems);
}

static bool read_loss(struct reader *r, const struct json *v, const char *pointer)
{
	return read_kind(r, v, pointer, &(struct kind){ "loss", false, loss_names, set_loss });
}

static bool read_optimizer(struct reader *r, const struct json *v, const char *pointer)
{
	return read_kind(r, v, pointer,
		&(struct kind){ "optimizer", false, optimizer_names, set_optimizer });
}

/* --- lists ------------------------------------------------------------------------------------ */

static bool read_kinds(struct reader *r, const struct json *v, const char *name,
	const char *pointer, const struct kind *kind)
{
	bool ok = true;
	int index = 0;

	if (json_type(v) != JSON_ARRAY)
		return value_refuse(v, name, "a list of names, or of objects with \"type\"",
			pointer, r->problems);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		char place[POINTER_BYTES];
		pointer_index(place, pointer, index++);
		ok &= read_kind(r, e, place, kind);
	}
	return ok;
}

static bool read_metrics(struct reader *r, const struct json *v, const char *pointer)
{
	return read_kinds(r, v, "metrics", pointer,
		&(struct kind){ "metric", true, metric_names, set_metric });
}

static bool read_callbacks(struct reader *r, const struct json *v, const char *pointer)
{
	return read_kinds(r, v, "callbacks", pointer,
		&(struct kind){ "callback", false, callback_names, set_callback });
}

static bool read_augment(struct reader *r, const struct json *v, const char *pointer)
{
	return read_kinds(r, v, "augment", pointer,
		&(struct kind){ "augmentation", false, augment_names, set_augment });
}

static bool read_metadata(struct reader *r, const struct json *v, const char *pointer)
{
	bool ok = true;

	if (json_type(v) != JSON_OBJECT)
		return value_refuse(v, "metadata", "an object of strings", pointer, r->problems);
	if (json_count(v) > METADATA_MAX)
		return problem_at(r->problems, pointer,
			"metadata has %d members; allowed: at most %d", json_count(v),
			METADATA_MAX);
	for (const struct json *e = json_first(v); e; e = json_next(e)) {
		char place[POINTER_BYTES];
		size_t key_bytes = strlen(json_key(e));
		pointer_key(place, pointer, json_key(e));
		if (key_bytes < 1 || key_bytes > METADATA_KEY_BYTES_MAX)
			ok = problem_at(r->problems, place,
				"a key of metadata has %zu bytes; allowed: 1 to %d", key_bytes,
				METADATA_KEY_BYTES_MAX);
		if (json_type(e) != JSON_STRING)
			ok = value_refuse(e, "metadata", "a string", place, r->problems);
		else if (strlen(json_string(e)) > METADATA_VALUE_BYTES_MAX)
			ok = problem_at(r->problems, place,
				"a value of metadata has %zu bytes; allowed: at most %d",
				strlen(json_string(e)), METADATA_VALUE_BYTES_MAX);
	}
	if (!ok)
		return false;
	struct buffer text;
	buffer_init(&text, METADATA_TEXT_BYTES_MAX);
	json_print(v, &text);
	r->spec->metadata = buffer_take(&text, NULL);
	struct error err;
	return r->spec->metadata || error_no_memory(&err) || problems_add(r->problems, &err);
}

/* --- the whole -------------------------------------------------------------------------------- */

static const struct field {
	const char *name;
	bool required;
	bool (*read)(struct reader *r, const struct json *v, const char *pointer);
} fields[] = {
	{ "name", false, read_name },
	{ "dataset", true, read_dataset },
	{ "validation", false, read_validation },
	{ "model", true, read_model },
	{ "loss", false, read_loss },
	{ "optimizer", false, read_optimizer },
	{ "metrics", false, read_metrics },
	{ "callbacks", false, read_callbacks },
	{ "class_weight", false, read_class_weight },
	{ "augment", false, read_augment },
	{ "metadata", false, read_metadata },
};

static bool read_field(struct reader *r, const struct json *v)
{
	const struct param *p = param_find(spec_params, json_key(v));
	struct names known = { 0 };
	char pointer[POINTER_BYTES];

	pointer_key(pointer, "", json_key(v));
	if (p)
		return argument_read(p, v, r->spec, pointer, r->problems);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		if (strcmp(fields[i].name, json_key(v)) == 0)
			return fields[i].read(r, v, pointer);
		names_add(&known, fields[i].name);
	}
	names_add_params(&known, spec_params);
	return names_refuse(&known, "key", json_key(v), pointer, r->problems);
}

static bool read_fields(struct reader *r)
{
	bool ok = true;

	if (json_type(r->root) != JSON_OBJECT)
		return value_refuse(r->root, "a job", "an object", "", r->problems);
	for (const struct json *v = json_first(r->root); v; v = json_next(v))
		ok &= read_field(r, v);
	for (size_t i = 0; i < COUNT_OF(fields); i++) {
		char pointer[POINTER_BYTES];
		pointer_key(pointer, "", fields[i].name);
		if (fields[i].required && !json_find(r->root, fields[i].name))
			ok = problem_at(r->problems, pointer,
				"%s is missing; a job needs \"dataset\" and \"model\"",
				fields[i].name);
	}
	return ok;
}

/* A spec with every default but those that follow from other fields; NULL without memory. */
static struct spec *spec_new(void)
{
	AUTO_FREE(spec_free) struct spec *s = calloc(1, sizeof *s);

	if (!s)
		return NULL;
	s->model = model_new();
	s->validation = SPEC_VALIDATION_TEST;
	param_set_defaults(spec_params, s);
	if (!s->model)
		return NULL;
	model_set_loss(s->model, loss_class_find("sparse_categorical_crossentropy"));
	model_set_optimizer(s->model, optimizer_class_find("Adam"));
	return STEAL(s);
}

struct spec *spec_parse(const struct json *root, struct problems *problems)
{
	AUTO_FREE(spec_free) struct spec *s = spec_new();
	struct error err;

	if (!s) {
		(void)error_no_memory(&err);
		(void)problems_add(problems, &err); /* NULL says the same */
		return NULL;
	}
	struct reader r = { .spec = s, .root = root, .problems = problems };
	if (!read_fields(&r))
		return NULL;
	if (!s->name[0])
		memcpy(s->name, s->dataset, sizeof s->name);
	if (!s->metadata && !(s->metadata = strdup("{}"))) {
		(void)error_no_memory(&err);
		(void)problems_add(problems, &err); /* NULL says the same */
		return NULL;
	}
	return STEAL(s);
}

void spec_free(struct spec *s)
{
	if (!s)
		return;
	model_free(s->model);
	free(s->class_weights);
	free(s->metadata);
	free(s);
}
