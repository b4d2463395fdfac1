/* fixture.c - see fixture.h. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* --- directories ---------------------------------------------------------------------- */

void directory_make(char ret_path[static 64])
{
	const char *where = getenv("TMPDIR");

	(void)snprintf(
		ret_path, 64, "%s/epochd-XXXXXX", where && strlen(where) < 40 ? where : "/tmp");
	assert_non_null(mkdtemp(ret_path));
}

static int remove_entry(const char *path, const struct stat *s, int type, struct FTW *f)
{
	(void)s;
	(void)type;
	(void)f;
	return remove(path);
}

void directory_remove(const char *path)
{
	assert_int_equal(nftw(path, remove_entry, 8, FTW_DEPTH | FTW_PHYS), 0);
}

static void file_copy(const char *from, const char *to)
{
	char bytes[65536];
	ssize_t n;
	int in = open(from, O_RDONLY | O_CLOEXEC),
	    out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	assert_true(in >= 0 && out >= 0);
	while ((n = read(in, bytes, sizeof bytes)) > 0)
		assert_int_equal(write(out, bytes, (size_t)n), n);
	assert_int_equal(n, 0);
	(void)close(in);
	(void)close(out);
}

void directory_copy(const char *from, const char *to)
{
	DIR *d = opendir(from);
	char a[512], b[512];

	assert_non_null(d);
	for (struct dirent *e; (e = readdir(d));) {
		if (e->d_name[0] == '.')
			continue;
		assert_true(snprintf(a, sizeof a, "%s/%s", from, e->d_name) < (int)sizeof a);
		assert_true(snprintf(b, sizeof b, "%s/%s", to, e->d_name) < (int)sizeof b);
		if (strcmp(e->d_name, "datasets") == 0) {
			assert_int_equal(mkdir(b, 0700), 0);
			directory_copy(a, b);
		} else {
			file_copy(a, b);
		}
	}
	(void)closedir(d);
}

void fixture_open(struct fixture *f)
{
	struct error e;

	f->db = database_open(f->directory, &e);
	assert_done(f->db != NULL, &e);
}

void fixture_close(struct fixture *f)
{
	database_close(f->db);
	f->db = NULL;
}

int fixture_begin(void **state)
{
	struct fixture *f = calloc(1, sizeof *f);

	assert_non_null(f);
	directory_make(f->directory);
	(void)snprintf(f->file, sizeof f->file, "%s/epochd.db", f->directory);
	fixture_open(f);
	*state = f;
	return 0;
}

int fixture_end(void **state)
{
	struct fixture *f = *state;

	fixture_close(f);
	directory_remove(f->directory);
	free(f);
	return 0;
}

/* --- asserts -------------------------------------------------------------------------- */

void assert_done_at(bool done, const char *call, const struct error *e, const char *file, int line)
{
	if (done)
		return;
	print_error("%s failed: %s (code %d)\n", call, e->text, e->code);
	_fail(file, line);
}

void assert_refused_at(bool done, const char *call, const struct error *e, enum error_code code,
	const char *words, const char *file, int line)
{
	if (!done && e->code == code && strstr(e->text, words))
		return;
	if (done)
		print_error("%s was not refused\n", call);
	else
		print_error(
			"%s was refused with code %d, not %d, or without the words \"%s\": %s\n",
			call, e->code, code, words, e->text);
	_fail(file, line);
}

/* --- as from a shell ------------------------------------------------------------------ */

void raw_open(const char *file, struct connection *c)
{
	struct error e;

	assert_done(connection_open(c, file, CONNECTION_WRITER, &e), &e);
}

void raw_run(const char *file, const char *sql)
{
	struct connection c;
	struct error e;

	raw_open(file, &c);
	assert_done(connection_run(&c, sql, &e), &e);
	connection_done(&c);
}

int64_t raw_int(const char *file, const char *sql)
{
	struct connection c;
	struct query q;
	struct error e;

	raw_open(file, &c);
	query_begin_once(&q, &c, sql);
	assert_true(query_next(&q));
	int64_t value = query_int(&q, 0);
	assert_done(query_end(&q, &e), &e);
	connection_done(&c);
	return value;
}

void raw_check(const char *file)
{
	assert_int_equal(raw_int(file, "SELECT count(*) FROM pragma_integrity_check "
				       "WHERE integrity_check <> 'ok'"),
		0);
	assert_int_equal(raw_int(file, "SELECT count(*) FROM pragma_foreign_key_check"), 0);
}

/* --- jobs ----------------------------------------------------------------------------- */

const char *job_id(int number)
{
	static char ids[8][JOB_ID_BYTES];
	static int next;
	char *id = ids[next++ % 8];

	assert_in_range(number, 0, 999);
	(void)snprintf(id, JOB_ID_BYTES, "01ARZ3NDEKTSV4RRFFQ69G0%03u", (unsigned)number % 1000);
	return id;
}

