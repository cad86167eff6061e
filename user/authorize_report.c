/* SPDX-License-Identifier: Apache-2.0 */
#include "authorize_report.h"

#include "authorize_explain.h"
#include "authorize_explain_parts.h"
#include "authorize_parts.h"
#include "cleanup.h"
#include "scalar.h"

#define CLAIM_MOST    512 /* bytes of one that are shown */
#define AUDIENCE_MOST 8

static void free_claims(struct claims **claims)
{
	claims_free(*claims);
}

/* null for NULL, and for bytes that no JSON can carry. */
static json_t *text_json(const char *text)
{
	json_t *string = text ? json_string(text) : NULL;

	return string ? string : json_null();
}

static json_t *filled_json(const char *text)
{
	return text_json(text[0] ? text : NULL);
}

/* What a token says may be longer than is good for a screen; a cut within a character is none. */
static json_t *claim_json(const char *claim)
{
	size_t length = claim ? strnlen(claim, CLAIM_MOST) : 0;
	json_t *string = NULL;

	for (size_t cut = 0; claim && !string && cut < 4 && cut <= length; cut++)
		string = json_stringn(claim, length - cut);
	return string ? string : json_null();
}

static json_t *time_json(int64_t seconds)
{
	char text[TIME_TEXT];

	if (!seconds)
		return json_null();
	time_format(seconds, text);
	return json_string(text);
}

static json_t *add_place(json_t *object, const struct policy *policy, struct position at)
{
	const char *file = at.line && at.file < policy->file_count ? policy->files[at.file] : NULL;

	(void)json_object_set_new(object, "file", text_json(file));
	(void)json_object_set_new(object, "line", json_integer(at.line));
	(void)json_object_set_new(object, "column", json_integer(at.column));
	return object;
}

static json_t *identity_json(const struct policy *policy, const struct decision *decision)
{
	const struct service_identity *identity = decision->identity;
	char text[EXPLAIN_TEXT];

	if (!identity)
		return json_null();
	return add_place(json_pack("{s:s, s:b}", "text", tell_identity(identity, text), "matches",
				   decision->reason != AUTHORIZE_UNKNOWN_CALLER),
			 policy, identity->at);
}

static json_t *access_json(const struct policy *policy, const struct decision *decision)
{
	const struct access_policy *access = decision->access;

	if (!access)
		return json_null();
	return add_place(json_pack("{s:s, s:o, s:b}", "object_id", access->object_id,
				   "application_id", text_json(access->application_id), "gives",
				   decision->reason == AUTHORIZE_TRUSTED_SERVICE),
			 policy, access->at);
}

static json_t *operation_json(const struct decision *decision)
{
	if (decision->operation_fault)
		return json_null();
	return json_pack("{s:s, s:o}", "event", decision->operation.event, "permission",
			 text_json(decision->operation.name));
}

static json_t *operation_fault_json(const struct decision *decision)
{
	if (!decision->operation_fault || decision->reason == AUTHORIZE_UNREADABLE)
		return json_null();
	return json_pack("{s:s, s:s}", "fault", operation_fault_label(decision->operation_fault),
			 "text", operation_fault_help(decision->operation_fault));
}

static json_t *caller_json(const struct decision *decision)
{
	const struct caller *caller = &decision->caller;

	if (!decision->claims)
		return json_null();
	return json_pack("{s:o, s:o, s:o}", "app_id", claim_json(caller->app_id), "object_id",
			 claim_json(caller->object_id), "issuer", claim_json(caller->issuer));
}

/* The token. */

static json_t *audiences_json(const struct claims *claims)
{
	json_t *list = json_array();

	for (size_t i = 0; i < claims->audience_count && i < AUDIENCE_MOST; i++)
		(void)json_array_append_new(list, claim_json(claims->audiences[i]));
	return list;
}

static json_t *claims_json(const struct claims *claims)
{
	if (!claims)
		return json_null();
	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "iss",
			 claim_json(claims->iss), "aud", audiences_json(claims), "tid",
			 claim_json(claims->tid), "oid", claim_json(claims->oid), "appid",
			 claim_json(claims->app_id), "idtyp", claim_json(claims->idtyp), "sub",
			 claim_json(claims->sub), "xms_mirid", claim_json(claims->mirid),
			 "xms_az_rid", claim_json(claims->az_rid), "nbf",
			 time_json(claims->not_before), "exp", time_json(claims->expires));
}

static json_t *token_json(const struct decision *decision, const char *token,
			  const struct claims *claims)
{
	enum token_fault fault = decision->token_fault;

	if (!token)
		return json_null();
	return json_pack("{s:b, s:o, s:o, s:o}", "verified", decision->claims != NULL, "fault",
			 text_json(fault ? token_fault_label(fault) : NULL), "fault_text",
			 text_json(fault ? token_fault_help(fault) : NULL), "claims",
			 claims_json(claims));
}

/* The whole. */

static json_t *rule_json(const struct explanation *explanation)
{
	const struct vault *vault = explanation->vault;

	if (!explanation->found)
		return json_null();
	return json_pack("{s:o, s:o, s:I, s:I, s:o}", "text", text_json(explanation->rule), "file",
			 text_json(explanation->file), "line", (json_int_t)explanation->at.line,
			 "column", (json_int_t)explanation->at.column, "vault",
			 text_json(vault ? vault->name : NULL));
}

static json_t *verdict_json(const struct decision *decision)
{
	enum authorize_reason reason = decision->reason;

	return json_pack("{s:s, s:I, s:s, s:s, s:I, s:o, s:o}", "verdict",
			 authorize_verdict_label(decision->verdict), "row",
			 (json_int_t)authorize_reason_row(reason), "reason",
			 authorize_reason_label(reason), "reason_text",
			 authorize_reason_help(reason), "status", (json_int_t)decision->status,
			 "innererror", text_json(authorize_reason_error(reason)), "detail",
			 filled_json(decision->detail));
}

static json_t *subject_json(const struct authorize_case *subject, const char *token)
{
	const struct policy *policy = subject->policy;
	const struct decision *decision = subject->decision;
	const char *vault = decision->vault ? decision->vault->name : NULL;
	const char *service = decision->service ? decision->service->name : NULL;
	const char *issuer = decision->issuer ? decision->issuer->name : NULL;

	return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "host",
			 text_json(subject->question->host), "vault", text_json(vault), "service",
			 text_json(service), "identity", identity_json(policy, decision),
			 "operation", operation_json(decision), "operation_fault",
			 operation_fault_json(decision), "access_policy",
			 access_json(policy, decision), "caller", caller_json(decision), "issuer",
			 text_json(issuer), "token", token_json(decision, token, subject->claims),
			 "challenge", filled_json(decision->challenge));
}

json_t *authorize_report(const struct policy *policy, const struct node *node,
			 const struct question *question, const struct decision *decision,
			 int64_t now)
{
	size_t length = 0;
	const char *token = authorize_find_token(question->authorization, &length);
	cleanup(free_claims) struct claims *peeked =
		token && !decision->claims ? token_peek(token, length) : NULL;
	const struct authorize_case subject = {
		.policy = policy,
		.node = node,
		.question = question,
		.decision = decision,
		.claims = decision->claims ? decision->claims : peeked,
		.now = now,
	};
	struct explanation explanation = {0};
	json_t *report = verdict_json(decision);
	json_t *more = subject_json(&subject, token);

	authorize_explain(&subject, &explanation);
	(void)json_object_update(report, more);
	json_decref(more);
	(void)json_object_set_new(report, "rule", rule_json(&explanation));
	(void)json_object_set_new(report, "advice", filled_json(explanation.advice));
	return report;
}
