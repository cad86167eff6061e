/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The gate's decision: a request, the rules and the key sets make an answer, or a
 * refusal that says why. Pure: no socket, no file, no clock, no log. Whatever is
 * doubtful is refused.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "operation.h"
#include "policy.h"
#include "token.h"
#include "token_cache.h"

/*
 * Reasons, in the order in which they are asked for; `row` is that of the manual's table.
 *   X(NAME, row, status, innererror, label, help)
 */
#define AUTHORIZE_REASONS(X)                                                                       \
	X(UNREADABLE, 1, 403, "ForbiddenByFirewall", "unreadable",                                 \
	  "the question is incomplete, or says something twice")                                   \
	X(UNKNOWN_VAULT, 1, 403, "ForbiddenByFirewall", "unknown_vault",                           \
	  "no vault has that host name")                                                           \
	X(AMBIGUOUS_VAULT, 1, 403, "ForbiddenByFirewall", "ambiguous_vault",                       \
	  "several vaults have that host name, and the proxy does not tell the frontend")          \
	X(WRONG_FRONTEND, 1, 403, "ForbiddenByFirewall", "wrong_frontend",                         \
	  "the vault of that host name is not reached there")                                      \
	X(FAILSAFE, 2, 200, NULL, "failsafe", "the source is a failsafe address of the node")      \
	X(DEFAULT_ALLOW, 2, 200, NULL, "default_allow", "the vault's default action is allow")     \
	X(VIRTUAL_NETWORK, 2, 200, NULL, "virtual_network",                                        \
	  "tag and source fit a subnet that the vault lists")                                      \
	X(IP_RULE, 2, 200, NULL, "ip_rule", "the source is in the vault's IP rules")               \
	X(BLOCKED, 3, 403, "ForbiddenByFirewall", "blocked",                                       \
	  "the source or its endpoint tag is on the block list")                                   \
	X(UNKNOWN_SUBNET, 3, 403, "ForbiddenByFirewall", "unknown_subnet",                         \
	  "tagged, but from no subnet that the vault lists")                                       \
	X(UNKNOWN_TAG, 3, 403, "ForbiddenByFirewall", "unknown_tag",                               \
	  "whether the connection bears an endpoint tag cannot be told")                           \
	X(NOT_ALLOWED, 3, 403, "ForbiddenByFirewall", "not_allowed",                               \
	  "no rule of the vault admits the source, and no trusted service may come from there")    \
	X(NO_TOKEN, 4, 401, NULL, "no_token", "there is no bearer token")                          \
	X(INVALID_TOKEN, 5, 401, NULL, "invalid_token", "the token does not count")                \
	X(UNKNOWN_CALLER, 6, 403, "ForbiddenByFirewall", "unknown_caller",                         \
	  "the caller is no trusted service that may come from there")                             \
	X(UNKNOWN_OPERATION, 7, 403, "ForbiddenByFirewall", "unknown_operation",                   \
	  "method and path are no operation, or could be read in two ways")                        \
	X(OTHER_OPERATION, 7, 403, "ForbiddenByFirewall", "other_operation",                       \
	  "the operation is not one that the trusted service may use")                             \
	X(NO_PERMISSION, 8, 403, "ForbiddenByPolicy", "no_permission",                             \
	  "no access policy of the vault gives the caller that permission")                        \
	X(TRUSTED_SERVICE, 9, 200, NULL, "trusted_service",                                        \
	  "a trusted service with the permission that it needs")

enum authorize_reason {
#define X(name, row, status, innererror, label, help) AUTHORIZE_##name,
	AUTHORIZE_REASONS(X)
#undef X
		AUTHORIZE_REASON_COUNT,
};

/* WOULD_DENY lets the request pass: the vault is in audit. */
enum authorize_verdict { AUTHORIZE_ALLOW, AUTHORIZE_DENY, AUTHORIZE_WOULD_DENY };

