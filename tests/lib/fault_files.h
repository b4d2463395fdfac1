/* fault_files.h - the n-th of our own calls to the file system fails. One thread.
 * Link with --wrap for each call, as tests/storage/meson.build does. */
#pragma once

#include "fault.h"

extern struct fault fault_files;
extern int fault_files_errno;        /* what a call that fails says */
extern const char *fault_files_call; /* the last call that failed: "fsync" … */
extern char fault_files_trace[256];  /* all calls since it was emptied, as far as they fit: "write
					fsync" */
extern int fault_files_retries; /* fsyncs of what an fsync has failed for, until fault_disarm */

extern bool fault_files_without_unnamed; /* the file system knows no O_TMPFILE */
/* write takes one byte, pread gives half of what was asked for, and every third call is
 * interrupted. */
extern bool fault_files_dribble;
