/* checkpoint.c - see checkpoint.h. */
#include "daemon/checkpoint.h"

#include "base/size.h"
#include "formats/safetensors.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Grows when the meaning of a tensor or a number below changes. */
static const char checkpoint_format[] = "epochd-2";

enum { CHECKPOINT_HEADER_BYTES_MAX = 8 + (1 << 20) /* safetensors.h: length and header */ };

/* --- the state as named numbers: one table for both ways ----------------------------------- */

struct number {
	const char *key;
	size_t offset; /* in struct trainer_state */
	bool is_double;
};

#define STATE_WHOLE(field)                                                                         \
	{                                                                                          \
#field, offsetof(struct trainer_state, field), false                               \
	}
#define STATE_DOUBLE(field)                                                                        \
	{                                                                                          \
#field, offsetof(struct trainer_state, field), true                                \
	}

static const struct number numbers[] = {
	STATE_WHOLE(epoch),
	STATE_WHOLE(step_in_epoch),
	STATE_WHOLE(step),
	STATE_WHOLE(epoch_samples),
	STATE_DOUBLE(epoch_loss_sum),
};
enum { META_COUNT = 1 + COUNT_OF(numbers) };
static_assert(sizeof(struct trainer_state) == COUNT_OF(numbers) * 8,
	"every number of the state must be written");

static void number_print(
	const struct number *n, const struct trainer_state *state, struct safetensors_meta *ret)
{
	const char *at = (const char *)state + n->offset;
	int64_t whole;
	double real;

	(void)snprintf(ret->key, sizeof ret->key, "%s", n->key);
	if (n->is_double) {
		memcpy(&real, at, sizeof real);
		(void)snprintf(ret->value, sizeof ret->value, "%a", real);
	} else {
		memcpy(&whole, at, sizeof whole);
		(void)snprintf(ret->value, sizeof ret->value, "%lld", (long long)whole);
	}
}

static bool number_parse(const struct number *n, const char *text, struct trainer_state *state)
{
	char *at = (char *)state + n->offset, *end;

	errno = 0;
	if (n->is_double) {
		double real = strtod(text, &end);
		memcpy(at, &real, sizeof real);
	} else {
		int64_t whole = strtoll(text, &end, 10);
		memcpy(at, &whole, sizeof whole);
	}
	return *text && !*end && errno == 0;
}

/* --- saving -------------------------------------------------------------------------------- */

static void tensor_describe(const struct trainer *t, int index, struct safetensors_tensor *ret)
{
	struct trainer_tensor own;

	trainer_tensor(t, index, &own);
	(void)snprintf(ret->name, sizeof ret->name, "%s", own.name);
	ret->rank = own.shape.rank;
	for (int i = 0; i < own.shape.rank; i++)
		ret->dim[i] = own.shape.dim[i];
	ret->values = own.values;
}

static bool checkpoint_limit(const struct safetensors_tensor *tensors, int n, size_t *ret_bytes)
{
	size_t total = CHECKPOINT_HEADER_BYTES_MAX;

	for (int i = 0; i < n; i++) {
		size_t bytes = sizeof(float);

		for (int k = 0; k < tensors[i].rank; k++)
			if (!size_mul(bytes, (size_t)tensors[i].dim[k], &bytes))
				return false;
		if (!size_add(total, bytes, &total))
			return false;
	}
	*ret_bytes = total;
	return true;
}

bool checkpoint_save(const struct trainer *t, struct buffer *out, struct error *err)
{
	int n = trainer_tensor_count(t);
	struct safetensors_meta meta[META_COUNT] = { { "format", "" } };
	struct trainer_state state;
	size_t limit;

	trainer_get_state(t, &state);
	memcpy(meta[0].value, checkpoint_format, sizeof checkpoint_format);
	for (size_t i = 0; i < COUNT_OF(numbers); i++)
		number_print(&numbers[i], &state, &meta[1 + i]);
	struct safetensors_tensor *tensors = calloc((size_t)n, sizeof *tensors);
	if (!tensors)
		return error_no_memory(err);
	for (int i = 0; i < n; i++)
		tensor_describe(t, i, &tensors[i]);
	bool ok = checkpoint_limit(tensors, n, &limit);
	if (ok) {
		buffer_init(out, limit);
		ok = safetensors_write(tensors, n, meta, META_COUNT, out, err);
	} else {
		(void)error_set(err, ERROR_TOO_LARGE,
			"a checkpoint of more bytes than this machine can address");
	}
	free(tensors);
	return ok;
}

/* --- loading ------------------------------------------------------------------------------- */

static bool tensor_load(
	const struct trainer *t, int index, const struct safetensors_file *file, struct error *err)
{
	struct trainer_tensor own;

	trainer_tensor(t, index, &own);
	const struct safetensors_tensor *stored = safetensors_find(file, own.name);
	if (!stored)
		return error_set(
			err, ERROR_INVALID, "the checkpoint lacks the tensor '%s'", own.name);
	bool fits = stored->rank == own.shape.rank;
	for (int i = 0; fits && i < own.shape.rank; i++)
		fits = stored->dim[i] == own.shape.dim[i];
	if (!fits)
		return error_set(err, ERROR_INVALID,
			"the checkpoint's tensor '%s' has another shape than the model's",
			own.name);
	memcpy(own.values, stored->values, (size_t)shape_elements(&own.shape) * sizeof(float));
	return true;
}

static bool state_load(
	const struct safetensors_file *file, struct trainer_state *ret, struct error *err)
{
	const char *format = safetensors_meta_find(file, "format");

	if (!format || strcmp(format, checkpoint_format) != 0)
		return error_set(err, ERROR_INVALID,
			"the checkpoint has the format '%s'; '%s' is wanted", format ? format : "",
			checkpoint_format);
	for (size_t i = 0; i < COUNT_OF(numbers); i++) {
		const char *text = safetensors_meta_find(file, numbers[i].key);

		if (!text || !number_parse(&numbers[i], text, ret))
			return error_set(err, ERROR_INVALID,
				"the checkpoint's '%s' is '%s', not a number", numbers[i].key,
				text ? text : "");
	}
	return true;
}

static bool file_load(struct trainer *t, const struct safetensors_file *file, struct error *err)
{
	struct trainer_state state = { 0 };
	int n = trainer_tensor_count(t);

	if (!state_load(file, &state, err))
		return false;
	if (file->n_tensors != n)
		return error_set(err, ERROR_INVALID,
			"the checkpoint holds %d tensors; the model has %d", file->n_tensors, n);
	for (int i = 0; i < n; i++)
		if (!tensor_load(t, i, file, err))
			return false;
	return trainer_set_state(t, &state, err);
}

bool checkpoint_load(struct trainer *t, const void *bytes, size_t size, struct error *err)
{
	struct safetensors_file file;

	if (!safetensors_read(bytes, size, &file, err))
		return false;
	bool ok = file_load(t, &file, err);
	safetensors_file_done(&file);
	return ok;
}
