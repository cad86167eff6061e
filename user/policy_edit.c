/* SPDX-License-Identifier: Apache-2.0 */
#include "policy_edit.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "address.h"
#include "cleanup.h"
#include "scalar.h"

/* Of one vault: as many ranges as a document may have, twice, and their edits. */
#define EDITS_MEMORY_MAX ((size_t)256 << 20)

#define COMMENT_TEXT	 (EDIT_USER_TEXT + TIME_TEXT + 16)

/* Bytes of a line: names and times, each with its key. */
#define LINE_TEXT	(VAULT_NAME_TEXT + EDIT_RULE_TEXT + EDIT_USER_TEXT + 2 * TIME_TEXT + 128)
#define VAULT_NAME_TEXT 64

const char *edit_rule_format(const struct rule_edit *edit, char text[EDIT_RULE_TEXT])
{
	if (edit->subnet)
		(void)snprintf(text, EDIT_RULE_TEXT, "%s/%s", edit->subnet->network->name,
			       edit->subnet->name);
	else
		range_format(edit->range, text);
	return text;
}

void edit_set_user(struct rule_edit *edit, const char *user)
{
	(void)snprintf(edit->user, sizeof(edit->user), "%s", user);
	for (char *at = edit->user; *at; at++)
		if (*at <= ' ' || *at > '~' || *at == '"' || *at == '\\')
			*at = '?';
}

/* By names, so that the order is the same in every process. */
static int compare_subnets(const struct subnet *left, const struct subnet *right)
{
	int order = strcmp(left->network->name, right->network->name);

	return order ? order : strcmp(left->name, right->name);
}

static int compare_ranges(struct range left, struct range right)
{
	if (left.first != right.first)
		return left.first < right.first ? -1 : 1;
	return (left.last > right.last) - (left.last < right.last);
}

int edit_compare(const struct rule_edit *left, const struct rule_edit *right)
{
	if (!left->subnet != !right->subnet)
		return left->subnet ? 1 : -1;
	if (left->subnet)
		return compare_subnets(left->subnet, right->subnet);
	return compare_ranges(left->range, right->range);
}

static int compare_edits(const void *left, const void *right)
{
	return edit_compare((const struct rule_edit *)left, (const struct rule_edit *)right);
}

void edits_sort(struct rule_edit *edits, size_t count)
{
	if (count)
		qsort(edits, count, sizeof(*edits), compare_edits);
}

/* What was edited before and is wanted now. Edits of one request are about different rules. */
static struct rule_edit *merge(const struct vault_edits *before, const struct rule_edit *wanted,
			       size_t count, size_t *ret_count)
{
	size_t old_count = before ? before->count : 0;
	struct rule_edit *edits = (struct rule_edit *)calloc(old_count + count + 1, sizeof(*edits));
	size_t used = count;

	if (!edits)
		return NULL;
	if (count)
		memcpy(edits, wanted, count * sizeof(*edits));
	edits_sort(edits, count);
	for (size_t i = 0; i < old_count; i++)
		if (!count ||
		    !bsearch(&before->items[i], edits, count, sizeof(*edits), compare_edits))
			edits[used++] = before->items[i];
	edits_sort(edits, used);
	*ret_count = used;
	return edits;
}

/* The edit of this rule; NULL: there is none. */
static struct rule_edit *find_edit(struct rule_edit *edits, size_t count,
				   const struct rule_edit *rule)
{
	return (struct rule_edit *)bsearch(rule, edits, count, sizeof(*edits), compare_edits);
}

static struct rule_edit *edit_of_ip_rule(struct rule_edit *edits, size_t count,
					 const struct ip_rule *rule)
{
	const struct rule_edit key = {.range = rule->entry.range};

	return rule->set || !count ? NULL : find_edit(edits, count, &key);
}

static struct rule_edit *edit_of_network_rule(struct rule_edit *edits, size_t count,
					      const struct network_rule *rule)
{
	const struct rule_edit key = {.subnet = rule->subnet};

	return count ? find_edit(edits, count, &key) : NULL;
}

/* A range may be listed twice: the rule that lasts longer counts. */
static void note_listed(struct rule_edit *edit, int64_t until)
{
	if (!edit->listed || (edit->listed_until && (!until || until > edit->listed_until)))
		edit->listed_until = until;
	edit->listed = true;
}

static bool says_the_same(const struct rule_edit *edit)
{
	if (edit->removed)
		return !edit->listed;
	return edit->listed && edit->expires == edit->listed_until;
}

