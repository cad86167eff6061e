/* SPDX-License-Identifier: Apache-2.0 */
#include "audit.h"

#include <stdio.h>
#include <string.h>

#include "address.h"
#include "authorize_text.h"
#include "scalar.h"

#define WINDOW	     8	 /* a piece of a token of two of these is found, however it lies */
#define CLIENT_MOST  256 /* bytes of texts that the client chose */
#define TEXT_MOST    512
#define PATH_MOST    256
#define OMITTED	     "(omitted)"
#define TIME_SECONDS 19 /* of a time up to its seconds */

/*
 * Whether a text of the client's may be shown: it holds no piece of its Authorization header, and
 * nothing that begins like a token (eyJ is {" in base64).
 */
static bool is_harmless(const char *text, const struct question *question)
{
	const char *secret = question->authorization;
	size_t size = secret ? strlen(secret) : 0;
	size_t length = strlen(text);

	if (strstr(text, "eyJ"))
		return false;
	for (size_t i = 0; size && i + WINDOW <= length; i += WINDOW)
		if (memmem(secret, size, text + i, WINDOW))
			return false;
	return true;
}

/* `name` as it stands before the colon, in one piece: there are thirty of them in a record. */
#define add_member(line, name, text, most) add_named((line), ",\"" name "\":", (text), (most))

static void add_named(struct text_buffer *line, const char *name, const char *text, size_t most)
{
	text_add(line, name);
	text_add_json(line, text, most);
}

static const char *client_text(const char *text, const struct question *question)
{
	return text && !is_harmless(text, question) ? OMITTED : text;
}

/* The path of no operation: nothing of the query, and only what needs no escape. */
static void write_odd_path(const struct question *question, char path[PATH_MOST])
{
	size_t length = question->target ? strcspn(question->target, "?") : 0;

	if (length >= PATH_MOST) {
		(void)snprintf(path, PATH_MOST, OMITTED);
		return;
	}
	(void)snprintf(path, PATH_MOST, "%.*s", (int)length, length ? question->target : "");
	/* Escapes could hide a token from the search for one. */
	if (strchr(path, '%') || !is_harmless(path, question))
		(void)snprintf(path, PATH_MOST, OMITTED);
}

/* Only the host of a vault that there is: any other is whatever somebody sent. */
static void add_uri(struct text_buffer *line, const struct question *question,
		    const struct decision *decision)
{
	const struct operation *operation = decision->operation_fault ? NULL : &decision->operation;
	char odd[PATH_MOST] = "";
	const char *path = odd;
	char uri[OPERATION_PATH_BYTES + HOSTNAME_TEXT + 64];
	struct text_buffer buffer = text_buffer_start(uri, sizeof(uri));

	if (!operation)
		write_odd_path(question, odd);
	else
		path = is_harmless(operation->path, question) ? operation->path : OMITTED;
	if (decision->vault) {
		text_add(&buffer, "https://");
		text_add_most(&buffer, question->host, HOSTNAME_TEXT);
	}
	text_add(&buffer, path);
	add_member(line, "id", uri, sizeof(uri));
	if (operation && operation->api_version[0]) {
		text_add(&buffer, "?api-version=");
		text_add(&buffer, operation->api_version);
	}
	add_member(line, "requestUri", uri, sizeof(uri));
}

static void add_time(struct text_buffer *line, int64_t milliseconds)
{
	char text[TIME_TEXT];

	time_format(milliseconds / 1000, text);
	text_add(line, "{\"time\":\"");
	text_add_most(line, text, TIME_SECONDS);
	text_add(line, ".");
	text_add_number(line, (uint64_t)(milliseconds % 1000), 3);
	text_add(line, "Z\"");
}

static void add_operation(struct text_buffer *line, const struct decision *decision)
{
	bool known = !decision->operation_fault;

	add_member(line, "operationName", known ? decision->operation.event : "Unknown", TEXT_MOST);
	add_member(line, "operationVersion", known ? decision->operation.api_version : NULL,
		   TEXT_MOST);
	text_add(line, ",\"category\":\"AuditEvent\"");
}

static void add_result(struct text_buffer *line, const struct decision *decision)
{
	unsigned int status = decision->status;
	const char *signature = status == 401 ? "Unauthorized" : "Forbidden";

	add_member(line, "resultType", status == 200 ? "Success" : "Failed", TEXT_MOST);
	add_member(line, "resultSignature", status == 200 ? "OK" : signature, TEXT_MOST);
	add_member(line, "resultDescription", decision->detail, TEXT_MOST);
}

