/* SPDX-License-Identifier: Apache-2.0 */
/* What can be told of vaults once everything that they refer to is known. */
#include <errno.h>
#include <string.h>

#include "policy_read.h"

static bool names_tenant(const struct issuer *issuer)
{
	return (issuer->issuer && strstr(issuer->issuer, "{tenant}")) ||
	       (issuer->challenge_authorization &&
		strstr(issuer->challenge_authorization, "{tenant}"));
}

/* The first issuer of the vault that cannot do without a tenant; NULL if none. */
static const struct issuer *tenant_needed(const struct policy *policy, const struct vault *vault)
{
	size_t count = vault->issuer_count ? vault->issuer_count : policy->issuer_count;

	for (size_t i = 0; i < count; i++) {
		const struct issuer *issuer =
			vault->issuer_count ? vault->issuers[i] : &policy->issuers[i];

		if (names_tenant(issuer))
			return issuer;
	}
	return NULL;
}

static bool is_subscription_asked(const struct policy *policy)
{
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].identity_count; j++)
			if (policy->services[i].identities[j].same_subscription)
				return true;
	return false;
}

/* What makes a bypass less than it seems. */
static void check_bypass(struct policy_reader *reader, const struct vault *vault,
			 bool subscription_asked)
{
	const struct policy *policy = reader->policy;
	const struct issuer *issuer = vault->tenant ? NULL : tenant_needed(policy, vault);
	const char *name = vault->name ? vault->name : "?";

	if (issuer)
		policy_diag(
			reader, DIAG_ERROR, vault->at,
			"vault '%s' trusts services but has no 'tenant', which issuer '%s' (line %u) needs in place of {tenant}",
			name, issuer->name ? issuer->name : "?", issuer->at.line);
	if (policy->service_count == 0)
		policy_diag(reader, DIAG_WARNING, vault->acls_at,
			    "vault '%s' trusts services, but there are no 'trusted_services'",
			    name);
	else if (policy->issuer_count == 0)
		policy_diag(reader, DIAG_WARNING, vault->acls_at,
			    "vault '%s' trusts services, but without 'issuers' no token counts",
			    name);
	if (vault->hostname_count == 0)
		policy_diag(
			reader, DIAG_WARNING, vault->acls_at,
			"vault '%s' trusts services but has no 'hostnames', by which the gate would know it",
			name);
	if (subscription_asked && !vault->subscription)
		policy_diag(
			reader, DIAG_WARNING, vault->acls_at,
			"vault '%s' has no 'subscription', so identities with 'subscription: same' never get in",
			name);
}

/* The usual way to turn a firewall off for a moment, and to forget it. */
void policy_warn_effect(struct policy_reader *reader, const struct vault *vault, struct position at)
{
	policy_diag(
		reader, DIAG_WARNING, at,
		"vault '%s' admits everybody by 'default_action: allow'; its rules have no effect",
		vault->name ? vault->name : "?");
}

static void check_vault(struct policy_reader *reader, const struct vault *vault,
			bool subscription_asked)
{
	if (vault->trusted_services)
		check_bypass(reader, vault, subscription_asked);
	if (vault->default_allow && (vault->ip_rules.count || vault->network_rule_count))
		policy_warn_effect(reader, vault, vault->acls_at);
}

void policy_check_vaults(struct policy_reader *reader)
{
	struct policy *policy = reader->policy;
	bool subscription_asked = is_subscription_asked(policy);

	for (size_t i = 0; i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];
		const void *first = NULL;

		if (vault->name && names_add(&policy->vault_names, reader->schema.arena,
					     vault->name, vault, &first) == -ENOMEM)
			reader->schema.out_of_memory = true;
		check_vault(reader, vault, subscription_asked);
	}
}
