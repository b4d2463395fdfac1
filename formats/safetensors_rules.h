/* safetensors_rules.h - what the writer and the reader of safetensors hold each other to. Inside
 * formats/ only. */
#pragma once

#include "base/error.h"

#include <assert.h>
#include <stddef.h>
#include <stdint.h>

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "values are copied as they lie in memory");

#define SAFETENSORS_META_KEY "__metadata__"
enum { SAFETENSORS_HEADER_BYTES_MAX = 1 << 20 };

/* The bytes of an F32 tensor; false if it has more than 2^63, or a negative axis. */
bool safetensors_size(int rank, const int64_t *dim, size_t *ret) MUST_CHECK;

/* Are the n strings that lie `stride` bytes apart all different? `what` names them in the error. */
bool safetensors_check_unique(
	const void *first, size_t stride, int n, const char *what, struct error *err) MUST_CHECK;
