/* SPDX-License-Identifier: Apache-2.0 */
/* What a decision is in words: for clients in the service's envelope, for people in `detail`. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "authorize_parts.h"
#include "authorize_text.h"

#define MESSAGE_BYTES 1024
#define ISSUER_MOST   256 /* bytes of an issuer that are printed */
#define ID_MOST	      64  /* of an application or object id */

static void add_part(struct text_buffer *buffer, const char *name, const char *value, size_t most)
{
	if (!value)
		return;
	if (buffer->length)
		text_add(buffer, ";");
	text_add(buffer, name);
	text_add_most(buffer, value, most);
}

static void write_caller(struct decision *decision)
{
	struct text_buffer buffer =
		text_buffer_start(decision->caller_text, sizeof(decision->caller_text));

	add_part(&buffer, "appid=", decision->caller.app_id, ID_MOST);
	add_part(&buffer, "oid=", decision->caller.object_id, ID_MOST);
	add_part(&buffer, "iss=", decision->caller.issuer, ISSUER_MOST);
}

/* The reason as far as it is the client's business: nothing of what the rules say. */
static const char *public_reason(const struct decision *decision)
{
	if (decision->reason == AUTHORIZE_INVALID_TOKEN)
		return token_fault_help(decision->token_fault);
	if (decision->reason == AUTHORIZE_UNKNOWN_OPERATION)
		return operation_fault_help(decision->operation_fault);
	return authorize_reason_help(decision->reason);
}

/* The codes are the service's own, where one is known. */
static void write_unauthorized(const struct decision *decision, struct text_buffer *message)
{
	const char *code = "Error validating token";

	if (decision->reason == AUTHORIZE_NO_TOKEN) {
		text_add(message, "AKV10000: Request is missing a Bearer or PoP token.");
		return;
	}
	if (decision->token_fault == TOKEN_FAULT_ISSUER)
		code = "AKV10032: Invalid issuer";
	if (decision->token_fault == TOKEN_FAULT_AUDIENCE)
		code = "AKV10022: Invalid audience";
	text_addf(message, "%s: %s.", code, public_reason(decision));
}

/* "secrets get", of "secrets/get". */
static void write_policy(const struct decision *decision, struct text_buffer *message)
{
	const char *name = decision->operation.name;
	int kind = (int)strcspn(name, "/");
	const struct claims *groups = decision->caller.groups;

	text_addf(
		message,
		"The user, group or application '%s;numgroups=%zu' does not have %.*s %s permission on key vault '%s'.",
		decision->caller_text, groups ? groups->group_count : 0, kind, name,
		name + kind + 1, decision->vault->name);
}

static void write_firewall(const struct inquiry *inquiry, struct text_buffer *message)
{
	const struct decision *decision = inquiry->decision;
	char address[ADDRESS_TEXT] = "unknown";

	if (inquiry->source.family)
		address_format(inquiry->source.family, inquiry->source.address, address);
	text_addf(
		message,
		"Client address is not authorized and caller is not a trusted service.\r\nClient address: %s%s\r\n",
		address,
		decision->reason == AUTHORIZE_UNKNOWN_SUBNET ? " from unknown subnet" : "");
	if (decision->claims)
		text_addf(message, "Caller: %s\r\n", decision->caller_text);
	if (decision->vault)
		text_addf(message, "Vault: %s\r\n", decision->vault->name);
	text_addf(message, "Reason: %s", public_reason(decision));
}

