// SPDX-License-Identifier: Apache-2.0
#include "ask.h"
#include "command.h"

static int run(struct invocation *call)
{
	const char *vault = call->argument_count ? call->arguments[0] : NULL;
	const struct client_request request = {
		.path = "/v1/show",
		.parameters = {{"vault", vault}},
	};

	return ask_and_print(call, &request, vault ? call->output->vault : call->output->show);
}

const struct command command_show = {
	.name = "show",
	.arguments = "[VAULT]",
	.summary = "Shows the rules in force: all vaults in a table, or one in full",
	.help = "For one vault every rule comes with the file and line where it was written.\n",
	.run = run,
};
