/* service.c - see service.h. */
#include "daemon/service.h"

#include "api/http.h"
#include "base/clock.h"
#include "daemon/log.h"
#include "daemon/scheduler.h"
#include "daemon/token.h"
#include "storage/datasets.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static const int64_t upload_bytes_max =
	(int64_t)16 << 30; /* of one part; the disk is usually the tighter limit */

struct service {
	struct config config;               /* the main thread's own */
	const char *isa;                    /* const */
	int64_t started_at;                 /* const; ms */
	char address[CONFIG_ADDRESS_BYTES]; /* const: what is listened on */
	struct database *db;
	struct scheduler *scheduler;
	bool scheduler_runs;
	struct backend backend; /* const once filled */
	struct api *api;
	_Atomic(struct http_server *) http; /* NULL until it answers: events may come before */
};

/* --- what the API asks of us: any thread --------------------------------------------------- */

static void backend_wake(void *ctx)
{
	struct service *s = ctx;

	scheduler_wake(s->scheduler);
}

static bool backend_progress(void *ctx, const char *job_id, struct live_progress *ret)
{
	struct service *s = ctx;

	return scheduler_progress(s->scheduler, job_id, ret);
}

static void backend_server(void *ctx, struct server_info *ret)
{
	struct service *s = ctx;

	*ret = (struct server_info){
		.version = EPOCHD_VERSION, .isa = s->isa, .started_at = s->started_at
	};
	scheduler_server(s->scheduler, ret);
}

static void backend_log_request(
	void *ctx, const char *method, const char *path, int status, int64_t bytes, double ms)
{
	struct log_line l;

	(void)ctx;
	log_begin(&l, LOG_LEVEL_INFO, "request");
	log_text(&l, "method", method);
	log_text(&l, "path", path);
	log_integer(&l, "status", status);
	log_integer(&l, "bytes", bytes);
	log_number(&l, "ms", ms);
	log_end(&l);
}

static void on_events(void *ctx)
{
	struct service *s = ctx;
	struct http_server *http = atomic_load(&s->http);

	if (http)
		http_wake_streams(http);
}

/* --- starting ------------------------------------------------------------------------------ */

/* Makes the folder, and those above it that are missing. */
static bool make_folders(const char *path, struct error *err)
{
	char part[CONFIG_PATH_BYTES];
	size_t size = strlen(path);

	for (size_t i = 1; i <= size; i++) {
		if (path[i] != '/' && path[i] != '\0')
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (mkdir(part, 0700) != 0 && errno != EEXIST)
			return error_set(err, ERROR_IO, "%s: %s", part, strerror(errno));
	}
	return true;
}

static bool service_open_state(struct service *s, struct error *err)
{
	struct log_line l;
	int requeued;

	if (!make_folders(s->config.state, err))
		return false;
	s->db = database_open(s->config.state, err);
	if (!s->db)
		return false;
	database_on_events(s->db, on_events, s);
	if (!jobs_recover(s->db, &requeued, err) || !datasets_sweep(s->db, err))
		return false;
	if (requeued) {
		log_begin(&l, LOG_LEVEL_NOTICE, "recovered");
		log_integer(&l, "jobs", requeued);
		log_end(&l);
	}
	return true;
}

static bool service_make_scheduler(struct service *s, struct error *err)
{
	struct scheduler_options options = {
		.db = s->db,
		.isa = s->isa,
		.threads = s->config.threads,
		.memory_bytes = s->config.memory_bytes,
	};

	s->scheduler = scheduler_new(&options, err);
	return s->scheduler != NULL;
}

static bool service_make_api(struct service *s, struct error *err)
{
	char token[TOKEN_BYTES];
	struct api_options options = {
		.db = s->db,
		.backend = &s->backend,
		.memory_bytes = s->config.memory_bytes,
		.upload_bytes_max = upload_bytes_max,
		.web_root = *s->config.web_root ? s->config.web_root : NULL,
	};

	if (!token_load(s->config.state, token, err))
		return false;
	if (s->config.auth == CONFIG_AUTH_TOKEN)
		options.token = token;
	s->backend = (struct backend){
		.ctx = s,
		.wake = backend_wake,
		.progress = backend_progress,
		.server = backend_server,
		.log_request = backend_log_request,
	};
	s->api = api_new(&options, err);
	explicit_bzero(token, sizeof token);
	return s->api != NULL;
}

/* The address an inherited socket is bound to; `auth none` holds for loopback only, whoever bound
 * it. */
