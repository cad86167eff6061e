// SPDX-License-Identifier: Apache-2.0
#include "ask_gate.h"

#include <errno.h>
#include <string.h>

#include "ask.h"
#include "output_fields.h"

static bool is_letters(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++)
		if ((text[i] < 'A' || text[i] > 'Z') && (text[i] < 'a' || text[i] > 'z'))
			return false;
	return length > 0;
}

const char *gate_request_problem(const char *request)
{
	size_t length = strcspn(request, " ");
	const char *target = request + length;

	if (!is_letters(request, length) || *target++ != ' ')
		return "it begins with a method and a blank";
	if (*target != '/' && !strstr(target, "://"))
		return "its target begins with a slash";
	for (const char *at = target; *at; at++)
		if ((unsigned char)*at <= ' ' || *at == 0x7f)
			return "its target has a blank or a control in it, or something behind it";
	return NULL;
}

/* Whose first host name counts if none was given; NULL: that cannot be told. */
static const char *find_vault(const struct gate_question *question, const json_t *packet)
{
	if (question->vault)
		return question->vault;
	return json_string_value(json_object_get(packet, "vault"));
}

static json_t *make_body(const struct gate_question *question, const json_t *packet)
{
	size_t length = strcspn(question->request, " ");

	return json_pack("{s:s, s:s, s:s%, s:s, s:s*, s:s*, s:O, s:b}", "source",
			 field_text(packet, "source"), "frontend",
			 field_text(packet, "destination"), "method", question->request, length,
			 "target", question->request + length + 1, "vault",
			 question->host ? NULL : find_vault(question, packet), "host",
			 question->host, "tag", json_object_get(packet, "tag"), "vlan",
			 field_flag(packet, "vlan"));
}

/* 0, or an exit status with the fault filled. */
static int check(const struct gate_question *question, const json_t *packet, struct fault *fault)
{
	bool nameless = !question->host && !find_vault(question, packet);

	if (strcmp(field_text(packet, "protocol"), "tcp") != 0)
		(void)fault_set(fault, -EINVAL, "requests come over TCP");
	else if (nameless && json_array_size(json_object_get(packet, "vaults")) > 1)
		(void)fault_set(
			fault, -EINVAL,
			"several vaults share that frontend: '--host NAME' says which is meant");
	else if (nameless)
		(void)fault_set(
			fault, -EINVAL,
			"no vault is reached there: '--host NAME' says which name is called");
	return fault->code ? STATUS_WRONG : STATUS_DONE;
}

static int ask(const struct invocation *call, const struct gate_question *question,
	       const json_t *packet, json_t **ret_answer, struct fault *fault)
{
	json_t *body = make_body(question, packet);
	const struct client_request request = {
		.server = CLIENT_AUTHORIZER,
		.path = "/v1/explain",
		.body = body,
		.token = question->token,
	};
	struct client_reply reply = {0};
	int status = STATUS_WRONG;

	/* A word of the command line may hold bytes that no JSON can. */
	if (!body)
		(void)fault_set(fault, -EINVAL, "the request is no UTF-8 text");
	else if (client_call(&call->paths, &request, &reply, fault) < 0)
		status = STATUS_UNREACHABLE;
	else
		status = ask_status(reply.status);
	if (reply.body && status != STATUS_DONE)
		(void)fault_set(fault, -EIO, "%s", client_error(&reply));
	else if (reply.body)
		*ret_answer = json_incref(reply.body);
	client_reply_free(&reply);
	json_decref(body);
	return status;
}

int ask_gate(const struct invocation *call, const struct gate_question *question, json_t *packet)
{
	bool reaches = strcmp(field_text(packet, "verdict"), "gate") == 0;
	struct fault fault = {0};
	json_t *answer = NULL;
	int status = check(question, packet, &fault);

	if (status == STATUS_DONE)
		status = ask(call, question, packet, &answer, &fault);
	(void)json_object_set_new(packet, "request", json_string(question->request));
	(void)json_object_set_new(packet, "reaches_gate", json_boolean(reaches));
	(void)json_object_set_new(packet, "gate", answer ? answer : json_null());
	if (status != STATUS_DONE) {
		(void)json_object_set_new(packet, "gate_problem", json_string(fault.text));
		return ask_fail(call, status, fault.text);
	}
	return status;
}
