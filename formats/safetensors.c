/* safetensors.c - writing, and what writing and reading share. See safetensors.h.
 * The format: https://github.com/huggingface/safetensors, README, "Format". */
#include "formats/safetensors.h"

#include "base/size.h"
#include "formats/safetensors_rules.h"

#include <stdlib.h>
#include <string.h>

bool safetensors_size(int rank, const int64_t *dim, size_t *ret)
{
	size_t bytes = sizeof(float);

	for (int i = 0; i < rank; i++)
		if (dim[i] < 0 || !size_mul(bytes, (size_t)dim[i], &bytes))
			return false;
	if (bytes > INT64_MAX)
		return false;
	*ret = bytes;
	return true;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool safetensors_check_unique(
	const void *first, size_t stride, int n, const char *what, struct error *err)
{
	if (n < 2)
		return true;
	const char **names = calloc((size_t)n, sizeof *names);
	if (!names)
		return error_no_memory(err);
	for (int i = 0; i < n; i++)
		names[i] = (const char *)first + (size_t)i * stride;
	qsort(names, (size_t)n, sizeof *names, compare_names);
	const char *twice = NULL;
	for (int i = 1; i < n && !twice; i++)
		if (strcmp(names[i - 1], names[i]) == 0)
			twice = names[i];
	free(names);
	if (twice)
		return error_set(err, ERROR_INVALID, "safetensors: the %s \"%s\" is there twice",
			what, twice);
	return true;
}

static bool text_is_printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			return false;
	return true;
}

/* Printable ASCII as a JSON string. */
static void write_string(struct buffer *out, const char *text)
{
	buffer_add_text(out, "\"");
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			buffer_add_text(out, "\\");
		buffer_add(out, text, 1);
	}
	buffer_add_text(out, "\"");
}

static bool write_meta(
	const struct safetensors_meta *meta, int n_meta, struct buffer *out, struct error *err)
{
	bool any = false;

	if (!safetensors_check_unique(meta, sizeof *meta, n_meta, "metadata key", err))
		return false;
	for (int i = 0; i < n_meta; i++) {
		if (!text_is_printable(meta[i].key) || !text_is_printable(meta[i].value))
			return error_set(err, ERROR_INVALID,
				"safetensors: metadata %d is not printable ASCII, and nothing else "
				"is allowed",
				i);
		if (!meta[i].value[0])
			continue;
		buffer_add_text(out, any ? "," : "\"" SAFETENSORS_META_KEY "\":{");
		write_string(out, meta[i].key);
		buffer_add_text(out, ":");
		write_string(out, meta[i].value);
		any = true;
	}
	if (any)
		buffer_add_text(out, "}");
	return true;
}

/* One tensor's entry; *offset is where its values begin, and then where they end. */
static bool write_entry(
	const struct safetensors_tensor *t, size_t *offset, struct buffer *out, struct error *err)
{
	size_t bytes, end;

	if (!t->name[0] || !text_is_printable(t->name) ||
		strcmp(t->name, SAFETENSORS_META_KEY) == 0)
		return error_set(err, ERROR_INVALID,
			"safetensors: \"%s\" cannot name a tensor; allowed is printable ASCII "
			"other than \"" SAFETENSORS_META_KEY "\"",
			t->name);
	if (t->rank < 0 || t->rank > SAFETENSORS_RANK_MAX)
		return error_set(err, ERROR_INVALID,
			"safetensors: tensor \"%s\" has rank %d; allowed are 0 to %d", t->name,
			t->rank, SAFETENSORS_RANK_MAX);
	if (!safetensors_size(t->rank, t->dim, &bytes) || !size_add(*offset, bytes, &end))
		return error_set(err, ERROR_TOO_LARGE,
			"safetensors: tensor \"%s\" has more than 2^63 bytes", t->name);
	write_string(out, t->name);
	buffer_add_text(out, ":{\"dtype\":\"F32\",\"shape\":[");
	for (int i = 0; i < t->rank; i++)
		buffer_printf(out, "%s%lld", i ? "," : "", (long long)t->dim[i]);
	buffer_printf(out, "],\"data_offsets\":[%zu,%zu]}", *offset, end);
	*offset = end;
	return true;
}

/* The header's length, which is known only behind it, is left 0. */
static bool write_header(const struct safetensors_tensor *tensors, int n_tensors,
	const struct safetensors_meta *meta, int n_meta, struct buffer *out, struct error *err)
{
	const uint64_t length = 0;
	size_t offset = 0;

	buffer_add(out, &length, sizeof length);
	buffer_add_text(out, "{");
	size_t start = out->size;
	if (!write_meta(meta, n_meta, out, err))
		return false;
	for (int i = 0; i < n_tensors; i++) {
		if (out->size > start)
			buffer_add_text(out, ",");
		if (!write_entry(&tensors[i], &offset, out, err))
			return false;
	}
	buffer_add_text(out, "}");
	return true;
}

bool safetensors_write(const struct safetensors_tensor *tensors, int n_tensors,
	const struct safetensors_meta *meta, int n_meta, struct buffer *out, struct error *err)
{
	size_t start = out->size;

	if (!safetensors_check_unique(tensors, sizeof *tensors, n_tensors, "tensor", err) ||
		!write_header(tensors, n_tensors, meta, n_meta, out, err))
		return false;
	while (!out->failed && (out->size - start) % 8)
		buffer_add_text(out, " ");
	if (!buffer_ok(out, err))
		return false;
	uint64_t header_bytes = out->size - start - sizeof header_bytes;
	if (header_bytes > SAFETENSORS_HEADER_BYTES_MAX)
		return error_set(err, ERROR_TOO_LARGE,
			"safetensors: the header has %llu bytes; allowed are %d",
			(unsigned long long)header_bytes, SAFETENSORS_HEADER_BYTES_MAX);
	memcpy(out->data + start, &header_bytes, sizeof header_bytes);
	for (int i = 0; i < n_tensors; i++) {
		size_t bytes;
		if (safetensors_size(tensors[i].rank, tensors[i].dim,
			    &bytes)) /* it was when its entry was written */
			buffer_add(out, tensors[i].values, bytes);
	}
	return buffer_ok(out, err);
}

const struct safetensors_tensor *safetensors_find(
	const struct safetensors_file *f, const char *name)
{
	for (int i = 0; i < f->n_tensors; i++)
		if (strcmp(f->tensors[i].name, name) == 0)
			return &f->tensors[i];
	return NULL;
}

const char *safetensors_meta_find(const struct safetensors_file *f, const char *key)
{
	for (int i = 0; i < f->n_meta; i++)
		if (strcmp(f->meta[i].key, key) == 0)
			return f->meta[i].value;
	return NULL;
}

void safetensors_file_done(struct safetensors_file *f)
{
	free(f->tensors);
	free(f->meta);
	*f = (struct safetensors_file){ 0 };
}
