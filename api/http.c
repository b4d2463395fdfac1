/* http.c - see http.h. The only file that knows libmicrohttpd.
 *
 * Two small daemons share everything here: one on TCP with two threads, and one on the Unix socket,
 * so that whoever sits at the machine gets in when TCP is full. Around the library stand four
 * things that it does not do:
 * - The raw target is kept as it came, for the gate; the library decodes it in place.
 * - A request must arrive in time (peers.h).
 * - A live stream is suspended while it has nothing to say, and resumed by http_wake_streams or
 * when it is due.
 * - A body that is refused is read to its end when it is small, so that the client reads the answer
 * and not a reset.
 *
 * One thread of our own, the ticker, does what is due, every 250 ms while there are connections. */
#include "api/http.h"

#include "api/listen.h"
#include "api/peers.h"
#include "base/clock.h"

#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

enum {
	POOL_THREADS = 2,
	CONNECTIONS_LOCAL = 64, /* on the Unix socket */
	STREAM_READ_BYTES_MAX = 1 << 20,
	STREAM_BLOCK_BYTES = 4096,
	REFUSED_BODY_BYTES_MAX = 1 << 20, /* larger: answer at once and close */
};
#define SECOND_NS INT64_C(1000000000)
#define TICK_NS   (SECOND_NS / 4)
#define STOP_NS   (5 * SECOND_NS) /* for requests under way */

/* One request, from its first line to the end of its answer. */
struct request {
	struct http_server *server;
	struct peer *peer;
	char *target;    /* raw, owned */
	char method[16]; /* for the log; cut short if need be */
	struct api_request head;
	struct api_call *call; /* while the body comes in */
	struct api_response answer;
	bool begun, answered;
	int64_t begun_ns, sent_bytes;
	int status;
};

/* A live answer. Its thread is that of its connection; the fields after the lock's line belong to
 * the server's lock. */
struct live {
	struct http_server *server;
	struct request *request; /* lives as long as the reader is called */
	struct MHD_Connection *connection;
	struct api_stream *stream; /* owned */
	struct buffer pending;     /* read from the stream; from `offset` on not yet sent */
	size_t offset;
	bool ended;

	struct live *next, **link;
	bool suspended, woken;
	int64_t due_ns;
};

struct http_server {
	struct api *api;
	struct MHD_Daemon *tcp, *local;
	int tcp_fd, local_fd;
	int port;
	int timeout_seconds;
	char *socket_path; /* owned; NULL: none */
	struct peers peers;
	pthread_t ticker;
	bool ticker_started;

	/* Guards what follows. Rank 3: the library's own mutexes and the peers' are taken while it
	 * is held. */
	pthread_mutex_t lock;
	pthread_cond_t changed; /* a connection was opened, a request completed, stopping */
	struct live *lives;
	int requests; /* begun and not completed */
	bool draining, stopping;
};

/* --- live answers ---------------------------------------------------------------------- */

/* Reads the stream until it has something to send or has ended. false: nothing now, and the
 * connection is suspended. */
static bool live_fill(struct live *l)
{
	struct http_server *s = l->server;
	bool wait = false;

	buffer_done(&l->pending);
	l->offset = 0;
	while (!l->ended && !l->pending.size && !wait) {
		pthread_mutex_lock(&s->lock);
		l->woken = false;
		l->ended = s->draining;
		pthread_mutex_unlock(&s->lock);
		if (l->ended)
			break;
		l->ended = !api_stream_read(l->stream, &l->pending);
		if (l->ended || l->pending.size)
			break;
		pthread_mutex_lock(&s->lock);
		wait = !l->woken && !s->draining;
		if (wait) {
			l->suspended = true;
			l->due_ns = api_stream_due_ns(l->stream);
			MHD_suspend_connection(l->connection);
		}
		pthread_mutex_unlock(&s->lock);
	}
	return !wait;
}

static ssize_t on_live_read(void *cls, uint64_t position, char *to, size_t room)
{
	struct live *l = cls;

	(void)position; /* it only grows */
	if (l->offset == l->pending.size && !live_fill(l))
		return 0;
	size_t n = l->pending.size - l->offset;
	if (n == 0)
		return MHD_CONTENT_READER_END_OF_STREAM;
	if (n > room)
		n = room;
	memcpy(to, l->pending.data + l->offset, n);
	l->offset += n;
	l->request->sent_bytes += (int64_t)n;
	return (ssize_t)n;
}

static void on_live_free(void *cls)
{
	struct live *l = cls;

	pthread_mutex_lock(&l->server->lock);
	*l->link = l->next;
	if (l->next)
		l->next->link = l->link;
	pthread_mutex_unlock(&l->server->lock);
	api_stream_free(l->stream);
	buffer_done(&l->pending);
	free(l);
}

