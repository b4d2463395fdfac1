/* test_datasets.c - uploading parts, finding, using, replacing and deleting data sets. */
#include "fixture.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct error e;

/* sha256 of "abcdef" */
static const char abcdef_sha256[] =
	"bef57ec7f53a6d40beb640a780a639c83bc29ac8a9816f1fc6c5c6dcd93c4721";

static void store_path(struct fixture *f, const char *name, char *ret_path, size_t size)
{
	(void)snprintf(ret_path, size, "%s/datasets/%s", f->directory, name);
}

static int files_in_store(struct fixture *f)
{
	char path[160];
	int n = 0;

	store_path(f, "", path, sizeof path);
	DIR *d = opendir(path);
	assert_non_null(d);
	for (struct dirent *entry; (entry = readdir(d));)
		n += entry->d_name[0] != '.';
	(void)closedir(d);
	return n;
}

/* Six uint8 values as a 2x3 tensor. */
static bool upload_six(
	struct fixture *f, const char *name, enum dataset_part_index index, const char *six)
{
	struct dataset_part part = part_example("uint8", 2, (int64_t[]){ 2, 3 });

	return part_upload(f->db, name, index, six, &part, &e);
}

static struct dataset dataset_of(struct fixture *f, const char *name)
{
	struct dataset d;

	assert_done(datasets_find(f->db, name, &d, &e), &e);
	return d;
}

static void submit_job(struct fixture *f, int number, const char *dataset)
{
	struct dataset d = dataset_of(f, dataset);
	struct job job = job_example(number);
	char id[JOB_ID_BYTES];

	job.dataset_digest = d.digest;
	assert_done(jobs_insert(f->db, &job, NULL, id, &e) == JOB_INSERT_NEW, &e);
}

/* --- uploading ------------------------------------------------------------------------ */

static void a_part_is_written_in_pieces_and_named_by_its_digest(void **state)
{
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 2, (int64_t[]){ 2, 3 });
	struct dataset_map map;
	char path[160];
	struct stat s;

	struct upload *u = upload_begin(f->db, &e);
	assert_done(u != NULL, &e);
	assert_done(upload_write(u, "ab", 2, &e), &e);
	assert_done(upload_write(u, "", 0, &e), &e);
	assert_done(upload_write(u, "cdef", 4, &e), &e);
	assert_int_equal(files_in_store(f), 0); /* it has no name yet */
	assert_done(upload_commit(u, "toy", DATASET_X_TRAIN, &part, &e), &e);
	assert_true(part.present);
	assert_int_equal(part.bytes, 6);
	assert_string_equal(part.sha256, abcdef_sha256);

	store_path(f, abcdef_sha256, path, sizeof path);
	assert_int_equal(stat(path, &s), 0);
	assert_int_equal(s.st_mode & 0777, 0400);
	assert_int_equal(s.st_size, 6);

	struct dataset d = dataset_of(f, "toy");
	assert_string_equal(d.name, "toy");
	assert_int_equal(d.version, 1);
	assert_true(d.created_at > 1600000000000 && d.updated_at == d.created_at);
	assert_memory_equal(&d.parts[DATASET_X_TRAIN], &part, sizeof part);
	assert_false(d.parts[DATASET_Y_TRAIN].present);
	assert_done(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e);
	assert_int_equal(map.size, 6);
	assert_memory_equal(map.bytes, "abcdef", 6);
	dataset_map_close(&map);
	dataset_map_close(&map); /* closed is closed */
}

static void an_aborted_upload_leaves_nothing(void **state)
{
	struct fixture *f = *state;
	char before[65], after[65];

	assert_done(database_digest(f->db, before, &e), &e);
	struct upload *u = upload_begin(f->db, &e);
	assert_done(u != NULL, &e);
	assert_done(upload_write(u, "abcdef", 6, &e), &e);
	upload_abort(u);
	upload_abort(NULL);
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);
	assert_int_equal(files_in_store(f), 0);
}

