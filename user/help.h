/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the program says of itself, all of it from the descriptors: usage, help,
 * and the table that the shell completion reads. Knows no command by name.
 */
#pragma once

#include <stddef.h>
#include <stdio.h>

#include "command.h"

void help_program(FILE *stream, const struct command *const *commands,
		  const struct option_spec *globals);
void help_command(FILE *stream, const struct command *command, const struct option_spec *globals);

/* One line: "Usage: vaultwall push [OPTION]... FILE". */
void help_usage(FILE *stream, const struct command *command);

/*
 * Lines of tab-separated words for the completion script:
 *   command NAME SUMMARY
 *   operand COMMAND WORD...
 *   option COMMAND|* --NAME METAVAR|- HELP
 */
void help_completion(FILE *stream, const struct command *const *commands,
		     const struct option_spec *globals);

const struct command *help_find(const struct command *const *commands, const char *name);

/* -EINVAL with a sentence that names the word and, if there is one, what may have been meant. */
int help_unknown(const struct command *const *commands, const char *word, struct fault *fault);

/* How many operands the command takes at least and at most. */
void help_operands(const struct command *command, size_t *ret_least, size_t *ret_most);
