/* fuzz_idx.c - an uploaded tensor: never more than was promised, and the same whatever the pieces
 * it comes in. The first byte of the input is the size of the pieces, the rest the body. */
#include "base/digest.h"
#include "formats/idx.h"
#include "fuzz.h"

#include <assert.h>
#include <string.h>

enum { VALUE_BYTES_MAX = 1 << 20 };

struct seen {
	struct digest digest; /* of the values */
	int64_t bytes;
	size_t rest; /* of bytes / 4 */
};

static bool sink(void *ctx, const void *bytes, size_t size, struct error *err)
{
	struct seen *seen = ctx;

	(void)err; /* takes everything */
	assert(size > 0);
	digest_add(&seen->digest, bytes, size);
	seen->bytes += (int64_t)size;
	seen->rest |= size % 4;
	assert(seen->bytes <= VALUE_BYTES_MAX);
	return true;
}

static bool read_pieces(const uint8_t *bytes, size_t size, size_t piece, struct seen *seen,
	struct idx_header *ret, struct error *err)
{
	*seen = (struct seen){ .bytes = 0 };
	digest_init(&seen->digest);
	AUTO_FREE(idx_reader_free)
	struct idx_reader *r = idx_reader_new(VALUE_BYTES_MAX, sink, seen, err);
	assert(r);
	for (size_t at = 0; at < size; at += piece)
		if (!idx_reader_write(r, bytes + at, piece < size - at ? piece : size - at, err))
			return false;
	return idx_reader_end(r, ret, err);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct seen whole, pieces;
	struct idx_header header = { 0 }, again = { 0 };
	struct error err = { 0 }, same = { 0 };
	uint8_t digest[DIGEST_BYTES], same_digest[DIGEST_BYTES];

	if (size < 2)
		return 0;
	size_t piece = bytes[0] ? bytes[0] : 256;
	bool ok = read_pieces(bytes + 1, size - 1, size - 1, &whole, &header, &err);
	assert(ok == read_pieces(bytes + 1, size - 1, piece, &pieces, &again, &same));
	if (!ok) {
		assert(err.code == ERROR_INVALID || err.code == ERROR_TOO_LARGE);
		assert(err.code == same.code);
		return 0;
	}
	assert(memcmp(&header, &again, sizeof header) == 0);
	assert(whole.bytes == header.value_bytes && pieces.bytes == header.value_bytes);
	assert(header.type == 0x08 || (whole.rest == 0 && pieces.rest == 0));
	digest_end(&whole.digest, digest);
	digest_end(&pieces.digest, same_digest);
	assert(memcmp(digest, same_digest, sizeof digest) == 0);
	return 0;
}
