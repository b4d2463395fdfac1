/* idx.h - IDX, the format of MNIST, read from a stream, gzip'd or not.
 *
 * Two zero bytes, a type (0x08 u8, 0x0c i32, 0x0d f32), the number of axes, that many big-endian
 * u32 sizes, then the values (big-endian), row-major. Untrusted: the header's product is checked
 * for overflow and against the limit before a value is taken; no more than it promises is ever
 * passed on; gzip (one member, nothing behind it) is inflated as it comes, in a fixed window. A
 * reader has one owner. */
#pragma once

#include "base/error.h"

#include <stdint.h>

enum { IDX_RANK_MAX = 4 };
struct idx_header {
	int type;                  /* 0x08, 0x0c or 0x0d */
	int rank;                  /* 1 … IDX_RANK_MAX */
	int64_t dim[IDX_RANK_MAX]; /* each at least 1 */
	int64_t value_bytes;       /* of the whole tensor */
};

/* Receives values in the host's byte order, whole elements, in pieces of any size. false stops the
 * reader with err. */
typedef bool (*idx_sink)(void *ctx, const void *bytes, size_t size, struct error *err);

struct idx_reader;
struct idx_reader *idx_reader_new(
	int64_t value_bytes_max, idx_sink sink, void *ctx, struct error *err) MUST_CHECK;
void idx_reader_free(struct idx_reader *r);
DEFINE_AUTO_FREE(struct idx_reader, idx_reader_free)

/* Takes the next bytes of the body; pieces may be cut anywhere. Errors name the byte offset (of the
 * uncompressed file, or of the body where gzip is wrong), what was seen and what is allowed. A
 * reader that has failed repeats its first error. */
bool idx_reader_write(
	struct idx_reader *r, const void *bytes, size_t size, struct error *err) MUST_CHECK;
/* The body has ended: false if it was cut short, or gzip's checksum is wrong. */
bool idx_reader_end(struct idx_reader *r, struct idx_header *ret, struct error *err) MUST_CHECK;