static struct MHD_Response *new_live_response(struct request *q, struct MHD_Connection *connection)
{
	struct http_server *s = q->server;
	struct live *l = calloc(1, sizeof *l);

	if (!l)
		return NULL;
	l->server = s;
	l->request = q;
	l->connection = connection;
	l->stream = STEAL(q->answer.stream);
	buffer_init(&l->pending, STREAM_READ_BYTES_MAX);
	pthread_mutex_lock(&s->lock);
	l->next = s->lives;
	l->link = &s->lives;
	if (l->next)
		l->next->link = &l->next;
	s->lives = l;
	pthread_mutex_unlock(&s->lock);
	struct MHD_Response *response = MHD_create_response_from_callback(
		MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, on_live_read, l, on_live_free);
	if (!response)
		on_live_free(l);
	return response;
}

/* The server's lock is held. */
static void live_resume(struct live *l)
{
	l->suspended = false;
	MHD_resume_connection(l->connection);
}

static void wake_lives(struct http_server *s)
{
	for (struct live *l = s->lives; l; l = l->next) {
		l->woken = true;
		if (l->suspended)
			live_resume(l);
	}
}

/* --- the ticker ------------------------------------------------------------------------ */

static struct timespec timespec_of(int64_t ns)
{
	return (struct timespec){ .tv_sec = (time_t)(ns / SECOND_NS),
		.tv_nsec = (long)(ns % SECOND_NS) };
}

static void tick(struct http_server *s)
{
	int64_t now_ns = clock_monotonic_ns();

	for (struct live *l = s->lives; l; l = l->next)
		if (l->suspended && l->due_ns <= now_ns)
			live_resume(l);
	peers_reap(&s->peers);
}

static void *run_ticker(void *cls)
{
	struct http_server *s = cls;
	int64_t next_ns = 0;

	pthread_mutex_lock(&s->lock);
	while (!s->stopping) {
		int64_t now_ns = clock_monotonic_ns();
		if (!peers_any(&s->peers)) {
			(void)pthread_cond_wait(&s->changed, &s->lock);
		} else if (now_ns < next_ns) {
			struct timespec until = timespec_of(next_ns);
			(void)pthread_cond_timedwait(&s->changed, &s->lock,
				&until); /* the loop looks at the clock itself */
		} else {
			tick(s);
			next_ns = now_ns + TICK_NS;
		}
	}
	pthread_mutex_unlock(&s->lock);
	return NULL;
}

/* --- requests -------------------------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **context,
	enum MHD_ConnectionNotificationCode code)
{
	struct http_server *s = cls;

	if (code == MHD_CONNECTION_NOTIFY_CLOSED) {
		peer_close(&s->peers, *context);
		return;
	}
	*context = peer_open(&s->peers,
		MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd);
	pthread_mutex_lock(&s->lock);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

/* The first that is heard of a request; what is returned comes back as the request's context. */
static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
	struct request *q = calloc(1, sizeof *q);

	(void)connection;
	if (!q)
		return NULL;
	q->server = cls;
	q->target = strdup(target);
	return q;
}

static enum MHD_Result take_header(
	void *cls, enum MHD_ValueKind kind, const char *name, const char *value)
{
	struct api_request *head = cls;

	(void)kind;
	for (int i = 0; i < HEADER_COUNT; i++) {
		if (strcasecmp(name, api_header_names[i]) != 0)
			continue;
		if (head->header_count[i]++ == 0)
			head->header[i] = value ? value : "";
	}
	return MHD_YES;
}

static void fill_head(struct request *q, struct MHD_Connection *connection, const char *method)
{
	int fd = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;

	q->head.method = method;
	q->head.target = q->target;
	q->head.listen_port = listen_port(fd);
	q->head.peer_is_owner = listen_peer_is_owner(fd);
	(void)MHD_get_connection_values(connection, MHD_HEADER_KIND, take_header, &q->head);
}

static struct MHD_Response *new_response(struct request *q, struct MHD_Connection *connection)
{
	struct api_response *a = &q->answer;
	size_t size = 0;

	if (a->stream)
		return new_live_response(q, connection);
	if (a->fixed) {
		q->sent_bytes = (int64_t)a->fixed_size;
		/* Persistent: the library only reads it. */
		return MHD_create_response_from_buffer(
			a->fixed_size, (void *)(uintptr_t)a->fixed, MHD_RESPMEM_PERSISTENT);
	}
	if (!a->content_type)
		return MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
	char *bytes = buffer_take(&a->body, &size);
	if (!bytes)
		return NULL;
	q->sent_bytes = (int64_t)size;
	struct MHD_Response *response =
		MHD_create_response_from_buffer(size, bytes, MHD_RESPMEM_MUST_FREE);
	if (!response)
		free(bytes);
	return response;
}

