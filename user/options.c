// SPDX-License-Identifier: Apache-2.0
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "diag.h"
#include "spelling.h"

/* getopt_long() returns this plus the index of the row: no letter is as high. */
#define ROW_BASE 256

#define WORD_MAX 48 /* of a word that may be a misspelling: longer ones are none */

/* The rows of all groups in one list, in the form that getopt_long() takes. */
struct table {
	const struct option_spec **rows;
	void **values; /* the struct that the row of the same index fills */
	struct option *longs;
	char *letters;
	size_t count;
};

static void free_table(struct table *table)
{
	free(table->rows);
	free(table->values);
	free(table->longs);
	free(table->letters);
}

static size_t count_rows(const struct option_group *groups, size_t group_count)
{
	size_t count = 0;

	for (size_t i = 0; i < group_count; i++)
		for (const struct option_spec *spec = groups[i].specs; spec && spec->name; spec++)
			count++;
	return count;
}

static void table_append(struct table *table, const struct option_spec *spec, void *values)
{
	size_t row = table->count++;
	size_t end = strlen(table->letters);

	table->rows[row] = spec;
	table->values[row] = values;
	table->longs[row].name = spec->name;
	table->longs[row].has_arg = spec->type == OPTION_FLAG ? no_argument : required_argument;
	table->longs[row].val = ROW_BASE + (int)row;
	if (!spec->letter)
		return;
	table->letters[end++] = spec->letter;
	if (spec->type != OPTION_FLAG)
		table->letters[end] = ':';
}

static int table_make(const struct option_group *groups, size_t group_count, bool stop_at_operand,
		      struct table *ret_table)
{
	size_t count = count_rows(groups, group_count);

	ret_table->rows = calloc(count + 1, sizeof(struct option_spec *));
	ret_table->values = calloc(count + 1, sizeof(void *));
	ret_table->longs = calloc(count + 1, sizeof(*ret_table->longs));
	ret_table->letters = calloc(2 * count + 3, 1);
	if (!ret_table->rows || !ret_table->values || !ret_table->longs || !ret_table->letters)
		return -ENOMEM;
	/* ':' has a missing value told apart from an unknown option. */
	memcpy(ret_table->letters, stop_at_operand ? "+:" : ":", stop_at_operand ? 3 : 2);
	for (size_t i = 0; i < group_count; i++)
		for (const struct option_spec *spec = groups[i].specs; spec && spec->name; spec++)
			table_append(ret_table, spec, groups[i].values);
	return 0;
}

/* The row that getopt_long() means by `found`, or -1. */
static int table_find(const struct table *table, int found)
{
	if (found >= ROW_BASE)
		return found - ROW_BASE;
	for (size_t row = 0; row < table->count && found; row++)
		if (table->rows[row]->letter == found)
			return (int)row;
	return -1;
}

static int refuse_unknown(const struct table *table, const char *word, struct fault *fault)
{
	cleanup(free_ptr) const char **names = calloc(table->count + 1, sizeof(*names));
	char quoted[DIAG_QUOTE_MAX];
	char name[WORD_MAX + 1];
	const char *nearest;

	if (!names)
		return -ENOMEM;
	for (size_t row = 0; row < table->count; row++)
		names[row] = table->rows[row]->name;
	(void)diag_quote(quoted, sizeof(quoted), word, strlen(word));
	strncpy(name, word + strspn(word, "-"), WORD_MAX);
	name[WORD_MAX] = '\0';
	name[strcspn(name, "=")] = '\0';
	nearest = options_nearest(name, names, table->count);
	if (nearest)
		return fault_set(fault, -EINVAL, "there is no option '%s'; did you mean '--%s'?",
				 quoted, nearest);
	return fault_set(fault, -EINVAL, "there is no option '%s'", quoted);
}

/* What getopt_long() returned '?' or ':' for. */
static int refuse(const struct table *table, int found, char **argv, struct fault *fault)
{
	int row = table_find(table, optopt);
	char letter[] = {'-', (char)optopt, '\0'};

	if (row < 0)
		return refuse_unknown(table, optopt ? letter : argv[optind - 1], fault);
	if (found == ':')
		return fault_set(fault, -EINVAL, "option '--%s' needs a value: --%s %s",
				 table->rows[row]->name, table->rows[row]->name,
				 table->rows[row]->metavar);
	return fault_set(fault, -EINVAL, "option '--%s' takes no value", table->rows[row]->name);
}