static void what_the_database_refuses_leaves_no_file(void **state)
{
	struct fixture *f = *state;

	raw_run(f->file, "CREATE TRIGGER refuse BEFORE INSERT ON dataset_parts BEGIN SELECT "
			 "RAISE(ABORT, 'no'); END");
	assert_refused(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e, ERROR_CONFLICT, "no");
	assert_int_equal(files_in_store(f), 0);
	raw_run(f->file, "DROP TRIGGER refuse");
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	assert_int_equal(files_in_store(f), 1);
}

static void a_name_is_of_few_characters(void **state)
{
	static const char *const good[] = { "a", "0", "mnist", "fashion-mnist", "a.b_c-d",
		"9lives" };
	static const char *const bad[] = { "", ".", "..", "-a", "_a", ".a", "A", "mnist ", "a/b",
		"../a", "a\n", "\xc3\xa4",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(good); i++)
		assert_done(upload_six(f, good[i], DATASET_X_TRAIN, "abcdef"), &e);
	for (size_t i = 0; i < COUNT_OF(bad); i++)
		assert_refused(upload_six(f, bad[i], DATASET_X_TEST, "uvwxyz"), &e, ERROR_INVALID,
			"1 to 64 characters of a-z, 0-9, '.', '_' and '-'");
	assert_int_equal(
		files_in_store(f), 1); /* equal bytes are kept once, refused ones not at all */
	assert_done(upload_six(f, bad[COUNT_OF(bad) - 1] + 1, DATASET_X_TRAIN, "abcdef"), &e);
}

static void a_shape_must_fit_its_bytes(void **state)
{
	static const struct {
		const char *dtype;
		int rank;
		int64_t dim[5];
		const char *words;
	} cases[] = {
		{ "uint8", 2, { 2, 4 }, "the shape needs 8 bytes, but 6 were sent" },
		{ "int32", 1, { 1 }, "the shape needs 4 bytes, but 6 were sent" },
		{ "float32", 2, { 2, 3 }, "the shape needs 24 bytes" },
		{ "uint8", 1, { 0 }, "axis 0 has the size 0" },
		{ "uint8", 2, { 6, -1 }, "axis 1 has the size -1" },
		{ "uint8", 0, { 6 }, "0 axes" },
		{ "uint8", 2, { INT64_MAX, INT64_MAX }, "does not fit" },
		{ "uint8", 3, { 1ll << 32, 1ll << 32, 6 }, "does not fit" },
		{ "float32", 1, { 1ll << 62 }, "does not fit" },
		{ "float64", 1, { 6 }, "\"float64\" is none of uint8, int32, float32" },
		{ "", 1, { 6 }, "none of" },
	};
	struct fixture *f = *state;

	for (size_t i = 0; i < COUNT_OF(cases); i++) {
		struct dataset_part part = { .rank = cases[i].rank };
		(void)snprintf(part.dtype, sizeof part.dtype, "%s", cases[i].dtype);
		memcpy(part.dim, cases[i].dim, sizeof part.dim);
		struct upload *u = upload_begin(f->db, &e);
		assert_done(u != NULL, &e);
		assert_done(upload_write(u, "abcdef", 6, &e), &e);
		assert_refused(upload_commit(u, "toy", DATASET_X_TRAIN, &part, &e), &e,
			ERROR_INVALID, cases[i].words);
	}
	struct dataset_part six = part_example("uint8", 5, (int64_t[]){ 1, 1, 3, 2, 1 });
	six.rank = 6;
	struct upload *u = upload_begin(f->db, &e);
	assert_done(u != NULL, &e);
	assert_refused(upload_commit(u, "toy", DATASET_X_TRAIN, &six, &e), &e, ERROR_INVALID,
		"6 axes: 1 to 5");
	assert_int_equal(files_in_store(f), 0);
}

