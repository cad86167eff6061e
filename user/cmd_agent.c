// SPDX-License-Identifier: Apache-2.0
/*
 * The agent in the foreground, as a service manager wants it; or, with --detach,
 * the end of everything that it left in the kernel.
 */
#include <errno.h>
#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "agent.h"
#include "ask.h"
#include "command.h"
#include "listener.h"
#include "output.h"

#define GROUP "vaultwall"

struct agent_options {
	bool detach;
	const char *group;
};

static const struct option_spec options[] = {
	{.name = "detach",
	 .type = OPTION_FLAG,
	 .target = offsetof(struct agent_options, detach),
	 .help = "take the filter from all interfaces and end: nothing is filtered any more"},
	{.name = "group",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 .target = offsetof(struct agent_options, group),
	 .help = "who may talk to it besides root (default: " GROUP ")"},
	{0},
};

static void collect(const char *interface, void *context)
{
	json_t *interfaces = context;

	(void)json_array_append_new(interfaces, json_string(interface));
}

static void print_removed(const struct invocation *call, const json_t *interfaces)
{
	const struct printer printer = {.stream = stdout, .colour = call->colour};

	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		output_print(&printer, HUE_PLAIN, "Took the filter from %s",
			     json_string_value(json_array_get(interfaces, i)));
		output_newline(&printer);
	}
	output_print(&printer, HUE_PLAIN, "Removed %s; instance %s filters nothing any more",
		     call->paths.bpf, call->paths.instance);
	output_newline(&printer);
}

static void print_removed_json(const struct invocation *call, json_t *interfaces)
{
	json_t *answer = json_pack("{s:s, s:s, s:O}", "instance", call->paths.instance, "removed",
				   call->paths.bpf, "interfaces", interfaces);

	(void)json_dumpf(answer, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	(void)putchar('\n');
	json_decref(answer);
}

static int detach(const struct invocation *call)
{
	json_t *interfaces = json_array();
	struct fault fault = {0};
	int r = agent_detach(&call->paths, collect, interfaces, &fault);

	if (r == 0 && call->json)
		print_removed_json(call, interfaces);
	else if (r == 0)
		print_removed(call, interfaces);
	json_decref(interfaces);
	return r < 0 ? ask_fail(call, STATUS_UNREACHABLE, fault.text) : STATUS_DONE;
}

static int run(struct invocation *call)
{
	const struct agent_options *chosen = call->options;
	struct fault fault = {0};
	int r;

	if (chosen->detach)
		return detach(call);
	if (chosen->group && !listener_group(chosen->group)) {
		(void)fault_set(&fault, -EINVAL, "there is no group '%.64s' besides root's",
				chosen->group);
		return ask_fail(call, STATUS_WRONG, fault.text);
	}
	r = agent_run(&call->paths, call->config, chosen->group ? chosen->group : GROUP, &fault);
	if (r == 0)
		return STATUS_DONE;
	return ask_fail(call, r == -EINVAL ? STATUS_WRONG : STATUS_UNREACHABLE, fault.text);
}

const struct command command_agent = {
	.name = "agent",
	.arguments = "",
	.summary = "Runs the agent of this node in the foreground",
	.help = "SIGHUP makes it read node.yaml again; SIGTERM ends it. The filter stays in force without it,\n"
		"and over its restart and upgrade; only --detach ends it.\n",
	.options = options,
	.options_size = sizeof(struct agent_options),
	.run = run,
};