static bool add_headers(struct MHD_Response *response, const struct api_response *a)
{
	if (a->content_type && !MHD_add_response_header(response, "Content-Type", a->content_type))
		return false;
	for (int i = 0; i < API_HEADERS_MAX && a->headers[i][0]; i++) {
		char name[API_HEADER_BYTES];
		size_t n = strcspn(a->headers[i], ":");
		(void)snprintf(name, sizeof name, "%.*s", (int)n, a->headers[i]);
		if (!MHD_add_response_header(response, name, a->headers[i] + n + 2))
			return false;
	}
	return !a->close || MHD_add_response_header(response, "Connection", "close");
}

/* MHD_NO, without memory, closes the connection. */
static enum MHD_Result send_answer(struct request *q, struct MHD_Connection *connection)
{
	enum MHD_Result ok = MHD_NO;
	struct MHD_Response *response = new_response(q, connection);

	if (!response)
		return MHD_NO;
	q->status = q->answer.status;
	peer_owes_nothing(&q->server->peers, q->peer);
	if (add_headers(response, &q->answer))
		ok = MHD_queue_response(connection, (unsigned)q->answer.status, response);
	MHD_destroy_response(response);
	api_response_done(&q->answer);
	return ok;
}

/* Whether a body that nobody wants should be read before the answer. It should when it is small and
 * on its way already: closing a socket with unread bytes makes TCP throw away what we sent. */
static bool read_refused_body(const struct request *q, struct MHD_Connection *connection)
{
	const char *length = q->head.header[HEADER_CONTENT_LENGTH];

	return !q->answer.close &&
	       !MHD_lookup_connection_value(connection, MHD_HEADER_KIND, "Expect") &&
	       (!length || strtoll(length, NULL, 10) <= REFUSED_BODY_BYTES_MAX);
}

static enum MHD_Result begin_request(
	struct request *q, struct MHD_Connection *connection, const char *method)
{
	struct http_server *s = q->server;

	q->begun = true;
	q->begun_ns = clock_monotonic_ns();
	q->peer = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT)
			  ->socket_context;
	(void)snprintf(q->method, sizeof q->method, "%s", method);
	fill_head(q, connection, method);
	peer_owes(&s->peers, q->peer);
	pthread_mutex_lock(&s->lock);
	s->requests++;
	pthread_mutex_unlock(&s->lock);
	q->call = api_begin(s->api, &q->head, &q->answer);
	q->answered = !q->call;
	if (!q->answered || read_refused_body(q, connection))
		return MHD_YES;
	q->answer.close = true;
	return send_answer(q, connection);
}

static enum MHD_Result on_request(void *cls, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *body, size_t *body_size,
	void **context)
{
	struct request *q = *context;

	(void)cls, (void)url, (void)version;
	if (!q || !q->target)
		return MHD_NO;
	if (!q->begun)
		return begin_request(q, connection, method);
	if (*body_size) {
		peer_sent(&q->server->peers, q->peer, *body_size);
		if (!q->answered && !api_body(q->call, body, *body_size, &q->answer)) {
			q->call = NULL;
			q->answered = true;
		}
		*body_size = 0;
		return MHD_YES;
	}
	if (!q->answered) {
		api_end(STEAL(q->call), &q->answer);
		q->answered = true;
	}
	return send_answer(q, connection);
}

static void on_completed(void *cls, struct MHD_Connection *connection, void **context,
	enum MHD_RequestTerminationCode code)
{
	struct http_server *s = cls;
	struct request *q = *context;

	(void)connection, (void)code;
	*context = NULL;
	if (!q)
		return;
	api_abort(q->call);
	api_response_done(&q->answer);
	if (q->begun) {
		peer_owes(&s->peers, q->peer); /* the next head */
		api_log(s->api, q->method, q->target, q->status, q->sent_bytes,
			(double)(clock_monotonic_ns() - q->begun_ns) / 1e6);
		pthread_mutex_lock(&s->lock);
		s->requests--;
		pthread_cond_broadcast(&s->changed);
		pthread_mutex_unlock(&s->lock);
	}
	free(q->target);
	free(q);
}

/* --- start and stop -------------------------------------------------------------------- */

/* poll, not epoll: the library's edge-triggered loop stops reading after a short read, and so does
 * not see the end of a connection that came with the last bytes; an upload that was broken off
 * would be held until the time limit. */
static struct MHD_Daemon *start_daemon(
	struct http_server *s, int fd, int connections_max, int per_ip_max, int threads)
{
	struct MHD_OptionItem more[] = {
		{ MHD_OPTION_PER_IP_CONNECTION_LIMIT, per_ip_max, NULL },
		{ threads > 1 ? MHD_OPTION_THREAD_POOL_SIZE : MHD_OPTION_END, threads, NULL },
		{ MHD_OPTION_END, 0, NULL },
	};

