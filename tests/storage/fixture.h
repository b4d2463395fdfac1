/* fixture.h - a state directory that lives for one test, and words for what the storage tests say
 * again and again. */
#pragma once

#include "storage/datasets.h"
#include "storage/events.h"
#include "storage/jobs.h"
#include "storage/private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	char directory[64];
	char file[96];       /* the database file in it */
	struct database *db; /* NULL while it is closed */
};

/* cmocka's set-up and tear-down; *state is a struct fixture. */
int fixture_begin(void **state);
int fixture_end(void **state);
void fixture_close(struct fixture *f);
void fixture_open(struct fixture *f);

/* A directory in $TMPDIR or /tmp; removing takes everything in it along. */
void directory_make(char ret_path[static 64]);
void directory_remove(const char *path);
/* Copies the files of a state directory, those in datasets/ included. */
void directory_copy(const char *from, const char *to);

/* The call must return true, or must return false with that code and those words in its text. */
#define assert_done(call, e) assert_done_at((call), #call, e, __FILE__, __LINE__)
#define assert_refused(call, e, code, words)                                                       \
	assert_refused_at((call), #call, e, code, words, __FILE__, __LINE__)
void assert_done_at(bool done, const char *call, const struct error *e, const char *file, int line);
void assert_refused_at(bool done, const char *call, const struct error *e, enum error_code code,
	const char *words, const char *file, int line);

/* A connection of the test's own, as from a shell. */
void raw_open(const char *file, struct connection *c);
void raw_run(const char *file, const char *sql);
int64_t raw_int(const char *file, const char *sql);
/* integrity_check and foreign_key_check find nothing. */
void raw_check(const char *file);

/* A job of 100 epochs without a data set: "01ARZ3NDEKTSV4RRFFQ69G0" and three digits. */
struct job job_example(int number);
void job_insert(struct database *db, int number);
const char *job_id(int number); /* borrowed until the eighth call after this one */
/* Inserts it and moves it to running. */
void job_start(struct database *db, int number);
enum job_status job_status_of(struct database *db, int number);

/* An epoch with four metrics that depend on its number alone, and a confusion matrix that is always
 * the same; 10 steps an epoch. */
struct epoch epoch_example(int64_t number);
/* A checkpoint at its end. */
struct checkpoint_data checkpoint_example(int64_t epoch, const void *bytes, size_t size);
/* Bytes that depend on the seed and the place. The caller frees. */
unsigned char *bytes_example(size_t size, unsigned seed);

/* The data of the job's n-th last event (0: the last), which must have that type; the caller frees.
 */
char *event_data_of(struct database *db, int job_number, int nth_last, const char *type);
int event_count(struct database *db, int job_number, const char *type); /* NULL: of every type */

/* Uploads bytes as a part of that shape (uint8). */
bool part_upload(struct database *db, const char *name, enum dataset_part_index index,
	const void *bytes, struct dataset_part *part, struct error *err);
struct dataset_part part_example(const char *dtype, int rank, const int64_t *dim);
