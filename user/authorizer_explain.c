// SPDX-License-Identifier: Apache-2.0
/*
 * Explain: a request that nobody made is decided like one that somebody did, by the rules and keys
 * of this moment, and told in full to whoever may see the rules. It is neither counted nor put into
 * the audit log, and looks for no keys; all that stays is the digest of a token that was verified.
 */
#include <string.h>
#include <sys/stat.h>

#include "authorize_report.h"
#include "authorizer_parts.h"
#include "authorizer_question.h"
#include "journal.h"

#define TAG_MAX 0xffffff

/*
 * What is told is the rules, piece by piece, and who may use a token: no more than the agent's
 * socket gives to those who may open it, so the same may ask here, whoever else may ask about
 * requests. A socket that is not there is open to root alone.
 */
static bool may_ask(const struct http_request *request, const struct authorizer_service *service)
{
	struct stat control;

	if (http_peer(request).uid == 0)
		return true;
	return stat(service->paths->control, &control) == 0 && control.st_mode & S_IWGRP &&
	       http_peer_is_in(request, control.st_gid);
}

/* The question. */

static bool read_tag(const json_t *tag, struct question *question)
{
	json_int_t number = json_integer_value(tag);

	if (!tag || json_is_null(tag))
		return true;
	question->tagged = true;
	question->tag = (uint32_t)number;
	return json_is_integer(tag) && number >= 1 && number <= TAG_MAX;
}

/* The name that clients call the vault by; one that has none is called by none. */
static const char *first_host(const struct policy *policy, const char *name)
{
	const struct vault *vault = name ? policy_find_vault(policy, name) : NULL;

	return vault && vault->hostname_count > 0 ? vault->hostnames[0] : "";
}

/* NULL, or what is wrong with it. Pointers live as long as the JSON. */
static const char *read_question(const struct authorizer_service *service, json_t *json,
				 struct question *question)
{
	const char *source, *frontend, *vault = NULL, *host = NULL;
	json_t *tag = NULL;
	int vlan = 0;

	if (json_unpack(json, "{s:s, s:s, s:s, s:s, s?:s, s?:s, s?:o, s?:b !}", "source", &source,
			"frontend", &frontend, "method", &question->method, "target",
			&question->target, "vault", &vault, "host", &host, "tag", &tag, "vlan",
			&vlan) < 0)
		return "a question has \"source\", \"frontend\", \"method\" and \"target\", and may have \"vault\", \"host\", \"tag\" and \"vlan\"";
	if (!question_read_place(source, &question->source))
		return "its source is no address and port";
	if (!question_read_place(frontend, &question->frontend))
		return "its frontend is no address and port";
	if (!read_tag(tag, question))
		return "a tag is a number from 1 to 16777215";
	question->vlan = vlan;
	question->host = host ? host : first_host(&service->rules->policy, vault);
	question->frontend_untold = service->node.gate.questions != QUESTIONS_ORIGINAL;
	return NULL;
}

/* The token comes as a client's would: what parses the body never sees it, nor tells of it. */
static const char *read_token(const struct http_request *request, struct question *question)
{
	return http_header(request, "Authorization", &question->authorization) > 1
		       ? "there are two tokens"
		       : NULL;
}

/* The answer. */

static void answer(struct http_request *request, struct authorizer_service *service,
		   struct asked *asked)
{
	const struct decision *decision = &service->decision;
	int64_t now = time(NULL);
	json_t *report;

	authorizer_decide(service, asked, now);
	report = authorize_report(&service->rules->policy, &service->node, &asked->question,
				  decision, now);
	(void)json_object_set_new(report, "generation", json_integer(service->rules->generation));
	/* So that whoever tries things out here is no quieter than at the gate. */
	journal(JOURNAL_INFO, "explained a request to uid %u: vault %s, %s",
		(unsigned)http_peer(request).uid, decision->vault ? decision->vault->name : "-",
		authorize_reason_label(decision->reason));
	http_answer(request, 200, report);
}

static void explain(struct http_request *request, struct authorizer_service *service, json_t *json)
{
	struct asked asked = {0};
	const char *problem = read_question(service, json, &asked.question);

	if (!problem)
		problem = read_token(request, &asked.question);
	if (problem)
		http_refuse(request, 400, "%s", problem);
	else
		answer(request, service, &asked);
}

void authorizer_explain(struct http_request *request, void *context)
{
	struct authorizer_service *service = context;
	size_t size;
	const char *body = http_body(request, &size);
	json_t *json;

	if (!may_ask(request, service)) {
		http_refuse(request, 403, "only root and those who may talk to the agent may ask");
		return;
	}
	if (!service->rules) {
		http_refuse(request, 503, "there are no rules yet");
		return;
	}
	json = json_loadb(body, size, JSON_REJECT_DUPLICATES, NULL);
	if (json)
		explain(request, service, json);
	else
		http_refuse(request, 400, "the question is no JSON");
	json_decref(json);
}
