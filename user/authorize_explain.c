/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize_explain.h"

#include <netinet/in.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "authorize_explain_parts.h"
#include "diag.h"

void tell_rule(const struct teller *teller, struct position at, const char *format, ...)
{
	const struct authorize_case *subject = teller->subject;
	va_list arguments;

	va_start(arguments, format);
	explanation_name(teller->explanation, subject->policy, subject->decision->vault, at, format,
			 arguments);
	va_end(arguments);
}

void tell_advice(const struct teller *teller, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	explanation_advise(teller->explanation, format, arguments);
	va_end(arguments);
}

const char *tell_place(const struct teller *teller, struct position at, char text[EXPLAIN_TEXT])
{
	return explanation_place(teller->subject->policy, at, text, EXPLAIN_TEXT);
}

const char *tell_identity(const struct service_identity *identity, char text[EXPLAIN_TEXT])
{
	static const char *const kinds[] = {
		[IDENTITY_APPLICATION] = "application",
		[IDENTITY_MANAGED] = "managed identity",
		[IDENTITY_FEDERATED] = "federated",
	};

	(void)snprintf(text, EXPLAIN_TEXT, "%s %s%s", kinds[identity->kind],
		       identity->resource ? identity->resource : identity->app_id,
		       identity->same_subscription ? ", same subscription" : "");
	return text;
}

/* Services are nobody's in particular. */
static void tell_service_rule(const struct teller *teller, const char *what)
{
	const struct decision *decision = teller->subject->decision;

	tell_rule(teller, decision->at, "%s of service %s", what, decision->service->name);
	teller->explanation->vault = NULL;
}

/* Row 1: the vault is not known, so that its rules are asked in vain. */

static bool has_host(const struct vault *vault, const char *host)
{
	size_t length = strcspn(host, ":");

	for (size_t i = 0; i < vault->hostname_count; i++)
		if (strlen(vault->hostnames[i]) == length &&
		    strncasecmp(vault->hostnames[i], host, length) == 0)
			return true;
	return false;
}

static void tell_unreadable(const struct teller *teller)
{
	tell_advice(teller, "The proxy has to tell method, target, host, source and frontend, each "
			    "of them once.");
}

static void tell_unknown_vault(const struct teller *teller)
{
	const char *host = teller->subject->question->host;
	char quoted[DIAG_QUOTE_MAX];

	if (!host[0]) {
		tell_advice(teller,
			    "The vault has no 'hostnames', by which alone the gate knows it.");
		return;
	}
	tell_advice(
		teller,
		"No vault in force has the host name '%s': it has to stand in the 'hostnames' of one.",
		diag_quote(quoted, sizeof(quoted), host, strlen(host)));
}

static void tell_frontends(const struct teller *teller, const struct vault *vault)
{
	char text[FRONTEND_ADDRESS_TEXT], at[EXPLAIN_TEXT];

	tell_advice(teller, "The vault %s (%s) has that host name and is reached at", vault->name,
		    tell_place(teller, vault->at, at));
	for (size_t i = 0; i < vault->frontend_count && i < 4; i++) {
		frontend_format(&vault->frontends[i], text);
		tell_advice(teller, "%s %s", i ? "," : "", text);
	}
	tell_advice(teller, "%s. ", vault->frontend_count > 4 ? " and elsewhere" : "");
}

static void tell_namesakes(const struct teller *teller)
{
	const struct policy *policy = teller->subject->policy;
	const char *host = teller->subject->question->host;
	size_t count = 0;

	for (size_t i = 0; i < policy->vault_count; i++) {
		if (!has_host(&policy->vaults[i], host) || count++ >= 3)
			continue;
		if (count == 1)
			tell_rule(teller, policy->vaults[i].at, "hostnames of vault %s",
				  policy->vaults[i].name);
		tell_frontends(teller, &policy->vaults[i]);
	}
}

