/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a subcommand is: cmd_NAME.c exports one const `struct command`, and main.c
 * has a list of pointers to them. Usage, help, completion and the checks of the
 * command line follow from the descriptor; `run` sees only what passed them.
 *
 * A new command is one file, one `extern` below, one pointer in main.c and its
 * section in the manual.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "options.h"
#include "paths.h"

struct output;

/* What the process exits with. */
enum exit_status {
	STATUS_DONE = 0,
	STATUS_WRONG = 1,	/* the rules or the request are wrong */
	STATUS_USAGE = 2,	/* the command line is */
	STATUS_UNREACHABLE = 3, /* the agent or the kernel cannot be reached, or refused */
};

/* One call of the program, its command line read and checked. */
struct invocation {
	const struct command *command;
	const struct command *const *commands; /* all there are, NULL ends the list */
	const struct option_spec *globals;     /* the options that every command has */
	struct paths paths;		       /* of --instance */
	const char *config;		       /* --config FILE; NODE_CONFIG_DEFAULT if not given */
	bool json;			       /* --json */
	bool colour;	   /* on stdout: a terminal, and neither NO_COLOR nor --no-color */
	bool error_colour; /* the same on stderr */
	const struct output *output;  /* the format that --json chose */
	const void *options;	      /* the command's own struct, filled */
	const char *const *arguments; /* operands, as many as `arguments` of the command allows */
	size_t argument_count;
};

struct command {
	const char *name;
	const char *arguments; /* "FILE", "[VAULT]", "" or more: operands; in brackets: may be left
				  out */
	const char *summary;   /* a line without a full stop, for the list of commands */
	const char *help;      /* what `help NAME` says below the usage; whole lines; may be NULL */
	const struct option_spec *options; /* NULL: none but the global ones */
	size_t options_size;		   /* of the struct that their targets lie in */
	bool (*check)(const struct invocation *call, struct fault *fault); /* NULL: all fits */
	int (*run)(struct invocation *call); /* returns an enum exit_status */
};

extern const struct command command_agent;
extern const struct command command_authorizer;
extern const struct command command_check;
extern const struct command command_events;
extern const struct command command_explain;
extern const struct command command_gate_config;
extern const struct command command_help;
extern const struct command command_metrics;
extern const struct command command_network_rule;
extern const struct command command_push;
extern const struct command command_show;
extern const struct command command_status;
