/* fault_disk.h - SQLite on a disk whose n-th call fails, and that knows what has not been synced.
 * One thread. */
#pragma once

#include "fault.h"

enum fault_disk_kind {
	DISK_FAILS, /* every kind of call, each with SQLite's own code for it */
	DISK_FULL,  /* only calls that make a file larger, with SQLITE_FULL */
};

extern struct fault fault_disk;
extern enum fault_disk_kind fault_disk_kind;
/* Becomes SQLite's default. Syncs are only noted, never done: tests are about processes that die,
 * not about power. */
void fault_disk_install(void);
/* Files (database, WAL, journal) with writes that no sync has followed. */
int fault_disk_unsynced(void);
