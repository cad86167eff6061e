// SPDX-License-Identifier: Apache-2.0
/*
 * `status` for people: first whether anything is enforced, then the rest.
 */
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "output_table.h"
#include "output_text.h"
#include "output_units.h"

#define LABEL_COLUMN TEXT_LABEL_COLUMN

static void print_label(const struct printer *printer, const char *label)
{
	output_print(printer, HUE_DIM, "%-*s", LABEL_COLUMN, label);
}

static void print_rules(const struct printer *printer, const json_t *rules)
{
	const json_t *user = json_object_get(json_object_get(rules, "pushed_by"), "user");
	char vaults[UNITS_TEXT], ranges[UNITS_TEXT], subnets[UNITS_TEXT], warnings[UNITS_TEXT];
	char edits[UNITS_TEXT];

	if (!json_is_object(rules))
		return;
	print_label(printer, "rules");
	output_print(printer, HUE_PLAIN, "%s, pushed %s", field_text(rules, "name"),
		     field_text(rules, "pushed_at"));
	if (json_is_string(user))
		output_print(printer, HUE_PLAIN, " by %s", json_string_value(user));
	output_newline(printer);
	print_label(printer, "");
	output_print(printer, HUE_PLAIN, "%s, %s, %s",
		     units_items(field_count(rules, "vaults"), "vault", vaults),
		     units_items(field_count(rules, "ranges"), "range", ranges),
		     units_items(field_count(rules, "subnets"), "subnet", subnets));
	if (field_count(rules, "edits"))
		output_print(printer, HUE_PLAIN, ", %s by network-rule",
			     units_items(field_count(rules, "edits"), "edit", edits));
	if (field_count(rules, "warnings"))
		output_print(printer, HUE_WARN, ", %s",
			     units_items(field_count(rules, "warnings"), "warning", warnings));
	output_newline(printer);
	print_label(printer, "digest");
	output_print(printer, HUE_PLAIN, "%s", field_text(rules, "digest"));
	output_newline(printer);
}

static void print_room(const struct printer *printer, const json_t *status)
{
	const json_t *image = json_object_get(status, "image");
	const json_t *seats = json_object_get(status, "seats");
	char used[UNITS_TEXT], limit[UNITS_TEXT], bytes[UNITS_TEXT];

	if (json_is_object(image)) {
		print_label(printer, "image");
		output_print(printer, HUE_PLAIN, "%s, %s of %s lines",
			     units_bytes(field_count(image, "bytes"), bytes),
			     units_count(field_count(image, "lines"), used),
			     units_count(field_count(image, "limit"), limit));
		output_newline(printer);
	}
	if (json_is_object(seats)) {
		print_label(printer, "seats");
		output_print(printer, HUE_PLAIN, "%s of %s",
			     units_count(field_count(seats, "used"), used),
			     units_count(field_count(seats, "limit"), limit));
		output_newline(printer);
	}
}

/* Nothing, where no gated connection ever had a tag. */
static void print_tags(const struct printer *printer, const json_t *tags)
{
	const json_t *refused = json_object_get(tags, "refused");
	long long full = (long long)field_count(refused, "no_room"), others = -full;
	const char *reason;
	json_t *count;
	char noted[UNITS_TEXT], limit[UNITS_TEXT];

	json_object_foreach((json_t *)refused, reason, count) others += json_integer_value(count);
	if (field_count(tags, "noted") == 0 && full == 0 && others == 0)
		return;
	print_label(printer, "tags");
	output_print(printer, HUE_PLAIN, "of %s gated connections noted, of %s at most",
		     units_count(field_count(tags, "noted"), noted),
		     units_count(field_count(tags, "limit"), limit));
	if (full)
		output_print(printer, HUE_BAD, "; %lld refused for lack of room", full);
	if (others)
		output_print(printer, HUE_WARN, "; %lld refused in doubt", others);
	output_newline(printer);
}

static void print_gate(const struct printer *printer, const json_t *status)
{
	const json_t *gate = json_object_get(status, "gate");
	const json_t *reason = json_object_get(gate, "reason");
	bool stands = json_is_object(gate) && strcmp(field_text(gate, "state"), "stands") == 0;

	print_label(printer, "gate");
	if (!json_is_object(gate))
		output_print(printer, HUE_PLAIN, "none: what is gated is refused");
	else
		output_print(printer, stands ? HUE_GOOD : HUE_BAD, "%s on %s",
			     field_text(gate, "state"), field_text(gate, "listen"));
	if (json_is_string(reason))
		output_print(printer, HUE_PLAIN, ": %s", json_string_value(reason));
	output_newline(printer);
}