static void tell_ambiguous_vault(const struct teller *teller)
{
	tell_namesakes(teller);
	tell_advice(teller, "Ask in the manner 'original', which tells the frontend, or give each "
			    "a host name of its own.");
}

/* Rows 2 and 3 are the filter's, too, and so is what there is to say about them. */

static enum vw_reason filter_reason(enum authorize_reason reason)
{
	static const struct {
		enum authorize_reason ours;
		enum vw_reason filter;
	} pairs[] = {
		{AUTHORIZE_FAILSAFE, VW_REASON_FAILSAFE},
		{AUTHORIZE_DEFAULT_ALLOW, VW_REASON_DEFAULT_ALLOW},
		{AUTHORIZE_VIRTUAL_NETWORK, VW_REASON_VIRTUAL_NETWORK},
		{AUTHORIZE_IP_RULE, VW_REASON_IP_RULE},
		{AUTHORIZE_BLOCKED, VW_REASON_BLOCKED},
		{AUTHORIZE_UNKNOWN_SUBNET, VW_REASON_UNKNOWN_SUBNET},
	};

	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		if (pairs[i].ours == reason)
			return pairs[i].filter;
	return VW_REASON_NOT_ALLOWED;
}

static void tell_network(const struct teller *teller)
{
	const struct authorize_case *subject = teller->subject;
	const struct decision *decision = subject->decision;
	const struct peer *source = &subject->question->source;
	const uint8_t *bytes = source->address;
	const struct explain_query query = {
		.vault = decision->vault,
		.reason = filter_reason(decision->reason),
		.family = source->family,
		.source = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 |
			  (uint32_t)bytes[2] << 8 | bytes[3],
		.tagged = subject->question->tagged,
		.tag = subject->question->tag,
		.now = subject->now,
	};

	explain_rule(subject->policy, subject->node, &query, teller->explanation);
	if (!teller->explanation->found)
		tell_rule(teller, decision->at, "network_acls");
	if (decision->reason == AUTHORIZE_NOT_ALLOWED && decision->vault->trusted_services)
		tell_advice(teller, " No trusted service may come from there, either.");
}

static void tell_unknown_tag(const struct teller *teller)
{
	tell_rule(teller, teller->subject->decision->at, "network_acls");
	tell_advice(teller, "Who comes from a virtual network is not to be taken for somebody from "
			    "outside, nor the other way round. ");
	if (teller->subject->question->frontend_untold)
		tell_advice(teller, "A proxy that tells no frontend cannot serve vaults that share "
				    "one, where the rules know endpoint tags.");
}

/* Rows 4 to 9. */

static void tell_no_token(const struct teller *teller)
{
	tell_rule(teller, teller->subject->decision->at, "bypass: trusted_services");
	tell_advice(
		teller,
		"Clients first call without a token, are told here where to get one, and call again. With --token FILE this says what becomes of the second call.");
}

static void tell_unknown_caller(const struct teller *teller)
{
	const struct decision *decision = teller->subject->decision;
	const char *app = decision->caller.app_id;
	char text[EXPLAIN_TEXT];

	if (decision->identity) {
		tell_service_rule(teller, tell_identity(decision->identity, text));
		tell_advice(teller, "The caller is nearly that one, but %s.", decision->detail);
		return;
	}
	tell_rule(teller, decision->at, "bypass: trusted_services");
	tell_advice(
		teller,
		"None of the %zu trusted services is this caller (appid %.64s). If one is, add him to its 'identities'.",
		teller->subject->policy->service_count, app ? app : "not said");
}

static void tell_unknown_operation(const struct teller *teller)
{
	const struct decision *decision = teller->subject->decision;

	tell_service_rule(teller, "operations");
	tell_advice(teller, "No rule admits it: %s.",
		    operation_fault_help(decision->operation_fault));
}

