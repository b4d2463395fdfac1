/* json_write.c - JSON straight into a buffer. See json.h. */
#include "api/json.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buffer *out)
{
	*w = (struct json_writer){ .out = out };
}

/* Text of any origin as a string: what is not UTF-8 (a message cut in mid-character, say) becomes
 * U+FFFD. */
static void write_string(struct buffer *out, const char *text)
{
	const char *end = text + strlen(text), *plain = text;

	buffer_add_text(out, "\"");
	while (text < end) {
		size_t length = utf8_length(text, (size_t)(end - text));
		unsigned char first = (unsigned char)*text;
		if (length && first >= 0x20 && first != '"' && first != '\\') {
			text += length;
			continue;
		}
		buffer_add(out, plain, (size_t)(text - plain));
		if (!length)
			buffer_add_text(out, "\xef\xbf\xbd");
		else if (first < 0x20)
			buffer_printf(out, "\\u%04x", first);
		else
			buffer_printf(out, "\\%c", first);
		plain = ++text;
	}
	buffer_add(out, plain, (size_t)(text - plain));
	buffer_add_text(out, "\"");
}

/* The comma and the key that stand before a value. */
static void begin_value(struct json_writer *w, const char *key)
{
	if (w->comma[w->depth])
		buffer_add_text(w->out, ",");
	w->comma[w->depth] = true;
	if (key) {
		write_string(w->out, key);
		buffer_add_text(w->out, ":");
	}
}

static void open_container(struct json_writer *w, const char *key, const char *bracket)
{
	begin_value(w, key);
	buffer_add_text(w->out, bracket);
	w->depth++;
	assert(w->depth < (int)COUNT_OF(w->comma));
	w->comma[w->depth] = false;
}

static void close_container(struct json_writer *w, const char *bracket)
{
	assert(w->depth > 0);
	w->depth--;
	buffer_add_text(w->out, bracket);
}

void json_open_object(struct json_writer *w, const char *key)
{
	open_container(w, key, "{");
}

void json_close_object(struct json_writer *w)
{
	close_container(w, "}");
}

void json_open_list(struct json_writer *w, const char *key)
{
	open_container(w, key, "[");
}

void json_close_list(struct json_writer *w)
{
	close_container(w, "]");
}

void json_put_string(struct json_writer *w, const char *key, const char *text)
{
	if (!text) {
		json_put_null(w, key);
		return;
	}
	begin_value(w, key);
	write_string(w->out, text);
}

void json_put_integer(struct json_writer *w, const char *key, int64_t value)
{
	begin_value(w, key);
	buffer_printf(w->out, "%" PRId64, value);
}

void json_put_number(struct json_writer *w, const char *key, double value)
{
	char text[NUMBER_TEXT_BYTES];

	if (!isfinite(value)) {
		json_put_null(w, key);
		return;
	}
	number_text(value, text);
	begin_value(w, key);
	buffer_add_text(w->out, text);
}

void json_put_bool(struct json_writer *w, const char *key, bool value)
{
	begin_value(w, key);
	buffer_add_text(w->out, value ? "true" : "false");
}

void json_put_null(struct json_writer *w, const char *key)
{
	begin_value(w, key);
	buffer_add_text(w->out, "null");
}

void json_put_raw(struct json_writer *w, const char *key, const char *json)
{
	begin_value(w, key);
	buffer_add_text(w->out, json);
}

void json_put_time(struct json_writer *w, const char *key, int64_t wall_ms)
{
	char text[CLOCK_TEXT_BYTES];

	if (!wall_ms) {
		json_put_null(w, key);
		return;
	}
	clock_format_ms(wall_ms, text);
	json_put_string(w, key, text);
}
