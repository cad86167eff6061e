// SPDX-License-Identifier: Apache-2.0
/*
 * `show` for people: all vaults in a table, or one with everything.
 */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "output_table.h"
#include "output_text.h"
#include "output_units.h"

#define LABEL_COLUMN 18

static int64_t count_ranges(const json_t *ip_rules)
{
	int64_t count = 0;

	for (size_t i = 0; i < json_array_size(ip_rules); i++)
		count += field_count(json_array_get(ip_rules, i), "ranges");
	return count;
}

static void print_block(const struct printer *printer, const json_t *block)
{
	const json_t *tags = json_object_get(block, "tags");
	int64_t ranges = count_ranges(json_object_get(block, "ip_rules"));
	char text[UNITS_TEXT];

	if (!ranges && !json_array_size(tags))
		return;
	output_newline(printer);
	output_print(printer, HUE_PLAIN, "Blocked for every vault: %s",
		     units_items(ranges, "range", text));
	for (size_t i = 0; i < json_array_size(tags); i++)
		output_print(printer, HUE_PLAIN, "%s%lld", i ? ", " : "; tags ",
			     (long long)field_count(json_array_get(tags, i), "tag"));
	output_newline(printer);
}

static void add_vault(struct table *table, const json_t *vault)
{
	const json_t *frontends = json_object_get(vault, "frontends");
	const char *first = json_string_value(json_array_get(frontends, 0));
	size_t more = json_array_size(frontends) > 1 ? json_array_size(frontends) - 1 : 0;
	const char *action = field_text(vault, "default_action");
	const char *enforcement = field_text(vault, "enforcement");
	char ranges[UNITS_TEXT];

	table_add(table, HUE_BOLD, "%s", field_text(vault, "name"));
	if (more)
		table_add(table, HUE_PLAIN, "%s +%zu", first ? first : "", more);
	else
		table_add(table, HUE_PLAIN, "%s", first ? first : "");
	table_add(table, strcmp(enforcement, "audit") == 0 ? HUE_WARN : HUE_PLAIN, "%s",
		  enforcement);
	table_add(table, strcmp(action, "allow") == 0 ? HUE_WARN : HUE_PLAIN, "%s", action);
	table_add(table, HUE_PLAIN, "%s", field_text(vault, "bypass"));
	table_add(table, HUE_PLAIN, "%s",
		  units_count(count_ranges(json_object_get(vault, "ip_rules")), ranges));
	table_add(table, HUE_PLAIN, "%zu",
		  json_array_size(json_object_get(vault, "virtual_network_rules")));
}

void text_show(const struct printer *printer, const json_t *answer)
{
	static const struct table_column columns[] = {
		{"VAULT", false},  {"FRONTENDS", false}, {"ENFORCEMENT", false}, {"DEFAULT", false},
		{"BYPASS", false}, {"RANGES", true},	 {"SUBNETS", true},
	};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 7};
	const json_t *vaults = json_object_get(answer, "vaults");
	char text[UNITS_TEXT];

	output_print(printer, HUE_PLAIN, "Generation %lld, %s",
		     (long long)field_count(answer, "generation"),
		     units_items((int64_t)json_array_size(vaults), "vault", text));
	output_newline(printer);
	output_newline(printer);
	for (size_t i = 0; i < json_array_size(vaults); i++)
		add_vault(&table, json_array_get(vaults, i));
	table_print(&table, printer);
	print_block(printer, json_object_get(answer, "block"));
}

static void print_line(const struct printer *printer, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	output_print(printer, HUE_DIM, "  %-*s", LABEL_COLUMN, label);
	output_print(printer, HUE_PLAIN, "%s", text);
	output_newline(printer);
}

static void print_list(const struct printer *printer, const char *label, const json_t *object,
		       const char *key)
{
	cleanup(free_ptr) char *joined = field_joined(object, key, ", ");

	print_line(printer, label, joined);
}

static void add_rule(struct table *table, const json_t *rule)
{
	bool expired = field_flag(rule, "expired");
	char ranges[UNITS_TEXT];
	char place[FIELD_PLACE_TEXT];

	table_add(table, expired ? HUE_DIM : HUE_PLAIN, "%s", field_text(rule, "rule"));
	table_add(table, HUE_PLAIN, "%s", units_count(field_count(rule, "ranges"), ranges));
	table_add(table, expired ? HUE_WARN : HUE_PLAIN, "%s%s", field_text(rule, "expires"),
		  expired ? " (expired)" : "");
	table_add(table, HUE_PLAIN, "%s", field_text(rule, "comment"));
	table_add(table, HUE_DIM, "%s", field_place(rule, place));
}

void text_ip_rules(const struct printer *printer, const json_t *rules)
{
	static const struct table_column columns[] = {
		{"IP RULE", false}, {"RANGES", true},	   {"EXPIRES", false},
		{"COMMENT", false}, {"WRITTEN AT", false},
	};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 5};

	for (size_t i = 0; i < json_array_size(rules); i++)
		add_rule(&table, json_array_get(rules, i));
	if (table.count)
		output_newline(printer);
	table_print(&table, printer);
}

static void add_subnet(struct table *table, const json_t *rule)
{
	bool endpoint = field_flag(rule, "service_endpoint");
	char place[FIELD_PLACE_TEXT];

	table_add(table, HUE_PLAIN, "%s", field_text(rule, "subnet"));
	table_add(table, HUE_PLAIN, "%s", field_text(rule, "prefix"));
	table_add(table, HUE_PLAIN, "%lld", (long long)field_count(rule, "tag"));
	table_add(table, endpoint ? HUE_PLAIN : HUE_WARN, "%s",
		  endpoint ? "on" : "off: not in effect");
	table_add(table, HUE_DIM, "%s", field_place(rule, place));
}

void text_subnets(const struct printer *printer, const json_t *rules)
{
	static const struct table_column columns[] = {
		{"SUBNET", false},	     {"PREFIX", false},	    {"TAG", true},
		{"SERVICE ENDPOINT", false}, {"WRITTEN AT", false},
	};
	cleanup(table_free) struct table table = {.columns = columns, .column_count = 5};

	for (size_t i = 0; i < json_array_size(rules); i++)
		add_subnet(&table, json_array_get(rules, i));
	if (table.count)
		output_newline(printer);
	table_print(&table, printer);
}

static void print_vault(const struct printer *printer, const json_t *vault)
{
	char place[FIELD_PLACE_TEXT];

	output_print(printer, HUE_BOLD, "%s", field_text(vault, "name"));
	output_newline(printer);
	print_line(printer, "written at", field_place(vault, place));
	print_list(printer, "hostnames", vault, "hostnames");
	print_list(printer, "frontends", vault, "frontends");
	print_line(printer, "enforcement", field_text(vault, "enforcement"));
	print_line(printer, "default action", field_text(vault, "default_action"));
	print_line(printer, "bypass", field_text(vault, "bypass"));
	print_list(printer, "trusted services", vault, "trusted_services");
	print_line(printer, "tenant", field_text(vault, "tenant"));
	print_line(printer, "subscription", field_text(vault, "subscription"));
	text_ip_rules(printer, json_object_get(vault, "ip_rules"));
	text_subnets(printer, json_object_get(vault, "virtual_network_rules"));
}

void text_vault(const struct printer *printer, const json_t *answer)
{
	const json_t *vaults = json_object_get(answer, "vaults");

	for (size_t i = 0; i < json_array_size(vaults); i++)
		print_vault(printer, json_array_get(vaults, i));
	print_block(printer, json_object_get(answer, "block"));
}