	return MHD_start_daemon(MHD_USE_POLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME, 0, NULL,
		NULL, on_request, s, MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_CONNECTION_LIMIT, (unsigned)connections_max,
		MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)s->timeout_seconds,
		MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_NOTIFY_COMPLETED,
		on_completed, s, MHD_OPTION_URI_LOG_CALLBACK, on_target, s, MHD_OPTION_ARRAY, more,
		MHD_OPTION_END);
}

/* Closing a Unix socket leaves its file, which would look like a daemon that died. */
static void close_sockets(struct http_server *s)
{
	if (s->tcp_fd >= 0)
		(void)close(s->tcp_fd); /* nothing was written */
	if (s->local_fd >= 0)
		(void)close(s->local_fd); /* likewise */
	if (s->socket_path)
		(void)unlink(s->socket_path); /* if it is gone, good */
}

static void wait_for_requests(struct http_server *s)
{
	struct timespec until = timespec_of(clock_monotonic_ns() + STOP_NS);
	int rc = 0;

	pthread_mutex_lock(&s->lock);
	while (s->requests && rc == 0)
		rc = pthread_cond_timedwait(&s->changed, &s->lock, &until);
	pthread_mutex_unlock(&s->lock);
}

static void server_free(struct http_server *s)
{
	if (s->tcp)
		(void)MHD_quiesce_daemon(s->tcp); /* gives back our own socket */
	if (s->local)
		(void)MHD_quiesce_daemon(s->local);
	wait_for_requests(s);
	if (s->tcp)
		MHD_stop_daemon(s->tcp);
	if (s->local)
		MHD_stop_daemon(s->local);
	pthread_mutex_lock(&s->lock);
	s->stopping = true;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	if (s->ticker_started)
		(void)pthread_join(s->ticker, NULL); /* it was created by us, and once */
	close_sockets(s);
	(void)pthread_cond_destroy(&s->changed);
	(void)pthread_mutex_destroy(&s->lock);
	peers_done(&s->peers);
	free(s->socket_path);
	free(s);
}

/* Opens the sockets, then the daemons on them. false: server_free clears away what is there. */
static bool start(struct http_server *s, const struct http_options *options, struct error *err)
{
	int connections_max = options->connections_max ? options->connections_max : 1024;
	int per_ip_max = options->connections_per_ip_max ? options->connections_per_ip_max : 256;

	s->tcp_fd = options->listen_fd >= 0 ? options->listen_fd
					    : listen_tcp(options->address, options->port, err);
	if (s->tcp_fd < 0)
		return false;
	s->port = listen_port(s->tcp_fd);
	s->tcp = start_daemon(s, s->tcp_fd, connections_max, per_ip_max, POOL_THREADS);
	if (!s->tcp)
		return error_set(
			err, ERROR_IO, "the HTTP server does not start on port %d", s->port);
	if (options->socket_path) {
		s->local_fd = listen_unix(options->socket_path, err);
		if (s->local_fd < 0)
			return false;
		s->socket_path = strdup(options->socket_path);
		s->local = start_daemon(s, s->local_fd, CONNECTIONS_LOCAL, 0, 1);
		if (!s->socket_path || !s->local)
			return error_set(err, ERROR_IO, "the HTTP server does not start on %s",
				options->socket_path);
	}
	s->ticker_started = pthread_create(&s->ticker, NULL, run_ticker, s) == 0;
	return s->ticker_started ||
	       error_set(err, ERROR_NO_MEMORY, "no thread for the HTTP server");
}

struct http_server *http_start(
	struct api *api, const struct http_options *options, struct error *err)
{
	struct http_server *s = calloc(1, sizeof *s);
	pthread_condattr_t monotonic;

	if (!s) {
		(void)error_no_memory(err);
		return NULL;
	}
	s->api = api;
	s->tcp_fd = s->local_fd = -1;
	s->timeout_seconds = options->timeout_seconds ? options->timeout_seconds : 30;
	peers_init(&s->peers, s->timeout_seconds * SECOND_NS);
	/* None of these can fail on Linux with these arguments. */
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_condattr_init(&monotonic);
	(void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	(void)pthread_cond_init(&s->changed, &monotonic);
	(void)pthread_condattr_destroy(&monotonic);
	if (start(s, options, err))
		return s;
	server_free(s);
	return NULL;
}

int http_port(const struct http_server *s)
{
	return s->port;
}

void http_wake_streams(struct http_server *s)
{
	pthread_mutex_lock(&s->lock);
	wake_lives(s);
	pthread_mutex_unlock(&s->lock);
}

void http_drain(struct http_server *s)
{
	api_drain(s->api);
	pthread_mutex_lock(&s->lock);
	s->draining = true;
	wake_lives(s);
	pthread_mutex_unlock(&s->lock);
}

void http_stop(struct http_server *s)
{
	if (!s)
		return;
	http_drain(s);
	server_free(s);
}
