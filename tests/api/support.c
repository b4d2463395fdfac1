/* support.c - see support.h. */
#include "tests/api/support.h"

#include "base/clock.h"
#include "formats/safetensors.h"

#include <assert.h>
#include <ftw.h>
#include <math.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

const char NOT_SENT[] = "";

/* --- the world ------------------------------------------------------------------------- */

static void on_wake(void *ctx)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	w->wakes++;
	pthread_mutex_unlock(&w->lock);
}

static bool on_progress(void *ctx, const char *job_id, struct live_progress *ret)
{
	struct world *w = ctx;

	pthread_mutex_lock(&w->lock);
	bool lives = w->live_id[0] && strcmp(job_id, w->live_id) == 0;
	if (lives)
		*ret = w->live;
	pthread_mutex_unlock(&w->lock);
	return lives;
}

static void on_server(void *ctx, struct server_info *ret)
{
	(void)ctx;
	*ret = (struct server_info){ .version = "1.2.3",
		.isa = "scalar",
		.cores = 2,
		.memory_bytes = 1 << 30,
		.memory_used_bytes = 4096,
		.started_at = 1700000000000 };
}

/* Called on the server's threads, where cmocka's asserts may not be used. */
static void on_log(
	void *ctx, const char *method, const char *path, int status, int64_t bytes, double ms)
{
	struct world *w = ctx;

	assert(bytes >= 0 && ms >= 0 && strlen(method) < 16);
	pthread_mutex_lock(&w->lock);
	(void)snprintf(w->log_path, sizeof w->log_path, "%s", path);
	w->log_status = status;
	w->log_lines++;
	pthread_cond_broadcast(&w->changed);
	pthread_mutex_unlock(&w->lock);
}

void set_live(struct world *w, const char *id, const struct live_progress *live)
{
	pthread_mutex_lock(&w->lock);
	(void)snprintf(w->live_id, sizeof w->live_id, "%s", id ? id : "");
	if (id)
		w->live = *live;
	pthread_mutex_unlock(&w->lock);
}

int wakes_of(struct world *w)
{
	pthread_mutex_lock(&w->lock);
	int n = w->wakes;
	pthread_mutex_unlock(&w->lock);
	return n;
}

int log_lines_of(struct world *w)
{
	pthread_mutex_lock(&w->lock);
	int n = w->log_lines;
	pthread_mutex_unlock(&w->lock);
	return n;
}

void wait_for_log(struct world *w, int lines)
{
	struct timespec until;
	int rc = 0;

	(void)clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 20;
	pthread_mutex_lock(&w->lock);
	while (w->log_lines < lines && rc == 0)
		rc = pthread_cond_timedwait(&w->changed, &w->lock, &until);
	pthread_mutex_unlock(&w->lock);
	assert_int_equal(rc, 0);
}

static void must(bool ok, const struct error *err)
{
	if (!ok)
		fail_msg("%s", err->text);
}

struct world *world_new(void)
{
	struct world *w = calloc(1, sizeof *w);
	struct error err;

	assert_non_null(w);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	(void)snprintf(w->folder, sizeof w->folder, "/tmp/epochd-test-XXXXXX");
	assert_non_null(mkdtemp(w->folder));
	w->db = database_open(w->folder, &err);
	must(w->db, &err);
	w->backend = (struct backend){ .ctx = w,
		.wake = on_wake,
		.progress = on_progress,
		.server = on_server,
		.log_request = on_log };
	w->api = api_new(&(struct api_options){ .db = w->db,
				 .backend = &w->backend,
				 .token = TOKEN,
				 .memory_bytes = 64 << 20,
				 .upload_bytes_max = 1 << 20 },
		&err);
	must(w->api, &err);
	return w;
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *where)
{
	(void)status, (void)type, (void)where;
	return remove(path);
}

