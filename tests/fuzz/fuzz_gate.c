/* fuzz_gate.c - the head of a request from anybody. An input is lines: "METHOD target", the port
 * that is listened on, then "Name: value". What passes the gate holds what everything behind it
 * relies on. */
#include "api/gate.h"
#include "fuzz.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* The next line of *text, as a string; "" when there is none. */
static char *take_line(char **text)
{
	char *line = *text, *end = line + strcspn(line, "\n");

	*text = *end ? end + 1 : end;
	*end = '\0';
	return line;
}

static void take_header(struct api_request *head, char *line)
{
	char *value = strchr(line, ':');

	if (!value)
		return;
	*value++ = '\0';
	for (int h = 0; h < HEADER_COUNT; h++) {
		if (strcasecmp(line, api_header_names[h]) != 0)
			continue;
		if (head->header_count[h]++ == 0)
			head->header[h] = value + strspn(value, " ");
	}
}

static void check_headers(const struct api_request *head)
{
	const char *host = head->header[HEADER_HOST];
	const char *length = head->header[HEADER_CONTENT_LENGTH];
	char wanted[3][32];
	bool known = false;

	for (int h = 0; h < HEADER_ACCEPT; h++)
		assert(head->header_count[h] <= 1);
	assert(!head->header[HEADER_TRANSFER_ENCODING]);
	assert(!length || (*length && strspn(length, "0123456789") == strlen(length)));
	assert(host);
	(void)snprintf(wanted[0], sizeof wanted[0], "localhost:%d", head->listen_port);
	(void)snprintf(wanted[1], sizeof wanted[1], "127.0.0.1:%d", head->listen_port);
	(void)snprintf(wanted[2], sizeof wanted[2], "[::1]:%d", head->listen_port);
	for (int i = 0; i < 3; i++) {
		size_t name = strlen(wanted[i]) - strlen(strrchr(wanted[i], ':'));
		bool is_bare = strlen(host) == name;
		known = known || strcasecmp(host, wanted[i]) == 0;
		/* a Unix socket takes any port or none, port 80 goes without saying */
		if (strncasecmp(host, wanted[i], name) == 0 && (host[name] == ':' || is_bare))
			known = known || head->listen_port == 0 ||
				(is_bare && head->listen_port == 80);
	}
	assert(known);
}

static void check_target(const struct gate_target *t)
{
	assert(t->n_segments >= 0 && t->n_segments <= GATE_SEGMENTS_MAX);
	for (int i = 0; i < t->n_segments; i++) {
		const char *s = t->segments[i];
		assert(s > t->text && s < t->text + sizeof t->text);
		assert(strcmp(s, ".") != 0 && strcmp(s, "..") != 0);
		for (; *s; s++)
			assert((unsigned char)*s >= 0x20 && *s != 0x7f && !strchr("/\\%", *s));
	}
	assert(t->n_parameters >= 0 && t->n_parameters <= GATE_PARAMETERS_MAX);
	for (int i = 0; i < t->n_parameters; i++) {
		const char *name = t->parameters[i].name;
		assert(*name &&
			strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_") == strlen(name));
		assert(gate_parameter(t, name) ==
			t->parameters[i].value); /* so no name is there twice */
		for (const char *v = t->parameters[i].value; *v; v++)
			assert((unsigned char)*v >= 0x20 && *v != 0x7f);
	}
}

static void encode(char **to, const char *text)
{
	for (; *text; text++)
		*to += sprintf(*to, "%%%02x", (unsigned char)*text);
}

/* Encoded anew, byte by byte, the target is taken apart into the same pieces. */
static void check_again(const struct api_request *head, const struct gate_target *t)
{
	static char target[4 * sizeof t->text];
	static struct gate_target again;
	struct api_request second = *head;
	struct gate_refusal refusal;
	char *to = target;

	*to = '\0';
	for (int i = 0; i < t->n_segments; i++) {
		*to++ = '/';
		encode(&to, t->segments[i]);
	}
	if (!t->n_segments)
		*to++ = '/';
	for (int i = 0; i < t->n_parameters; i++) {
		to += sprintf(to, "%c%s=", i ? '&' : '?', t->parameters[i].name);
		encode(&to, t->parameters[i].value);
	}
	*to = '\0';
	second.target = target;
	if (!gate_pass(&second, &again, &refusal)) {
		assert(refusal.status == 414 && strlen(target) > GATE_TARGET_BYTES_MAX);
		return;
	}
	assert(again.n_segments == t->n_segments);
	assert(again.n_parameters == t->n_parameters);
	for (int i = 0; i < again.n_segments; i++)
		assert(strcmp(again.segments[i], t->segments[i]) == 0);
	for (int i = 0; i < again.n_parameters; i++)
		assert(strcmp(again.parameters[i].value, t->parameters[i].value) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static struct gate_target target;
	struct api_request head = { .method = "" };
	struct gate_refusal refusal = { .status = 0 };
	char *text = malloc(size + 1);

	assert(text);
	memcpy(text, bytes, size);
	text[size] = '\0';
	char *rest = text, *line = take_line(&rest), *space = strchr(line, ' ');
	head.method = line;
	head.target = space ? space + 1 : "";
	if (space)
		*space = '\0';
	head.listen_port = (int)(strtoul(take_line(&rest), NULL, 10) & 0xffff);
	while (*rest)
		take_header(&head, take_line(&rest));
	if (gate_pass(&head, &target, &refusal)) {
		check_headers(&head);
		check_target(&target);
		check_again(&head, &target);
	} else {
		assert(refusal.status >= 400 && refusal.status <= 421 && refusal.text[0]);
		for (const char *p = refusal.text; *p; p++)
			assert(*p >= 0x20 && *p < 0x7f);
	}
	free(text);
	return 0;
}
