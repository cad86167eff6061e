/* SPDX-License-Identifier: Apache-2.0 */
/* Why a token does not count, held against what the rules ask of it. */
#include <string.h>
#include <time.h>

#include "authorize_explain_parts.h"
#include "diag.h"
#include "scalar.h"

#define ISSUERS_TOLD 3

/* A claim as it may be printed: nobody has vouched for what stands in it. */
static const char *quote(const char *claim, char text[DIAG_QUOTE_MAX])
{
	return claim ? diag_quote(text, DIAG_QUOTE_MAX, claim, strlen(claim)) : "not said";
}

static void tell_issuer(const struct teller *teller)
{
	const struct authorize_case *subject = teller->subject;
	const struct claims *claims = subject->claims;
	const struct vault *vault = subject->decision->vault;
	const struct issuer *issuer = NULL;
	char text[DIAG_QUOTE_MAX], at[EXPLAIN_TEXT];

	tell_advice(teller, "Its issuer is %s; the vault %s accepts",
		    quote(claims ? claims->iss : NULL, text), vault->name);
	for (size_t i = 0; (issuer = token_issuer_at(subject->policy, vault, i)); i++)
		if (i < ISSUERS_TOLD)
			tell_advice(teller, "%s %s (%s)", i ? "," : "", issuer->issuer,
				    tell_place(teller, issuer->at, at));
	tell_advice(teller, "%s",
		    token_issuer_at(subject->policy, vault, ISSUERS_TOLD) ? " and others."
		    : token_issuer_at(subject->policy, vault, 0)	  ? "."
									  : " none.");
}

static void tell_tenant(const struct teller *teller)
{
	const struct claims *claims = teller->subject->claims;
	const struct vault *vault = teller->subject->decision->vault;
	char text[DIAG_QUOTE_MAX], at[EXPLAIN_TEXT];

	tell_advice(teller, "Its tenant (tid) is %s, that of the vault %s is %s (%s).",
		    quote(claims ? claims->tid : NULL, text), vault->name,
		    vault->tenant ? vault->tenant : "not said", tell_place(teller, vault->at, at));
}

static bool is_listed(const struct issuer *issuer, const char *audience)
{
	for (size_t i = 0; i < issuer->audience_count; i++)
		if (strcmp(issuer->audiences[i], audience) == 0)
			return true;
	return false;
}

static void tell_audience(const struct teller *teller)
{
	const struct claims *claims = teller->subject->claims;
	const struct issuer *issuer = teller->subject->decision->issuer;
	char text[DIAG_QUOTE_MAX], at[EXPLAIN_TEXT];

	tell_advice(teller, "It is for %s",
		    quote(claims && claims->audience_count ? claims->audiences[0] : NULL, text));
	if (!issuer)
		return;
	tell_advice(teller, "; the audiences of issuer %s (%s) are", issuer->name,
		    tell_place(teller, issuer->at, at));
	for (size_t i = 0; i < issuer->audience_count && i < 4; i++)
		tell_advice(teller, "%s %s", i ? "," : "", issuer->audiences[i]);
	if (issuer->challenge_resource && !is_listed(issuer, issuer->challenge_resource))
		tell_advice(teller, ", %s", issuer->challenge_resource);
	tell_advice(teller, ". The client has to ask for one of them.");
}

static void tell_times(const struct teller *teller)
{
	const struct claims *claims = teller->subject->claims;
	bool expired = teller->subject->decision->token_fault == TOKEN_FAULT_EXPIRED;
	char then[TIME_TEXT], now[TIME_TEXT];

	if (!claims)
		return;
	time_format(expired ? claims->expires : claims->not_before, then);
	time_format(teller->subject->now, now);
	tell_advice(teller, "It is valid %s %s, and it is %s here. %s",
		    expired ? "until" : "not before", then, now,
		    expired ? "The client has to get a new one." : "Whose clock is wrong?");
}

static void tell_keys(const struct teller *teller)
{
	const struct issuer *issuer = teller->subject->decision->issuer;
	char at[EXPLAIN_TEXT];

	tell_advice(teller, "Without a key of issuer %s (%s) nothing is believed: ",
		    issuer ? issuer->name : "?", issuer ? tell_place(teller, issuer->at, at) : "?");
	tell_advice(teller, "'vaultwall status' says where keys come from and how old they are.");
}

static void tell_shape(const struct teller *teller)
{
	tell_advice(teller, "It is no access token as a vault takes it: %s.",
		    token_fault_help(teller->subject->decision->token_fault));
}

void tell_invalid_token(const struct teller *teller)
{
	static void (*const faults[TOKEN_FAULT_COUNT])(const struct teller *) = {
		[TOKEN_FAULT_ISSUER] = tell_issuer,	[TOKEN_FAULT_TENANT] = tell_tenant,
		[TOKEN_FAULT_AUDIENCE] = tell_audience, [TOKEN_FAULT_NOT_YET] = tell_times,
		[TOKEN_FAULT_EXPIRED] = tell_times,	[TOKEN_FAULT_NO_KEYS] = tell_keys,
		[TOKEN_FAULT_UNKNOWN_KEY] = tell_keys,	[TOKEN_FAULT_KEY] = tell_keys,
	};
	const struct decision *decision = teller->subject->decision;

	tell_rule(teller, decision->at, "bypass: trusted_services");
	if (decision->token_fault == TOKEN_FAULT_SIGNATURE)
		tell_advice(teller, "It was changed, or somebody else than the issuer signed it.");
	else if (faults[decision->token_fault])
		faults[decision->token_fault](teller);
	else
		tell_shape(teller);
}
