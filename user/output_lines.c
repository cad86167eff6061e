// SPDX-License-Identifier: Apache-2.0
#include "output_lines.h"

#include <string.h>

#include "output_fields.h"
#include "output_units.h"

#define LABEL_COLUMN 12
#define TEXT_COLUMNS 64 /* of a line of advice, behind its label */

void line_label(const struct printer *printer, const char *label)
{
	output_print(printer, HUE_DIM, "  %-*s", LABEL_COLUMN, label);
}

void line_text(const struct printer *printer, const char *label, const char *text)
{
	if (!text || !text[0])
		return;
	line_label(printer, label);
	output_print(printer, HUE_PLAIN, "%s", text);
	output_newline(printer);
}

/* How much of the text fits on a line: up to the last space within it. */
static size_t fitting(const char *text)
{
	size_t length = strlen(text);
	size_t cut = 0;

	if (length <= TEXT_COLUMNS)
		return length;
	for (size_t i = 1; i < length && (i <= TEXT_COLUMNS || !cut); i++)
		if (text[i] == ' ')
			cut = i;
	return cut ? cut : length;
}

void line_wrapped(const struct printer *printer, const char *label, const char *text)
{
	while (*text) {
		size_t length = fitting(text);

		line_label(printer, label);
		output_print(printer, HUE_PLAIN, "%.*s", (int)length, text);
		output_newline(printer);
		text += length;
		text += strspn(text, " ");
		label = "";
	}
}

void line_rule(const struct printer *printer, const json_t *rule)
{
	const char *vault = field_text(rule, "vault");
	char place[FIELD_PLACE_TEXT];

	if (!json_is_object(rule))
		return;
	line_label(printer, "rule");
	output_print(printer, HUE_BOLD, "%s", field_text(rule, "text"));
	if (vault[0])
		output_print(printer, HUE_PLAIN, " of vault %s", vault);
	output_newline(printer);
	line_text(printer, "written at", field_place(rule, place));
}

void line_seconds(const struct printer *printer, const json_t *seconds)
{
	static const char *const stages[] = {"read", "compile", "publish"};
	double total = 0;
	char text[UNITS_TEXT];

	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		total += field_seconds(seconds, stages[i]);
	if (total <= 0)
		return; /* nothing was done */
	output_print(printer, HUE_DIM, "took %s:", units_duration(total, text));
	for (size_t i = 0; i < sizeof(stages) / sizeof(stages[0]); i++)
		output_print(printer, HUE_DIM, "%s %s %s", i ? "," : "", stages[i],
			     units_duration(field_seconds(seconds, stages[i]), text));
	output_newline(printer);
}

void line_generation(const struct printer *printer, const json_t *answer)
{
	char vaults[UNITS_TEXT];
	char ranges[UNITS_TEXT];
	long long generation = (long long)field_count(answer, "generation");

	(void)units_items(field_count(answer, "vaults"), "vault", vaults);
	(void)units_items(field_count(answer, "ranges"), "range", ranges);
	if (field_flag(answer, "dry_run"))
		output_print(printer, HUE_WARN, "Dry run, nothing was changed");
	else if (field_flag(answer, "unchanged"))
		output_print(printer, HUE_GOOD, "Generation %lld stays in force", generation);
	else
		output_print(printer, HUE_GOOD, "Generation %lld is in force", generation);
	output_print(printer, HUE_PLAIN, ": %s, %s", vaults, ranges);
	output_newline(printer);
}
