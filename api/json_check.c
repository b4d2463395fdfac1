/* json_check.c - the strict checker that runs before cJSON. See json.h. The grammar: RFC 8259.
 *
 * One pass, recursive, at most JSON_DEPTH_MAX deep. Keys are kept, decoded, on a stack while their
 * object is open, and are compared when it ends: sorting makes that n log n. */
#include "api/json.h"
#include "base/utf8.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

struct key {
	size_t offset;     /* in the text */
	size_t name, size; /* its decoded bytes in `names` */
};

struct checker {
	const char *start, *at, *end;
	int depth;
	int values;       /* so far */
	struct key *keys; /* of all open objects, the innermost last */
	size_t n_keys, keys_room;
	struct buffer names; /* their decoded bytes */
	struct error *err;
};

static bool check_value(struct checker *c);

static long long offset_of(const struct checker *c)
{
	return c->at - c->start;
}

/* Says what stands at the cursor and what should. */
static bool refuse(const struct checker *c, const char *wanted)
{
	if (c->at == c->end)
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: the text ends where %s is wanted", offset_of(c), wanted);
	unsigned char seen = (unsigned char)*c->at;
	if (seen > 0x20 && seen < 0x7f)
		return error_set(c->err, ERROR_SYNTAX, "JSON byte %lld: '%c' where %s is wanted",
			offset_of(c), seen, wanted);
	return error_set(c->err, ERROR_SYNTAX, "JSON byte %lld: 0x%02x where %s is wanted",
		offset_of(c), seen, wanted);
}

static void skip_space(struct checker *c)
{
	while (c->at < c->end &&
		(*c->at == ' ' || *c->at == '\t' || *c->at == '\n' || *c->at == '\r'))
		c->at++;
}

/* Takes `symbol` if it comes next, white space before it included. */
static bool accept(struct checker *c, char symbol)
{
	skip_space(c);
	if (c->at == c->end || *c->at != symbol)
		return false;
	c->at++;
	return true;
}

/* --- strings ---------------------------------------------------------------------------------- */

/* The four digits of a \u. */
static bool check_hex4(struct checker *c, uint32_t *ret)
{
	uint32_t code = 0;

	for (int i = 0; i < 4; i++, c->at++) {
		static const char digits[] = "0123456789abcdef";
		const char *digit = NULL;
		if (c->at < c->end && *c->at)
			digit = strchr(
				digits, *c->at >= 'A' && *c->at <= 'F' ? *c->at | 0x20 : *c->at);
		if (!digit)
			return refuse(c, "a hexadecimal digit");
		code = code << 4 | (uint32_t)(digit - digits);
	}
	*ret = code;
	return true;
}

/* What follows \u: one character, which may need a second \u. */
static bool check_unicode(struct checker *c, char ret_text[static 4], size_t *ret_size)
{
	long long offset = offset_of(c) - 2;
	uint32_t code, low;

	if (!check_hex4(c, &code))
		return false;
	if (code == 0)
		return error_set(
			c->err, ERROR_SYNTAX, "JSON byte %lld: \\u0000 is not allowed", offset);
	bool first = code >= 0xd800 && code <= 0xdbff;
	if (first && c->end - c->at >= 2 && c->at[0] == '\\' && c->at[1] == 'u') {
		c->at += 2;
		if (!check_hex4(c, &low))
			return false;
		if (low >= 0xdc00 && low <= 0xdfff) {
			*ret_size = utf8_encode(
				0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00), ret_text);
			return true;
		}
	}
	if (first || (code >= 0xdc00 && code <= 0xdfff))
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: \\u%04x is half of a surrogate pair; allowed are both "
			"halves together",
			offset, (unsigned)code);
	*ret_size = utf8_encode(code, ret_text);
	return true;
}

/* What follows a backslash. */
static bool check_escape(struct checker *c, char ret_text[static 4], size_t *ret_size)
{
	static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	const char *letter = c->at < c->end && *c->at ? strchr(letters, *c->at) : NULL;

	if (letter) {
		c->at++;
		ret_text[0] = meanings[letter - letters];
		*ret_size = 1;
		return true;
	}
	if (c->at == c->end || *c->at != 'u')
		return refuse(c, "one of \" \\ / b f n r t u behind a backslash");
	c->at++;
	return check_unicode(c, ret_text, ret_size);
}