static void labels_are_measured_and_counted(void **state)
{
	static const int32_t values[] = { 3, -1, 2, 2, 0, 70000 };
	struct fixture *f = *state;
	struct dataset_part bytes = part_example("uint8", 1, (int64_t[]){ 6 });
	struct dataset_part ints = part_example("int32", 1, (int64_t[]){ 6 });
	struct dataset_part floats = part_example("float32", 1, (int64_t[]){ 6 });
	int64_t counts[4];

	assert_done(
		part_upload(f->db, "toy", DATASET_Y_TRAIN, "\x02\x01\xff\x02\x03\x02", &bytes, &e),
		&e);
	assert_int_equal(bytes.label_min, 1);
	assert_int_equal(bytes.label_max, 255);
	assert_done(dataset_class_counts(f->db, &bytes, counts, 4, &e), &e);
	assert_memory_equal(counts, ((int64_t[]){ 0, 1, 3, 1 }), sizeof counts);

	assert_done(part_upload(f->db, "toy", DATASET_Y_TEST, values, &ints, &e), &e);
	assert_int_equal(ints.label_min, -1);
	assert_int_equal(ints.label_max, 70000);
	assert_done(dataset_class_counts(f->db, &ints, counts, 4, &e), &e);
	assert_memory_equal(counts, ((int64_t[]){ 1, 0, 2, 1 }), sizeof counts);

	assert_done(part_upload(f->db, "toy", DATASET_X_TRAIN, values, &floats, &e), &e);
	assert_int_equal(floats.label_min, 0);
	assert_int_equal(floats.label_max, 0);
	assert_refused(
		dataset_class_counts(f->db, &floats, counts, 4, &e), &e, ERROR_INVALID, "float32");
	struct dataset d = dataset_of(f, "toy");
	assert_int_equal(d.parts[DATASET_Y_TEST].label_max, 70000);
}

/* --- the catalogue -------------------------------------------------------------------- */

static void the_digest_names_the_content(void **state)
{
	struct fixture *f = *state;

	assert_done(upload_six(f, "one", DATASET_X_TRAIN, "abcdef"), &e);
	assert_done(upload_six(f, "two", DATASET_X_TRAIN, "abcdef"), &e);
	struct dataset one = dataset_of(f, "one"), two = dataset_of(f, "two");
	assert_string_equal(one.digest, two.digest);

	assert_done(upload_six(f, "two", DATASET_X_TEST, "abcdef"), &e);
	two = dataset_of(f, "two");
	assert_string_not_equal(one.digest, two.digest);
	assert_int_equal(two.version, 2);

	/* The same bytes in another shape, and as another part, are other contents. */
	struct dataset_part flat = part_example("uint8", 1, (int64_t[]){ 6 });
	assert_done(part_upload(f->db, "flat", DATASET_X_TRAIN, "abcdef", &flat, &e), &e);
	assert_string_not_equal(one.digest, dataset_of(f, "flat").digest);
	assert_done(upload_six(f, "test", DATASET_X_TEST, "abcdef"), &e);
	assert_string_not_equal(one.digest, dataset_of(f, "test").digest);
	assert_int_equal(files_in_store(f), 1);
}

static void data_sets_are_listed_by_name(void **state)
{
	static const char *const names[] = { "a", "b", "b-1", "c" };
	static const char *const sixes[] = { "111111", "222222", "333333", "444444" };
	struct fixture *f = *state;
	struct dataset_list l;

	assert_done(datasets_list(f->db, &l, &e), &e);
	assert_int_equal(l.n_datasets, 0);
	dataset_list_done(&l);
	for (size_t i = COUNT_OF(names); i-- > 0;) {
		assert_done(upload_six(f, names[i], DATASET_X_TRAIN, "abcdef"), &e);
		assert_done(upload_six(f, names[i], DATASET_X_TEST, sixes[i]), &e);
	}
	assert_done(datasets_list(f->db, &l, &e), &e);
	assert_int_equal(l.n_datasets, COUNT_OF(names));
	for (size_t i = 0; i < COUNT_OF(names); i++) {
		assert_string_equal(l.datasets[i].name, names[i]);
		assert_true(l.datasets[i].parts[DATASET_X_TRAIN].present);
		assert_true(l.datasets[i].parts[DATASET_X_TEST].present);
		assert_false(l.datasets[i].parts[DATASET_Y_TEST].present);
	}
	dataset_list_done(&l);
}

