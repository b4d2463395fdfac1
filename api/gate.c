/* gate.c - see gate.h. */
#include "api/gate.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const api_header_names[HEADER_COUNT] = {
	[HEADER_HOST] = "Host",
	[HEADER_ORIGIN] = "Origin",
	[HEADER_SEC_FETCH_SITE] = "Sec-Fetch-Site",
	[HEADER_AUTHORIZATION] = "Authorization",
	[HEADER_CONTENT_TYPE] = "Content-Type",
	[HEADER_CONTENT_LENGTH] = "Content-Length",
	[HEADER_CONTENT_ENCODING] = "Content-Encoding",
	[HEADER_TRANSFER_ENCODING] = "Transfer-Encoding",
	[HEADER_IDEMPOTENCY_KEY] = "Idempotency-Key",
	[HEADER_LAST_EVENT_ID] = "Last-Event-ID",
	[HEADER_ACCEPT] = "Accept",
	[HEADER_ACCEPT_ENCODING] = "Accept-Encoding",
	[HEADER_IF_NONE_MATCH] = "If-None-Match",
};

const char gate_methods[] = "GET, HEAD, POST, PUT, PATCH, DELETE";

__attribute__((format(printf, 4, 5))) static bool refuse(
	struct gate_refusal *ret, int status, bool close, const char *format, ...)
{
	va_list args;

	ret->status = status;
	ret->close = close;
	va_start(args, format);
	(void)vsnprintf(ret->text, sizeof ret->text, format, args);
	va_end(args);
	return false;
}

/* --- headers: how many, and where the body ends ---------------------------------------- */

/* The last three are lists by their nature: RFC 9110 lets them be sent in pieces. */
static bool may_repeat(enum api_header h)
{
	return h == HEADER_ACCEPT || h == HEADER_ACCEPT_ENCODING || h == HEADER_IF_NONE_MATCH;
}

static bool check_framing(const struct api_request *head, struct gate_refusal *ret)
{
	const char *length = head->header[HEADER_CONTENT_LENGTH];

	for (int h = 0; h < HEADER_COUNT; h++)
		if (head->header_count[h] > 1 && !may_repeat((enum api_header)h))
			return refuse(ret, 400, true,
				"the header %s was sent %d times, once is allowed",
				api_header_names[h], head->header_count[h]);
	if (head->header[HEADER_TRANSFER_ENCODING])
		return refuse(ret, length ? 400 : 411, true,
			"Transfer-Encoding is not taken: say the size of the body with "
			"Content-Length");
	/* 18 digits: fits an int64_t. */
	if (length && (!*length || strlen(length) > 18 || length[strspn(length, "0123456789")]))
		return refuse(
			ret, 400, true, "Content-Length must be a number of at most 18 digits");
	return true;
}

static bool check_method(const char *method, struct gate_refusal *ret)
{
	static const char *const known[] = { "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE" };

	for (size_t i = 0; i < COUNT_OF(known); i++)
		if (strcmp(method, known[i]) == 0)
			return true;
	return refuse(ret, 405, true, "this method is not taken here; there are %s", gate_methods);
}

/* --- where the request comes from ------------------------------------------------------ */

static const char *skip_name(const char *host)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < COUNT_OF(names); i++)
		if (strncasecmp(host, names[i], strlen(names[i])) == 0)
			return host + strlen(names[i]);
	return NULL;
}

/* Without a port a Host means port 80. On a Unix socket there is no port to compare, and no browser
 * to fool. */
static bool host_allowed(const char *host, int listen_port)
{
	char port[16];
	const char *rest = skip_name(host);

	if (!rest)
		return false;
	if (listen_port == 0)
		return *rest == '\0' ||
		       (*rest == ':' && rest[1 + strspn(rest + 1, "0123456789")] == '\0');
	if (*rest == '\0')
		return listen_port == 80;
	(void)snprintf(port, sizeof port, ":%d", listen_port);
	return strcmp(rest, port) == 0;
}

static bool check_origin(const struct api_request *head, struct gate_refusal *ret)
{
	const char *host = head->header[HEADER_HOST];
	const char *origin = head->header[HEADER_ORIGIN];
	const char *site = head->header[HEADER_SEC_FETCH_SITE];
	bool reads = strcmp(head->method, "GET") == 0 || strcmp(head->method, "HEAD") == 0;

	if (!host || !host_allowed(host, head->listen_port))
		return refuse(ret, 421, true,
			"Host must be localhost, 127.0.0.1 or [::1] with the port that this server "
			"listens on");
	if (origin && (strncmp(origin, "http://", 7) != 0 || strcasecmp(origin + 7, host) != 0))
		return refuse(ret, 403, false, "a page of another origin may not use this server");
	if (site && !reads && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0)
		return refuse(
			ret, 403, false, "a page of another site may not change anything here");
	return true;
}