struct job job_example(int number)
{
	struct job job = {
		.name = "mnist-cnn",
		.priority = 0,
		.created_at = 1700000000000 + number,
		.epochs = 100,
		.steps_per_epoch = 10,
		.spec = (char *)(uintptr_t) "{\"batch_size\":64}",
		.forecast = (char *)(uintptr_t) "{\"parameters\":347146}",
		.metadata = (char *)(uintptr_t) "{}",
	};

	memcpy(job.id, job_id(number), sizeof job.id);
	return job;
}

void job_insert(struct database *db, int number)
{
	struct error e;
	struct job job = job_example(number);
	char id[JOB_ID_BYTES];

	assert_done(jobs_insert(db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
	assert_string_equal(id, job.id);
}

void job_start(struct database *db, int number)
{
	struct error e;

	job_insert(db, number);
	assert_done(jobs_move(db, job_id(number), JOB_RUNNING, NULL, &e), &e);
}

enum job_status job_status_of(struct database *db, int number)
{
	struct error e;
	struct job job;

	assert_done(jobs_find(db, job_id(number), &job, &e), &e);
	job_done(&job);
	return job.status;
}

/* --- epochs and checkpoints ----------------------------------------------------------- */

/* One, two and five bytes. */
static const int64_t confusion_example[] = { 980, 0, 1, 127, 128, 16383, 16384, 5,
	(1LL << 35) - 1 };

struct epoch epoch_example(int64_t number)
{
	struct epoch e = {
		.epoch = number,
		.step = number * 10,
		.metrics = { { "loss", 1.0 / (double)number },
			{ "accuracy", 1 - 0.5 / (double)number },
			{ "val_loss", 1.25 / (double)number }, { "val_accuracy", 0.875 } },
		.n_metrics = 4,
		.learning_rate = 0.001,
		.seconds = 2.5,
		.samples_per_second = 24000,
		.phase_seconds = { 0.125, 1, 0.25, 0.75, 0.375 },
		.confusion = confusion_example,
		.classes = 3,
	};

	return e;
}

struct checkpoint_data checkpoint_example(int64_t epoch, const void *bytes, size_t size)
{
	return (struct checkpoint_data){ .bytes = bytes,
		.size = size,
		.epoch = epoch,
		.step = epoch * 10,
		.finished_epoch = true };
}

unsigned char *bytes_example(size_t size, unsigned seed)
{
	unsigned char *bytes = malloc(size ? size : 1);
	uint32_t x = seed * 2654435761u + 1;

	assert_non_null(bytes);
	for (size_t i = 0; i < size; i++) {
		x = x * 1664525u + 1013904223u; /* Numerical Recipes' generator */
		bytes[i] = (unsigned char)(x >> 24);
	}
	return bytes;
}

/* --- events --------------------------------------------------------------------------- */

char *event_data_of(struct database *db, int job_number, int nth_last, const char *type)
{
	struct error e;
	struct event_list l;

	assert_done(events_list(db, job_id(job_number), 0, 1000, &l, &e), &e);
	assert_in_range(nth_last, 0, l.n_events - 1);
	struct event *event = &l.events[l.n_events - 1 - nth_last];
	assert_string_equal(event->type, type);
	char *data = STEAL(event->data);
	event_list_done(&l);
	return data;
}

int event_count(struct database *db, int job_number, const char *type)
{
	struct error e;
	struct event_list l;
	int n = 0;

	assert_done(events_list(db, job_id(job_number), 0, 1000, &l, &e), &e);
	for (int i = 0; i < l.n_events; i++)
		n += !type || strcmp(l.events[i].type, type) == 0;
	event_list_done(&l);
	return n;
}

/* --- data sets ------------------------------------------------------------------------ */

struct dataset_part part_example(const char *dtype, int rank, const int64_t *dim)
{
	struct dataset_part part = { .rank = rank };

	(void)snprintf(part.dtype, sizeof part.dtype, "%s", dtype);
	memcpy(part.dim, dim, (size_t)rank * sizeof *dim);
	return part;
}

static int64_t part_bytes(const struct dataset_part *part)
{
	int64_t n = strcmp(part->dtype, "uint8") == 0 ? 1 : 4;

	for (int i = 0; i < part->rank; i++)
		n *= part->dim[i];
	return n;
}

bool part_upload(struct database *db, const char *name, enum dataset_part_index index,
	const void *bytes, struct dataset_part *part, struct error *err)
{
	struct upload *u = upload_begin(db, err);

	if (!u)
		return false;
	if (!upload_write(u, bytes, (size_t)part_bytes(part), err)) {
		upload_abort(u);
		return false;
	}
	return upload_commit(u, name, index, part, err);
}
