/* database.h - the one SQLite file that is the truth, and who may touch it.
 *
 * One connection writes and checkpoints the WAL, behind one mutex (rank 1: nothing else is locked
 * while it is held); readers are read-only connections that never checkpoint. So the WAL-reset bug
 * of SQLite before 3.51.3 cannot happen. Every function of storage/ may be called from any thread
 * and blocks for disk time only. A function that changes something returns true only after COMMIT
 * at synchronous=FULL. */
#pragma once

#include "base/error.h"

#include <stdint.h>

struct database;

/* Opens `directory`/epochd.db, makes it if there is none, migrates it in one transaction a step.
 * Takes a lock on the directory for life: a second daemon on the same state is refused
 * (ERROR_BUSY). A database newer than this program or of another one is refused, never touched
 * (ERROR_INVALID), and no new one is made beside the remains of one that was lost (ERROR_IO).
 * The directory must exist; its mode is made 0700. */
struct database *database_open(const char *directory, struct error *err) MUST_CHECK;
void database_close(struct database *db);
DEFINE_AUTO_FREE(struct database, database_close)

/* Called after each COMMIT that added events, on the committing thread, no lock held; must not
 * block. One listener. */
void database_on_events(struct database *db, void (*bell)(void *ctx), void *ctx);

/* A write that must succeed cheaply: the heartbeat of the writer. */
bool database_probe(struct database *db, struct error *err) MUST_CHECK;
/* The digest of everything but times, the names in the store included: equal before and after a
 * refused request. For tests. */
bool database_digest(struct database *db, char ret_text[static 65], struct error *err) MUST_CHECK;
int database_version(void); /* of the schema this program writes */
