/* number.h - a double as text. Any thread. */
#pragma once

enum { NUMBER_TEXT_BYTES = 32 };

/* The shortest decimal that reads back as the same double, with its NUL; "nan", "inf" and "-inf" as
 * C and Python read them. */
void number_text(double value, char ret_text[static NUMBER_TEXT_BYTES]);