void edits_look_up(const struct vault_rules *rules, struct rule_edit *edits, size_t count)
{
	for (size_t i = 0; i < count; i++)
		edits[i].listed = false;
	for (size_t i = 0; i < rules->ip_rules.count; i++) {
		const struct ip_rule *rule = &rules->ip_rules.items[i];
		struct rule_edit *edit = edit_of_ip_rule(edits, count, rule);

		if (edit)
			note_listed(edit, rule->entry.expires);
	}
	for (size_t i = 0; i < rules->network_rule_count; i++) {
		struct rule_edit *edit =
			edit_of_network_rule(edits, count, &rules->network_rules[i]);

		if (edit)
			note_listed(edit, 0);
	}
}

/* Takes out what the document says by itself; returns how many are left. */
static size_t normalise(const struct vault_rules *document, struct rule_edit *edits, size_t count)
{
	size_t kept = 0;

	edits_look_up(document, edits, count);
	for (size_t i = 0; i < count; i++)
		if (!says_the_same(&edits[i]))
			edits[kept++] = edits[i];
	return kept;
}

/* Who let it in, for whoever asks. */
static const char *comment_of(struct vault_edits *edits, const struct rule_edit *edit)
{
	char text[COMMENT_TEXT];
	char time[TIME_TEXT];

	time_format(edit->at, time);
	(void)snprintf(text, sizeof(text), "added by %s at %s", edit->user, time);
	return arena_copy(&edits->arena, text, strlen(text));
}

static int fill_ip_rules(struct vault_edits *edits, uint16_t file, struct ip_rules *rules)
{
	const struct ip_rules *document = &edits->document.ip_rules;

	rules->items = (struct ip_rule *)arena_alloc(
		&edits->arena, (document->count + edits->count) * sizeof(*rules->items));
	if (!rules->items)
		return -ENOMEM;
	for (size_t i = 0; i < document->count; i++)
		if (!edit_of_ip_rule(edits->items, edits->count, &document->items[i]))
			rules->items[rules->count++] = document->items[i];
	edits->ranges_kept = rules->count;
	for (size_t i = 0; i < edits->count; i++) {
		const struct rule_edit *edit = &edits->items[i];
		const char *comment;

		if (edit->removed || edit->subnet)
			continue;
		comment = comment_of(edits, edit);
		if (!comment)
			return -ENOMEM;
		rules->items[rules->count++].entry = (struct range_entry){.range = edit->range,
									  .at = {.file = file},
									  .expires = edit->expires,
									  .comment = comment};
	}
	return 0;
}

static int fill_network_rules(struct vault_edits *edits, struct vault_rules *rules)
{
	const struct vault_rules *document = &edits->document;
	struct network_rule *items = (struct network_rule *)arena_alloc(
		&edits->arena, (document->network_rule_count + edits->count) * sizeof(*items));
	size_t count = 0;

	if (!items)
		return -ENOMEM;
	for (size_t i = 0; i < document->network_rule_count; i++)
		if (!edit_of_network_rule(edits->items, edits->count, &document->network_rules[i]))
			items[count++] = document->network_rules[i];
	edits->subnets_kept = count;
	for (size_t i = 0; i < edits->count; i++)
		if (!edits->items[i].removed && edits->items[i].subnet)
			items[count++].subnet = edits->items[i].subnet;
	rules->network_rules = items;
	rules->network_rule_count = count;
	return 0;
}

struct vault_rules vault_rules_of(const struct vault *vault)
{
	return (struct vault_rules){vault->ip_rules, vault->network_rules,
				    vault->network_rule_count};
}

static void free_edits(struct vault_edits **edits)
{
	vault_edits_free(*edits);
}

/* All of them in a block of their own, so that it goes when they go. */
static int build(const struct vault_rules *document, const struct rule_edit *items, size_t count,
		 uint16_t file, struct policy_edit *edit)
{
	cleanup(free_edits) struct vault_edits *edits =
		(struct vault_edits *)calloc(1, sizeof(*edits));
	struct vault_rules rules = {0};

	if (!edits)
		return -ENOMEM;
	arena_init(&edits->arena, EDITS_MEMORY_MAX);
	edits->document = *document;
	edits->items =
		(struct rule_edit *)arena_alloc(&edits->arena, count * sizeof(*edits->items));
	if (!edits->items)
		return -ENOMEM;
	memcpy(edits->items, items, count * sizeof(*edits->items));
	edits->count = count;
	if (fill_ip_rules(edits, file, &rules.ip_rules) < 0 ||
	    fill_network_rules(edits, &rules) < 0)
		return -ENOMEM;
	edit->rules = rules;
	edit->edits = take_ptr(&edits);
	return 0;
}

