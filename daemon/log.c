/* log.c - see log.h. */
#include "daemon/log.h"

#include "base/clock.h"
#include "base/utf8.h"
#include "daemon/token.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool log_to_journal; /* written by log_open, before any thread */

/* $JOURNAL_STREAM is "device:inode" of the stream that the service manager handed over; it is
 * inherited by children whose standard error goes elsewhere (systemd.exec(5)). */
void log_open(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat s;
	char mine[64];

	if (!stream || fstat(STDERR_FILENO, &s) != 0)
		return;
	(void)snprintf(mine, sizeof mine, "%llu:%llu", (unsigned long long)s.st_dev,
		(unsigned long long)s.st_ino);
	log_to_journal = strcmp(stream, mine) == 0;
}

/* What a whole line keeps free for " cut=yes\n". */
enum { LOG_TAIL_BYTES = 16 };

static void log_add(struct log_line *l, const char *bytes, size_t size)
{
	if (l->cut || size > sizeof l->text - LOG_TAIL_BYTES - l->size) {
		l->cut = true;
		return;
	}
	memcpy(l->text + l->size, bytes, size);
	l->size += size;
}

static void log_printf(struct log_line *l, const char *format, ...) PRINTF_LIKE(2, 3);
static void log_printf(struct log_line *l, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	if (n >= 0)
		log_add(l, text, (size_t)n < sizeof text ? (size_t)n : sizeof text - 1);
}

void log_begin(struct log_line *l, enum log_level level, const char *event)
{
	static const char *const names[] = { [LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_NOTICE] = "notice",
		[LOG_LEVEL_INFO] = "info" };
	char time[CLOCK_TEXT_BYTES];

	l->size = 0;
	l->cut = false;
	clock_format_ms(clock_wall_ms(), time);
	if (log_to_journal)
		log_printf(l, "<%d>", (int)level);
	else
		log_printf(l, "time=%s ", time);
	log_printf(l, "level=%s event=%s", names[level], event);
}

/* What a terminal or a log reader may act upon: C0, DEL, C1 (U+0080 to U+009F), U+2028, U+2029. */
static bool is_control(const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;

	return (size == 1 && (at[0] < 0x20 || at[0] == 0x7f)) ||
	       (size == 2 && at[0] == 0xc2 && at[1] < 0xa0) ||
	       (size == 3 && at[0] == 0xe2 && at[1] == 0x80 && (at[2] == 0xa8 || at[2] == 0xa9));
}

static bool is_plain(const char *value)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._:/@%+,-";

	return *value && value[strspn(value, plain)] == '\0';
}

static void log_escaped(struct log_line *l, const char *at, size_t size)
{
	for (size_t i = 0; i < size; i++)
		log_printf(l, "\\x%02x", (unsigned char)at[i]);
}

static void log_quoted(struct log_line *l, const char *value, size_t size)
{
	for (size_t i = 0; i < size;) {
		size_t n = utf8_length(value + i, size - i);

		if (n == 0 || is_control(value + i, n)) {
			n = n ? n : 1;
			log_escaped(l, value + i, n);
		} else {
			if (value[i] == '"' || value[i] == '\\')
				log_add(l, "\\", 1);
			log_add(l, value + i, n);
		}
		i += n;
	}
}

void log_text(struct log_line *l, const char *key, const char *value)
{
	char text[LOG_VALUE_BYTES];

	if (!value)
		return;
	/* Cut to what a line can hold even if every byte is escaped: the closing quote must not be
	 * lost. */
	size_t size = strnlen(value, (LOG_LINE_BYTES - LOG_TAIL_BYTES - l->size) / 5);
	if (size > sizeof text - 4)
		size = sizeof text - 4;
	memcpy(text, value, size);
	memcpy(text + size, value[size] ? "..." : "", value[size] ? 4 : 1);
	token_mask(text);
	if (is_plain(text)) {
		log_printf(l, " %s=", key);
		log_add(l, text, strlen(text));
		return;
	}
	log_printf(l, " %s=\"", key);
	log_quoted(l, text, strlen(text));
	log_add(l, "\"", 1);
}

void log_integer(struct log_line *l, const char *key, int64_t value)
{
	log_printf(l, " %s=%lld", key, (long long)value);
}

void log_number(struct log_line *l, const char *key, double value)
{
	log_printf(l, " %s=%.6g", key, value);
}

void log_end(struct log_line *l)
{
	static const char cut[] = " cut=yes";

	if (l->cut) {
		memcpy(l->text + l->size, cut, sizeof cut - 1);
		l->size += sizeof cut - 1;
	}
	l->text[l->size++] = '\n';
	for (size_t done = 0; done < l->size;) {
		ssize_t n = write(STDERR_FILENO, l->text + done, l->size - done);

		if (n > 0)
			done += (size_t)n;
		else if (errno != EINTR)
			return; /* a log that cannot be written must not stop the training */
	}
}

void log_error(enum log_level level, const char *event, const struct error *err)
{
	struct log_line l;

	log_begin(&l, level, event);
	log_text(&l, "error", err->text);
	log_end(&l);
}
