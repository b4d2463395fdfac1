/* rooms.h - a kernel is run twice, by the reference and by the table under test, in two equal
 * rooms; then the rooms must still be equal, outputs and all that lies around them. */
#pragma once

#include "engine/kernels/kernels.h"

enum {
	GUARD = 64, /* values before an output that nobody may touch */
	ROOM = 1 << 16,
};

struct rooms {
	float a[ROOM], b[ROOM], c[2][ROOM]; /* inputs; outputs of each side */
	uint8_t bytes[2][ROOM];
};

/* Around the widths of vectors and tiles. */
extern const int64_t odd_sizes[15];

/* Rooms as they are before a check, and the scalar kernels; set up by rooms_set_up. */
extern struct rooms fresh;
extern const struct kernels *reference;
int rooms_set_up(void **state); /* of a group of tests */
/* A copy of the fresh ones; the caller frees it. */
struct rooms *rooms_new(void);

/* Calls work(kernels, rooms, side, ctx) for the reference and for each other table that this CPU
 * runs, and fails the test where they differ. */
void each_table(void (*work)(const struct kernels *, struct rooms *, int, const void *),
	const void *ctx, const char *what);
