/* event_data.c - see event_data.h. The data are JSON objects of strings, numbers and null: RFC
 * 8259. */
#include "storage/event_data.h"

#include "base/buffer.h"
#include "base/clock.h"
#include "base/number.h"
#include "base/utf8.h"
#include "storage/private.h"

#include <math.h>
#include <string.h>

enum { DATA_BYTES_MAX = EVENT_TEXT_MAX * 6 + 4096 }; /* an escaped byte takes 6 */

/* --- JSON text ------------------------------------------------------------------------ */

/* A text that was cut within a character must still be JSON: what is no UTF-8 becomes U+FFFD. */
static void add_string(struct buffer *b, const char *text)
{
	const char *end = text ? text + strlen(text) : NULL;

	if (!text) {
		buffer_add_text(b, "null");
		return;
	}
	buffer_add_text(b, "\"");
	while (text < end) {
		size_t size = utf8_length(text, (size_t)(end - text));
		unsigned char first = (unsigned char)*text;
		if (size == 0)
			buffer_add_text(b, "\xef\xbf\xbd");
		else if (first == '"' || first == '\\')
			buffer_printf(b, "\\%c", first);
		else if (first < 0x20 || first == 0x7f)
			buffer_printf(b, "\\u%04x", first);
		else
			buffer_add(b, text, size);
		text += size ? size : 1;
	}
	buffer_add_text(b, "\"");
}

/* JSON knows no NAN and no infinity. */
static void add_number(struct buffer *b, double value)
{
	char text[NUMBER_TEXT_BYTES];

	number_text(value, text);
	buffer_add_text(b, isfinite(value) ? text : "null");
}

static void add_member(struct buffer *b, const char *key, double value)
{
	buffer_add_text(b, ",");
	add_string(b, key);
	buffer_add_text(b, ":");
	add_number(b, value);
}

/* --- rows ----------------------------------------------------------------------------- */

static bool add_row(struct database *db, const char *job_id, const char *type, const char *data,
	struct error *err)
{
	struct query q;

	query_begin(&q, &db->writer,
		"INSERT INTO events (job_id, type, created_at, data) VALUES (?1, ?2, ?3, ?4)");
	query_bind_text(&q, job_id);
	query_bind_text(&q, type);
	query_bind_int(&q, clock_wall_ms());
	query_bind_text(&q, data);
	if (!query_run(&q, err))
		return false;
	db->rings = true;
	return true;
}

/* Stores the event and frees the buffer. */
static bool add_event(struct database *db, const char *job_id, const char *type,
	struct buffer *data, struct error *err)
{
	bool good = buffer_ok(data, err) && add_row(db, job_id, type, data->data, err);

	buffer_done(data);
	return good;
}

static bool text_fits(const char *text, struct error *err)
{
	size_t size = strlen(text);

	return size <= EVENT_TEXT_MAX ||
	       error_set(err, ERROR_TOO_LARGE,
		       "a text of %zu bytes is too long for an event: at most %d", size,
		       EVENT_TEXT_MAX);
}

bool event_add_status(struct database *db, const char *job_id, enum job_status status,
	const char *reason, struct error *err)
{
	struct buffer b;

	if (reason && !text_fits(reason, err))
		return false;
	buffer_init(&b, DATA_BYTES_MAX);
	buffer_printf(&b, "{\"status\":\"%s\",\"reason\":", job_status_names[status]);
	add_string(&b, reason);
	buffer_add_text(&b, "}");
	return add_event(db, job_id, "status", &b, err);
}

bool event_add_epoch(
	struct database *db, const char *job_id, const struct epoch *epoch, struct error *err)
{
	struct buffer b;

	buffer_init(&b, DATA_BYTES_MAX);
	buffer_printf(&b, "{\"epoch\":%lld,\"step\":%lld", (long long)epoch->epoch,
		(long long)epoch->step);
	for (int i = 0; i < epoch->n_metrics; i++)
		add_member(&b, epoch->metrics[i].name, epoch->metrics[i].value);
	add_member(&b, "learning_rate", epoch->learning_rate);
	add_member(&b, "seconds", epoch->seconds);
	add_member(&b, "samples_per_second", epoch->samples_per_second);
	buffer_add_text(&b, "}");
	return add_event(db, job_id, "epoch", &b, err);
}

bool event_add_checkpoint(struct database *db, const char *job_id, const char *type,
	const struct checkpoint *checkpoint, struct error *err)
{
	struct buffer b;

	buffer_init(&b, DATA_BYTES_MAX);
	buffer_printf(&b, "{\"epoch\":%lld,\"step\":%lld,\"bytes\":%lld,\"sha256\":",
		(long long)checkpoint->epoch, (long long)checkpoint->step,
		(long long)checkpoint->bytes);
	add_string(&b, checkpoint->sha256);
	buffer_add_text(&b, "}");
	return add_event(db, job_id, type, &b, err);
}

bool event_add_log(struct database *db, const char *job_id, const char *text, struct error *err)
{
	struct buffer b;

	if (!text_fits(text, err))
		return false;
	buffer_init(&b, DATA_BYTES_MAX);
	buffer_add_text(&b, "{\"text\":");
	add_string(&b, text);
	buffer_add_text(&b, "}");
	return add_event(db, job_id, "log", &b, err);
}
