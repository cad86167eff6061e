// SPDX-License-Identifier: Apache-2.0
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "command.h"
#include "help.h"

struct help_options {
	bool complete;
};

/* The completion script's way in: hidden, since no person types it. */
static const struct option_spec options[] = {
	{.name = "complete",
	 .type = OPTION_FLAG,
	 .target = offsetof(struct help_options, complete)},
	{0},
};

static bool check(const struct invocation *call, struct fault *fault)
{
	const char *word = call->argument_count ? call->arguments[0] : NULL;

	return !word || help_find(call->commands, word) ||
	       help_unknown(call->commands, word, fault) == 0;
}

static int run(struct invocation *call)
{
	const struct help_options *chosen = call->options;

	if (chosen->complete)
		help_completion(stdout, call->commands, call->globals);
	else if (call->argument_count)
		help_command(stdout, help_find(call->commands, call->arguments[0]), call->globals);
	else
		help_program(stdout, call->commands, call->globals);
	return STATUS_DONE;
}

const struct command command_help = {
	.name = "help",
	.arguments = "[COMMAND]",
	.summary = "Says how to use vaultwall, or one of its commands",
	.options = options,
	.options_size = sizeof(struct help_options),
	.check = check,
	.run = run,
};
