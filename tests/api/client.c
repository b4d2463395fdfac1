/* client.c - see client.h. */
#include "tests/api/client.h"

#include <curl/curl.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

struct http_options serve_options(void)
{
	return (struct http_options){ .address = "127.0.0.1", .listen_fd = -1 };
}

struct http_server *serve(struct world *w, const struct http_options *options)
{
	struct error err;
	struct http_server *s = http_start(w->api, options, &err);

	if (!s)
		fail_msg("%s", err.text);
	assert_true(http_port(s) > 0);
	return s;
}

int client_open(const struct http_server *s)
{
	struct sockaddr_in address = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)http_port(s)),
		.sin_addr = { htonl(INADDR_LOOPBACK) } };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

int client_open_unix(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_true(fd >= 0);
	(void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	assert_int_equal(connect(fd, (const struct sockaddr *)&address, sizeof address), 0);
	return fd;
}

bool client_send(int fd, const void *bytes, size_t size)
{
	for (const char *p = bytes, *end = p + size; p < end;) {
		ssize_t n = send(fd, p, (size_t)(end - p), MSG_NOSIGNAL);
		if (n < 0)
			return false;
		p += n;
	}
	return true;
}

bool client_print(int fd, const char *format, ...)
{
	char text[8192];
	va_list args;

	va_start(args, format);
	int n = vsnprintf(text, sizeof text, format, args);
	va_end(args);
	assert_true(n > 0 && (size_t)n < sizeof text);
	return client_send(fd, text, (size_t)n);
}

enum client_end client_read(int fd, struct buffer *out, const char *wanted, int silence_ms)
{
	char piece[16384];

	for (;;) {
		if (wanted && out->size && strstr(out->data, wanted))
			return CLIENT_FOUND;
		struct pollfd p = { .fd = fd, .events = POLLIN };
		if (poll(&p, 1, silence_ms) == 0)
			return CLIENT_SILENT;
		ssize_t n = recv(fd, piece, sizeof piece, 0);
		if (n <= 0)
			return CLIENT_CLOSED;
		buffer_add(out, piece, (size_t)n);
		if (!wanted)
			return CLIENT_FOUND;
	}
}

void client_exchange(const struct http_server *s, const char *request, struct buffer *ret)
{
	int fd = client_open(s);

	buffer_init(ret, 1 << 20);
	(void)client_send(fd, request,
		strlen(request)); /* refused early, the rest may not go out: the answer tells */
	while (client_read(fd, ret, NULL, 2000) == CLIENT_FOUND)
		;
	(void)close(fd);
	if (!ret->data)
		buffer_add(ret, "", 0);
}

int client_count(const struct buffer *b, const char *what)
{
	int n = 0;

	for (const char *p = b->data; p && (p = strstr(p, what)) != NULL; p += strlen(what))
		n++;
	return n;
}

/* --- libcurl --------------------------------------------------------------------------- */

struct upload_state {
	const char *at;
	size_t left;
};

static size_t on_upload(char *to, size_t size, size_t n, void *cls)
{
	struct upload_state *u = cls;
	size_t piece = u->left < 1000 ? u->left : 1000;

	if (piece > size * n)
		piece = size * n;
	memcpy(to, u->at, piece);
	u->at += piece;
	u->left -= piece;
	return piece;
}

static size_t on_body(char *bytes, size_t size, size_t n, void *cls)
{
	buffer_add(cls, bytes, size * n);
	return size * n;
}

static size_t on_head(char *bytes, size_t size, size_t n, void *cls)
{
	struct fetched *f = cls;
	size_t used = strlen(f->head);

	(void)snprintf(f->head + used, sizeof f->head - used, "%.*s", (int)(size * n), bytes);
	return size * n;
}

void fetch(const struct http_server *s, const struct fetch *f, struct fetched *ret)
{
	struct upload_state upload = { f->upload, f->upload_size };
	struct curl_slist *headers = curl_slist_append(NULL, "Authorization: Bearer " TOKEN);
	CURL *curl = curl_easy_init();
	char url[512];

	assert_non_null(curl);
	*ret = (struct fetched){ .status = 0 };
	buffer_init(&ret->body, 1 << 24);
	(void)snprintf(url, sizeof url, "http://localhost:%d%s", http_port(s), f->path);
	for (int i = 0; i < 4 && f->headers[i]; i++)
		headers = curl_slist_append(headers, f->headers[i]);
	curl_easy_setopt(curl, CURLOPT_URL, url);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, &ret->body);
	curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_head);
	curl_easy_setopt(curl, CURLOPT_HEADERDATA, ret);
	curl_easy_setopt(curl, CURLOPT_PROXY, "");
	curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, 20000L);
	if (f->unix_socket)
		curl_easy_setopt(curl, CURLOPT_UNIX_SOCKET_PATH, f->unix_socket);
	if (f->upload) {
		curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
		curl_easy_setopt(curl, CURLOPT_READFUNCTION, on_upload);
		curl_easy_setopt(curl, CURLOPT_READDATA, &upload);
		curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)f->upload_size);
	}
	if (f->method && strcmp(f->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	else if (f->method)
		curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, f->method);
	CURLcode rc = curl_easy_perform(curl);
	if (rc != CURLE_OK)
		fail_msg("%s: %s", f->path, curl_easy_strerror(rc));
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret->status);
	curl_slist_free_all(headers);
	curl_easy_cleanup(curl);
}
