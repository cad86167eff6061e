/* SPDX-License-Identifier: Apache-2.0 */
/* What is said of an edit: each of its rules is held against its vault's own. */
#include <stdio.h>
#include <string.h>

#include "address.h"
#include "policy_edit_parts.h"
#include "scalar.h"

#define PLACE_TEXT  128 /* a file as diag_quote() leaves it, and a line */
#define HOLDER_TEXT 320

static bool holds(struct range outer, struct range inner)
{
	return outer.first <= inner.first && inner.last <= outer.last;
}

static bool is_same(struct range left, struct range right)
{
	return left.first == right.first && left.last == right.last;
}

/* The range of a set that holds this one; NULL: none does. */
static const struct range_entry *find_in_set(const struct ip_set *set, struct range range)
{
	for (size_t i = 0; i < set->ranges.count; i++)
		if (holds(set->ranges.items[i].range, range))
			return &set->ranges.items[i];
	return NULL;
}

/* The rule that lets the whole range in now; NULL: none does. */
static const struct ip_rule *find_holder(const struct ip_rules *rules, struct range range,
					 int64_t now)
{
	for (size_t i = 0; i < rules->count; i++) {
		const struct ip_rule *rule = &rules->items[i];

		if (rule->entry.expires && rule->entry.expires <= now)
			continue;
		if (rule->set ? find_in_set(rule->set, range) != NULL
			      : holds(rule->entry.range, range))
			return rule;
	}
	return NULL;
}

/* "rules.yaml:12"; the line of an edit may be another one as soon as this one is made. */
static void format_place(const struct policy_reader *reader, struct position at,
			 char text[PLACE_TEXT])
{
	const char *file = reader->file_names[at.file];
	char quoted[DIAG_QUOTE_MAX];

	(void)diag_quote(quoted, sizeof(quoted), file, strlen(file));
	if (at.file == reader->policy->edits_file)
		(void)snprintf(text, PLACE_TEXT, "%s", quoted);
	else
		(void)snprintf(text, PLACE_TEXT, "%s:%u", quoted, at.line);
}

/* "; 'set:partners' (rules.yaml:12) lets it in all the same", or "". */
static void format_holder(const struct policy_reader *reader, const struct ip_rules *rules,
			  struct range range, char text[HOLDER_TEXT])
{
	const struct ip_rule *rule = find_holder(rules, range, reader->now);
	char name[RANGE_TEXT];
	char at[PLACE_TEXT];

	text[0] = '\0';
	if (!rule)
		return;
	range_format(rule->entry.range, name);
	format_place(reader, rule->entry.at, at);
	(void)snprintf(text, HOLDER_TEXT, "; '%s%s' (%s) lets it in all the same",
		       rule->set ? "set:" : "", rule->set ? rule->set->name : name, at);
}

static struct position place(const struct policy_reader *reader)
{
	return (struct position){.file = reader->policy->edits_file};
}

static void tell_absent(struct policy_reader *reader, const struct vault *vault,
			const struct rule_edit *edit)
{
	char rule[EDIT_RULE_TEXT];
	char holder[HOLDER_TEXT] = "";

	if (!edit->subnet)
		format_holder(reader, &vault->ip_rules, edit->range, holder);
	policy_diag(reader, DIAG_NOTE, place(reader), "'%s' is no rule of vault '%s'%s",
		    edit_rule_format(edit, rule), vault->name, holder);
}

/* Whoever adds a rule may not expect that it ends. */
static void tell_limited(struct policy_reader *reader, const struct vault *vault,
			 const struct rule_edit *edit)
{
	char rule[EDIT_RULE_TEXT];
	char until[TIME_TEXT];

	time_format(edit->listed_until, until);
	policy_diag(
		reader, DIAG_NOTE, place(reader),
		"'%s' is a rule of vault '%s' already, until %s; to change that, say when it expires, or 'never'",
		edit_rule_format(edit, rule), vault->name, until);
}

void edit_tell_idle(struct policy_reader *reader, const struct vault *vault,
		    const struct rule_edit *edit)
{
	if (edit->removed)
		tell_absent(reader, vault, edit);
	else if (edit->listed_until && edit->expires != edit->listed_until)
		tell_limited(reader, vault, edit);
}

static void check_removed(struct policy_reader *reader, const struct edit_request *request,
			  const struct rule_edit *edit)
{
	char rule[EDIT_RULE_TEXT];
	char holder[HOLDER_TEXT] = "";

	if (!edit->subnet)
		format_holder(reader, &request->edit.rules.ip_rules, edit->range, holder);
	if (holder[0])
		policy_diag(reader, DIAG_WARNING, place(reader),
			    "'%s' is removed from vault '%s'%s", edit_rule_format(edit, rule),
			    request->edit.vault->name, holder);
}

static void check_subnet(struct policy_reader *reader, const struct rule_edit *edit)
{
	static const struct yaml_node nowhere;

	if (!edit->subnet->service_endpoint)
		policy_refuse_endpoint(reader, &nowhere, edit->subnet);
}

/* Both ways round: what holds the new range, and what it holds. */
static void check_cover(struct range_reader *ranges, const struct ip_rule *rule,
			const struct range_entry *added)
{
	const struct range_entry *by = &rule->entry;

	if (rule->set) {
		by = find_in_set(rule->set, added->range);
		if (by && expiry_covers(rule->entry.expires, added->expires))
			range_covered(ranges, added, by, rule->set->name);
	} else if (is_same(by->range, added->range)) {
		return; /* the rule itself */
	} else if (holds(by->range, added->range) && expiry_covers(by->expires, added->expires)) {
		range_covered(ranges, added, by, NULL);
	} else if (holds(added->range, by->range) && expiry_covers(added->expires, by->expires)) {
		range_covered(ranges, by, added, NULL);
	}
}

static void check_range(struct policy_reader *reader, struct range_reader *ranges,
			const struct ip_rules *rules, const struct rule_edit *edit)
{
	const struct range_entry added = {
		.range = edit->range, .at = place(reader), .expires = edit->expires};

	policy_warn_expired(reader, ranges, &added);
	for (size_t i = 0; i < rules->count; i++)
		check_cover(ranges, &rules->items[i], &added);
}

void edit_check(struct policy_reader *reader, const struct edit_request *request)
{
	struct range_reader ranges = policy_range_reader(reader, "admits");
	bool adds = false;

	for (size_t i = 0; i < request->count; i++) {
		const struct rule_edit *edit = &request->changes[i];

		adds = adds || !edit->removed;
		if (edit->removed)
			check_removed(reader, request, edit);
		else if (edit->subnet)
			check_subnet(reader, edit);
		else
			check_range(reader, &ranges, &request->edit.rules.ip_rules, edit);
	}
	range_reader_end(&ranges, place(reader));
	if (adds && request->edit.vault->default_allow)
		policy_warn_effect(reader, request->edit.vault, place(reader));
}