static void an_unknown_one_is_answered_with_those_that_exist(void **state)
{
	struct fixture *f = *state;
	struct dataset d;
	char name[DATASET_NAME_BYTES];

	assert_refused(datasets_find(f->db, "mnist", &d, &e), &e, ERROR_NOT_FOUND,
		"no data set \"mnist\"; there are none yet");
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	assert_refused(datasets_find(f->db, "mnist", &d, &e), &e, ERROR_NOT_FOUND, "there is toy");
	assert_done(upload_six(f, "mnist-2", DATASET_X_TRAIN, "abcdef"), &e);
	assert_refused(
		datasets_delete(f->db, "mnist", &e), &e, ERROR_NOT_FOUND, "there are mnist-2, toy");
	for (int i = 0; i < 20; i++) {
		(void)snprintf(name, sizeof name, "a-name-of-some-length-%02d", i);
		assert_done(upload_six(f, name, DATASET_X_TRAIN, "abcdef"), &e);
	}
	assert_refused(datasets_find(f->db, "mnist", &d, &e), &e, ERROR_NOT_FOUND, "length-03, ");
	assert_string_equal(e.text + strlen(e.text) - strlen(", …"), ", …");
}

/* --- in use --------------------------------------------------------------------------- */

static void a_data_set_in_use_is_neither_changed_nor_deleted(void **state)
{
	static const enum job_status moves[] = { JOB_RUNNING, JOB_PAUSING, JOB_PAUSED, JOB_QUEUED,
		JOB_RUNNING, JOB_CANCELLING, JOB_CANCELLED };
	struct fixture *f = *state;
	char before[65], after[65];

	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	submit_job(f, 1, "toy");
	for (size_t i = 0; i < COUNT_OF(moves); i++) {
		const char *status = job_status_names[job_status_of(f->db, 1)];
		assert_done(database_digest(f->db, before, &e), &e);
		assert_refused(upload_six(f, "toy", DATASET_X_TRAIN, "ABCDEF"), &e, ERROR_CONFLICT,
			job_id(1));
		assert_non_null(strstr(e.text, status));
		assert_refused(upload_six(f, "toy", DATASET_X_TEST, "abcdef"), &e, ERROR_CONFLICT,
			"\"toy\"");
		assert_refused(datasets_delete(f->db, "toy", &e), &e, ERROR_CONFLICT, job_id(1));
		assert_done(database_digest(f->db, after, &e), &e);
		assert_string_equal(before, after);
		assert_done(jobs_move(f->db, job_id(1), moves[i], NULL, &e), &e);
	}
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "ABCDEF"), &e);
	assert_done(datasets_delete(f->db, "toy", &e), &e);
}

static void the_same_part_again_is_welcome_at_any_time(void **state)
{
	struct fixture *f = *state;
	char before[65], after[65];

	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	submit_job(f, 1, "toy");
	assert_done(database_digest(f->db, before, &e), &e);
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	assert_done(database_digest(f->db, after, &e), &e);
	assert_string_equal(before, after);
	assert_int_equal(dataset_of(f, "toy").version, 1);

	/* Not in another shape. */
	struct dataset_part flat = part_example("uint8", 1, (int64_t[]){ 6 });
	assert_refused(part_upload(f->db, "toy", DATASET_X_TRAIN, "abcdef", &flat, &e), &e,
		ERROR_CONFLICT, job_id(1));
}

/* --- replacing, deleting, sweeping ----------------------------------------------------- */

static void bytes_go_when_no_part_has_them(void **state)
{
	struct fixture *f = *state;

	assert_done(upload_six(f, "one", DATASET_X_TRAIN, "abcdef"), &e);
	assert_done(upload_six(f, "one", DATASET_X_TEST, "uvwxyz"), &e);
	assert_done(upload_six(f, "two", DATASET_X_TRAIN, "abcdef"), &e);
	assert_int_equal(files_in_store(f), 2);
	assert_done(upload_six(f, "one", DATASET_X_TEST, "UVWXYZ"), &e); /* replaced */
	assert_int_equal(files_in_store(f), 2);
	assert_done(datasets_delete(f->db, "one", &e), &e);
	assert_int_equal(files_in_store(f), 1);
	struct dataset d = dataset_of(f, "two");
	struct dataset_map map;
	assert_done(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e);
	assert_done(datasets_delete(f->db, "two", &e), &e);
	assert_int_equal(files_in_store(f), 0);
	assert_memory_equal(map.bytes, "abcdef", 6); /* a mapping outlives the name */
	dataset_map_close(&map);
	assert_refused(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e, ERROR_IO,
		"No such file");
}

