/* json.c - cJSON behind our checker. See json.h. A struct json is a cJSON. */
#include "api/json.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <math.h>
#include <stdlib.h>

struct json_document {
	cJSON *root;
};

const char *const json_type_names[] = { "null", "a boolean", "a number", "a string", "a list",
	"an object" };

static const cJSON *item_of(const struct json *v)
{
	return (const cJSON *)(const void *)v;
}

static const struct json *json_of(const cJSON *item)
{
	return (const struct json *)(const void *)item;
}

struct json_document *json_parse(const char *bytes, size_t size, struct error *err)
{
	if (!json_check(bytes, size, err))
		return NULL;
	struct json_document *d = malloc(sizeof *d);
	if (d)
		d->root = cJSON_ParseWithLength(bytes, size);
	/* What the checker lets through can fail for one reason only. */
	if (!d || !d->root) {
		free(d);
		(void)error_no_memory(err); /* NULL says the same */
		return NULL;
	}
	return d;
}

void json_free(struct json_document *d)
{
	if (!d)
		return;
	cJSON_Delete(d->root);
	free(d);
}

const struct json *json_root(const struct json_document *d)
{
	return json_of(d->root);
}

enum json_type json_type(const struct json *v)
{
	const cJSON *item = item_of(v);

	if (cJSON_IsNull(item))
		return JSON_NULL;
	if (cJSON_IsBool(item))
		return JSON_BOOL;
	if (cJSON_IsNumber(item))
		return JSON_NUMBER;
	if (cJSON_IsString(item))
		return JSON_STRING;
	return cJSON_IsArray(item) ? JSON_ARRAY : JSON_OBJECT;
}

const struct json *json_first(const struct json *v)
{
	return json_of(item_of(v)->child);
}

const struct json *json_next(const struct json *v)
{
	return json_of(item_of(v)->next);
}

const char *json_key(const struct json *v)
{
	return item_of(v)->string;
}

const struct json *json_find(const struct json *object, const char *key)
{
	return json_of(cJSON_GetObjectItemCaseSensitive(item_of(object), key));
}

int json_count(const struct json *v)
{
	return cJSON_GetArraySize(item_of(v));
}

bool json_bool(const struct json *v)
{
	return cJSON_IsTrue(item_of(v));
}

double json_number(const struct json *v)
{
	assert(cJSON_IsNumber(item_of(v)));
	return item_of(v)->valuedouble;
}

const char *json_string(const struct json *v)
{
	assert(cJSON_IsString(item_of(v)));
	return item_of(v)->valuestring;
}

bool json_integer(const struct json *v, int64_t *ret)
{
	if (!cJSON_IsNumber(item_of(v)))
		return false;
	double value = item_of(v)->valuedouble;
	/* Exact: the checker refuses a fraction that rounding would hide, and below 2^53 every
	 * integer is a double. */
	if (value != trunc(value) || fabs(value) > 0x1p53 - 1)
		return false;
	*ret = (int64_t)value;
	return true;
}

static void print_value(const struct json *v, const char *key, struct json_writer *w)
{
	switch (json_type(v)) {
	case JSON_NULL:
		json_put_null(w, key);
		break;
	case JSON_BOOL:
		json_put_bool(w, key, json_bool(v));
		break;
	case JSON_NUMBER:
		json_put_number(w, key, json_number(v));
		break;
	case JSON_STRING:
		json_put_string(w, key, json_string(v));
		break;
	case JSON_ARRAY:
		json_open_list(w, key);
		for (const struct json *e = json_first(v); e; e = json_next(e))
			print_value(e, NULL, w);
		json_close_list(w);
		break;
	case JSON_OBJECT:
		json_open_object(w, key);
		for (const struct json *e = json_first(v); e; e = json_next(e))
			print_value(e, json_key(e), w);
		json_close_object(w);
		break;
	}
}

void json_print(const struct json *v, struct buffer *out)
{
	struct json_writer w;

	json_writer_init(&w, out);
	print_value(v, NULL, &w);
}