static void add_source(struct text_buffer *line, const struct question *question)
{
	char address[ADDRESS_TEXT] = "";

	if (question->source.family)
		address_format(question->source.family, question->source.address, address);
	add_member(line, "callerIpAddress", address, TEXT_MOST);
	if (question->tagged)
		text_addf(line, ",\"endpointTag\":%u", question->tag);
}

/* Identifiers, not the token that they came in: they open nothing. */
static void add_identity(struct text_buffer *line, const struct decision *decision)
{
	const struct caller *caller = &decision->caller;

	text_add(line, ",\"identity\":{\"claim\":{"
		       "\"http://schemas.microsoft.com/identity/claims/objectidentifier\":");
	text_add_json(line, caller->object_id, CLIENT_MOST);
	add_member(line, "appid", caller->app_id, CLIENT_MOST);
	add_member(line, "iss", caller->issuer, CLIENT_MOST);
	add_member(line, "uti", decision->claims ? decision->claims->uti : NULL, CLIENT_MOST);
	text_add(line, "}}");
}

static void add_properties(struct text_buffer *line, const struct question *question,
			   const struct decision *decision, const char *client_info)
{
	text_add(line, ",\"properties\":{\"httpStatusCode\":");
	text_add_number(line, decision->status, 1);
	add_member(line, "clientInfo", client_text(client_info, question), CLIENT_MOST);
	add_uri(line, question, decision);
	if (decision->operation_fault)
		add_member(line, "operationFault", operation_fault_label(decision->operation_fault),
			   TEXT_MOST);
	if (decision->token_fault)
		add_member(line, "tokenFault", token_fault_label(decision->token_fault), TEXT_MOST);
	text_add(line, "}");
}

/* Where in a file; a name that is too long is cut. */
static void write_place(const struct policy *policy, const struct decision *decision,
			char place[TEXT_MOST])
{
	struct text_buffer buffer = text_buffer_start(place, TEXT_MOST);

	if (decision->at_node)
		text_add(&buffer, "node.yaml:");
	else if (decision->at.line && decision->at.file < policy->file_count) {
		text_add_most(&buffer, policy->files[decision->at.file], TEXT_MOST - 32);
		text_add(&buffer, ":");
	} else
		return;
	text_add_number(&buffer, decision->at.line, 1);
}

/* Ours: what decided, and where it is written. */
static void add_decision(struct text_buffer *line, const struct policy *policy,
			 const struct decision *decision)
{
	char place[TEXT_MOST];

	write_place(policy, decision, place);
	add_member(line, "vault", decision->vault ? decision->vault->name : NULL, TEXT_MOST);
	add_member(line, "verdict", authorize_verdict_label(decision->verdict), TEXT_MOST);
	add_member(line, "reason", authorize_reason_label(decision->reason), TEXT_MOST);
	add_member(line, "service", decision->service ? decision->service->name : NULL, TEXT_MOST);
	add_member(line, "rule", place, TEXT_MOST);
}

static void add_resource(struct text_buffer *line, const struct vault *vault)
{
	char id[TEXT_MOST];
	struct text_buffer buffer = text_buffer_start(id, sizeof(id));

	if (vault && vault->subscription) {
		text_add(&buffer, "/subscriptions/");
		text_add(&buffer, vault->subscription);
	}
	if (vault) {
		text_add(&buffer, "/vaults/");
		text_add(&buffer, vault->name);
	}
	add_member(line, "resourceId", id, TEXT_MOST);
}

size_t audit_format(const struct policy *policy, const struct question *question,
		    const struct decision *decision,
		    const struct audit_circumstances *circumstances, char line[AUDIT_LINE_BYTES])
{
	struct text_buffer buffer = text_buffer_start(line, AUDIT_LINE_BYTES);

	add_time(&buffer, circumstances->time);
	add_resource(&buffer, decision->vault);
	add_operation(&buffer, decision);
	add_result(&buffer, decision);
	text_add(&buffer, ",\"durationMs\":");
	text_add_number(&buffer, circumstances->duration / 1000, 1);
	text_add(&buffer, ".");
	text_add_number(&buffer, circumstances->duration % 1000, 3);
	add_source(&buffer, question);
	add_member(&buffer, "correlationId", client_text(circumstances->correlation, question),
		   CLIENT_MOST);
	add_identity(&buffer, decision);
	add_properties(&buffer, question, decision, circumstances->client_info);
	add_decision(&buffer, policy, decision);
	text_add(&buffer, "}");
	return buffer.length;
}
