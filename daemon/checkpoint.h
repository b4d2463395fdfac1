/* checkpoint.h - a trainer as the bytes of a safetensors file, and back.
 *
 * The tensors are the trainer's own, in its order; where it stands goes into the metadata, whole
 * numbers in decimal and doubles in hexadecimal ("%a"), so that nothing is rounded. Called by the
 * thread that owns the trainer, between steps. */
#pragma once

#include "base/buffer.h"
#include "engine/trainer.h"

/* `out` is a zeroed buffer, whose limit is set here; the caller frees it with buffer_done, also
 * after a failure. */
bool checkpoint_save(const struct trainer *t, struct buffer *out, struct error *err) MUST_CHECK;

/* `bytes` are 8-byte aligned. Every tensor of the trainer must be there under its name with its
 * shape, and none else. On failure the trainer must not be used further: some tensors may have been
 * replaced. */
bool checkpoint_load(
	struct trainer *t, const void *bytes, size_t size, struct error *err) MUST_CHECK;
