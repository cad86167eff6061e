/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who could claim to be a trusted service. Who holds the keys of an issuer writes every claim of
 * its tokens. Where the issuer has {tenant} that is the directory which the vault belongs to, and
 * is believed for what it says of its own. Any other issuer may be anybody's: at a vault that
 * accepts it, a token of it with an audience of its own is any application, any managed identity
 * and any object id of an access policy, `subscription: same` and an exchanged token's tenant
 * included, since those are claims, too. Only assertions are safe: tokens whose audience is that
 * of a federated identity stand for that identity and for nothing else (token_is_direct()).
 */
#include <stdio.h>
#include <string.h>

#include "policy_read.h"
#include "scalar.h"

/* Whether a whole word of the URL is this tenant: then the issuer is as good as one with {tenant}.
 */
static bool names_tenant(const char *url, const char *tenant)
{
	size_t length = tenant ? strlen(tenant) : 0;

	for (const char *at = length ? strstr(url, tenant) : NULL; at; at = strstr(at + 1, tenant))
		if (at > url && at[-1] == '/' && (at[length] == '/' || at[length] == '\0'))
			return true;
	return false;
}

static bool accepts(const struct vault *vault, const struct issuer *issuer)
{
	for (size_t i = 0; i < vault->issuer_count; i++)
		if (vault->issuers[i] == issuer)
			return true;
	return vault->issuer_count == 0;
}

/* Whether tokens of the issuer for this audience are assertions, and so count for nothing else. */
static bool is_for_assertions(const struct policy *policy, const struct issuer *issuer,
			      const char *audience)
{
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].identity_count; j++) {
			const struct service_identity *identity =
				&policy->services[i].identities[j];

			if (identity->issuer && identity->audience &&
			    strcmp(identity->issuer, issuer->issuer) == 0 &&
			    strcmp(identity->audience, audience) == 0)
				return true;
		}
	return false;
}

/* An audience with which a token of the issuer is more than an assertion; NULL: there is none. */
static const char *direct_audience(const struct policy *policy, const struct issuer *issuer)
{
	for (size_t i = 0; i < issuer->audience_count; i++)
		if (issuer->audiences[i] &&
		    !is_for_assertions(policy, issuer, issuer->audiences[i]))
			return issuer->audiences[i];
	if (issuer->challenge_resource &&
	    !is_for_assertions(policy, issuer, issuer->challenge_resource))
		return issuer->challenge_resource;
	return NULL;
}

/* Whether a token of somebody's making can fit the identity, as authorize_identity.c asks. */
static bool can_be_claimed(const struct service_identity *identity, const struct vault *vault)
{
	if (identity->kind == IDENTITY_FEDERATED)
		return vault->tenant != NULL;
	return !identity->same_subscription || vault->subscription;
}

/* A service that somebody can be; NULL: none. */
static const struct trusted_service *find_claimable(const struct policy *policy,
						    const struct vault *vault)
{
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].identity_count; j++)
			if (policy->services[i].name &&
			    can_be_claimed(&policy->services[i].identities[j], vault))
				return &policy->services[i];
	return NULL;
}

static bool is_in_danger(const struct policy *policy, const struct issuer *issuer,
			 const struct vault *vault)
{
	return vault->trusted_services && accepts(vault, issuer) &&
	       !names_tenant(issuer->issuer, vault->tenant) && find_claimable(policy, vault);
}

static void complain(struct policy_reader *reader, const struct issuer *issuer,
		     const char *audience, const struct vault *vault, size_t others)
{
	char quote[DIAG_QUOTE_MAX], more[32] = "";

	if (others)
		(void)snprintf(more, sizeof(more), " and %zu more", others);
	policy_diag(
		reader, DIAG_WARNING, issuer->at,
		"issuer '%s' is bound to no tenant: with a token for '%s' whoever holds its keys can be the service '%s', under any object id, at vault '%s'%s",
		issuer->name, diag_quote(quote, sizeof(quote), audience, strlen(audience)),
		find_claimable(reader->policy, vault)->name, vault->name, more);
}

static void check_issuer(struct policy_reader *reader, const struct issuer *issuer)
{
	const struct policy *policy = reader->policy;
	const char *audience = direct_audience(policy, issuer);
	const struct vault *first = NULL;
	size_t count = 0;

	for (size_t i = 0; audience && i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];

		if (!vault->name || !is_in_danger(policy, issuer, vault))
			continue;
		first = first ? first : vault;
		count++;
	}
	if (first)
		complain(reader, issuer, audience, first, count - 1);
}

void policy_check_issuers(struct policy_reader *reader)
{
	const struct policy *policy = reader->policy;

	for (size_t i = 0; i < policy->issuer_count; i++)
		if (policy->issuers[i].name && policy->issuers[i].issuer &&
		    !strchr(policy->issuers[i].issuer, '{'))
			check_issuer(reader, &policy->issuers[i]);
}
