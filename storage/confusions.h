/* confusions.h - the confusion matrix of an epoch's validation data, stored with the epoch. Private
 * to storage/; who asks for one finds confusions_find in jobs.h. */
#pragma once

#include "storage/private.h"

/* Inside a transaction: stores the epoch's matrix, if it has one. */
bool confusion_store(
	struct connection *c, const char *id, const struct epoch *e, struct error *err) MUST_CHECK;
/* Inside a transaction: is the epoch's matrix what is stored, if one is? If not:
 * ERROR_IO "determinism…". */
bool confusion_same(struct connection *c, const char *id, const struct epoch *now,
	struct error *err) MUST_CHECK;