static enum hue state_hue(const char *state)
{
	if (strcmp(state, "attached") == 0)
		return HUE_GOOD;
	return strcmp(state, "refused") == 0 ? HUE_BAD : HUE_WARN;
}

static void print_interfaces(const struct printer *printer, const json_t *interfaces)
{
	static const struct table_column columns[] = {
		{"INTERFACE", false}, {"STATE", false}, {"MODE", false},
		{"WANTED", false},    {"JUMBO", false}, {"REASON", false},
	};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 6};

	for (size_t i = 0; i < json_array_size(interfaces); i++) {
		const json_t *each = json_array_get(interfaces, i);
		const char *state = field_text(each, "state");
		const char *jumbo = field_flag(each, "frags") ? "yes" : "no";

		table_add(&table, HUE_PLAIN, "%s", field_text(each, "name"));
		table_add(&table, state_hue(state), "%s", state);
		table_add(&table, HUE_PLAIN, "%s", field_text(each, "mode"));
		table_add(&table, HUE_DIM, "%s", field_text(each, "wanted"));
		table_add(&table, HUE_PLAIN, "%s", strcmp(state, "attached") == 0 ? jumbo : "");
		table_add(&table, HUE_PLAIN, "%s", field_text(each, "reason"));
	}
	output_newline(printer);
	table_print(&table, printer);
}

static void print_totals(const struct printer *printer, const json_t *totals)
{
	static const struct table_column columns[] = {
		{"VERDICT", false}, {"PACKETS", true}, {"BYTES", true}};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 3};
	const char *verdict;
	json_t *counter;

	json_object_foreach((json_t *)totals, verdict, counter)
	{
		char packets[UNITS_TEXT], bytes[UNITS_TEXT];

		table_add(&table, field_verdict_hue(verdict), "%s", verdict);
		table_add(&table, HUE_PLAIN, "%s",
			  units_count(field_count(counter, "packets"), packets));
		table_add(&table, HUE_PLAIN, "%s",
			  units_bytes(field_count(counter, "bytes"), bytes));
	}
	output_newline(printer);
	table_print(&table, printer);
}

static void print_requests(const struct printer *printer, const json_t *requests)
{
	static const struct table_column columns[] = {
		{"GATE", false}, {"ERROR", false}, {"REQUESTS", true}};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 3};
	bool any = false;

	for (size_t i = 0; i < json_array_size(requests); i++) {
		const json_t *each = json_array_get(requests, i);
		char count[UNITS_TEXT];

		if (field_count(each, "count") == 0)
			continue;
		any = true;
		table_add(&table, HUE_PLAIN, "%s", field_text(each, "code"));
		table_add(&table, HUE_PLAIN, "%s", field_text(each, "error"));
		table_add(&table, HUE_PLAIN, "%s", units_count(field_count(each, "count"), count));
	}
	if (!any)
		return;
	output_newline(printer);
	table_print(&table, printer);
}

void text_status(const struct printer *printer, const json_t *answer)
{
	char uptime[UNITS_TEXT];

	if (field_flag(answer, "enforcing"))
		output_print(printer, HUE_GOOD, "Enforcing generation %lld",
			     (long long)field_count(answer, "generation"));
	else
		output_print(printer, HUE_BAD, "Nothing is enforced");
	output_newline(printer);
	if (field_given(answer, "message")) {
		output_print(printer, HUE_WARN, "%s", field_text(answer, "message"));
		output_newline(printer);
	}
	print_label(printer, "agent");
	output_print(printer, HUE_PLAIN, "instance %s, version %s, pid %lld, up %s",
		     field_text(answer, "instance"), field_text(answer, "version"),
		     (long long)field_count(answer, "pid"),
		     units_duration(field_seconds(answer, "uptime_seconds"), uptime));
	output_newline(printer);
	print_rules(printer, json_object_get(answer, "rules"));
	print_room(printer, answer);
	print_gate(printer, answer);
	text_gate_configuration(printer, json_object_get(answer, "gate"));
	text_status_authorizer(printer, answer);
	print_tags(printer, json_object_get(answer, "tags"));
	print_interfaces(printer, json_object_get(answer, "interfaces"));
	text_status_keys(printer, answer);
	print_totals(printer, json_object_get(answer, "totals"));
	print_requests(printer, json_object_get(answer, "requests"));
}
