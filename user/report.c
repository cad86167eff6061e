// SPDX-License-Identifier: Apache-2.0
#include "report.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "output_fields.h"
#include "utf8.h"

#define LINE_COLUMNS 90 /* of a source line, and how much of it stands before the caret */
#define CARET_COLUMN 60
#define SOURCES_MAX                                                                                \
	100 /* diagnostics that are shown with their line: looking for it takes time               \
	     */

static const char *const levels[] = {
	[DIAG_ERROR] = "error",
	[DIAG_WARNING] = "warning",
	[DIAG_NOTE] = "note",
};

static json_t *diag_to_json(const struct diag *diag)
{
	/* A path may hold bytes that no JSON can. */
	cleanup(free_ptr) char *file =
		diag->file ? output_escape(diag->file, strlen(diag->file)) : NULL;

	return json_pack("{s:s, s:s?, s:I, s:I, s:s}", "level", levels[diag->level], "file", file,
			 "line", (json_int_t)diag->line, "column", (json_int_t)diag->column, "text",
			 diag->text);
}

json_t *report_from_diags(const struct diags *diags)
{
	json_t *array = json_array();

	for (size_t i = 0; i < diags->count; i++) {
		if (json_array_append_new(array, diag_to_json(&diags->items[i])) == 0)
			continue;
		json_decref(array);
		return NULL;
	}
	return array;
}

static const struct rules_file *find_source(const struct rules_bundle *sources, const char *name)
{
	if (strcmp(sources->document.name, name) == 0)
		return &sources->document;
	for (size_t i = 0; i < sources->file_count; i++)
		if (strcmp(sources->files[i].name, name) == 0)
			return &sources->files[i];
	return NULL;
}

/* The text of line number `line` of the file; its length goes to *ret_length. */
static const char *find_line(const struct rules_file *file, int64_t line, size_t *ret_length)
{
	const char *at = file->text;
	const char *end = file->text + file->size;
	const char *newline;

	for (; line > 1 && at < end; line--) {
		newline = memchr(at, '\n', (size_t)(end - at));
		at = newline ? newline + 1 : end;
	}
	newline = memchr(at, '\n', (size_t)(end - at));
	*ret_length = (size_t)((newline ? newline : end) - at);
	if (*ret_length && at[*ret_length - 1] == '\r')
		--*ret_length;
	return at;
}

/* The bytes of the first `count` characters; what is no character counts as one. */
static size_t skip_characters(const char *text, size_t length, int64_t count)
{
	size_t used = 0;

	for (; count > 0 && used < length; count--) {
		uint32_t character;
		size_t bytes = utf8_decode(text + used, length - used, &character);

		used += bytes ? bytes : 1;
	}
	return used;
}

static int64_t count_characters(const char *text, size_t length)
{
	int64_t count = 0;

	for (size_t used = 0; used < length; count++)
		used += skip_characters(text + used, length - used, 1);
	return count;
}

/* A piece of the line as it is printed, tabs as single spaces; to be freed. */
static char *printable(const char *text, size_t length)
{
	cleanup(free_ptr) char *copy = strndup(text, length);

	for (char *at = copy; at && *at; at++)
		if (*at == '\t')
			*at = ' ';
	return copy ? output_escape(copy, strlen(copy)) : NULL;
}

static void print_source(const struct printer *printer, const struct rules_file *file, int64_t line,
			 int64_t column)
{
	size_t length = 0;
	const char *text = find_line(file, line, &length);
	int64_t characters = count_characters(text, length);
	int64_t before_caret = column - 1 < characters ? column - 1 : characters;
	size_t start = skip_characters(text, length, before_caret - CARET_COLUMN);
	size_t caret = skip_characters(text, length, before_caret);
	size_t shown = skip_characters(text + start, length - start, LINE_COLUMNS);
	cleanup(free_ptr) char *before = printable(text + start, caret - start);
	cleanup(free_ptr) char *after = printable(text + caret, shown - (caret - start));

	if (!before || !after)
		return;
	(void)fprintf(printer->stream, "    %s%s\n    %*s", before, after,
		      (int)output_width(before), "");
	output_print(printer, HUE_GOOD, "^");
	output_newline(printer);
}

static enum hue level_hue(const char *level)
{
	if (strcmp(level, "error") == 0)
		return HUE_BAD;
	return strcmp(level, "warning") == 0 ? HUE_WARN : HUE_DIM;
}

static void print_one(const struct printer *printer, const json_t *diagnostic,
		      const struct rules_bundle *sources)
{
	const char *file = field_text(diagnostic, "file");
	const char *level = field_text(diagnostic, "level");
	int64_t line = field_count(diagnostic, "line");
	int64_t column = field_count(diagnostic, "column");
	const struct rules_file *source = sources && line > 0 ? find_source(sources, file) : NULL;

	if (line > 0)
		output_print(printer, HUE_BOLD, "%s:%lld:%lld: ", file, (long long)line,
			     (long long)column);
	else if (file[0])
		output_print(printer, HUE_BOLD, "%s: ", file);
	output_print(printer, level_hue(level), "%s: ", level);
	output_print(printer, HUE_PLAIN, "%s", field_text(diagnostic, "text"));
	output_newline(printer);
	if (source)
		print_source(printer, source, line, column);
}

size_t report_print(const struct printer *printer, const json_t *diagnostics,
		    const struct rules_bundle *sources)
{
	size_t errors = 0;

	for (size_t i = 0; i < json_array_size(diagnostics); i++) {
		const json_t *each = json_array_get(diagnostics, i);

		print_one(printer, each, i < SOURCES_MAX ? sources : NULL);
		errors += strcmp(field_text(each, "level"), "error") == 0;
	}
	return errors;
}
