/* catalog.c - everything that a job can name, from the engine's own tables. See spec.h. */
#include "api/spec_read.h"

#include <assert.h>

static const char *const types[] = {
	[PARAM_TYPE_INT] = "integer",
	[PARAM_TYPE_FLOAT] = "number",
	[PARAM_TYPE_BOOL] = "boolean",
	[PARAM_TYPE_CHOICE] = "choice",
	[PARAM_TYPE_PAIR] = "pair",
	[PARAM_TYPE_MARGINS] = "margins",
	[PARAM_TYPE_LIST] = "list",
	[PARAM_TYPE_VARIANT] = "variant",
	[PARAM_TYPE_NAME] = "name",
};

static bool has_range(const struct param *p)
{
	if (p->type == PARAM_TYPE_VARIANT)
		return p->flags & PARAM_OR_NUMBER;
	return p->type != PARAM_TYPE_BOOL && p->type != PARAM_TYPE_CHOICE &&
	       p->type != PARAM_TYPE_NAME;
}

static void print_names(struct json_writer *w, const char *key, const char *const *names)
{
	json_open_list(w, key);
	for (; *names; names++)
		json_put_string(w, NULL, *names);
	json_close_list(w);
}

static void print_range(struct json_writer *w, const struct param *p)
{
	if (has_range(p)) {
		json_put_number(w, "minimum", p->min);
		json_put_number(w, "maximum", p->max);
	} else {
		json_put_null(w, "minimum");
		json_put_null(w, "maximum");
	}
	json_put_bool(w, "exclusive_minimum", p->flags & PARAM_ABOVE_MIN);
	json_put_bool(w, "exclusive_maximum", p->flags & PARAM_BELOW_MAX);
}

/* How many numbers a list has, and whether they are integers. */
static void print_counts(struct json_writer *w, const struct param *p)
{
	if (p->type != PARAM_TYPE_LIST) {
		json_put_null(w, "minimum_count");
		json_put_null(w, "maximum_count");
		json_put_null(w, "element");
		return;
	}
	json_put_integer(w, "minimum_count", p->count_min);
	json_put_integer(w, "maximum_count", param_count_max(p));
	json_put_string(w, "element", p->flags & PARAM_WHOLE ? "integer" : "number");
}

/* An argument; `defaults` is a conf that holds them. A limit that is infinite, or that there is
 * not, is null. What a variant can be is one list for all arguments that can be it. */
static void print_argument(struct json_writer *w, const struct param *p, const void *defaults)
{
	struct param as_default = *p;

	as_default.name = "default";
	json_open_object(w, NULL);
	json_put_string(w, "name", p->name);
	json_put_string(w, "type", types[p->type]);
	json_put_bool(w, "required", p->flags & PARAM_REQUIRED);
	json_put_bool(w, "nullable", p->flags & PARAM_NULLABLE);
	json_put_bool(w, "or_number", p->flags & PARAM_OR_NUMBER);
	if (p->flags & PARAM_REQUIRED)
		json_put_null(w, "default");
	else
		argument_print(w, &as_default, defaults);
	print_range(w, p);
	print_counts(w, p);
	if (p->type == PARAM_TYPE_CHOICE)
		print_names(w, "choices", p->choices);
	else
		json_put_null(w, "choices");
	json_put_string(w, "variants", p->type == PARAM_TYPE_VARIANT ? p->family->name : NULL);
	json_put_string(w, "doc", p->doc);
	json_close_object(w);
}

/* `defaults` is memory for a conf, zeroed. */
static void print_arguments(
	struct json_writer *w, const char *key, const struct param *params, void *defaults)
{
	param_set_defaults(params, defaults);
	json_open_list(w, key);
	for (const struct param *p = params; p && p->name; p++)
		print_argument(w, p, defaults);
	json_close_list(w);
}

static void print_row(struct json_writer *w, struct registry_row row)
{
	_Alignas(16) unsigned char defaults[MODEL_CONF_BYTES] = { 0 };

	assert(row.conf_size <= sizeof defaults);
	json_open_object(w, NULL);
	json_put_string(w, "name", row.name);
	json_put_string(w, "doc", row.doc);
	print_arguments(w, "arguments", row.params, defaults);
	json_close_object(w);
}

static void print_family(struct json_writer *w, const struct param_family *family)
{
	json_open_list(w, family->name);
	for (int i = 0; family->classes[i]; i++) {
		const struct param_class *c = family->classes[i];
		print_row(w, (struct registry_row){ c->name, c->doc, c->params, c->conf_size });
	}
	json_close_list(w);
}

void catalog_print(struct buffer *out)
{
	struct json_writer w;
	struct spec job = { .n_class_weights = 0 };

	json_writer_init(&w, out);
	json_open_object(&w, NULL);
	print_arguments(&w, "job", spec_params, &job);
	json_open_list(&w, "layers");
	for (int i = 0; layer_classes[i]; i++)
		print_row(&w, layer_class_row(layer_classes[i]));
	json_close_list(&w);
	json_open_list(&w, "losses");
	for (int i = 0; loss_classes[i]; i++)
		print_row(&w, loss_class_row(loss_classes[i]));
	json_close_list(&w);
	json_open_list(&w, "optimizers");
	for (int i = 0; optimizer_classes[i]; i++)
		print_row(&w, optimizer_class_row(optimizer_classes[i]));
	json_close_list(&w);
	json_open_list(&w, "metrics");
	for (int i = 0; metric_classes[i]; i++)
		print_row(&w, metric_class_row(metric_classes[i]));
	json_close_list(&w);
	json_open_list(&w, "callbacks");
	for (int i = 0; callback_classes[i]; i++)
		print_row(&w, callback_class_row(callback_classes[i]));
	json_close_list(&w);
	json_open_list(&w, "augments");
	for (int i = 0; augment_classes[i]; i++)
		print_row(&w, augment_class_row(augment_classes[i]));
	json_close_list(&w);
	print_names(&w, "activations", activation_names);
	for (int i = 0; param_families[i]; i++)
		print_family(&w, param_families[i]);
	json_close_object(&w);
}