/* A string; its decoded bytes are appended to `names` if that is not NULL. */
static bool check_string(struct checker *c, struct buffer *names)
{
	if (!accept(c, '"'))
		return refuse(c, "'\"'");
	while (c->at < c->end && *c->at != '"') {
		char decoded[4];
		const char *bytes = c->at;
		size_t size = 1;
		if (*c->at == '\\') {
			c->at++;
			if (!check_escape(c, decoded, &size))
				return false;
			bytes = decoded;
		} else {
			if ((unsigned char)*c->at < 0x20)
				return refuse(
					c, "a character (control characters are written \\u00XX)");
			size = utf8_length(c->at, (size_t)(c->end - c->at));
			if (size == 0)
				return refuse(c, "valid UTF-8");
			c->at += size;
		}
		if (names)
			buffer_add(names, bytes, size);
	}
	if (c->at == c->end)
		return refuse(c, "the closing '\"' of a string");
	c->at++;
	return true;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static const char *skip_digits(const char *at, const char *end)
{
	while (at < end && *at >= '0' && *at <= '9')
		at++;
	return at;
}

/* Does the decimal number, which is well-formed, have digits other than 0 behind its point, the
 * exponent applied? */
static bool decimal_has_fraction(const char *text)
{
	long point = 0, last = 0,
	     digits = 0; /* digits before the point; up to the last that is not 0; in all */
	bool seen_point = false;

	for (; *text && *text != 'e' && *text != 'E'; text++) {
		if (*text == '.')
			seen_point = true;
		if (*text < '0' || *text > '9')
			continue;
		digits++;
		if (!seen_point)
			point++;
		if (*text != '0')
			last = digits;
	}
	if (last == 0) /* zero, in one of its spellings */
		return false;
	long exponent = *text ? strtol(text + 1, NULL, 10)
			      : 0; /* saturates, and 63 bytes cannot hold what would matter */
	return exponent < last - point;
}

/* A number whose grammar is right: can a double hold it? */
static bool check_magnitude(const struct checker *c, const char *number, size_t size)
{
	char text[JSON_NUMBER_BYTES_MAX + 1];
	long long offset = number - c->start;

	if (size > JSON_NUMBER_BYTES_MAX)
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: a number of %zu bytes; allowed are %d", offset, size,
			JSON_NUMBER_BYTES_MAX);
	memcpy(text, number, size);
	text[size] = '\0';
	double value = strtod(text, NULL);
	if (!isfinite(value))
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: the number %s is too large; allowed are magnitudes below "
			"1.8e308",
			offset, text);
	/* Rounding must not make an integer of what was none: json_integer sees only the double. */
	if (value == trunc(value) && fabs(value) <= 0x1p53 && decimal_has_fraction(text))
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: the number %s has more digits than can be kept: it would "
			"read as %.17g",
			offset, text, value);
	return true;
}

static bool check_number(struct checker *c)
{
	const char *number = c->at;

	if (*c->at == '-')
		c->at++;
	const char *first = c->at;
	c->at = skip_digits(c->at, c->end);
	if (c->at == first)
		return refuse(c, "a digit");
	if (*first == '0' && c->at > first + 1) {
		c->at = first + 1;
		return refuse(c, "no digit behind a leading zero");
	}
	if (c->at < c->end && *c->at == '.') {
		first = ++c->at;
		c->at = skip_digits(c->at, c->end);
		if (c->at == first)
			return refuse(c, "a digit behind the point");
	}
	if (c->at < c->end && (*c->at == 'e' || *c->at == 'E')) {
		c->at++;
		if (c->at < c->end && (*c->at == '+' || *c->at == '-'))
			c->at++;
		first = c->at;
		c->at = skip_digits(c->at, c->end);
		if (c->at == first)
			return refuse(c, "a digit of the exponent");
	}
	return check_magnitude(c, number, (size_t)(c->at - number));
}

/* --- containers ------------------------------------------------------------------------------- */

static bool check_key(struct checker *c, size_t first_key)
{
	if (c->n_keys - first_key == JSON_MEMBERS_MAX)
		return error_set(c->err, ERROR_SYNTAX,
			"JSON byte %lld: an object with more than %d members", offset_of(c),
			JSON_MEMBERS_MAX);
	if (c->n_keys == c->keys_room) {
		size_t room = c->keys_room ? c->keys_room * 2
					   : 64; /* at most 32 open objects of 4096 keys */
		struct key *keys = reallocarray(c->keys, room, sizeof *keys);
		if (!keys)
			return error_no_memory(c->err);
		c->keys = keys;
		c->keys_room = room;
	}
	skip_space(c);
	buffer_add(&c->names, "", 0); /* gives even the first "" bytes to point at */
	struct key key = { .offset = (size_t)offset_of(c), .name = c->names.size };
	if (!check_string(c, &c->names))
		return false;
	if (c->names.failed)
		return error_no_memory(c->err);
	key.size = c->names.size - key.name;
	c->keys[c->n_keys++] = key;
	return true;
}

