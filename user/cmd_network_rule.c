// SPDX-License-Identifier: Apache-2.0
/*
 * Edits one vault's network rules, in the manner of `az keyvault network-rule`: what goes to the
 * agent is the edit, however large the rules are.
 */
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "ask.h"
#include "cleanup.h"
#include "command.h"
#include "output.h"
#include "report.h"

struct network_rule_options {
	const char *vault;
	struct option_list ranges;
	struct option_list subnets;
	const char *expires;
	bool dry_run;
};

#define TARGET(field) .target = offsetof(struct network_rule_options, field)

static const struct option_spec options[] = {
	{.name = "vault",
	 .required = true,
	 .type = OPTION_TEXT,
	 .metavar = "VAULT",
	 TARGET(vault),
	 .help = "whose rules"},
	{.name = "ip-address",
	 .type = OPTION_LIST,
	 .metavar = "RANGE",
	 TARGET(ranges),
	 .help = "an address or a range, 192.0.2.0/24; any number of times"},
	{.name = "subnet",
	 .type = OPTION_LIST,
	 .metavar = "VNET/SUBNET",
	 TARGET(subnets),
	 .help = "a subnet of the rules; any number of times"},
	{.name = "expires",
	 .type = OPTION_TEXT,
	 .metavar = "TIME",
	 TARGET(expires),
	 .help = "until when the ranges are let in, 2036-12-01T00:00:00Z, or never"},
	{.name = "dry-run",
	 .letter = 'n',
	 .type = OPTION_FLAG,
	 TARGET(dry_run),
	 .help = "say what would change, and change nothing"},
	{0},
};

static bool is_action(const struct invocation *call, const char *action)
{
	return strcmp(call->arguments[0], action) == 0;
}

static bool check(const struct invocation *call, struct fault *fault)
{
	const struct network_rule_options *chosen = call->options;
	bool named = chosen->ranges.count || chosen->subnets.count;
	bool list = is_action(call, "list");

	if (!list && !is_action(call, "add") && !is_action(call, "remove"))
		(void)fault_set(fault, -EINVAL,
				"the action is 'add', 'remove' or 'list', not '%.40s'",
				call->arguments[0]);
	else if (list && (named || chosen->expires || chosen->dry_run))
		(void)fault_set(fault, -EINVAL, "'list' takes no option but '--vault'");
	else if (!list && !named)
		(void)fault_set(fault, -EINVAL,
				"option '--ip-address RANGE' or '--subnet VNET/SUBNET' is missing");
	else if (chosen->expires && (!is_action(call, "add") || chosen->subnets.count))
		(void)fault_set(fault, -EINVAL, "only ranges that are added take '--expires'");
	return fault->code == 0;
}

/* NULL: a word is no text that JSON can carry, or there is no memory. */
static json_t *texts_json(const struct option_list *list)
{
	json_t *array = json_array();

	for (size_t i = 0; i < list->count; i++)
		if (json_array_append_new(array, json_string(list->items[i])) < 0) {
			json_decref(array);
			return NULL;
		}
	return array;
}

static json_t *make_edit(const struct invocation *call)
{
	const struct network_rule_options *chosen = call->options;

	return json_pack("{s:s, s:s, s:o, s:o, s:s*}", "vault", chosen->vault, "action",
			 call->arguments[0], "ip_addresses", texts_json(&chosen->ranges), "subnets",
			 texts_json(&chosen->subnets), "expires", chosen->expires);
}

static int tell(const struct invocation *call, const struct client_reply *reply)
{
	const struct printer errors = {.stream = stderr, .colour = call->error_colour};
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	const json_t *diagnostics = json_object_get(reply->body, "diagnostics");
	int status = ask_status(reply->status);

	if (!call->json)
		(void)report_print(&errors, diagnostics, NULL);
	if (status == STATUS_DONE || (call->json && diagnostics))
		call->output->network_rule(&printer, reply->body);
	if (status == STATUS_DONE)
		return STATUS_DONE;
	return ask_fail(call, status, client_error(reply));
}

static int edit(const struct invocation *call)
{
	const struct network_rule_options *chosen = call->options;
	cleanup(client_reply_free) struct client_reply reply = {0};
	json_t *body = make_edit(call);
	const struct client_request request = {
		.path = "/v1/network-rules",
		.parameters = {{"dry_run", chosen->dry_run ? "1" : NULL}},
		.body = body,
	};
	struct fault fault = {0};
	int r;

	/* A word of the command line may hold bytes that no JSON can. */
	if (!body)
		return ask_fail(call, STATUS_WRONG, "the edit is no UTF-8 text");
	r = client_call(&call->paths, &request, &reply, &fault);
	json_decref(body);
	return r < 0 ? ask_fail(call, STATUS_UNREACHABLE, fault.text) : tell(call, &reply);
}

static int list(const struct invocation *call)
{
	const struct network_rule_options *chosen = call->options;
	const struct printer printer = {.stream = stdout, .colour = call->colour};
	const struct client_request request = {
		.path = "/v1/show",
		.parameters = {{"vault", chosen->vault}},
	};
	json_t *body = NULL, *vault, *rules;
	int status = ask_agent(call, &request, &body);

	if (status != STATUS_DONE)
		return status;
	vault = json_array_get(json_object_get(body, "vaults"), 0);
	rules = json_pack("{s:s, s:O*, s:O*, s:O*}", "vault", chosen->vault, "generation",
			  json_object_get(body, "generation"), "ip_rules",
			  json_object_get(vault, "ip_rules"), "virtual_network_rules",
			  json_object_get(vault, "virtual_network_rules"));
	call->output->network_rules(&printer, rules);
	json_decref(rules);
	json_decref(body);
	return STATUS_DONE;
}

static int run(struct invocation *call)
{
	return is_action(call, "list") ? list(call) : edit(call);
}

const struct command command_network_rule = {
	.name = "network-rule",
	.arguments = "add|remove|list",
	.summary = "Edits one vault's network rules, or lists them",
	.help = "An edit holds whatever the document says, over restarts, until the next push: that drops\n"
		"it, and says so. What is so already is no change. Who is let in by a set or a wider range\n"
		"still is when a range is removed, and is told.\n",
	.options = options,
	.options_size = sizeof(struct network_rule_options),
	.check = check,
	.run = run,
};
