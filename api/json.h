/* json.h - strict JSON in, JSON out. json.c is the only file that knows cJSON.
 *
 * Reading: a checker of our own runs first and refuses what cJSON would let through: nesting deeper
 * than 32, more than 4096 members in one object, more than 2^20 values, duplicate keys, invalid
 * UTF-8, NUL (also as \u0000), lone surrogates, leading zeros, numbers that are not finite, or lose
 * a fraction when they become a double, bytes after the value. Errors name the byte offset. A
 * document belongs to one thread. */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

enum {
	JSON_BYTES_MAX = 16 << 20,
	JSON_DEPTH_MAX = 32,
	JSON_MEMBERS_MAX = 4096,    /* of one object */
	JSON_VALUES_MAX = 1 << 20,  /* in all: a byte or two of text become 64 of memory */
	JSON_NUMBER_BYTES_MAX = 63, /* what cJSON reads of one */
};

enum json_type { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };
extern const char *const json_type_names[]; /* "null", "a boolean" … for messages */

struct json; /* one value; borrowed from its document */
struct json_document;

/* Checks without building anything: what the fuzzer calls. */
bool json_check(const char *bytes, size_t size, struct error *err) MUST_CHECK;
/* NULL: refused, or no memory. */
struct json_document *json_parse(const char *bytes, size_t size, struct error *err) MUST_CHECK;
void json_free(struct json_document *d);
DEFINE_AUTO_FREE(struct json_document, json_free)
const struct json *json_root(const struct json_document *d);

enum json_type json_type(const struct json *v);
/* The first member or element; NULL if there is none, or v is no container. Then the one after. */
const struct json *json_first(const struct json *v);
const struct json *json_next(const struct json *v);
const char *json_key(const struct json *v); /* of a member of an object */
/* NULL if it is not there, or v is no object. Capitals and small letters differ. */
const struct json *json_find(const struct json *object, const char *key);
int json_count(const struct json *v);
bool json_bool(const struct json *v);
double json_number(const struct json *v);
const char *json_string(const struct json *v);
/* true if the number is an integer within ±(2^53 - 1), exactly as it was written. */
bool json_integer(const struct json *v, int64_t *ret) MUST_CHECK;
/* The value as compact JSON text. */
void json_print(const struct json *v, struct buffer *out);

/* --- writing: straight into a buffer, commas by itself ---------------------------------------- */
struct json_writer {
	struct buffer *out;
	int depth;
	/* Does something stand before the next value at that depth? */
	bool comma[JSON_DEPTH_MAX + 1];
};
void json_writer_init(struct json_writer *w, struct buffer *out);
/* `key` is NULL inside a list and at the top. */
void json_open_object(struct json_writer *w, const char *key);
void json_close_object(struct json_writer *w);
void json_open_list(struct json_writer *w, const char *key);
void json_close_list(struct json_writer *w);
/* NULL text: null. Bytes that are not UTF-8 become U+FFFD. */
void json_put_string(struct json_writer *w, const char *key, const char *text);
void json_put_integer(struct json_writer *w, const char *key, int64_t value);
/* The shortest that reads back the same; not finite: null. */
void json_put_number(struct json_writer *w, const char *key, double value);
void json_put_bool(struct json_writer *w, const char *key, bool value);
void json_put_null(struct json_writer *w, const char *key);
/* Text that is JSON already. */
void json_put_raw(struct json_writer *w, const char *key, const char *json);
/* RFC 3339; 0: null. */
void json_put_time(struct json_writer *w, const char *key, int64_t wall_ms);