/* Such a part is read into memory: what happens to the file then cannot kill a reader. */
static void a_part_of_megabytes_outlives_its_file(void **state)
{
	enum { SIZE = (3 << 20) + 5 };
	struct fixture *f = *state;
	struct dataset_part part = part_example("uint8", 1, (int64_t[]){ SIZE });
	struct dataset_map map;
	char path[160], *bytes = malloc(SIZE);

	assert_non_null(bytes);
	for (int i = 0; i < SIZE; i++)
		bytes[i] = (char)(i * 31 % 127);
	struct upload *u = upload_begin(f->db, &e);
	assert_done(u != NULL, &e);
	assert_done(upload_write(u, bytes, SIZE, &e), &e);
	assert_done(upload_commit(u, "large", DATASET_Y_TRAIN, &part, &e), &e);
	assert_done(dataset_map_open(f->db, &part, &map, &e), &e);
	assert_int_equal(map.size, SIZE);
	store_path(f, part.sha256, path, sizeof path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 0), 0);
	assert_memory_equal(map.bytes, bytes, SIZE);
	dataset_map_close(&map);
	free(bytes);
}

static void touch(struct fixture *f, const char *name)
{
	char path[160];

	store_path(f, name, path, sizeof path);
	int fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	(void)close(fd);
}

static void a_sweep_takes_what_no_row_names_and_is_ours(void **state)
{
	struct fixture *f = *state;

	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	touch(f, "0000000000000000000000000000000000000000000000000000000000000000");
	touch(f, "upload.01ARZ3NDEKTSV4RRFFQ69G5FAV");
	touch(f, "README");
	assert_done(datasets_sweep(f->db, &e), &e);
	assert_int_equal(files_in_store(f), 2);
	struct dataset_map map;
	struct dataset d = dataset_of(f, "toy");
	assert_done(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e);
	dataset_map_close(&map);
}

static void a_file_of_another_size_is_not_mapped_and_is_mended_by_an_upload(void **state)
{
	struct fixture *f = *state;
	char path[160];
	struct dataset_map map;

	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	struct dataset d = dataset_of(f, "toy");
	store_path(f, abcdef_sha256, path, sizeof path);
	assert_int_equal(chmod(path, 0600), 0);
	assert_int_equal(truncate(path, 5), 0);
	assert_refused(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e, ERROR_IO,
		"has 5 bytes instead of 6");
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	assert_done(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e);
	dataset_map_close(&map);
	assert_int_equal(unlink(path), 0);
	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	assert_done(dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e);
	dataset_map_close(&map);
}

static void a_link_in_the_store_is_not_followed(void **state)
{
	struct fixture *f = *state;
	char path[160], secret[160];
	struct dataset_map map;

	assert_done(upload_six(f, "toy", DATASET_X_TRAIN, "abcdef"), &e);
	struct dataset d = dataset_of(f, "toy");
	store_path(f, abcdef_sha256, path, sizeof path);
	store_path(f, "secret", secret, sizeof secret);
	assert_int_equal(rename(path, secret), 0);
	assert_int_equal(symlink(secret, path), 0);
	assert_refused(
		dataset_map_open(f->db, &d.parts[DATASET_X_TRAIN], &map, &e), &e, ERROR_IO, "open");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_part_is_written_in_pieces_and_named_by_its_digest),
		TEST(an_aborted_upload_leaves_nothing),
		TEST(what_the_database_refuses_leaves_no_file),
		TEST(a_name_is_of_few_characters),
		TEST(a_shape_must_fit_its_bytes),
		TEST(labels_are_measured_and_counted),
		TEST(the_digest_names_the_content),
		TEST(data_sets_are_listed_by_name),
		TEST(an_unknown_one_is_answered_with_those_that_exist),
		TEST(a_data_set_in_use_is_neither_changed_nor_deleted),
		TEST(the_same_part_again_is_welcome_at_any_time),
		TEST(bytes_go_when_no_part_has_them),
		TEST(a_part_of_megabytes_outlives_its_file),
		TEST(a_sweep_takes_what_no_row_names_and_is_ours),
		TEST(a_file_of_another_size_is_not_mapped_and_is_mended_by_an_upload),
		TEST(a_link_in_the_store_is_not_followed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
