// SPDX-License-Identifier: Apache-2.0
/*
 * From a question on the socket to its answer: what is between HTTP and authorize().
 */
#include <string.h>

#include "authorizer_parts.h"
#include "authorizer_question.h"
#include "cleanup.h"

static const struct token_keys *find_keys(void *context, const struct issuer *issuer,
					  const char *tenant)
{
	return keysets_find(context, issuer, tenant);
}

/* Before any rules have come there is nothing to decide by, and so nothing is let through. */
void authorizer_decide(struct authorizer_service *service, struct asked *asked, int64_t now)
{
	const struct authorizer authorizer = {
		.index = service->rules->index,
		.keyring = {find_keys, service->keysets},
		.cache = service->tokens,
		.generation = service->rules_version + keysets_version(service->keysets),
	};
	const struct decision *decision = &service->decision;

	authorize(&authorizer, &asked->question, now, &service->decision);
	/* The proxy would hand the request to another vault than the one that was decided about. */
	if (asked->vault && decision->vault && strcmp(asked->vault, decision->vault->name) != 0) {
		asked->question.method = NULL;
		authorize(&authorizer, &asked->question, now, &service->decision);
	}
}

static void look_for_key(const struct authorizer_service *service)
{
	const struct decision *decision = &service->decision;

	if (decision->token_fault == TOKEN_FAULT_UNKNOWN_KEY && decision->issuer && decision->vault)
		keysets_miss(service->keysets, decision->issuer, decision->vault->tenant);
}

static enum vw_request kind_of(const struct decision *decision)
{
	const char *error = authorize_reason_error(decision->reason);

	if (decision->status == 200)
		return VW_REQUEST_ALLOWED;
	if (decision->status == 401)
		return decision->reason == AUTHORIZE_NO_TOKEN ? VW_REQUEST_CHALLENGE
							      : VW_REQUEST_INVALID_TOKEN;
	return error && !strcmp(error, gate_counts_error(VW_REQUEST_POLICY)) ? VW_REQUEST_POLICY
									     : VW_REQUEST_FIREWALL;
}

static const char *text_or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static void send_answer(struct http_request *request, const struct decision *decision)
{
	bool passes = decision->status == 200;
	const struct http_header headers[] = {
		{"WWW-Authenticate", text_or_null(decision->challenge)},
		{"X-Gate-Body", text_or_null(decision->body)},
		{"X-Vaultwall-Vault", decision->vault ? decision->vault->name : NULL},
		{"X-Vaultwall-Service",
		 passes && decision->service ? decision->service->name : NULL},
		{"X-Vaultwall-Caller", passes ? text_or_null(decision->caller_text) : NULL},
		{"Cache-Control", "no-store"},
		{0},
	};
	char *body = strdup(decision->body);

	if (body)
		http_answer_text(request, decision->status, "application/json; charset=utf-8", body,
				 headers);
}

static void answer(struct http_request *request, struct authorizer_service *service)
{
	struct timespec began;
	struct asked asked;

	if (!service->rules) {
		http_refuse(request, 503, "there are no rules yet");
		return;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &began);
	(void)question_read(request, service->node.gate.questions, &asked);
	if (authorize_needs_tag(service->rules->index, &asked.question))
		gate_maps_tell_tag(&service->maps, service->paths, &asked.question);
	authorizer_decide(service, &asked, time(NULL));
	look_for_key(service);
	send_answer(request, &service->decision);
	gate_counts_add(&service->counts, service->decision.vault, kind_of(&service->decision));
	authorizer_record(service, &asked, &began);
}

void authorizer_answer(struct http_request *request, void *context)
{
	answer(request, context);
}

/* Envoy's path prefix stands before all that its clients ask for. */
void authorizer_answer_envoy(struct http_request *request, void *context)
{
	if (!strncmp(http_target(request), "/authorize/", strlen("/authorize/")))
		answer(request, context);
	else
		http_refuse(request, 404, "there is no such path here");
}