/* --- the target ------------------------------------------------------------------------ */

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* Decodes [text, end) in place and ends it with a NUL; `end` is a byte of the same array. What
 * decodes to a control byte is refused; in a path also what could be taken for a separator or be
 * decoded once more by somebody else. */
static bool decode(char *text, char *end, bool is_path, struct gate_refusal *ret)
{
	char *to = text;

	for (const char *p = text; p < end; p++) {
		char c = *p;
		if (c == '+' && !is_path) {
			c = ' ';
		} else if (c == '%') {
			int high = end - p > 2 ? hex_digit(p[1]) : -1;
			int low = end - p > 2 ? hex_digit(p[2]) : -1;
			if (high < 0 || low < 0)
				return refuse(ret, 400, true,
					"%% in a target must be followed by two hex digits");
			c = (char)(high * 16 + low);
			p += 2;
			if ((unsigned char)c < 0x20 || c == 0x7f)
				return refuse(
					ret, 400, true, "a control byte is hidden in the target");
			if (is_path && (c == '/' || c == '\\' || c == '%'))
				return refuse(ret, 400, true,
					"an encoded /, \\ or %% is not allowed in a path");
		}
		*to++ = c;
	}
	*to = '\0';
	return true;
}

static bool split_path(char *path, struct gate_target *t, struct gate_refusal *ret)
{
	bool last = path[1] == '\0';

	t->n_segments = 0;
	for (char *p = path + 1, *end; !last; p = end + 1) {
		end = p + strcspn(p, "/");
		last = *end == '\0';
		if (t->n_segments == GATE_SEGMENTS_MAX)
			return refuse(ret, 404, false, "no path has more than %d segments",
				GATE_SEGMENTS_MAX);
		if (!decode(p, end, true, ret))
			return false;
		if (strcmp(p, ".") == 0 || strcmp(p, "..") == 0)
			return refuse(ret, 400, true, "a path may not have . or .. in it");
		t->segments[t->n_segments++] = p;
	}
	return true;
}

static bool split_query(char *query, struct gate_target *t, struct gate_refusal *ret)
{
	t->n_parameters = 0;
	for (char *p = query, *next; *p; p = next) {
		char *end = p + strcspn(p, "&");
		char *equals = p + strspn(p, "abcdefghijklmnopqrstuvwxyz0123456789_");
		next = *end ? end + 1 : end;
		if (t->n_parameters == GATE_PARAMETERS_MAX)
			return refuse(ret, 400, false, "more than %d query parameters",
				GATE_PARAMETERS_MAX);
		if (equals == p || *equals != '=')
			return refuse(ret, 400, false,
				"a query is name=value pairs with & between them, the names of "
				"a-z, 0-9 and _");
		*equals = '\0';
		if (!decode(equals + 1, end, false, ret))
			return false;
		if (gate_parameter(t, p))
			return refuse(
				ret, 400, false, "the query parameter %.64s was given twice", p);
		t->parameters[t->n_parameters++] = (struct gate_parameter){ p, equals + 1 };
	}
	return true;
}

static bool check_target(const char *target, struct gate_target *t, struct gate_refusal *ret)
{
	size_t size = strlen(target);

	if (size > GATE_TARGET_BYTES_MAX)
		return refuse(
			ret, 414, true, "a target of more than %d bytes", GATE_TARGET_BYTES_MAX);
	if (target[0] != '/')
		return refuse(ret, 400, true, "a target must begin with /");
	for (size_t i = 0; i < size; i++)
		if (target[i] < 0x21 || target[i] > 0x7e || target[i] == '\\' || target[i] == '#')
			return refuse(ret, 400, true,
				"the target has a byte that must be encoded, at offset %zu", i);
	memcpy(t->text, target, size + 1);
	char *query = strchr(t->text, '?');
	if (query)
		*query = '\0';
	return split_path(t->text, t, ret) &&
	       split_query(query ? query + 1 : t->text + size, t, ret);
}

bool gate_pass(const struct api_request *head, struct gate_target *ret_target,
	struct gate_refusal *ret_refusal)
{
	return check_framing(head, ret_refusal) && check_method(head->method, ret_refusal) &&
	       check_target(head->target, ret_target, ret_refusal) &&
	       check_origin(head, ret_refusal);
}

const char *gate_parameter(const struct gate_target *t, const char *name)
{
	for (int i = 0; i < t->n_parameters; i++)
		if (strcmp(t->parameters[i].name, name) == 0)
			return t->parameters[i].value;
	return NULL;
}
