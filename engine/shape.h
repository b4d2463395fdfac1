/* shape.h - the shape of one sample of a tensor; the batch axis belongs to the run. Row-major,
 * NHWC. */
#pragma once

#include "base/macros.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SHAPE_RANK_MAX = 4, SHAPE_TEXT_BYTES = 96 };

struct shape {
	int rank; /* 0 (a scalar) to SHAPE_RANK_MAX */
	int64_t dim[SHAPE_RANK_MAX];
};

#define SHAPE1(a)          ((struct shape){ 1, { (a) } })
#define SHAPE2(a, b)       ((struct shape){ 2, { (a), (b) } })
#define SHAPE3(a, b, c)    ((struct shape){ 3, { (a), (b), (c) } })
#define SHAPE4(a, b, c, d) ((struct shape){ 4, { (a), (b), (c), (d) } })

/* The number of elements; false when the product does not fit an int64_t. */
bool shape_size(const struct shape *s, int64_t *ret) MUST_CHECK;
/* The same for a shape that a plan has accepted: cannot overflow. */
int64_t shape_elements(const struct shape *s);
bool shape_equal(const struct shape *a, const struct shape *b);
/* "(28, 28, 1)" */
void shape_text(const struct shape *s, char ret_text[static SHAPE_TEXT_BYTES]);
