/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate's half of `explain`: after the agent has said what becomes of a packet, the authoriser
 * is asked what the gate would answer to a request on such a connection.
 */
#pragma once

#include <jansson.h>

#include "command.h"

struct gate_question {
	const char *request; /* "GET /secrets/x" */
	const char *vault;   /* NULL: whose frontend it is, if it is only one's */
	const char *host;    /* NULL: the first one of the vault */
	const char *token;   /* NULL: without */
};

/* NULL if it is a method and a target, else what is wrong. How the gate reads them is its own. */
const char *gate_request_problem(const char *request);

/*
 * Adds to the agent's answer about the packet: "request", "reaches_gate": whether the packet's
 * connection would, "gate": the authoriser's answer or null, and then "gate_problem": why. Returns
 * an enum exit_status.
 */
int ask_gate(const struct invocation *call, const struct gate_question *question, json_t *packet);