void world_free(struct world *w)
{
	api_free(w->api);
	database_close(w->db);
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	(void)nftw(w->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
	free(w);
}

int world_setup(void **state)
{
	*state = world_new();
	return 0;
}

int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

void digest_world(struct world *w, char ret_text[static 65])
{
	struct error err;

	must(database_digest(w->db, ret_text, &err), &err);
}

/* --- requests -------------------------------------------------------------------------- */

static void set_default(struct api_request *head, enum api_header h, const char *value)
{
	if (!head->header[h])
		head->header[h] = value;
}

void ask(struct world *w, const struct ask *a, struct api_response *ret)
{
	struct api_request head = { .method = a->method,
		.target = a->target,
		.listen_port = a->owner ? 0 : 7070,
		.peer_is_owner = a->owner };
	size_t size = a->body_size ? a->body_size : a->body ? strlen(a->body) : 0;
	char length[32];

	memcpy(head.header, a->header, sizeof head.header);
	set_default(&head, HEADER_HOST, "localhost:7070");
	set_default(&head, HEADER_AUTHORIZATION, "Bearer " TOKEN);
	if (a->body) {
		(void)snprintf(length, sizeof length, "%zu", size);
		set_default(&head, HEADER_CONTENT_LENGTH, length);
		set_default(&head, HEADER_CONTENT_TYPE, "application/json");
	}
	for (int h = 0; h < HEADER_COUNT; h++) {
		if (head.header[h] == NOT_SENT)
			head.header[h] = NULL;
		head.header_count[h] = head.header[h] != NULL;
	}
	struct api_call *call = api_begin(w->api, &head, ret);
	/* In two pieces, as a socket would give them. */
	if (call && size > 1 && !api_body(call, a->body, size / 2, ret))
		return;
	if (call && size &&
		!api_body(call, a->body + (size > 1 ? size / 2 : 0),
			size - (size > 1 ? size / 2 : 0), ret))
		return;
	if (call)
		api_end(call, ret);
}

int ask_status(struct world *w, const struct ask *a)
{
	struct api_response r;

	ask(w, a, &r);
	int status = r.status;
	api_response_done(&r);
	return status;
}

const char *header_of(const struct api_response *r, const char *name)
{
	size_t n = strlen(name);

	for (int i = 0; i < API_HEADERS_MAX && r->headers[i][0]; i++)
		if (strncasecmp(r->headers[i], name, n) == 0 &&
			strncmp(r->headers[i] + n, ": ", 2) == 0)
			return r->headers[i] + n + 2;
	return NULL;
}

/* --- answers --------------------------------------------------------------------------- */

void reply_to(struct world *w, const struct ask *a, struct reply *ret)
{
	struct error err;

	ask(w, a, &ret->response);
	ret->status = ret->response.status;
	ret->document = NULL;
	if (!ret->response.body.size)
		return;
	ret->document = json_parse(ret->response.body.data, ret->response.body.size, &err);
	if (!ret->document)
		fail_msg("%s %s: not JSON: %s: %s", a->method, a->target, err.text,
			ret->response.body.data);
}

void reply_done(struct reply *r)
{
	json_free(r->document);
	api_response_done(&r->response);
}

const struct json *value_at(const struct reply *r, const char *path)
{
	const struct json *v = r->document ? json_root(r->document) : NULL;

	for (const char *p = path; v && *p;) {
		char step[64];
		size_t n = strcspn(p, ".");
		(void)snprintf(step, sizeof step, "%.*s", (int)n, p);
		p += n + (p[n] == '.');
		if (json_type(v) == JSON_ARRAY) {
			v = json_first(v);
			for (long i = strtol(step, NULL, 10); v && i > 0; i--)
				v = json_next(v);
		} else {
			v = json_find(v, step);
		}
	}
	return v;
}

static const struct json *must_find(const struct reply *r, const char *path, enum json_type type)
{
	const struct json *v = value_at(r, path);

	if (!v || json_type(v) != type)
		fail_msg("no %s at %s of %s", json_type_names[type], path, r->response.body.data);
	return v;
}

const char *text_at(const struct reply *r, const char *path)
{
	return json_string(must_find(r, path, JSON_STRING));
}

int64_t integer_at(const struct reply *r, const char *path)
{
	int64_t value = 0;

	if (!json_integer(must_find(r, path, JSON_NUMBER), &value))
		fail_msg("no integer at %s", path);
	return value;
}

double number_at(const struct reply *r, const char *path)
{
	return json_number(must_find(r, path, JSON_NUMBER));
}

bool is_null_at(const struct reply *r, const char *path)
{
	const struct json *v = value_at(r, path);

	return v && json_type(v) == JSON_NULL;
}

static bool has_pointer(const struct reply *r, const char *pointer)
{
	const struct json *errors = value_at(r, "errors");

	for (const struct json *e = errors ? json_first(errors) : NULL; e; e = json_next(e))
		if (strcmp(json_string(json_find(e, "pointer")), pointer) == 0)
			return json_find(e, "detail") != NULL;
	return false;
}

void assert_problem(
	struct world *w, const struct ask *a, int status, const char *pointer, const char *text)
{
	struct reply r;

	reply_to(w, a, &r);
	const char *body = r.response.body.data ? r.response.body.data : "";
	if (r.status != status)
		fail_msg("%s %s: %d, wanted %d: %s", a->method, a->target, r.status, status, body);
	assert_string_equal(r.response.content_type, "application/problem+json");
	assert_int_equal(integer_at(&r, "status"), status);
	assert_true(strncmp(text_at(&r, "type"), "/problems/", 10) == 0 ||
		    strcmp(text_at(&r, "type"), "about:blank") == 0);
	assert_true(strlen(text_at(&r, "title")) > 0);
	if (pointer && !has_pointer(&r, pointer))
		fail_msg("%s %s: no pointer %s: %s", a->method, a->target, pointer, body);
	if (text && !strstr(text_at(&r, "detail"), text))
		fail_msg("%s %s: no \"%s\" in the detail: %s", a->method, a->target, text, body);
	reply_done(&r);
}

/* --- things to ask about --------------------------------------------------------------- */

static void put_big_endian(char *to, uint32_t value)
{
	for (int i = 0; i < 4; i++)
		to[i] = (char)(value >> (24 - 8 * i));
}

char *idx_file(int type, int rank, const int64_t *dim, int modulo, size_t *ret_size)
{
	size_t element = type == 0x08 ? 1 : 4, count = 1, head = 4 + 4 * (size_t)rank;

	for (int i = 0; i < rank; i++)
		count *= (size_t)dim[i];
	char *bytes = calloc(1, head + count * element);
	assert_non_null(bytes);
	bytes[2] = (char)type;
	bytes[3] = (char)rank;
	for (int i = 0; i < rank; i++)
		put_big_endian(bytes + 4 + 4 * i, (uint32_t)dim[i]);
	for (size_t i = 0; i < count; i++) {
		uint32_t value = (uint32_t)(i % (size_t)modulo);
		float real = (float)value;
		if (type == 0x0d)
			memcpy(&value, &real, sizeof value);
		if (element == 1)
			bytes[head + i] = (char)value;
		else
			put_big_endian(bytes + head + 4 * i, value);
	}
	*ret_size = head + count * element;
	return bytes;
}

char *gzip_of(const char *bytes, size_t size, size_t *ret_size)
{
	z_stream z = { .next_in = (unsigned char *)(uintptr_t)bytes, .avail_in = (uInt)size };

	assert_int_equal(
		deflateInit2(&z, 9, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
	size_t room = deflateBound(&z, size);
	char *out = malloc(room);
	assert_non_null(out);
	z.next_out = (unsigned char *)out;
	z.avail_out = (uInt)room;
	assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
	*ret_size = z.total_out;
	assert_int_equal(deflateEnd(&z), Z_OK);
	return out;
}

static void put_part(struct world *w, const char *target, int rank, const int64_t *dim, int modulo)
{
	size_t size;
	char *file = idx_file(0x08, rank, dim, modulo, &size);

	assert_int_equal(
		ask_status(w, &(struct ask){ "PUT", target, file, size, { NULL }, false }), 201);
	free(file);
}

void put_tiny(struct world *w)
{
	put_part(w, "/v1/datasets/tiny/x_train", 3, (int64_t[]){ 20, 4, 4 }, 251);
	put_part(w, "/v1/datasets/tiny/y_train", 1, (int64_t[]){ 20 }, 3);
	put_part(w, "/v1/datasets/tiny/x_test", 3, (int64_t[]){ 8, 4, 4 }, 127);
	put_part(w, "/v1/datasets/tiny/y_test", 1, (int64_t[]){ 8 }, 3);
}

const char tiny_job[] =
	"{\"name\": \"tiny-job\", \"dataset\": \"tiny\", \"model\": {\"layers\": [{\"type\": "
	"\"Flatten\"}, "
	"{\"type\": \"Dense\", \"units\": 3, \"activation\": \"softmax\"}]}, \"metrics\": "
	"[\"accuracy\"], "
	"\"batch_size\": 6, \"epochs\": 2, \"seed\": 7, \"metadata\": {\"who\": \"me\"}}";

static void submit_text(struct world *w, const char *text, char ret_id[static JOB_ID_BYTES])
{
	struct reply r;

	reply_to(w, POST("/v1/jobs", text), &r);
	if (r.status != 201)
		fail_msg("submit: %d: %s", r.status, r.response.body.data);
	memcpy(ret_id, text_at(&r, "id"), JOB_ID_BYTES);
	reply_done(&r);
}

void submit(struct world *w, char ret_id[static JOB_ID_BYTES])
{
	submit_text(w, tiny_job, ret_id);
}

void submit_epochs(struct world *w, int epochs, char ret_id[static JOB_ID_BYTES])
{
	const char *place = strstr(tiny_job, "\"epochs\": 2");
	char text[sizeof tiny_job + 16];

	(void)snprintf(text, sizeof text, "%.*s\"epochs\": %d%s", (int)(place - tiny_job), tiny_job,
		epochs, place + strlen("\"epochs\": 2"));
	submit_text(w, text, ret_id);
}

const char *job_target(char buffer[static JOB_TARGET_BYTES], const char *id, const char *rest)
{
	(void)snprintf(buffer, JOB_TARGET_BYTES, "/v1/jobs/%s%s", id, rest);
	return buffer;
}

void move_job(struct world *w, const char *id, enum job_status to, const char *reason)
{
	struct error err;

	must(jobs_move(w->db, id, to, reason, &err), &err);
}

void finish_epoch(struct world *w, const char *id, int64_t epoch, double loss, double val_loss)
{
	static const float kernel[48], bias[3] = { 1, 2, 3 }, slot[48];
	const struct safetensors_tensor tensors[] = {
		{ "dense/kernel", 2, { 16, 3 }, kernel },
		{ "dense/bias", 1, { 3 }, bias },
		{ "optimizer/m/dense/kernel", 2, { 16, 3 }, slot },
		{ "best/dense/bias", 1, { 3 }, slot },
		{ "memory", 1, { 4 }, slot },
	};
	const struct safetensors_meta meta[] = { { "epochs_finished", "1" } };
	/* Not validated: neither metrics of it nor a matrix. */
	static const int64_t confusion[] = { 4, 1, 0, 0, 2, 0, 1, 0, 0 };
	struct epoch e = { .epoch = epoch,
		.step = 4 * epoch,
		.confusion = isnan(val_loss) ? NULL : confusion,
		.classes = 3,
		.n_metrics = isnan(val_loss) ? 2 : 4,
		.learning_rate = 0.001,
		.seconds = 0.5,
		.samples_per_second = 40,
		.phase_seconds = { 0.1, 0.1, 0.1, 0.1, 0.1 },
		.metrics = { { "loss", loss }, { "accuracy", 0.5 }, { "val_loss", val_loss },
			{ "val_accuracy", 0.25 } } };
	struct buffer file;
	struct error err;

	buffer_init(&file, 1 << 16);
	must(safetensors_write(tensors, COUNT_OF(tensors), meta, COUNT_OF(meta), &file, &err),
		&err);
	must(jobs_store_epoch(w->db, id, &e,
		     &(struct checkpoint_data){ file.data, file.size, epoch, 4 * epoch, true },
		     &err),
		&err);
	buffer_done(&file);
}
