// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <stddef.h>

#include "ask.h"
#include "ask_gate.h"
#include "cleanup.h"
#include "command.h"
#include "secret.h"

#define TAG_MAX 16777215

struct explain_options {
	const char *vault;
	const char *to;
	const char *from;
	const char *interface;
	struct option_number tag;
	const char *request;
	const char *host;
	const char *token;
};

#define TARGET(field) .target = offsetof(struct explain_options, field)

static const struct option_spec options[] = {
	{.name = "vault",
	 .type = OPTION_TEXT,
	 .metavar = "VAULT",
	 TARGET(vault),
	 .help = "the vault that is called, at its first frontend of that family"},
	{.name = "to",
	 .type = OPTION_TEXT,
	 .metavar = "IP:PORT",
	 TARGET(to),
	 .help = "the frontend that is called; with /udp behind it for UDP"},
	{.name = "from",
	 .required = true,
	 .type = OPTION_TEXT,
	 .metavar = "IP[:PORT]",
	 TARGET(from),
	 .help = "the caller"},
	{.name = "tag",
	 .type = OPTION_NUMBER,
	 .metavar = "N",
	 TARGET(tag),
	 .minimum = 1,
	 .maximum = TAG_MAX,
	 .help = "the endpoint tag that the packet comes with"},
	{.name = "interface",
	 .type = OPTION_TEXT,
	 .metavar = "INTERFACE",
	 TARGET(interface),
	 .help = "where it comes in (default: on none in particular)"},
	{.name = "request",
	 .type = OPTION_TEXT,
	 .metavar = "REQUEST",
	 TARGET(request),
	 .help = "what the gate would say to this: \"GET /secrets/x\""},
	{.name = "host",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 TARGET(host),
	 .help = "the host name in it (default: the vault's first)"},
	{.name = "token",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(token),
	 .help = "with the token in this file, or - for standard input"},
	{0},
};

static bool check(const struct invocation *call, struct fault *fault)
{
	const struct explain_options *chosen = call->options;

	if (chosen->vault && chosen->to)
		(void)fault_set(fault, -EINVAL, "either '--vault' or '--to', not both");
	else if (!chosen->vault && !chosen->to)
		(void)fault_set(fault, -EINVAL,
				"option '--vault VAULT' or '--to IP:PORT' is missing");
	else if (!chosen->request && (chosen->token || chosen->host))
		(void)fault_set(fault, -EINVAL, "'--token' and '--host' go with '--request'");
	return fault->code == 0;
}

static json_t *make_question(const struct explain_options *chosen)
{
	json_t *tag = chosen->tag.given ? json_integer((json_int_t)chosen->tag.value) : NULL;

	return json_pack("{s:s, s:s*, s:s*, s:o*, s:s*}", "from", chosen->from, "vault",
			 chosen->vault, "to", chosen->to, "tag", tag, "interface",
			 chosen->interface);
}

/* What becomes of the packet: the agent's answer goes to *ret_answer. */
static int ask_filter(const struct invocation *call, json_t **ret_answer)
{
	json_t *question = make_question(call->options);
	const struct client_request request = {.path = "/v1/explain", .body = question};
	int status;

	/* A word of the command line may hold bytes that no JSON can. */
	if (!question)
		return ask_fail(call, STATUS_WRONG, "the question is no UTF-8 text");
	status = ask_agent(call, &request, ret_answer);
	json_decref(question);
	return status;
}

/* Packet and request: the first half of the answer stands when there is no other. */
static int explain(const struct invocation *call, const char *token)
{
	const struct explain_options *chosen = call->options;
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	const struct gate_question question = {
		.request = chosen->request,
		.vault = chosen->vault,
		.host = chosen->host,
		.token = token,
	};
	json_t *answer = NULL;
	int status = ask_filter(call, &answer);

	if (status != STATUS_DONE)
		return status;
	if (chosen->request)
		status = ask_gate(call, &question, answer);
	call->output->explain(&printer, answer);
	json_decref(answer);
	return status;
}

static int run(struct invocation *call)
{
	const struct explain_options *chosen = call->options;
	const char *problem = chosen->request ? gate_request_problem(chosen->request) : NULL;
	cleanup(secret_free) struct secret token = {0};
	struct fault fault = {0};

	if (problem) {
		(void)fault_set(&fault, -EINVAL, "'%.200s' is no request: %s", chosen->request,
				problem);
		return ask_fail(call, STATUS_WRONG, fault.text);
	}
	if (chosen->token && secret_read(chosen->token, &token, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	return explain(call, token.text);
}

const struct command command_explain = {
	.name = "explain",
	.arguments = "",
	.summary = "Says what would become of a packet or a request, and by which rule",
	.help = "Runs the live filter on such a packet, without counting it, and with --request the\n"
		"live authoriser on such a request, without recording it. The exit status is 0\n"
		"whatever the verdict.\n"
		"\n"
		"  vaultwall explain --vault contoso --from 198.51.100.7\n"
		"  vaultwall explain --to 203.0.113.10:443 --from 10.1.0.5 --tag 7001\n"
		"  vaultwall explain --vault contoso --from 192.0.2.130 --token token.txt \\\n"
		"    --request \"GET /secrets/x\"\n",
	.options = options,
	.options_size = sizeof(struct explain_options),
	.check = check,
	.run = run,
};
