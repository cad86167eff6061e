// SPDX-License-Identifier: Apache-2.0
/*
 * Single packets for people: one that `explain` made up, and those that `events` saw.
 */
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "output_lines.h"
#include "output_text.h"
#include "output_units.h"

static void print_destination(const struct printer *printer, const json_t *answer)
{
	cleanup(free_ptr) char *vaults = field_joined(answer, "vaults", ", ");

	if (field_text(answer, "vault")[0])
		line_text(printer, "vault", field_text(answer, "vault"));
	else
		line_text(printer, "vaults", vaults);
	/* With the gate's half it has to fit on a screen, and the packet says where it goes. */
	if (!field_given(answer, "gate"))
		line_text(printer, "frontend", field_text(answer, "frontend"));
}

void text_explain(const struct printer *printer, const json_t *answer)
{
	const char *verdict = field_text(answer, "verdict");

	output_print(printer, field_verdict_hue(verdict), "%s", verdict);
	output_print(printer, HUE_PLAIN, ": %s (%s)", field_text(answer, "reason_text"),
		     field_text(answer, "reason"));
	output_newline(printer);
	print_destination(printer, answer);
	line_label(printer, "packet");
	output_print(printer, HUE_PLAIN, "%s -> %s, %s", field_text(answer, "source"),
		     field_text(answer, "destination"), field_text(answer, "protocol"));
	if (field_given(answer, "tag"))
		output_print(printer, HUE_PLAIN, ", tag %lld",
			     (long long)field_count(answer, "tag"));
	output_newline(printer);
	if (!field_given(answer, "gate"))
		line_wrapped(printer, "", field_text(answer, "frames"));
	line_rule(printer, json_object_get(answer, "rule"));
	if (!field_flag(answer, "reaches_gate"))
		line_wrapped(printer, "advice", field_text(answer, "advice"));
	line_label(printer, "generation");
	output_print(printer, HUE_PLAIN, "%lld", (long long)field_count(answer, "generation"));
	output_newline(printer);
	text_explain_request(printer, answer);
}

/* Widths that hold nearly every record: a stream cannot be measured beforehand. */
#define EVENT_FORMAT "%-24s  %-10s  %-16s  %-16s  "

void text_event_head(const struct printer *printer)
{
	output_print(printer, HUE_BOLD, EVENT_FORMAT "%s", "TIME", "VERDICT", "REASON", "VAULT",
		     "PACKET");
	output_newline(printer);
}

static void print_endpoint(const struct printer *printer, const json_t *record, const char *key,
			   const char *port_key)
{
	const char *address = field_text(record, key);
	bool long_form = strchr(address, ':') != NULL;

	output_print(printer, HUE_PLAIN, "%s%s%s", long_form ? "[" : "", address[0] ? address : "?",
		     long_form ? "]" : "");
	if (field_count(record, port_key))
		output_print(printer, HUE_PLAIN, ":%lld", (long long)field_count(record, port_key));
}

static void print_tag(const struct printer *printer, const json_t *record)
{
	if (!field_given(record, "tag"))
		return;
	output_print(printer, HUE_PLAIN, " tag %lld", (long long)field_count(record, "tag"));
	if (field_given(record, "transport"))
		output_print(printer, HUE_PLAIN, " in %s", field_text(record, "transport"));
	if (field_given(record, "outer_source"))
		output_print(printer, HUE_PLAIN, " from %s", field_text(record, "outer_source"));
}

static void print_suppressed(const struct printer *printer, int64_t count)
{
	char text[UNITS_TEXT];

	if (!count)
		return;
	output_print(printer, HUE_DIM, "(%s left out by the rate limit)",
		     units_items(count, "event", text));
	output_newline(printer);
}

void text_event(const struct printer *printer, const json_t *record)
{
	const char *verdict = field_text(record, "verdict");
	const char *vault = field_text(record, "vault");

	print_suppressed(printer, field_count(record, "suppressed"));
	output_print(printer, HUE_DIM, "%-24s  ", field_text(record, "time"));
	output_print(printer, field_verdict_hue(verdict), "%-10s", verdict);
	output_print(printer, HUE_PLAIN, "  %-16s  %-16s  ", field_text(record, "reason"),
		     vault[0] ? vault : "-");
	print_endpoint(printer, record, "source", "source_port");
	output_print(printer, HUE_PLAIN, " -> ");
	print_endpoint(printer, record, "destination", "destination_port");
	output_print(printer, HUE_PLAIN, " %s", field_text(record, "protocol"));
	print_tag(printer, record);
	output_print(printer, HUE_DIM, " gen %lld", (long long)field_count(record, "generation"));
	output_newline(printer);
}
