// SPDX-License-Identifier: Apache-2.0
/*
 * The authoriser in the foreground, as a service manager wants it.
 */
#include <errno.h>
#include <stddef.h>

#include "ask.h"
#include "authorizer.h"
#include "command.h"

#define GROUP	      "vaultwall-gate" /* not the agent's: proxies are in it, and push no rules */

#define TARGET(field) .target = offsetof(struct authorizer_options, field)

static const struct option_spec options[] = {
	{.name = "user",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 TARGET(user),
	 .help = "become this user first; needed when started as root"},
	{.name = "audit-log",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(audit_log),
	 .help = "where decisions are recorded (default: standard output)"},
	{.name = "ca-file",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(ca_file),
	 .help = "what issuers' servers are checked against (default: the system's)"},
	{.name = "proxy",
	 .type = OPTION_TEXT,
	 .metavar = "URL",
	 TARGET(proxy),
	 .help = "how to reach issuers (default: directly, whatever the environment says)"},
	{.name = "group",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 TARGET(group),
	 .help = "who may ask besides root (default: " GROUP ")"},
	{0},
};

static int run(struct invocation *call)
{
	struct authorizer_options chosen = *(const struct authorizer_options *)call->options;
	struct fault fault = {0};
	int r;

	if (!chosen.group)
		chosen.group = GROUP;
	r = authorizer_run(&call->paths, call->config, &chosen, &fault);
	if (r == 0)
		return STATUS_DONE;
	return ask_fail(call, r == -EINVAL ? STATUS_WRONG : STATUS_UNREACHABLE, fault.text);
}

const struct command command_authorizer = {
	.name = "authorizer",
	.arguments = "",
	.summary = "Runs the authoriser, which the gate asks about each request, in the foreground",
	.help = "It works without any privilege and refuses to keep one. SIGHUP makes it open the audit log\n"
		"again; SIGTERM ends it once the questions under way are answered.\n",
	.options = options,
	.options_size = sizeof(struct authorizer_options),
	.run = run,
};
