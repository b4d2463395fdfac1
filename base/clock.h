/* clock.h - the two clocks. Any thread.
 * Durations and deadlines come from the monotonic one, only what people read from the wall clock.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

int64_t clock_monotonic_ns(void);
int64_t clock_wall_ms(void); /* milliseconds since 1970-01-01 UTC */

/* "2026-11-24T07:18:56.120Z" (RFC 3339) with its NUL. */
enum { CLOCK_TEXT_BYTES = 32 };
void clock_format_ms(int64_t wall_ms, char ret_text[static CLOCK_TEXT_BYTES]);
