/* digest.h - SHA-256 (FIPS 180-4), by libsodium, and random bytes. Any thread; a digest in progress
 * has one owner. */
#pragma once

#include <sodium/crypto_hash_sha256.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_BYTES = 32, DIGEST_TEXT_BYTES = 65 };

struct digest {
	crypto_hash_sha256_state state;
};

void digest_init(struct digest *d);
void digest_add(struct digest *d, const void *bytes, size_t size);
void digest_end(struct digest *d, uint8_t ret[static DIGEST_BYTES]);
/* 64 lower-case hexadecimal digits and a NUL. */
void digest_text(
	const uint8_t digest[static DIGEST_BYTES], char ret_text[static DIGEST_TEXT_BYTES]);
/* The digest of one run of bytes, as text. */
void digest_of(const void *bytes, size_t size, char ret_text[static DIGEST_TEXT_BYTES]);

/* Fills `ret` from the kernel's generator (getrandom); never fails on a running system. */
void random_bytes(void *ret, size_t size);

/* A ULID: 48 bits of milliseconds and 80 random bits as 26 characters of Crockford's base 32 and a
 * NUL; sorts by time. */
enum { ID_BYTES = 27 };
void id_new(int64_t wall_ms, char ret_id[static ID_BYTES]);
