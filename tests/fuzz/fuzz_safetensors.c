/* fuzz_safetensors.c - a checkpoint that may be damaged: what is read lies inside the file, and
 * writing it again gives a file that reads the same. */
#include "formats/safetensors.h"
#include "fuzz.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static size_t tensor_bytes(const struct safetensors_tensor *t)
{
	size_t bytes = sizeof(float);

	for (int i = 0; i < t->rank; i++)
		bytes *= (size_t)t->dim[i]; /* fits: the reader has checked it */
	return bytes;
}

static void check_inside(const struct safetensors_file *f, const char *bytes, size_t size)
{
	const char *at = NULL;

	for (int i = 0; i < f->n_tensors; i++) {
		const char *values = (const char *)f->tensors[i].values;
		assert(!at || values == at); /* end to end */
		assert(values >= bytes + 8 && values <= bytes + size);
		at = values + tensor_bytes(&f->tensors[i]);
		assert(at <= bytes + size);
	}
}

static void check_same(const struct safetensors_file *a, const struct safetensors_file *b)
{
	assert(a->n_tensors == b->n_tensors &&
		a->n_meta >= b->n_meta); /* "" metadata are left out */
	for (int i = 0; i < a->n_tensors; i++) {
		const struct safetensors_tensor *t = &a->tensors[i],
						*u = safetensors_find(b, t->name);
		assert(u && t->rank == u->rank && memcmp(t->dim, u->dim, sizeof t->dim) == 0);
		assert(memcmp(t->values, u->values, tensor_bytes(t)) == 0);
	}
	for (int i = 0; i < b->n_meta; i++) {
		const char *value = safetensors_meta_find(a, b->meta[i].key);
		assert(value && strcmp(value, b->meta[i].value) == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct safetensors_file file, again;
	struct error err = { 0 };
	struct buffer out;
	char *aligned = malloc(size ? size : 1);

	assert(aligned);
	memcpy(aligned, bytes, size);
	if (!safetensors_read(aligned, size, &file, &err)) {
		assert(err.code == ERROR_SYNTAX || err.code == ERROR_INVALID);
		assert(err.text[0]);
		free(aligned);
		return 0;
	}
	check_inside(&file, aligned, size);
	buffer_init(&out, 64 << 20);
	bool ok =
		safetensors_write(file.tensors, file.n_tensors, file.meta, file.n_meta, &out, &err);
	assert(ok && safetensors_read(out.data, out.size, &again, &err));
	check_same(&file, &again);
	safetensors_file_done(&again);
	safetensors_file_done(&file);
	buffer_done(&out);
	free(aligned);
	return 0;
}
