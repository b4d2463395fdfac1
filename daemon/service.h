/* service.h - everything that runs, started and stopped in one order: database, token, recovery,
 * scheduler, API, HTTP. One owner, the main thread; the functions that the API calls back are
 * inside. */
#pragma once

#include "daemon/config.h"

struct service;

/* Answers requests and runs jobs when it returns. `isa`: as in struct trainer_options, borrowed for
 * life. `listen_fd`: an inherited socket, or -1. NULL: ERROR_BUSY when the address or the state is
 * in use, ERROR_INVALID for what an administrator must mend, else the machine failed. */
struct service *service_start(
	const struct config *config, const char *isa, int listen_fd, struct error *err) MUST_CHECK;

/* "http://127.0.0.1:7070", with the port that was found when any was asked for. */
enum { SERVICE_ADDRESS_BYTES = 80 };
void service_address(const struct service *s, char ret_text[static SERVICE_ADDRESS_BYTES]);

/* Other settings: what can change does, the rest is logged as needing a restart. */
void service_reconfigure(struct service *s, const struct config *config);

/* Whether the database takes writes, the scheduler moves, and every busy worker too. */
bool service_is_alive(struct service *s);

/* Refuses new requests, stops the jobs with a checkpoint, ends everything, and frees. */
void service_stop(struct service *s);