static bool is_number(const char *text, const struct option_spec *spec, uint64_t *ret_value)
{
	unsigned long long value;

	if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 19)
		return false;
	value = strtoull(text, NULL, 10);
	if (value < spec->minimum || value > spec->maximum)
		return false;
	*ret_value = value;
	return true;
}

static int store_item(const struct option_spec *spec, void *values, const char *text,
		      struct fault *fault)
{
	struct option_list *list = (void *)((char *)values + spec->target);

	if (list->count == OPTION_LIST_MAX)
		return fault_set(fault, -EINVAL, "option '--%s' was given more than %d times",
				 spec->name, OPTION_LIST_MAX);
	list->items[list->count++] = text;
	return 0;
}

static int store(const struct option_spec *spec, void *values, const char *text,
		 struct fault *fault)
{
	char *target = (char *)values + spec->target;
	struct option_number number = {.given = true};
	char quoted[DIAG_QUOTE_MAX];
	bool set = true;

	if (spec->type == OPTION_FLAG) {
		memcpy(target, &set, sizeof(set));
		return 0;
	}
	if (!text[0])
		return fault_set(fault, -EINVAL, "option '--%s' was given an empty value",
				 spec->name);
	if (spec->type == OPTION_TEXT) {
		memcpy(target, &text, sizeof(text));
		return 0;
	}
	if (spec->type == OPTION_LIST)
		return store_item(spec, values, text, fault);
	if (!is_number(text, spec, &number.value))
		return fault_set(
			fault, -EINVAL, "option '--%s': '%s' is no number from %llu to %llu",
			spec->name, diag_quote(quoted, sizeof(quoted), text, strlen(text)),
			(unsigned long long)spec->minimum, (unsigned long long)spec->maximum);
	memcpy(target, &number, sizeof(number));
	return 0;
}

/* The word of argv that getopt_long() has just read, with or without its value. */
static const char *current_word(char **argv)
{
	return argv[optarg && optarg == argv[optind - 1] ? optind - 2 : optind - 1];
}

/* getopt_long() takes any prefix of a long name; we do not. */
static bool is_abbreviated(const struct option_spec *spec, const char *word)
{
	return strcspn(word + 2, "=") != strlen(spec->name);
}

static int take(const struct table *table, int found, char **argv, struct fault *fault)
{
	int row = found == '?' || found == ':' ? -1 : table_find(table, found);

	if (row < 0)
		return refuse(table, found, argv, fault);
	if (found >= ROW_BASE && is_abbreviated(table->rows[row], current_word(argv)))
		return refuse_unknown(table, current_word(argv), fault);
	return store(table->rows[row], table->values[row], optarg, fault);
}

int options_parse(int argc, char **argv, const struct option_group *groups, size_t group_count,
		  bool stop_at_operand, int *ret_first, struct fault *fault)
{
	cleanup(free_table) struct table table = {0};
	int found;

	if (table_make(groups, group_count, stop_at_operand, &table) < 0)
		return fault_set(fault, -ENOMEM, "out of memory");
	opterr = 0;
	optind = 0; /* has glibc begin anew, permutation included */
	while ((found = getopt_long(argc, argv, table.letters, table.longs, NULL)) != -1) {
		int ret = take(&table, found, argv, fault);

		if (ret < 0)
			return ret;
	}
	*ret_first = optind;
	return 0;
}

static bool is_given(const struct option_spec *spec, const void *values)
{
	/* The first byte would do for a flag and a number, but not for a pointer and a count. */
	static const char zero[sizeof(const char *)];
	bool wide = spec->type == OPTION_TEXT || spec->type == OPTION_LIST;
	size_t size = wide ? sizeof(const char *) : sizeof(bool);

	return memcmp((const char *)values + spec->target, zero, size) != 0;
}

int options_require(const struct option_group *group, struct fault *fault)
{
	for (const struct option_spec *spec = group->specs; spec && spec->name; spec++)
		if (spec->required && !is_given(spec, group->values))
			return fault_set(fault, -EINVAL, "option '--%s %s' is missing", spec->name,
					 spec->metavar);
	return 0;
}

const char *options_nearest(const char *word, const char *const *names, size_t count)
{
	struct spelling spelling = {.written = word};
	size_t length = strlen(word);

	/* The beginning of a name is near to it, however much is missing. */
	for (size_t i = 0; i < count && length > 1; i++)
		if (strncmp(word, names[i], length) == 0)
			return names[i];
	for (size_t i = 0; i < count; i++)
		spelling_try(&spelling, names[i]);
	return spelling.best;
}