static void tell_other_operation(const struct teller *teller)
{
	const struct decision *decision = teller->subject->decision;
	const char *name = decision->operation.name;
	char at[EXPLAIN_TEXT];

	tell_service_rule(teller, "operations");
	if (name)
		tell_advice(teller, "Add %s to 'operations' of the service %s, %s.", name,
			    decision->service->name, tell_place(teller, decision->at, at));
	else
		tell_advice(
			teller,
			"%s takes no permission, so only a service without 'operations' may do it.",
			decision->operation.event);
}

static void tell_no_permission(const struct teller *teller)
{
	const struct decision *decision = teller->subject->decision;
	const char *object = decision->caller.object_id;
	char at[EXPLAIN_TEXT];

	if (decision->access)
		tell_rule(teller, decision->at, "access policy of object id %s",
			  decision->access->object_id);
	else
		tell_rule(teller, decision->at, "access_policies");
	if (!object) {
		tell_advice(teller,
			    "The token has no object id (oid), which an access policy goes by.");
		return;
	}
	tell_advice(teller,
		    "Give object id %.64s the permission %s in access_policies of vault %s, %s.",
		    object, decision->operation.name, decision->vault->name,
		    tell_place(teller, decision->at, at));
}

static void tell_trusted_service(const struct teller *teller)
{
	const struct decision *decision = teller->subject->decision;
	char text[EXPLAIN_TEXT], at[EXPLAIN_TEXT];

	if (decision->access)
		tell_rule(teller, decision->at, "access policy of object id %s",
			  decision->access->object_id);
	else
		tell_service_rule(teller, "operations");
	tell_advice(teller, "The caller is the service %s by its identity %s, %s.",
		    decision->service->name, tell_identity(decision->identity, text),
		    tell_place(teller, decision->identity->at, at));
}

/* Pieces of an advice end in a blank, for the next one. */
static void trim(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && text[length - 1] == ' ')
		text[--length] = '\0';
}

void authorize_explain(const struct authorize_case *subject, struct explanation *ret_explanation)
{
	static void (*const rows[AUTHORIZE_REASON_COUNT])(const struct teller *) = {
		[AUTHORIZE_UNREADABLE] = tell_unreadable,
		[AUTHORIZE_UNKNOWN_VAULT] = tell_unknown_vault,
		[AUTHORIZE_AMBIGUOUS_VAULT] = tell_ambiguous_vault,
		[AUTHORIZE_WRONG_FRONTEND] = tell_namesakes,
		[AUTHORIZE_FAILSAFE] = tell_network,
		[AUTHORIZE_DEFAULT_ALLOW] = tell_network,
		[AUTHORIZE_VIRTUAL_NETWORK] = tell_network,
		[AUTHORIZE_IP_RULE] = tell_network,
		[AUTHORIZE_BLOCKED] = tell_network,
		[AUTHORIZE_UNKNOWN_SUBNET] = tell_network,
		[AUTHORIZE_UNKNOWN_TAG] = tell_unknown_tag,
		[AUTHORIZE_NOT_ALLOWED] = tell_network,
		[AUTHORIZE_NO_TOKEN] = tell_no_token,
		[AUTHORIZE_INVALID_TOKEN] = tell_invalid_token,
		[AUTHORIZE_UNKNOWN_CALLER] = tell_unknown_caller,
		[AUTHORIZE_UNKNOWN_OPERATION] = tell_unknown_operation,
		[AUTHORIZE_OTHER_OPERATION] = tell_other_operation,
		[AUTHORIZE_NO_PERMISSION] = tell_no_permission,
		[AUTHORIZE_TRUSTED_SERVICE] = tell_trusted_service,
	};
	const struct teller teller = {subject, ret_explanation};

	*ret_explanation = (struct explanation){0};
	if (rows[subject->decision->reason])
		rows[subject->decision->reason](&teller);
	if (subject->decision->verdict == AUTHORIZE_WOULD_DENY)
		tell_advice(&teller, " The vault is in audit, which lets the request pass.");
	trim(ret_explanation->advice);
}
