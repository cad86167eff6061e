/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authoriser: a process of its own, without privileges, that proxies ask about each request.
 *
 * HTTP on the socket /run/NAME/authorize.sock, 0660, for the proxy's group:
 *
 * GET /authorize       the question in headers (authorizer_question.h): 200, 401 or 403 with
 *                      Key Vault's body; the body again on one line in X-Gate-Body, since nginx
 *                      forgets bodies of answers; on 200 X-Vaultwall-Service and -Caller
 * ANY /authorize/...   the same in Envoy's manner
 * GET /v1/status       {"schema": 1, "version", "pid", "uptime_seconds", "uid",
 *                       "generation": N|null,
 *                       "agent": {"connected": bool, "since_seconds", "problem": text|null},
 *                       "keysets": [as in keyset.h], "answers": [{"code", "error", "count"}],
 *                       "tokens_cached", "audit_records_lost"}
 */
#pragma once

#include "fault.h"
#include "paths.h"

struct authorizer_options {
	const char *user;      /* whom to become when started with privileges; NULL: nobody */
	const char *audit_log; /* a file; NULL: standard output */
	const char *ca_file;   /* what issuers' servers are checked against; NULL: the system's */
	const char *proxy;     /* to reach issuers by; NULL: none */
	const char *group;     /* who may ask, if the socket is made here */
};

/* Serves until SIGTERM. -EINVAL: node.yaml is wrong. */
int authorizer_run(const struct paths *paths, const char *config,
		   const struct authorizer_options *options, struct fault *fault);
