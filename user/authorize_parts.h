/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the steps of a decision hand to one another. For user/authorize.c and
 * user/authorize_*.c only.
 */
#pragma once

#include <string.h>

#include "authorize.h"
#include "authorize_sources.h"
#include "names.h"

/* Vaults of one host name, on different frontends. */
struct host_vault {
	const struct vault *vault;
	struct host_vault *next;
};

struct authorize_index {
	const struct policy *policy;
	struct arena arena; /* of the hosts */
	struct names hosts; /* struct host_vault by name */
	struct frontend
		*frontends; /* TCP, of all vaults: sorted, so that equal ones are neighbours */
	size_t frontend_count;
	bool shares; /* some of them are equal, so that several vaults are reached there */
	struct source_sets sets;
	struct source_rules block;
	struct source_list failsafe;
	struct source_rules *vaults;   /* by the vault's index */
	struct source_rules *services; /* by the service's */
};

/* A question on its way to a decision. */
struct inquiry {
	const struct authorizer *authorizer;
	const struct authorize_index *index;
	const struct question *question;
	int64_t now;
	struct peer source; /* IPv4 is family 4, however it came */
	struct peer frontend;
	uint32_t address; /* of an IPv4 source, host order */
	bool tagged;
	struct decision *decision;
};

/* Ids differ in their first letter already, mostly, and each request is held against many. */
static inline bool same_id(const char *left, const char *right)
{
	return left[0] == right[0] && strcmp(left, right) == 0;
}

/* authorize_index.c: UNKNOWN_VAULT, AMBIGUOUS_VAULT, WRONG_FRONTEND, or _REASON_COUNT and
 * decision->vault is set. */
enum authorize_reason authorize_find_vault(const struct inquiry *inquiry);
/* Whether several vaults are reached there. */
bool authorize_is_shared(const struct authorize_index *index, const struct peer *there);

/* authorize_network.c: rows 2 and 3, or _REASON_COUNT: a token is asked for. */
bool authorize_knows_tag(const struct policy *policy, uint32_t tag);
enum authorize_reason authorize_network(const struct inquiry *inquiry);
bool authorize_may_come_from(const struct inquiry *inquiry, const struct trusted_service *service);

/* What stands behind "Bearer", without the blanks around it; NULL: no such header, or nothing. */
const char *authorize_find_token(const char *header, size_t *ret_length);

/* authorize_token.c: rows 4 and 5, or _REASON_COUNT and decision->claims is set. */
enum authorize_reason authorize_token(const struct inquiry *inquiry);

/* authorize_identity.c */
struct identity_match {
	bool fits;
	const char *missing; /* what it would take besides; NULL: it is somebody else */
	struct caller caller;
};

struct identity_match authorize_match_identity(const struct vault *vault,
					       const struct service_identity *identity,
					       const struct claims *claims);

/* authorize_access.c: rows 6 to 9. */
enum authorize_reason authorize_caller(const struct inquiry *inquiry);

/* authorize_body.c: everything that is text; the rest of the decision is there. */
void authorize_write(const struct inquiry *inquiry);
