/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a new policy changes, vault by vault. Ranges are compared by the addresses
 * that they come to, so that another order, another spelling or a set in place of
 * a list is no change. Pure.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* What may differ in a vault.   X(NAME, label): the label is the key in the rules */
#define VAULT_ASPECTS(X)                                                                           \
	X(HOSTNAMES, "hostnames")                                                                  \
	X(FRONTENDS, "frontends")                                                                  \
	X(TENANT, "tenant")                                                                        \
	X(SUBSCRIPTION, "subscription")                                                            \
	X(ENFORCEMENT, "enforcement")                                                              \
	X(DEFAULT_ACTION, "default_action")                                                        \
	X(BYPASS, "bypass")                                                                        \
	X(IP_RULES, "ip_rules")                                                                    \
	X(VIRTUAL_NETWORK_RULES, "virtual_network_rules")                                          \
	X(ACCESS_POLICIES, "access_policies")                                                      \
	X(ISSUERS, "issuers")                                                                      \
	X(UPSTREAM, "upstream")                                                                    \
	X(TLS, "tls")

enum vault_aspect {
#define X(name, label) VAULT_##name,
	VAULT_ASPECTS(X)
#undef X
		VAULT_ASPECT_COUNT,
};

/* What all vaults share. */
#define SHARED_ASPECTS(X)                                                                          \
	X(BLOCK, "block")                                                                          \
	X(TRUSTED_SERVICES, "trusted_services")                                                    \
	X(ISSUERS, "issuers")

enum shared_aspect {
#define X(name, label) SHARED_##name,
	SHARED_ASPECTS(X)
#undef X
		SHARED_ASPECT_COUNT,
};

extern const char *const vault_aspect_labels[VAULT_ASPECT_COUNT];
extern const char *const shared_aspect_labels[SHARED_ASPECT_COUNT];

enum vault_fate { VAULT_ADDED, VAULT_REMOVED, VAULT_CHANGED };

struct vault_change {
	enum vault_fate fate;
	const char *name; /* of the policy that has it */
	uint32_t aspects; /* of a changed one: bits by enum vault_aspect */
};

/* Starts as {0}. Removed vaults stand last, the others in the order of the rules. */
struct policy_diff {
	struct vault_change *items;
	size_t count;
	uint32_t shared; /* bits by enum shared_aspect */
};

/*
 * `before` NULL: there was none. Names are borrowed from both policies. Past a
 * bound on the work, rules that are written otherwise are told as changed unseen.
 * -ENOMEM.
 */
int policy_diff_make(const struct policy *before, const struct policy *after,
		     struct policy_diff *ret_diff);
void policy_diff_free(struct policy_diff *diff);
