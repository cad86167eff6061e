/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens count where. */
#include <string.h>

#include "token_parts.h"

/* The length of the placeholder that the text begins with; 0: none. */
static size_t placeholder_length(const char *text)
{
	static const char *const placeholders[] = {"{tenant}", "{tenantid}"};

	for (size_t i = 0; i < 2; i++)
		if (strncmp(text, placeholders[i], strlen(placeholders[i])) == 0)
			return strlen(placeholders[i]);
	return 0;
}

/* A GUID in the one form that is compared. */
static bool read_tenant(const char *name, char ret_tenant[GUID_TEXT])
{
	char written[GUID_TEXT];
	size_t length = strnlen(name, GUID_TEXT - 1);

	memcpy(written, name, length);
	written[length] = '\0';
	return guid_parse(written, ret_tenant) && strcmp(written, ret_tenant) == 0;
}

bool token_pattern_fits(const char *pattern, const char *name, char ret_tenant[GUID_TEXT])
{
	char tenant[GUID_TEXT] = "";
	char again[GUID_TEXT];

	while (*pattern) {
		size_t length = placeholder_length(pattern);

		if (!length) {
			if (*pattern++ != *name++)
				return false;
			continue;
		}
		if (!read_tenant(name, again) || (tenant[0] && strcmp(tenant, again) != 0))
			return false;
		memcpy(tenant, again, sizeof(tenant));
		pattern += length;
		name += GUID_TEXT - 1;
	}
	memcpy(ret_tenant, tenant, sizeof(tenant));
	return *name == '\0';
}

const struct issuer *token_issuer_at(const struct policy *policy, const struct vault *vault,
				     size_t i)
{
	if (vault->issuer_count > 0)
		return i < vault->issuer_count ? vault->issuers[i] : NULL;
	return i < policy->issuer_count ? &policy->issuers[i] : NULL;
}

static bool has_audience(const struct claims *claims, const char *audience)
{
	for (size_t i = 0; i < claims->audience_count; i++)
		if (strcmp(claims->audiences[i], audience) == 0)
			return true;
	return false;
}

static bool is_for_issuer(const struct issuer *issuer, const struct claims *claims)
{
	for (size_t i = 0; i < issuer->audience_count; i++)
		if (has_audience(claims, issuer->audiences[i]))
			return true;
	/* What a client was told to ask for. */
	return issuer->challenge_resource && has_audience(claims, issuer->challenge_resource);
}

static bool is_tenant_of(const struct vault *vault, const struct claims *claims)
{
	return !claims->tenant_bound || (vault->tenant && strcmp(vault->tenant, claims->tid) == 0);
}

bool token_is_direct(const struct vault *vault, const struct claims *claims)
{
	return !claims->assertion && is_tenant_of(vault, claims) &&
	       is_for_issuer(claims->issuer, claims);
}

static bool is_federation(const struct service_identity *identity, const struct claims *claims)
{
	return identity->kind == IDENTITY_FEDERATED && strcmp(identity->issuer, claims->iss) == 0 &&
	       has_audience(claims, identity->audience);
}

bool token_is_assertion(const struct service_identity *identity, const struct claims *claims)
{
	return is_federation(identity, claims) && claims->sub &&
	       strcmp(identity->subject, claims->sub) == 0;
}

bool token_may_be_assertion(const struct policy *policy, const struct claims *claims)
{
	for (size_t i = 0; i < policy->service_count; i++)
		for (size_t j = 0; j < policy->services[i].identity_count; j++)
			if (is_federation(&policy->services[i].identities[j], claims))
				return true;
	return false;
}

static bool is_accepted(const struct token_trust *trust, const struct issuer *issuer)
{
	const struct issuer *accepted = NULL;

	for (size_t i = 0; (accepted = token_issuer_at(trust->policy, trust->vault, i)); i++)
		if (accepted == issuer)
			return true;
	return false;
}

enum token_fault token_suits(const struct token_trust *trust, const struct claims *claims)
{
	if (!is_accepted(trust, claims->issuer))
		return TOKEN_FAULT_ISSUER;
	if (token_is_direct(trust->vault, claims) || claims->assertion)
		return TOKEN_FAULT_NONE;
	return is_tenant_of(trust->vault, claims) ? TOKEN_FAULT_AUDIENCE : TOKEN_FAULT_TENANT;
}
