// SPDX-License-Identifier: Apache-2.0
/*
 * Answers for people: what a check found, what a push changed.
 */
#include "output_text.h"

#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "output_lines.h"
#include "output_units.h"

const struct output output_text = {
	.check = text_check,
	.push = text_push,
	.network_rule = text_network_rule,
	.network_rules = text_network_rules,
	.status = text_status,
	.show = text_show,
	.vault = text_vault,
	.explain = text_explain,
	.event_head = text_event_head,
	.event = text_event,
};

void text_check(const struct printer *printer, const json_t *report)
{
	static const struct {
		const char *key, *noun;
	} figures[] = {
		{"vaults", "vault"},   {"frontends", "frontend"},
		{"ranges", "range"},   {"ip_sets", "IP set"},
		{"subnets", "subnet"}, {"trusted_services", "trusted service"},
	};
	const json_t *summary = json_object_get(report, "summary");
	char text[UNITS_TEXT];

	if (!json_is_object(summary))
		return;
	output_print(printer, HUE_GOOD, "%s is correct:", field_text(report, "file"));
	for (size_t i = 0; i < sizeof(figures) / sizeof(figures[0]); i++) {
		int64_t count = field_count(summary, figures[i].key);

		if (count || i == 0)
			output_print(printer, HUE_PLAIN, "%s %s", i ? "," : "",
				     units_items(count, figures[i].noun, text));
	}
	if (field_count(summary, "warnings"))
		output_print(printer, HUE_WARN, "; %s",
			     units_items(field_count(summary, "warnings"), "warning", text));
	output_newline(printer);
}

static void print_change(const struct printer *printer, enum hue hue, char sign, const char *name,
			 const char *what)
{
	output_print(printer, hue, "  %c %s%s%s", sign, name, what ? ": " : "", what ? what : "");
	output_newline(printer);
}

static void print_names(const struct printer *printer, const json_t *names, enum hue hue, char sign)
{
	for (size_t i = 0; i < json_array_size(names); i++) {
		const char *name = json_string_value(json_array_get(names, i));

		print_change(printer, hue, sign, name ? name : "", NULL);
	}
}

static void print_changes(const struct printer *printer, const json_t *changes)
{
	const json_t *changed = json_object_get(changes, "changed");
	cleanup(free_ptr) char *shared = field_joined(changes, "shared", ", ");

	print_names(printer, json_object_get(changes, "added"), HUE_GOOD, '+');
	print_names(printer, json_object_get(changes, "removed"), HUE_BAD, '-');
	for (size_t i = 0; i < json_array_size(changed); i++) {
		const json_t *change = json_array_get(changed, i);
		cleanup(free_ptr) char *what = field_joined(change, "what", ", ");

		print_change(printer, HUE_WARN, '~', field_text(change, "vault"), what);
	}
	if (shared)
		print_change(printer, HUE_WARN, '~', "for every vault", shared);
}

static bool has_changes(const json_t *changes)
{
	return json_array_size(json_object_get(changes, "added")) ||
	       json_array_size(json_object_get(changes, "removed")) ||
	       json_array_size(json_object_get(changes, "changed")) ||
	       json_array_size(json_object_get(changes, "shared"));
}

/* Whoever pushes may not know of them: his document does not. */
static void print_dropped(const struct printer *printer, const json_t *answer, bool dry_run)
{
	cleanup(free_ptr) char *vaults = field_joined(answer, "edits_dropped", ", ");

	if (!vaults)
		return;
	output_print(printer, HUE_WARN, "Edits by 'network-rule' %s, of: %s",
		     dry_run ? "would be dropped" : "are dropped", vaults);
	output_newline(printer);
}

void text_push(const struct printer *printer, const json_t *answer)
{
	const json_t *changes = json_object_get(answer, "changes");
	bool dry_run = field_flag(answer, "dry_run");

	line_generation(printer, answer);
	if (field_flag(answer, "unchanged") || !has_changes(changes))
		output_print(printer, HUE_PLAIN, "  the rules are the same as before");
	else if (dry_run)
		output_print(printer, HUE_PLAIN, "A push would change:");
	else
		output_print(printer, HUE_PLAIN, "Changed:");
	output_newline(printer);
	print_changes(printer, changes);
	print_dropped(printer, answer, dry_run);
	if (json_is_object(json_object_get(answer, "seconds")))
		line_seconds(printer, json_object_get(answer, "seconds"));
}
