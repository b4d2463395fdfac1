/* fuzz.h - the entry of a harness, as libFuzzer and replay.c call it. A harness holds its subject
 * to what its header promises, with asserts: that nothing crashes is only the half of it. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* Always 0. The bytes end where they end: a read beyond them is seen by a sanitizer. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);
