/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Command-line options as data: what they are called, what they take and where
 * the value goes. Help, the manual's test and the shell completion read the same
 * rows. Knows no command.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/* What an option's target is. A target starts zeroed; 0 is "not given" in all of them. */
enum option_type {
	OPTION_FLAG,   /* bool */
	OPTION_TEXT,   /* const char *, a word of argv, never empty */
	OPTION_NUMBER, /* struct option_number */
	OPTION_LIST,   /* struct option_list: the option may be given several times */
};

struct option_number {
	bool given;
	uint64_t value;
};

#define OPTION_LIST_MAX 1000

struct option_list {
	size_t count;
	const char *items[OPTION_LIST_MAX]; /* as OPTION_TEXT */
};

/* A row; a list of them ends with {0}. */
struct option_spec {
	const char *name; /* without its dashes */
	char letter;	  /* '\0': there is no short form */
	bool required;
	enum option_type type;
	const char
		*metavar; /* all but flags. FILE, VAULT and INTERFACE are completed by the shell */
	const char *help; /* NULL: hidden, for scripts of ours */
	size_t target;	  /* offsetof() in the options struct that the command declares */
	uint64_t minimum, maximum; /* numbers only */
};

/* One list of rows and the struct that it fills. */
struct option_group {
	const struct option_spec *specs; /* NULL: none */
	void *values;
};

/*
 * Reads options of any of the groups from argv[1] on, in any order among the
 * operands unless `stop_at_operand`; "--" ends them. Long names are not
 * abbreviated, so that a new option breaks no script. On success
 * argv[*ret_first] ... argv[argc - 1] are the operands. -EINVAL with a sentence that
 * names the offending word. Whether required options are there is not asked here.
 */
int options_parse(int argc, char **argv, const struct option_group *groups, size_t group_count,
		  bool stop_at_operand, int *ret_first, struct fault *fault);

/* -EINVAL if a required option of the group was not given. */
int options_require(const struct option_group *group, struct fault *fault);

/* The one of `names` that somebody who wrote `word` may have meant; NULL: none is near. */
const char *options_nearest(const char *word, const char *const *names, size_t count);
