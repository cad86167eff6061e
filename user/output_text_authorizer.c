// SPDX-License-Identifier: Apache-2.0
/*
 * The authoriser's part of `status` for people, and what to worry about.
 */
#include "cleanup.h"
#include "output_fields.h"
#include "output_table.h"
#include "output_text.h"
#include "output_units.h"

#define LABEL_COLUMN  12
#define WARNINGS_MOST 8
#define SETS_MOST     12 /* of thousands of tenants; the rest is in the JSON */

static void print_label(const struct printer *printer, const char *label)
{
	output_print(printer, HUE_DIM, "%-*s", LABEL_COLUMN, label);
}

static void print_state(const struct printer *printer, const json_t *status)
{
	const json_t *authorizer = json_object_get(status, "authorizer");
	bool wanted = json_is_object(json_object_get(status, "gate"));
	char uptime[UNITS_TEXT], tokens[UNITS_TEXT];

	print_label(printer, "authoriser");
	if (!json_is_object(authorizer)) {
		output_print(printer, wanted ? HUE_BAD : HUE_DIM, "%s",
			     wanted ? "absent" : "absent, and there is no gate that would ask it");
		output_newline(printer);
		return;
	}
	output_print(printer, HUE_GOOD, "answering");
	if (field_given(authorizer, "generation"))
		output_print(printer, HUE_PLAIN, ", generation %lld",
			     (long long)field_count(authorizer, "generation"));
	else
		output_print(printer, HUE_BAD, ", without rules");
	output_print(printer, HUE_PLAIN, ", pid %lld, up %s, %s known",
		     (long long)field_count(authorizer, "pid"),
		     units_duration(field_seconds(authorizer, "uptime_seconds"), uptime),
		     units_items(field_count(authorizer, "tokens_cached"), "token", tokens));
	output_newline(printer);
}

void text_status_authorizer(const struct printer *printer, const json_t *status)
{
	const json_t *warnings = json_object_get(status, "warnings");
	size_t count = json_array_size(warnings);

	print_state(printer, status);
	for (size_t i = 0; i < count && i < WARNINGS_MOST; i++) {
		const json_t *each = json_array_get(warnings, i);

		print_label(printer, "warning");
		output_print(printer, HUE_WARN, "%s: %s", field_text(each, "name"),
			     field_text(each, "text"));
		output_newline(printer);
	}
	if (count <= WARNINGS_MOST)
		return;
	print_label(printer, "warning");
	output_print(printer, HUE_WARN, "and %zu more", count - WARNINGS_MOST);
	output_newline(printer);
}

static void add_set(struct table *table, const json_t *set)
{
	bool there = field_given(set, "age_seconds");
	char text[UNITS_TEXT];

	table_add(table, HUE_PLAIN, "%s", field_text(set, "issuer"));
	table_add(table, there ? HUE_GOOD : HUE_BAD, "%lld", (long long)field_count(set, "keys"));
	table_add(table, HUE_PLAIN, "%s",
		  there ? units_duration(field_seconds(set, "age_seconds"), text) : "-");
	table_add(table, HUE_PLAIN, "%s", units_duration(field_seconds(set, "next_seconds"), text));
	table_add(table, HUE_WARN, "%s", field_text(set, "problem"));
	table_add(table, HUE_DIM, "%s", field_text(set, "location"));
}

void text_status_keys(const struct printer *printer, const json_t *status)
{
	static const struct table_column columns[] = {
		{"ISSUER", false}, {"KEYS", true},     {"AGE", true},
		{"NEXT", true},	   {"PROBLEM", false}, {"FROM", false},
	};
	const json_t *sets = json_object_get(json_object_get(status, "authorizer"), "keysets");
	size_t count = json_array_size(sets);
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 6};

	if (count == 0)
		return;
	for (size_t i = 0; i < count && i < SETS_MOST; i++)
		add_set(&table, json_array_get(sets, i));
	output_newline(printer);
	table_print(&table, printer);
	if (count <= SETS_MOST)
		return;
	output_print(printer, HUE_DIM, "and %zu more", count - SETS_MOST);
	output_newline(printer);
}