static bool service_check_inherited(struct service *s, int listen_fd, struct error *err)
{
	struct sockaddr_storage any;
	socklen_t size = sizeof any;

	if (getsockname(listen_fd, (struct sockaddr *)&any, &size) != 0)
		return error_set(err, ERROR_IO, "the inherited socket: %s", strerror(errno));
	const void *address = any.ss_family == AF_INET6
				      ? (void *)&((struct sockaddr_in6 *)&any)->sin6_addr
				      : (void *)&((struct sockaddr_in *)&any)->sin_addr;
	if (!inet_ntop(any.ss_family, address, s->address, sizeof s->address))
		return error_set(err, ERROR_INVALID, "the inherited socket: %s", strerror(errno));
	if (s->config.auth == CONFIG_AUTH_NONE && !config_is_loopback(s->address))
		return error_set(err, ERROR_INVALID,
			"the inherited socket listens on %s, and auth none would let anyone in",
			s->address);
	return true;
}

static bool service_listen(struct service *s, int listen_fd, struct error *err)
{
	struct http_options options = {
		.address = s->address,
		.port = s->config.port,
		.listen_fd = listen_fd,
		.socket_path = *s->config.socket ? s->config.socket : NULL,
		.connections_max = 1024,
		.connections_per_ip_max = 256,
		.timeout_seconds = 30,
	};

	memcpy(s->address, s->config.address, sizeof s->address);
	if (listen_fd >= 0 && !service_check_inherited(s, listen_fd, err))
		return false;
	struct http_server *http = http_start(s->api, &options, err);
	atomic_store(&s->http, http);
	return http != NULL;
}

/* The scheduler starts last: a daemon that cannot listen must not have begun a job. */
static bool service_begin(struct service *s, int listen_fd, struct error *err)
{
	if (!service_open_state(s, err) || !service_make_scheduler(s, err) ||
		!service_make_api(s, err) || !service_listen(s, listen_fd, err))
		return false;
	s->scheduler_runs = scheduler_start(s->scheduler, err);
	return s->scheduler_runs;
}

struct service *service_start(
	const struct config *config, const char *isa, int listen_fd, struct error *err)
{
	struct service *s = calloc(1, sizeof *s);

	if (!s) {
		(void)error_no_memory(err);
		return NULL;
	}
	s->config = *config;
	s->isa = isa;
	s->started_at = clock_wall_ms();
	if (service_begin(s, listen_fd, err))
		return s;
	service_stop(s);
	return NULL;
}

/* --- while it runs ------------------------------------------------------------------------- */

void service_address(const struct service *s, char ret_text[static SERVICE_ADDRESS_BYTES])
{
	(void)snprintf(ret_text, SERVICE_ADDRESS_BYTES,
		strchr(s->address, ':') ? "http://[%s]:%d" : "http://%s:%d", s->address,
		http_port(s->http));
}

void service_reconfigure(struct service *s, const struct config *config)
{
	char fixed[CONFIG_NAMES_BYTES];
	struct log_line l;

	config_fixed_changes(&s->config, config, fixed);
	s->config.threads = config->threads;
	s->config.memory_bytes = config->memory_bytes;
	api_set_memory(s->api, config->memory_bytes);
	scheduler_set_limits(s->scheduler, config->threads, config->memory_bytes);
	log_begin(&l, *fixed ? LOG_LEVEL_WARNING : LOG_LEVEL_NOTICE, "reconfigured");
	log_integer(&l, "threads", config->threads);
	log_integer(&l, "memory", config->memory_bytes);
	log_text(&l, "restart_needed_for", *fixed ? fixed : NULL);
	log_end(&l);
}

bool service_is_alive(struct service *s)
{
	struct error err;

	if (!database_probe(s->db, &err)) {
		log_error(LOG_LEVEL_ERROR, "watchdog", &err);
		return false;
	}
	if (!scheduler_is_alive(s->scheduler)) {
		(void)error_set(&err, ERROR_BUSY, "the scheduler or a running job does not move");
		log_error(LOG_LEVEL_ERROR, "watchdog", &err);
		return false;
	}
	return true;
}

void service_stop(struct service *s)
{
	struct http_server *http = atomic_load(&s->http);

	if (http)
		http_drain(http);
	if (s->scheduler_runs)
		scheduler_stop(s->scheduler);
	http_stop(http);
	api_free(s->api);
	scheduler_free(s->scheduler);
	database_close(s->db);
	free(s);
}
