/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What every command that talks to the agent does alike: ask, and turn whatever
 * went wrong into a line on stderr and an exit status.
 */
#pragma once

#include <jansson.h>

#include "client.h"
#include "command.h"
#include "output.h"

/* "vaultwall: TEXT" on stderr, its control characters escaped. Returns `status`. */
int ask_fail(const struct invocation *call, int status, const char *text);

/* The exit status that an HTTP status stands for: 2xx, 4xx, anything else. */
int ask_status(long http_status);

/*
 * Asks, and on STATUS_DONE the answer goes to *ret_body (json_decref() it);
 * otherwise everything was said.
 */
int ask_agent(const struct invocation *call, const struct client_request *request,
	      json_t **ret_body);

/* The same, and the answer is printed by one of the format's functions. */
int ask_and_print(const struct invocation *call, const struct client_request *request,
		  void (*print)(const struct printer *printer, const json_t *answer));