/* {"error":{"code":...,"message":...,"innererror":{"code":...}}} */
static void write_body(const struct inquiry *inquiry)
{
	struct decision *decision = inquiry->decision;
	const char *inner = authorize_reason_error(decision->reason);
	char text[MESSAGE_BYTES];
	struct text_buffer message = text_buffer_start(text, sizeof(text));
	struct text_buffer body = text_buffer_start(decision->body, sizeof(decision->body));

	if (!inner)
		write_unauthorized(decision, &message);
	else if (decision->reason == AUTHORIZE_NO_PERMISSION)
		write_policy(decision, &message);
	else
		write_firewall(inquiry, &message);
	text_addf(&body,
		  "{\"error\":{\"code\":\"%s\",\"message\":", inner ? "Forbidden" : "Unauthorized");
	text_add_json(&body, text, sizeof(text));
	if (inner)
		text_addf(&body, ",\"innererror\":{\"code\":\"%s\"}", inner);
	text_add(&body, "}}");
	if (body.cut)
		decision->body[0] = '\0';
}

/* A URL of the rules, the vault's tenant in place of {tenant}. */
static void add_url(struct text_buffer *buffer, const char *url, const char *tenant)
{
	static const char placeholder[] = "{tenant}";
	const char *place;

	while ((place = strstr(url, placeholder))) {
		text_addf(buffer, "%.*s%s", (int)(place - url), url, tenant);
		url = place + strlen(placeholder);
	}
	text_add(buffer, url);
}

/* The first issuer that has a challenge; without the tenant that it needs it has none. */
static const struct issuer *find_challenge(const struct inquiry *inquiry)
{
	const struct vault *vault = inquiry->decision->vault;
	const struct issuer *issuer;

	for (size_t i = 0; (issuer = token_issuer_at(inquiry->index->policy, vault, i)); i++)
		if (issuer->challenge_authorization &&
		    (vault->tenant || !strchr(issuer->challenge_authorization, '{')))
			return issuer;
	return NULL;
}

/* Clients cut it at the commas into quoted pairs, so that no word more may stand in it. */
static void write_challenge(const struct inquiry *inquiry)
{
	struct decision *decision = inquiry->decision;
	const struct issuer *issuer = find_challenge(inquiry);
	bool invalid = decision->reason == AUTHORIZE_INVALID_TOKEN;
	struct text_buffer buffer =
		text_buffer_start(decision->challenge, sizeof(decision->challenge));

	text_add(&buffer, "Bearer");
	if (issuer) {
		text_add(&buffer, " authorization=\"");
		add_url(&buffer, issuer->challenge_authorization, decision->vault->tenant);
		text_addf(&buffer, "\", resource=\"%s\"", issuer->challenge_resource);
	}
	if (invalid)
		text_addf(&buffer, "%s error=\"invalid_token\"", issuer ? "," : "");
	if (buffer.cut)
		(void)snprintf(decision->challenge, sizeof(decision->challenge), "Bearer%s",
			       invalid ? " error=\"invalid_token\"" : "");
}

/* For people, who may see the rules. What a step has written already goes before. */
static void write_detail(struct decision *decision)
{
	char *detail = decision->detail;
	size_t size = sizeof(decision->detail);

	if (decision->reason == AUTHORIZE_OTHER_OPERATION)
		(void)snprintf(detail, size, "%s is not one of the operations of the service %s",
			       decision->operation.name ? decision->operation.name
							: decision->operation.event,
			       decision->service->name);
	else if (decision->reason == AUTHORIZE_NO_PERMISSION && !detail[0])
		(void)snprintf(detail, size, "no access policy of %s gives the caller %s",
			       decision->vault->name, decision->operation.name);
	else if (decision->reason == AUTHORIZE_NOT_ALLOWED && !decision->vault->trusted_services)
		(void)snprintf(detail, size,
			       "no rule of %s admits the source, and it trusts no services",
			       decision->vault->name);
	else if (!detail[0])
		(void)snprintf(detail, size, "%s", public_reason(decision));
}

void authorize_write(const struct inquiry *inquiry)
{
	struct decision *decision = inquiry->decision;

	if (decision->claims)
		write_caller(decision);
	if (decision->verdict == AUTHORIZE_ALLOW)
		return;
	write_detail(decision);
	if (decision->verdict == AUTHORIZE_WOULD_DENY)
		return;
	write_body(inquiry);
	if (decision->status == 401)
		write_challenge(inquiry);
}
