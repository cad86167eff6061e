// SPDX-License-Identifier: Apache-2.0
/*
 * nginx's configuration for the vaults in force, or for those of a file.
 */
#include <errno.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ask.h"
#include "authorizer_node.h"
#include "bundle.h"
#include "cleanup.h"
#include "command.h"
#include "gate_config.h"
#include "output.h"
#include "reading.h"
#include "report.h"

struct gate_config_options {
	const char *user;
	const char *upstream_ca;
};

static const struct option_spec options[] = {
	{.name = "user",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 .target = offsetof(struct gate_config_options, user),
	 .help = "print all of an nginx.conf, whose workers run as NAME"},
	{.name = "upstream-ca",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 .target = offsetof(struct gate_config_options, upstream_ca),
	 .help = "what the vaults' certificates are checked against (default: the system's)"},
	{0},
};

static bool is_readable(const char *path, void *context)
{
	(void)context;
	return access(path, R_OK) == 0;
}

static int read_node(const struct invocation *call, struct node *ret_node)
{
	struct fault fault = {0};

	if (authorizer_node_read(call->config, ret_node, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	if (!ret_node->gate.present)
		(void)fault_set(&fault, -EINVAL, "%s has no 'gate'", call->config);
	else if (ret_node->gate.questions != QUESTIONS_ORIGINAL)
		(void)fault_set(
			&fault, -EINVAL,
			"%s says that the authoriser is not asked in nginx's manner; leave out 'questions'",
			call->config);
	return fault.code ? ask_fail(call, STATUS_WRONG, fault.text) : STATUS_DONE;
}

static int read_rules(const struct invocation *call, const struct rules_bundle *bundle,
		      struct diags *diags, struct policy *ret_policy)
{
	int r = policy_read(bundle, time(NULL), diags, ret_policy);

	return r == -ENOMEM ? ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM))
	       : r < 0	    ? STATUS_WRONG
			    : STATUS_DONE;
}

static int read_file(const struct invocation *call, struct reading *reading, struct diags *diags,
		     struct policy *ret_policy)
{
	struct fault fault = {0};

	if (reading_open(call->arguments[0], diags, reading, &fault) < 0)
		return ask_fail(call, STATUS_WRONG, fault.text);
	return read_rules(call, &reading->bundle, diags, ret_policy);
}

static void release_json(json_t **json)
{
	json_decref(*json);
}

/* Warnings of rules in force were told when they were pushed. */
static int read_in_force(const struct invocation *call, struct bundle *bundle, struct diags *diags,
			 struct policy *ret_policy)
{
	const struct client_request request = {.path = "/v1/rules"};
	cleanup(release_json) json_t *body = NULL;
	struct fault fault = {0};
	int status = ask_agent(call, &request, &body);

	if (status != STATUS_DONE)
		return status;
	if (bundle_from_json(body, bundle, &fault) < 0)
		return ask_fail(call, STATUS_UNREACHABLE, fault.text);
	status = read_rules(call, &bundle->rules, diags, ret_policy);
	if (status == STATUS_DONE)
		diags_clear(diags);
	return status;
}

static void print_faults(const struct invocation *call, const struct diags *diags)
{
	const struct printer printer = {.stream = stderr, .colour = call->error_colour};
	json_t *report = report_from_diags(diags);

	(void)report_print(&printer, report, NULL);
	json_decref(report);
}

static int print_config(const struct invocation *call, const struct node *node,
			const struct policy *policy, struct diags *diags)
{
	const struct gate_config_options *chosen = call->options;
	const struct gate_options gate = {
		.listen = node->gate.listen,
		.authorize = call->paths.authorize,
		.folder = call->paths.run,
		.upstream_ca = chosen->upstream_ca ? chosen->upstream_ca : GATE_UPSTREAM_CA,
		.user = chosen->user,
		.usable = is_readable,
	};
	cleanup(free_ptr) char *text = NULL;
	int r = gate_config_make(&gate, policy, diags, &text);

	if (r == -ENOMEM)
		return ask_fail(call, STATUS_UNREACHABLE, strerror(ENOMEM));
	if (r < 0)
		return STATUS_WRONG;
	(void)fputs(text, stdout);
	return STATUS_DONE;
}

static int run(struct invocation *call)
{
	cleanup(diags_clear) struct diags diags = {0};
	cleanup(reading_free) struct reading reading = {0};
	cleanup(bundle_free) struct bundle bundle = {0};
	cleanup(policy_free) struct policy policy = {0};
	cleanup(node_free) struct node node = {0};
	int status = read_node(call, &node);

	if (status == STATUS_DONE)
		status = call->argument_count ? read_file(call, &reading, &diags, &policy)
					      : read_in_force(call, &bundle, &diags, &policy);
	if (status == STATUS_DONE)
		status = print_config(call, &node, &policy, &diags);
	diags_sort(&diags);
	print_faults(call, &diags);
	return status;
}

const struct command command_gate_config = {
	.name = "gate-config",
	.arguments = "[FILE]",
	.summary = "Prints nginx's configuration for the vaults in force, or of a rules file",
	.help = "Goes into an http block; with --user it is all that an nginx of its own needs.\n"
		"Run it as root: a vault whose certificate cannot be read is left out, with a warning.\n",
	.options = options,
	.options_size = sizeof(struct gate_config_options),
	.run = run,
};
