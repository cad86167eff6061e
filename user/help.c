// SPDX-License-Identifier: Apache-2.0
#include "help.h"

#include <errno.h>
#include <string.h>

#include "diag.h"

#define COMMANDS_MAX	64
#define OPTION_TEXT_MAX 80
#define COMMAND_COLUMN	12
#define OPTION_COLUMN	22

void help_usage(FILE *stream, const struct command *command)
{
	(void)fprintf(stream, "Usage: vaultwall %s [OPTION]...%s%s\n", command->name,
		      command->arguments[0] ? " " : "", command->arguments);
}

/* "-n, --dry-run" or "    --tag N" */
static void print_option(FILE *stream, const struct option_spec *spec)
{
	char text[OPTION_TEXT_MAX];

	(void)snprintf(text, sizeof(text), "--%s%s%s", spec->name, spec->metavar ? " " : "",
		       spec->metavar ? spec->metavar : "");
	if (spec->letter)
		(void)fprintf(stream, "  -%c, ", spec->letter);
	else
		(void)fputs("      ", stream);
	(void)fprintf(stream, "%-*s  %s%s\n", OPTION_COLUMN, text, spec->help,
		      spec->required ? " (required)" : "");
}

static void print_options(FILE *stream, const char *heading, const struct option_spec *specs)
{
	if (!specs || !specs->help)
		return;
	(void)fprintf(stream, "\n%s\n", heading);
	for (const struct option_spec *spec = specs; spec->name; spec++)
		if (spec->help)
			print_option(stream, spec);
}

void help_program(FILE *stream, const struct command *const *commands,
		  const struct option_spec *globals)
{
	(void)fputs(
		"Usage: vaultwall [OPTION]... COMMAND [ARGUMENT]...\n"
		"\n"
		"A firewall for hosts that serve secret vaults: every vault its own network rules,\n"
		"decided for each packet before the TCP stack sees it.\n"
		"\n"
		"Commands:\n",
		stream);
	for (const struct command *const *each = commands; *each; each++)
		(void)fprintf(stream, "  %-*s  %s\n", COMMAND_COLUMN, (*each)->name,
			      (*each)->summary);
	print_options(stream, "Options of every command:", globals);
	(void)fputs(
		"\n"
		"Exit status: 0 done; 1 the rules or the request are wrong; 2 usage; 3 the agent or\n"
		"the kernel cannot be reached, or refused.\n"
		"\n"
		"'vaultwall help COMMAND' says more about a command, vaultwall(8) about everything.\n",
		stream);
}

void help_command(FILE *stream, const struct command *command, const struct option_spec *globals)
{
	help_usage(stream, command);
	(void)fprintf(stream, "\n%s.\n", command->summary);
	if (command->help)
		(void)fprintf(stream, "\n%s", command->help);
	print_options(stream, "Options:", command->options);
	print_options(stream, "Options of every command:", globals);
}

static void complete_options(FILE *stream, const char *command, const struct option_spec *specs)
{
	for (const struct option_spec *spec = specs; spec && spec->help; spec++)
		(void)fprintf(stream, "option\t%s\t--%s\t%s\t%s\n", command, spec->name,
			      spec->metavar ? spec->metavar : "-", spec->help);
}

void help_completion(FILE *stream, const struct command *const *commands,
		     const struct option_spec *globals)
{
	for (const struct command *const *each = commands; *each; each++) {
		(void)fprintf(stream, "command\t%s\t%s\n", (*each)->name, (*each)->summary);
		(void)fprintf(stream, "operand\t%s\t%s\n", (*each)->name, (*each)->arguments);
		complete_options(stream, (*each)->name, (*each)->options);
	}
	complete_options(stream, "*", globals);
}

const struct command *help_find(const struct command *const *commands, const char *name)
{
	for (const struct command *const *each = commands; *each; each++)
		if (strcmp((*each)->name, name) == 0)
			return *each;
	return NULL;
}

int help_unknown(const struct command *const *commands, const char *word, struct fault *fault)
{
	const char *names[COMMANDS_MAX];
	char quoted[DIAG_QUOTE_MAX];
	const char *nearest;
	size_t count = 0;

	for (const struct command *const *each = commands; *each && count < COMMANDS_MAX; each++)
		names[count++] = (*each)->name;
	nearest = options_nearest(word, names, count);
	(void)diag_quote(quoted, sizeof(quoted), word, strlen(word));
	if (nearest)
		return fault_set(fault, -EINVAL, "there is no command '%s'; did you mean '%s'?",
				 quoted, nearest);
	return fault_set(fault, -EINVAL, "there is no command '%s'", quoted);
}

void help_operands(const struct command *command, size_t *ret_least, size_t *ret_most)
{
	size_t least = 0;
	size_t most = 0;

	for (const char *at = command->arguments; *at; at += strspn(at, " ")) {
		least += *at != '[';
		most++;
		at += strcspn(at, " ");
	}
	*ret_least = least;
	*ret_most = most;
}