uint16_t policy_edits_file(struct policy *policy)
{
	if (policy->edits_file == 0) {
		policy->edits_file = (uint16_t)policy->file_count++;
		policy->files[policy->edits_file] = EDITS_FILE;
	}
	return policy->edits_file;
}

int policy_edit_make(struct policy *policy, struct vault *vault, const struct rule_edit *wanted,
		     size_t count, struct policy_edit *ret_edit)
{
	const struct vault_rules document =
		vault->edits ? vault->edits->document : vault_rules_of(vault);
	cleanup(free_ptr) struct rule_edit *edits = NULL;
	struct policy_edit edit = {.vault = vault, .rules = document};
	int r = 0;

	edits = merge(vault->edits, wanted, count, &count);
	if (!edits)
		return -ENOMEM;
	count = normalise(&document, edits, count);
	if (count)
		r = build(&document, edits, count, policy_edits_file(policy), &edit);
	if (r == 0)
		*ret_edit = edit;
	return r;
}

/* Rules that edits added stand where their line is in the text. */
static void number_vault(struct vault *vault, uint16_t file, uint32_t *line)
{
	struct ip_rule *range = vault->ip_rules.items + vault->edits->ranges_kept;
	struct network_rule *subnet = vault->network_rules + vault->edits->subnets_kept;

	for (size_t i = 0; i < vault->edits->count; i++) {
		const struct rule_edit *edit = &vault->edits->items[i];
		struct position at = {.line = ++*line, .column = 1, .file = file};

		if (!edit->removed && edit->subnet)
			(subnet++)->at = at;
		else if (!edit->removed)
			(range++)->entry.at = at;
	}
}

static void number_edits(struct policy *policy)
{
	uint32_t line = 0;

	for (size_t i = 0; i < policy->vault_count; i++)
		if (policy->vaults[i].edits)
			number_vault(&policy->vaults[i], policy->edits_file, &line);
}

void policy_edit_swap(struct policy *policy, struct policy_edit *edit)
{
	struct vault *vault = edit->vault;
	struct policy_edit before = {vault, vault->edits, vault_rules_of(vault)};

	vault->edits = edit->edits;
	vault->ip_rules = edit->rules.ip_rules;
	vault->network_rules = edit->rules.network_rules;
	vault->network_rule_count = edit->rules.network_rule_count;
	*edit = before;
	number_edits(policy);
}

void policy_edit_free(struct policy_edit *edit)
{
	vault_edits_free(edit->edits);
	*edit = (struct policy_edit){0};
}

size_t policy_edits_count(const struct policy *policy)
{
	size_t count = 0;

	for (size_t i = 0; i < policy->vault_count; i++)
		count += policy->vaults[i].edits ? policy->vaults[i].edits->count : 0;
	return count;
}

/* Names and users hold nothing that needs an escape. */
static size_t format_line(const struct vault *vault, const struct rule_edit *edit, char *line)
{
	char rule[EDIT_RULE_TEXT], at[TIME_TEXT], expires[TIME_TEXT];
	char until[TIME_TEXT + 16] = "";

	time_format(edit->at, at);
	if (edit->expires) {
		time_format(edit->expires, expires);
		(void)snprintf(until, sizeof(until), "\"expires\": \"%s\", ", expires);
	}
	return (size_t)snprintf(
		line, LINE_TEXT,
		"- {\"vault\": \"%s\", \"action\": \"%s\", \"%s\": \"%s\", %s\"by\": \"%s\", \"at\": \"%s\"}\n",
		vault->name, edit->removed ? "remove" : "add", edit->subnet ? "subnet" : "range",
		edit_rule_format(edit, rule), until, edit->user, at);
}

char *policy_edits_format(const struct policy *policy, size_t *ret_size)
{
	char *text = (char *)malloc(policy_edits_count(policy) * LINE_TEXT + 1);
	char *shrunk = NULL;
	size_t used = 0;

	if (!text)
		return NULL;
	for (size_t i = 0; i < policy->vault_count; i++) {
		const struct vault *vault = &policy->vaults[i];

		for (size_t k = 0; vault->edits && k < vault->edits->count; k++)
			used += format_line(vault, &vault->edits->items[k], text + used);
	}
	text[used] = '\0';
	*ret_size = used;
	shrunk = (char *)realloc(text, used + 1);
	return shrunk ? shrunk : text;
}
