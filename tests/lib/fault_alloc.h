/* fault_alloc.h - the n-th allocation fails: SQLite's, and those of our own code.
 * Link with -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=strdup. */
#pragma once

#include "fault.h"

extern struct fault fault_alloc;
void fault_alloc_install(void); /* before the first use of SQLite */
