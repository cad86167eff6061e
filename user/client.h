/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line's side of the control socket (control.h) and of the authoriser's
 * (authorizer.h): one request, one JSON answer, or a stream of them. Every way in which
 * that can fail becomes one sentence. Prints nothing.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "bundle_pack.h"
#include "fault.h"
#include "paths.h"

#define CLIENT_TIMEOUT 30 /* seconds until an answer must be there, if a request says no other */

struct client_parameter {
	const char *name;
	const char *value; /* NULL: left out */
};

#define CLIENT_PARAMETERS 4

enum client_server { CLIENT_AGENT, CLIENT_AUTHORIZER };

struct client_request {
	enum client_server server;
	const char *path; /* "/v1/push" */
	struct client_parameter parameters[CLIENT_PARAMETERS];
	const json_t *body;	 /* sent with POST; NULL: GET */
	const struct pack *pack; /* the same, and what it holds is not copied */
	const char *token;	 /* goes along as a client's would; in no sentence. NULL: none */
	bool accept_pack;	 /* rules may come packed */
	long timeout;		 /* seconds; 0: CLIENT_TIMEOUT */

	/* Called about once a second; false gives the request up (-EINTR). May be NULL. */
	bool (*wait)(void *context, double seconds);
	void *context;
};

/* Ended with client_reply_free(). */
struct client_reply {
	long status;  /* of HTTP */
	json_t *body; /* an object; NULL: it came packed */
	char *packed; /* as it was sent */
	size_t packed_size;
};

/*
 * Any answer that is a JSON object is a success, whatever its status. -ENOENT or
 * -ECONNREFUSED: nobody there; -EACCES; -ETIMEDOUT; -ECONNRESET: closed mid-request;
 * -EPROTO: an answer that makes no sense; -EINTR; -ENOMEM; -EIO.
 */
int client_call(const struct paths *paths, const struct client_request *request,
		struct client_reply *ret_reply, struct fault *fault);
void client_reply_free(struct client_reply *reply);

/* The sentence in the "error" of an answer. */
const char *client_error(const struct client_reply *reply);

/*
 * A stream of objects, one a line, handed to `receive` (borrowed) as they come,
 * without a timeout. Returns 0 when the agent ends it or `receive` says false, and
 * otherwise as client_call(). An answer other than 200 leaves its sentence in
 * `fault`: -EBADMSG if the request was wrong, else -EIO.
 */
int client_follow(const struct paths *paths, const struct client_request *request,
		  bool (*receive)(const json_t *record, void *context), void *context,
		  struct fault *fault);
