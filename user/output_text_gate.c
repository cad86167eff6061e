// SPDX-License-Identifier: Apache-2.0
/*
 * `status` for people: how nginx's configuration stands, and who is left out of it.
 */
#include "output_fields.h"
#include "output_text.h"
#include "output_units.h"

static void begin(const struct printer *printer, const char *label)
{
	output_print(printer, HUE_DIM, "%-*s", TEXT_LABEL_COLUMN, label);
}

static void warn(const struct printer *printer, const char *text)
{
	begin(printer, "");
	output_print(printer, HUE_WARN, "%s", text);
	output_newline(printer);
}

static void print_generation(const struct printer *printer, const json_t *configuration)
{
	bool current = field_flag(configuration, "current");

	begin(printer, "nginx");
	if (current && field_count(configuration, "generation") == 0)
		output_print(printer, HUE_PLAIN, "configuration without vaults");
	else if (field_given(configuration, "generation"))
		output_print(printer, current ? HUE_GOOD : HUE_WARN,
			     "configuration of generation %lld",
			     (long long)field_count(configuration, "generation"));
	else
		output_print(printer, HUE_WARN, "configuration of an unknown generation");
	if (!current)
		output_print(printer, HUE_WARN, ", not of the one in force");
	if (field_given(configuration, "since"))
		output_print(printer, HUE_PLAIN, ", unchanged since %s",
			     field_text(configuration, "since"));
	output_newline(printer);
	begin(printer, "");
	output_print(printer, HUE_PLAIN, "%s %s",
		     field_flag(configuration, "kept") ? "kept in" : "put into",
		     field_text(configuration, "file"));
	output_newline(printer);
}

static void print_keeper(const struct printer *printer, const json_t *configuration)
{
	char age[UNITS_TEXT];

	if (field_flag(configuration, "kept"))
		return;
	begin(printer, "");
	if (field_flag(configuration, "follows"))
		output_print(printer, HUE_WARN, "nobody keeps it any more: no word for %s",
			     units_duration(field_seconds(configuration, "reported_seconds"), age));
	else
		output_print(printer, HUE_WARN, "nobody keeps it: it does not follow a push");
	output_newline(printer);
}

static void print_unserved(const struct printer *printer, const json_t *configuration)
{
	const json_t *diagnostics = json_object_get(configuration, "diagnostics");
	int64_t rest = field_count(configuration, "unserved");
	char place[FIELD_PLACE_TEXT], count[UNITS_TEXT];

	for (size_t i = 0; i < json_array_size(diagnostics); i++, rest--) {
		const json_t *each = json_array_get(diagnostics, i);

		begin(printer, "");
		output_print(printer, HUE_WARN, "%s: %s", field_place(each, place),
			     field_text(each, "text"));
		output_newline(printer);
	}
	if (rest <= 0)
		return;
	begin(printer, "");
	output_print(printer, HUE_WARN, "and %s more without a place in the gate",
		     units_count(rest, count));
	output_newline(printer);
}

void text_gate_configuration(const struct printer *printer, const json_t *gate)
{
	const json_t *configuration = json_object_get(gate, "configuration");

	if (!configuration)
		return;
	if (!json_is_object(configuration)) {
		begin(printer, "nginx");
		output_print(
			printer, HUE_WARN,
			"nobody keeps its configuration: vaultwall gate-config --install FILE --follow");
		output_newline(printer);
		return;
	}
	print_generation(printer, configuration);
	if (field_given(configuration, "problem"))
		warn(printer, field_text(configuration, "problem"));
	print_keeper(printer, configuration);
	print_unserved(printer, configuration);
}
