// SPDX-License-Identifier: Apache-2.0
/*
 * `network-rule` for people: what an edit changed, and a vault's network rules.
 */
#include <string.h>

#include "output_fields.h"
#include "output_lines.h"
#include "output_text.h"

static void print_change(const struct printer *printer, const json_t *change)
{
	static const struct {
		const char *change;
		enum hue hue;
		char sign;
	} signs[] = {{"added", HUE_GOOD, '+'}, {"removed", HUE_BAD, '-'}};
	const char *expires = field_text(change, "expires");
	bool changed = strcmp(field_text(change, "change"), "expiry") == 0;
	enum hue hue = HUE_WARN;
	char sign = '~';

	for (size_t i = 0; i < sizeof(signs) / sizeof(signs[0]); i++)
		if (strcmp(field_text(change, "change"), signs[i].change) == 0) {
			hue = signs[i].hue;
			sign = signs[i].sign;
		}
	output_print(printer, hue, "  %c %s", sign, field_text(change, "rule"));
	if (expires[0])
		output_print(printer, HUE_PLAIN, " until %s", expires);
	else if (changed)
		output_print(printer, HUE_PLAIN, " without an end");
	output_newline(printer);
}

void text_network_rule(const struct printer *printer, const json_t *answer)
{
	const json_t *changes = json_object_get(answer, "changes");
	const char *vault = field_text(answer, "vault");

	line_generation(printer, answer);
	if (field_flag(answer, "unchanged"))
		output_print(printer, HUE_PLAIN, "  the rules of %s are the same as before", vault);
	else
		output_print(printer, HUE_PLAIN, "%s %s:",
			     field_flag(answer, "dry_run") ? "It would change" : "Changed", vault);
	output_newline(printer);
	for (size_t i = 0; i < json_array_size(changes); i++)
		print_change(printer, json_array_get(changes, i));
	if (!field_flag(answer, "unchanged"))
		line_seconds(printer, json_object_get(answer, "seconds"));
}

void text_network_rules(const struct printer *printer, const json_t *list)
{
	const json_t *ranges = json_object_get(list, "ip_rules");
	const json_t *subnets = json_object_get(list, "virtual_network_rules");

	output_print(printer, HUE_BOLD, "%s", field_text(list, "vault"));
	output_print(printer, HUE_PLAIN, ", generation %lld",
		     (long long)field_count(list, "generation"));
	if (!json_array_size(ranges) && !json_array_size(subnets))
		output_print(printer, HUE_PLAIN, ": no network rules");
	output_newline(printer);
	text_ip_rules(printer, ranges);
	text_subnets(printer, subnets);
}
