// SPDX-License-Identifier: Apache-2.0
/*
 * The one binary: reads the command line against the descriptors of the commands
 * and runs one of them. Adding a command adds a pointer here, and nothing else.
 */
#include <errno.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "command.h"
#include "diag.h"
#include "help.h"
#include "output.h"

/* In the order in which help lists them. */
static const struct command *const commands[] = {
	&command_agent,
	&command_authorizer,
	&command_check,
	&command_push,
	&command_network_rule,
	&command_status,
	&command_show,
	&command_explain,
	&command_metrics,
	&command_events,
	&command_gate_config,
	&command_help,
	NULL,
};

struct global_options {
	const char *instance;
	const char *config;
	bool json;
	bool no_color;
	bool help;
	bool version;
};

#define TARGET(field) .target = offsetof(struct global_options, field)

static const struct option_spec global_options[] = {
	{.name = "instance",
	 .type = OPTION_TEXT,
	 .metavar = "NAME",
	 TARGET(instance),
	 .help = "which instance (default: $VAULTWALL_INSTANCE, or vaultwall)"},
	{.name = "config",
	 .type = OPTION_TEXT,
	 .metavar = "FILE",
	 TARGET(config),
	 .help = "the node configuration (default: " NODE_CONFIG_DEFAULT ")"},
	{.name = "json", .type = OPTION_FLAG, TARGET(json), .help = "print JSON"},
	{.name = "no-color",
	 .type = OPTION_FLAG,
	 TARGET(no_color),
	 .help = "no colours (also: set NO_COLOR)"},
	{.name = "help",
	 .letter = 'h',
	 .type = OPTION_FLAG,
	 TARGET(help),
	 .help = "say how to use the command, and end"},
	{.name = "version",
	 .type = OPTION_FLAG,
	 TARGET(version),
	 .help = "print the version, and end"},
	{0},
};

/* Says what is wrong with the command line and where help is; `command` may be NULL. */
static int refuse(const struct command *command, const char *problem)
{
	(void)fprintf(stderr, "vaultwall: %s\n", problem);
	if (command) {
		help_usage(stderr, command);
		(void)fprintf(stderr, "'vaultwall help %s' says more.\n", command->name);
	} else {
		(void)fputs("'vaultwall help' lists the commands and options.\n", stderr);
	}
	return STATUS_USAGE;
}

static bool wants_colour(const struct global_options *global, int fd)
{
	const char *no_color = getenv("NO_COLOR");
	const char *terminal = getenv("TERM");

	if (global->no_color || (no_color && no_color[0]))
		return false;
	return isatty(fd) && terminal && strcmp(terminal, "dumb") != 0;
}

/* Too many or too few operands: -EINVAL with a sentence that names the first odd one. */
static int count_operands(const struct invocation *call, struct fault *fault)
{
	char quoted[DIAG_QUOTE_MAX];
	size_t least, most;

	help_operands(call->command, &least, &most);
	if (call->argument_count < least)
		return fault_set(fault, -EINVAL, "'%s' needs %s", call->command->name,
				 call->command->arguments);
	if (call->argument_count <= most)
		return 0;
	(void)diag_quote(quoted, sizeof(quoted), call->arguments[most],
			 strlen(call->arguments[most]));
	return fault_set(fault, -EINVAL, "'%s' takes %s%s: '%s' is one too many",
			 call->command->name, most ? "only " : "no operand",
			 call->command->arguments, quoted);
}

/* Output that a full disk swallowed was not given: that is a failure, too. */
static int finish(int status)
{
	bool failed = ferror(stdout) != 0;

	if (fflush(stdout) == 0 && !failed)
		return status;
	(void)fprintf(stderr, "vaultwall: cannot write the output: %s\n", strerror(errno));
	return status == STATUS_DONE ? STATUS_UNREACHABLE : status;
}

/* --version and --help come before everything that may be wrong; `command` NULL: none was named. */
static bool tell_itself(const struct global_options *global, const struct command *command)
{
	if (global->version)
		(void)puts("vaultwall " VAULTWALL_VERSION);
	else if (global->help && command)
		help_command(stdout, command, global_options);
	else if (global->help)
		help_program(stdout, commands, global_options);
	return global->version || global->help;
}

static int run(struct invocation *call, const struct global_options *global,
	       const struct option_group *group)
{
	struct fault fault = {0};

	if (options_require(group, &fault) < 0 || count_operands(call, &fault) < 0 ||
	    paths_make(global->instance, &call->paths, &fault) < 0)
		return refuse(call->command, fault.text);
	if (call->command->check && !call->command->check(call, &fault))
		return refuse(call->command, fault.text);
	return finish(call->command->run(call));
}

static int run_command(const struct command *command, struct global_options *global, int argc,
		       char **argv)
{
	cleanup(free_ptr) void *values = calloc(1, command->options_size + 1);
	const struct option_group groups[] = {{command->options, values}, {global_options, global}};
	struct fault fault = {0};
	int first;

	if (!values)
		return refuse(command, strerror(ENOMEM));
	if (options_parse(argc, argv, groups, 2, false, &first, &fault) < 0)
		return refuse(command, fault.text);
	if (tell_itself(global, command))
		return finish(STATUS_DONE);
	struct invocation call = {
		.command = command,
		.commands = commands,
		.globals = global_options,
		.config = global->config ? global->config : NODE_CONFIG_DEFAULT,
		.json = global->json,
		.colour = wants_colour(global, STDOUT_FILENO),
		.error_colour = wants_colour(global, STDERR_FILENO),
		.output = global->json ? &output_json : &output_text,
		.options = values,
		.arguments = (const char *const *)argv + first,
		.argument_count = (size_t)(argc - first),
	};
	return run(&call, global, &groups[0]);
}

int main(int argc, char **argv)
{
	struct global_options global = {0};
	const struct option_group group = {global_options, &global};
	const struct command *command;
	struct fault fault = {0};
	int first;

	/* Only how wide characters are: numbers and times look the same everywhere. */
	(void)setlocale(LC_CTYPE, "");
	if (options_parse(argc, argv, &group, 1, true, &first, &fault) < 0)
		return refuse(NULL, fault.text);
	if (first == argc && tell_itself(&global, NULL))
		return finish(STATUS_DONE);
	if (first == argc)
		return refuse(NULL, "a command is missing");
	command = help_find(commands, argv[first]);
	if (!command) {
		(void)help_unknown(commands, argv[first], &fault);
		return refuse(NULL, fault.text);
	}
	return run_command(command, &global, argc - first, argv + first);
}
