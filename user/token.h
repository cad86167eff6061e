/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens: from a compact JWS and the keys of its issuer to claims that may be relied
 * on. What decides comes from the rules and the key sets; of the token's header only
 * the names of a key and of its algorithm are used, and both have to be ours. Knows no
 * file, no network and no request.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"
#include "token_keys.h"

#define TOKEN_BYTES  ((size_t)16 << 10)
#define TOKEN_LEEWAY 60 /* seconds that clocks may differ */

/*
 * Why a token does not count, in the order in which it is asked.
 *   X(NAME, label, help)
 */
#define TOKEN_FAULTS(X)                                                                            \
	X(NONE, "none", "")                                                                        \
	X(MEMORY, "memory", "there was no memory to check it")                                     \
	X(SIZE, "size", "the token is longer than 16 KiB")                                         \
	X(PARTS, "parts", "the token does not have three parts with dots between them")            \
	X(ENCODING, "encoding", "a part of the token is not base64url as it has to be")            \
	X(JSON, "json", "its header or its claims are no JSON object, or name a member twice")     \
	X(TYPE, "typ", "it is another kind of token than an access token (typ, cty, zip or enc)")  \
	X(CRITICAL, "crit", "it asks for an extension (crit)")                                     \
	X(ALGORITHM, "alg", "its algorithm is none of RS256, PS256 and ES256")                     \
	X(KEY_ID, "kid", "its header names no key (kid)")                                          \
	X(CLAIMS, "claims", "a claim is missing, or is of another type than it has to be")         \
	X(ISSUER, "issuer", "its issuer (iss) is none that the vault accepts")                     \
	X(TENANT, "tenant", "its tenant (tid) is not the issuer's, or not the vault's")            \
	X(AUDIENCE, "audience", "its audience (aud) is none that the vault accepts")               \
	X(NOT_YET, "not_yet_valid", "it is not valid yet (nbf)")                                   \
	X(EXPIRED, "expired", "it has expired (exp)")                                              \
	X(NO_KEYS, "no_keys", "there are no keys of its issuer")                                   \
	X(UNKNOWN_KEY, "unknown_key", "its issuer has no key of that name (kid)")                  \
	X(KEY, "key_mismatch", "the key is for another algorithm or another issuer")               \
	X(SIGNATURE, "signature", "its signature is not the issuer's")

enum token_fault {
#define X(name, label, help) TOKEN_FAULT_##name,
	TOKEN_FAULTS(X)
#undef X
		TOKEN_FAULT_COUNT,
};

/* What a token says. Texts that it does not have are NULL. One block: claims_free(). */
struct claims {
	const struct issuer *issuer; /* whose keys verified it; lives as long as the rules */
	bool tenant_bound;	     /* that issuer has {tenant}, and tid is what stands there */
	bool app_only;		     /* idtyp: app */
	bool assertion;		     /* its issuer and audience are a federated identity's */
	bool group_overage;	     /* it has more groups than it lists */
	int64_t expires;
	int64_t not_before; /* 0: not said */
	const char *iss;
	const char *tid; /* in lower case, like the other GUIDs */
	const char *oid;
	const char *app_id; /* appid or azp */
	const char *party;  /* azp */
	const char *idtyp;
	const char *mirid;  /* xms_mirid */
	const char *az_rid; /* xms_az_rid */
	const char *sub;
	const char *uti;
	const char *ver;
	const char **audiences;
	size_t audience_count;
	const char **groups;
	size_t group_count;
};

/* Where the keys of an issuer are. `tenant` is what {tenant} stands for, NULL without it. */
struct token_keyring {
	const struct token_keys *(*find)(void *context, const struct issuer *issuer,
					 const char *tenant);
	void *context;
};

/* Whom a vault believes. */
struct token_trust {
	const struct policy *policy;
	const struct vault *vault;
	struct token_keyring keyring;
};

struct token_finding {
	enum token_fault fault;
	const struct issuer *issuer; /* that it came furthest with; NULL: none */
	struct claims *claims;	     /* without fault only; the caller's */
};

void token_verify(const struct token_trust *trust, const char *text, size_t length, int64_t now,
		  struct token_finding *ret_finding);

/*
 * What a token says, whoever signed it: to be shown to the one who has it, never to decide by.
 * The caller's; NULL: it cannot be read.
 */
struct claims *token_peek(const char *text, size_t length);

/*
 * Whether what was verified for one vault counts for this one: its issuer, tenant and
 * audience. An assertion, not yet exchanged, counts with those of a federated identity.
 */
enum token_fault token_suits(const struct token_trust *trust, const struct claims *claims);

/*
 * The audience is the vault's own, and so is the tenant if the issuer has one. An assertion never
 * is: who issues those says who somebody is elsewhere, and not which application he is here.
 */
bool token_is_direct(const struct vault *vault, const struct claims *claims);

/* It is the assertion that a federated identity names: issuer, subject, audience. */
bool token_is_assertion(const struct service_identity *identity, const struct claims *claims);

/* TOKEN_FAULT_NONE, _NOT_YET or _EXPIRED. */
enum token_fault token_check_times(const struct claims *claims, int64_t now);

/* The issuers that a vault accepts, in order; NULL behind the last. */
const struct issuer *token_issuer_at(const struct policy *policy, const struct vault *vault,
				     size_t i);

void claims_free(struct claims *claims);

const char *token_fault_label(enum token_fault fault);
const char *token_fault_help(enum token_fault fault);