static int compare_keys(const void *a, const void *b, void *names)
{
	const struct key *k = a, *l = b;
	size_t size = k->size < l->size ? k->size : l->size;
	const char *bytes = names;
	int order = memcmp(bytes + k->name, bytes + l->name, size);

	if (order)
		return order;
	if (k->size != l->size)
		return k->size < l->size ? -1 : 1;
	return k->offset < l->offset ? -1 : 1;
}

/* The keys from `first` on are those of one object: all must differ. */
static bool check_keys_differ(struct checker *c, size_t first)
{
	if (c->n_keys - first < 2)
		return true;
	struct key *keys = c->keys + first;
	qsort_r(keys, c->n_keys - first, sizeof *keys, compare_keys, c->names.data);
	for (size_t i = 1; i < c->n_keys - first; i++) {
		const struct key *k = &keys[i - 1], *l = &keys[i];
		const char *name = c->names.data + k->name;
		if (k->size == l->size && memcmp(name, c->names.data + l->name, k->size) == 0)
			return error_set(c->err, ERROR_SYNTAX,
				"JSON byte %zu: the key \"%.*s\" is in this object already, at "
				"byte %zu",
				l->offset, (int)(k->size < 100 ? k->size : 100), name, k->offset);
	}
	return true;
}

static bool check_object(struct checker *c)
{
	size_t first_key = c->n_keys, first_name = c->names.size;

	if (accept(c, '}'))
		return true;
	do {
		if (!check_key(c, first_key))
			return false;
		if (!accept(c, ':'))
			return refuse(c, "':'");
		if (!check_value(c))
			return false;
	} while (accept(c, ','));
	if (!accept(c, '}'))
		return refuse(c, "',' or '}'");
	if (!check_keys_differ(c, first_key))
		return false;
	c->n_keys = first_key;
	c->names.size = first_name;
	return true;
}

static bool check_list(struct checker *c)
{
	if (accept(c, ']'))
		return true;
	do {
		if (!check_value(c))
			return false;
	} while (accept(c, ','));
	return accept(c, ']') || refuse(c, "',' or ']'");
}

/* --- values ----------------------------------------------------------------------------------- */

static bool check_literal(struct checker *c, const char *literal)
{
	for (; *literal; literal++, c->at++)
		if (c->at == c->end || *c->at != *literal)
			return refuse(c, "true, false or null");
	return true;
}

static bool check_value(struct checker *c)
{
	skip_space(c);
	if (c->at == c->end)
		return refuse(c, "a value");
	if (++c->values > JSON_VALUES_MAX)
		return error_set(c->err, ERROR_TOO_LARGE,
			"JSON byte %lld: more than the %d values that are allowed", offset_of(c),
			JSON_VALUES_MAX);
	char symbol = *c->at;
	switch (symbol) {
	case '{':
	case '[':
		if (c->depth == JSON_DEPTH_MAX)
			return error_set(c->err, ERROR_SYNTAX,
				"JSON byte %lld: nested deeper than the %d that are allowed",
				offset_of(c), JSON_DEPTH_MAX);
		c->at++;
		c->depth++;
		if (!(symbol == '{' ? check_object(c) : check_list(c)))
			return false;
		c->depth--;
		return true;
	case '"':
		return check_string(c, NULL);
	case 't':
		return check_literal(c, "true");
	case 'f':
		return check_literal(c, "false");
	case 'n':
		return check_literal(c, "null");
	default:
		if (symbol != '-' && (symbol < '0' || symbol > '9'))
			return refuse(c, "a value");
		return check_number(c);
	}
}

bool json_check(const char *bytes, size_t size, struct error *err)
{
	const char *start = size ? bytes : ""; /* an empty buffer has no bytes at all */
	struct checker c = { .start = start, .at = start, .end = start + size, .err = err };

	if (size > JSON_BYTES_MAX)
		return error_set(err, ERROR_TOO_LARGE, "JSON of %zu bytes; allowed are %d", size,
			JSON_BYTES_MAX);
	buffer_init(&c.names, JSON_BYTES_MAX);
	bool ok = check_value(&c);
	skip_space(&c);
	if (ok && c.at != c.end)
		ok = refuse(&c, "the end");
	free(c.keys);
	buffer_done(&c.names);
	return ok;
}