/* One end of a connection. */
struct peer {
	uint8_t family;	     /* 4 or 6; 0: not told */
	uint16_t port;	     /* host order */
	uint8_t address[16]; /* wire order; IPv4 in the first four bytes */
};

struct question {
	const char *method; /* NULL: not told, or not once; so are target and host */
	const char *target; /* path and query as received */
	const char *host;
	const char *authorization; /* the header's value; NULL: there is none */
	struct peer source;
	struct peer frontend;
	bool frontend_untold; /* the proxy's manner has no word for it: `frontend` is empty */
	bool tunnel; /* a header was there that asks for another method: X-HTTP-Method ... */
	bool tagged;
	bool vlan; /* the tag is a VLAN id, and none at all unless the rules know it */
	uint32_t tag;
	bool tag_unknown; /* whether it is tagged cannot be told */
};

/* Whom a token stands for. Each may be NULL. */
struct caller {
	const char *app_id;
	const char *object_id;
	const char *issuer;
	const struct claims *groups; /* NULL: its groups count for nothing here */
};

#define DECISION_DETAIL_BYTES	 512
#define DECISION_CALLER_BYTES	 512
#define DECISION_BODY_BYTES	 3072
#define DECISION_CHALLENGE_BYTES 1024

/*
 * Pointers live until the next question to the same authorizer, and until the rules change;
 * all may be NULL. Texts are never NULL.
 */
struct decision {
	enum authorize_reason reason;
	enum authorize_verdict verdict;
	unsigned int status; /* to be answered: 200, 401 or 403 */
	const struct vault *vault;
	const struct trusted_service *service;	 /* with the identity: of the caller, or nearly */
	const struct service_identity *identity; /* on refusal the one that came closest */
	const struct access_policy *access;	 /* on refusal one of the caller's that lacks it */
	struct position at; /* of the rule that decided, or would have to be another */
	bool at_node;	    /* and that is in the node's configuration */
	struct caller caller;
	enum token_fault token_fault;
	const struct issuer *issuer; /* whose the token is, or nearly */
	const struct claims *claims; /* of a token that counts */
	enum operation_fault operation_fault;
	struct operation operation;		  /* if there is no such fault */
	char detail[DECISION_DETAIL_BYTES];	  /* what was missing, for people; "": nothing */
	char caller_text[DECISION_CALLER_BYTES];  /* "appid=...;oid=...;iss=...", plain ASCII */
	char body[DECISION_BODY_BYTES];		  /* JSON on one line, plain ASCII; "": none */
	char challenge[DECISION_CHALLENGE_BYTES]; /* of WWW-Authenticate; "": none */
};

/* The rules, laid out for questions. Points into the policy and the failsafe list. */
struct authorize_index;

/* 0 or -ENOMEM. */
int authorize_index_open(const struct policy *policy, const struct range_list *failsafe,
			 struct authorize_index **ret_index);
void authorize_index_free(struct authorize_index *index);

/*
 * Whether the answer depends on the endpoint tag: of a frontend that several vaults share, where
 * the kernel could not decide for any of them. At others nobody with a tag gets to the gate.
 */
bool authorize_needs_tag(const struct authorize_index *index, const struct question *question);

struct authorizer {
	const struct authorize_index *index;
	struct token_keyring keyring; /* asked only for tenants that the rules name */
	struct token_cache *cache;    /* there has to be one */
	uint64_t generation;	      /* of rules and keys together, see token_cache_find() */
};

/* `now` in seconds since the epoch. */
void authorize(const struct authorizer *authorizer, const struct question *question, int64_t now,
	       struct decision *ret_decision);

const char *authorize_reason_label(enum authorize_reason reason);
const char *authorize_reason_help(enum authorize_reason reason);
unsigned int authorize_reason_row(enum authorize_reason reason);
const char *authorize_reason_error(enum authorize_reason reason); /* "ForbiddenBy..." or NULL */
const char *authorize_verdict_label(enum authorize_verdict verdict);
