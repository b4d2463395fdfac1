/* safetensors.h - the checkpoint format: u64 length, a JSON header, the values; little-endian.
 *
 * Written without a JSON library, read by a strict parser of our own for exactly what the format
 * allows (header at most 1 MiB and a multiple of 8 bytes, ranges without hole or overlap that cover
 * the whole buffer, sizes that match shape x dtype, no duplicate names). Pure functions on buffers;
 * any thread. */
#pragma once

#include "base/buffer.h"

#include <stdint.h>

enum { SAFETENSORS_RANK_MAX = 4, SAFETENSORS_NAME_BYTES = 160, SAFETENSORS_META_BYTES = 80 };

struct safetensors_tensor {
	char name[SAFETENSORS_NAME_BYTES];
	int rank;
	int64_t dim[SAFETENSORS_RANK_MAX];
	const float *values; /* F32. Writing: the values. Reading: borrowed from the file's bytes;
				may be unaligned to more than 4 */
};
struct safetensors_meta {
	char key[SAFETENSORS_META_BYTES], value[SAFETENSORS_META_BYTES]; /* printable ASCII */
};

/* Appends a file with these tensors in this order to `out`, which the caller has initialized and
 * frees; metadata whose value is "" are left out. Names are printable ASCII. false: a name is there
 * twice or not allowed, the header is larger than 1 MiB, or `out` is full; then what `out` holds is
 * of no use. */
bool safetensors_write(const struct safetensors_tensor *tensors, int n_tensors,
	const struct safetensors_meta *meta, int n_meta, struct buffer *out,
	struct error *err) MUST_CHECK;

struct safetensors_file {
	struct safetensors_tensor *tensors; /* in the order of their data */
	int n_tensors;
	struct safetensors_meta *meta;
	int n_meta;
};
/* `bytes` (8-byte aligned) stay the caller's and must outlive the file. */
bool safetensors_read(
	const void *bytes, size_t size, struct safetensors_file *ret, struct error *err) MUST_CHECK;
void safetensors_file_done(struct safetensors_file *f);
/* NULL if there is none of that name. */
const struct safetensors_tensor *safetensors_find(
	const struct safetensors_file *f, const char *name);
const char *safetensors_meta_find(const struct safetensors_file *f, const char *key);
