/* digest.c - see digest.h. */
#include "base/digest.h"

#include <sodium/randombytes.h>
#include <sodium/utils.h>

void digest_init(struct digest *d)
{
	(void)crypto_hash_sha256_init(&d->state); /* always 0 */
}

void digest_add(struct digest *d, const void *bytes, size_t size)
{
	(void)crypto_hash_sha256_update(&d->state, bytes, size); /* always 0 */
}

void digest_end(struct digest *d, uint8_t ret[static DIGEST_BYTES])
{
	(void)crypto_hash_sha256_final(&d->state, ret); /* always 0 */
}

void digest_text(const uint8_t digest[static DIGEST_BYTES], char ret_text[static DIGEST_TEXT_BYTES])
{
	(void)sodium_bin2hex(ret_text, DIGEST_TEXT_BYTES, digest, DIGEST_BYTES);
}

void digest_of(const void *bytes, size_t size, char ret_text[static DIGEST_TEXT_BYTES])
{
	struct digest d;
	uint8_t sum[DIGEST_BYTES];

	digest_init(&d);
	digest_add(&d, bytes, size);
	digest_end(&d, sum);
	digest_text(sum, ret_text);
}

void random_bytes(void *ret, size_t size)
{
	randombytes_buf(ret, size);
}

void id_new(int64_t wall_ms, char ret_id[static ID_BYTES])
{
	static const char letters[] = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
	uint64_t time = (uint64_t)wall_ms & 0xffffffffffff;
	uint8_t noise[16];

	random_bytes(noise, sizeof noise);
	for (int i = 9; i >= 0; i--, time >>= 5)
		ret_id[i] = letters[time & 31];
	for (int i = 0; i < 16; i++)
		ret_id[10 + i] = letters[noise[i] & 31];
	ret_id[26] = '\0';
}
