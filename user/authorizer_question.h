/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A proxy's question, in one of three manners, taken from the headers of an HTTP request. Judges
 * nothing but whether it can be read in one way only. For authorizer*.c only.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "authorize.h"
#include "http.h"
#include "node.h"

/* Pointers live as long as the request. */
struct asked {
	struct question question;
	const char *vault;	/* whose server block asks; NULL: not told */
	const char *request_id; /* the client's own; NULL: none */
	const char *client;	/* what it says that it is; NULL: nothing */
};

/* "192.0.2.1:50000", "[2001:db8::1]:50000". */
bool question_read_place(const char *text, struct peer *ret_peer);

/*
 * NULL, or in a few words why the question cannot be read; then it is one that authorize() takes
 * for unreadable.
 */
const char *question_read(const struct http_request *request, enum question_manner manner,
			  struct asked *ret_asked);
