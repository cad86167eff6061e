// SPDX-License-Identifier: Apache-2.0
#include "ask.h"
#include "command.h"

static int run(struct invocation *call)
{
	const struct client_request request = {.path = "/v1/status"};

	return ask_and_print(call, &request, call->output->status);
}

const struct command command_status = {
	.name = "status",
	.arguments = "",
	.summary = "Shows the agent, the interfaces and what is enforced, with totals",
	.help = "A total counts since the filter was first loaded; pushes and restarts keep it.\n",
	.run = run,
};
