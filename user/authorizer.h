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
 * POST /v1/explain     what would be decided about a request, and why: explain in the manual
 *   {"source": "ip:port", "frontend": "ip:port", "method", "target", "vault"?, "host"?, "tag"?},
 *   at most 32 KiB, and the token, if any, in the Authorization header, as a client has it; without
 *   "host" the first one of the vault counts. The answer is that of authorize_report.h with the
 *   "generation". 400: the question makes no sense; 403: see below; 503: there are no rules yet
 * GET /v1/status       {"schema": 1, "version", "pid", "uptime_seconds", "uid",
 *                       "generation": N|null,
 *                       "agent": {"connected": bool, "since_seconds", "problem": text|null},
 *                       "keysets": [as in keyset.h], "answers": [{"code", "error", "count"}],
 *                       "tokens_cached", "audit_records_lost"}
 *
 * Whoever may open this socket, a proxy's workers above all, may ask about requests. Whoever takes
 * such a worker over sees its clients' tokens anyway, and can learn which of them opens what by
 * asking. Explain tells more: the rules that decide, object ids that have permissions, and what a
 * token lacks. So it is for those who may open the agent's socket, which gives out all the rules:
 * root and the members of its group. As long as the proxy's user is one of them (the units have one
 * group for both sockets) he learns here nothing that he could not have there; where the two groups
 * differ (--group) he is refused. It tells no one's secret: a token is told back only to who has
 * it, as claims. It is not in the audit log, which is for requests, but each is in the journal.
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
