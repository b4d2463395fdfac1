/* number.c - see number.h. */
#include "base/number.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

void number_text(double value, char ret_text[static NUMBER_TEXT_BYTES])
{
	if (isnan(value)) {
		(void)snprintf(ret_text, NUMBER_TEXT_BYTES, "nan"); /* whatever its sign */
		return;
	}
	/* %g drops zeros at the end, so 15 digits print every double that has a shorter name by it;
	 * 17 name every double. Only subnormal ones have fewer digits than that. */
	for (int digits = fabs(value) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
		(void)snprintf(ret_text, NUMBER_TEXT_BYTES, "%.*g", digits, value);
		if (strtod(ret_text, NULL) == value)
			return;
	}
}
