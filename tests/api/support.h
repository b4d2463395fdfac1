/* support.h - a world for the api's tests: a real database in a folder of its own, a backend that
 * says what the test tells it to, requests without a socket. Everything asserts; nothing returns an
 * error. */
#pragma once

#include "api/api.h"
#include "api/json.h"
#include "storage/datasets.h"
#include "storage/events.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define TOKEN "a-token-for-the-tests-0123456789"

struct world {
	char folder[64];
	struct database *db;
	struct backend backend;
	struct api *api;
	pthread_mutex_t lock; /* guards what follows: a server's threads come here too */
	pthread_cond_t changed;
	int wakes;                  /* calls of backend->wake */
	char live_id[JOB_ID_BYTES]; /* the job that runs; "" for none */
	struct live_progress live;
	char log_path[256]; /* of the last line */
	int log_status, log_lines;
};
struct world *world_new(void);
void world_free(struct world *w);
int world_setup(void **state); /* for cmocka_unit_test_setup_teardown */
int world_teardown(void **state);

/* That job runs and stands there; NULL: no job runs. */
void set_live(struct world *w, const char *id, const struct live_progress *live);
int wakes_of(struct world *w);
/* A request is logged when all of it is over. */
int log_lines_of(struct world *w);
void wait_for_log(struct world *w, int lines);

/* --- requests -------------------------------------------------------------------------- */

/* Stands for "do not send this header", where the helper would send a good one by itself. */
extern const char NOT_SENT[];

struct ask {
	const char *method, *target;
	const char *body;
	size_t body_size; /* 0: body is a string */
	const char *header[HEADER_COUNT];
	bool owner; /* a peer on the Unix socket */
};
/* Asks with Host, the token, and for a body its length and application/json, unless told otherwise.
 * The caller frees the response with api_response_done. */
void ask(struct world *w, const struct ask *a, struct api_response *ret);
/* The status alone. */
int ask_status(struct world *w, const struct ask *a);

#define GET(path)        (&(struct ask){ .method = "GET", .target = (path) })
#define DELETE(path)     (&(struct ask){ .method = "DELETE", .target = (path) })
#define POST(path, text) (&(struct ask){ .method = "POST", .target = (path), .body = (text) })

/* The value of a response's header, or NULL. */
const char *header_of(const struct api_response *r, const char *name);

/* --- answers --------------------------------------------------------------------------- */

/* An answer as JSON. A path is members and indices with dots between: "data.0.progress.epoch". */
struct reply {
	int status;
	struct api_response response;
	struct json_document *document;
};
void reply_to(struct world *w, const struct ask *a, struct reply *ret);
void reply_done(struct reply *r);
const struct json *value_at(const struct reply *r, const char *path); /* NULL: not there */
const char *text_at(const struct reply *r, const char *path);
int64_t integer_at(const struct reply *r, const char *path);
double number_at(const struct reply *r, const char *path);
bool is_null_at(const struct reply *r, const char *path);

/* Asks and checks the status of a problem, its shape, and that its text or one of its pointers is
 * as told (NULL: any). */
void assert_problem(
	struct world *w, const struct ask *a, int status, const char *pointer, const char *text);

/* The digest of everything in the database. */
void digest_world(struct world *w, char ret_text[static 65]);

/* --- things to ask about --------------------------------------------------------------- */

/* An IDX file; the caller frees. `type`: 0x08, 0x0c or 0x0d; values count up from 0, modulo
 * `modulo`. */
char *idx_file(int type, int rank, const int64_t *dim, int modulo, size_t *ret_size);
char *gzip_of(const char *bytes, size_t size, size_t *ret_size);
/* The data set "tiny": 20 images of 4x4 and their labels of 3 classes, and 8 more to test with. */
void put_tiny(struct world *w);

extern const char tiny_job[]; /* a spec for it: 2 epochs of 4 steps */
/* Submits it and gives its id; the second with another number of epochs. */
void submit(struct world *w, char ret_id[static JOB_ID_BYTES]);
void submit_epochs(struct world *w, int epochs, char ret_id[static JOB_ID_BYTES]);
/* "/v1/jobs/{id}" + rest, in a buffer of the caller's, which it returns. */
enum { JOB_TARGET_BYTES = 128 };
const char *job_target(char buffer[static JOB_TARGET_BYTES], const char *id, const char *rest);
void move_job(struct world *w, const char *id, enum job_status to, const char *reason);
/* Stores an epoch with its checkpoint for a running job. Without a val_loss (NAN) it is not
 * validated. */
void finish_epoch(struct world *w, const char *id, int64_t epoch, double loss, double val_loss);
