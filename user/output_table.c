// SPDX-License-Identifier: Apache-2.0
#include "output_table.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"

#define GAP 2 /* spaces between columns */

static bool make_room(struct table *table)
{
	size_t capacity = table->capacity ? table->capacity * 2 : 64;
	struct table_cell *cells;

	if (table->count < table->capacity)
		return true;
	cells = reallocarray(table->cells, capacity, sizeof(*cells));
	if (!cells)
		return false;
	table->cells = cells;
	table->capacity = capacity;
	return true;
}

void table_add(struct table *table, enum hue hue, const char *format, ...)
{
	cleanup(free_ptr) char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		text = NULL; /* vasprintf() leaves it undefined */
	if (!text || !make_room(table)) {
		table->incomplete = true;
		return;
	}
	table->cells[table->count].hue = hue;
	table->cells[table->count].text = output_escape(text, (size_t)length);
	if (!table->cells[table->count++].text)
		table->incomplete = true;
}

static const char *cell_text(const struct table *table, size_t index)
{
	return table->cells[index].text ? table->cells[index].text : "";
}

/* How wide each column is; 0: it stays out. */
static void measure(const struct table *table, size_t widths[TABLE_COLUMNS])
{
	memset(widths, 0, TABLE_COLUMNS * sizeof(*widths));
	for (size_t i = 0; i < table->count; i++) {
		size_t column = i % table->column_count;
		size_t width = output_width(cell_text(table, i));

		if (width > widths[column])
			widths[column] = width;
	}
	for (size_t column = 0; column < table->column_count; column++) {
		size_t title = output_width(table->columns[column].title);

		if (widths[column] && title > widths[column])
			widths[column] = title;
	}
}

static void print_cell(const struct printer *printer, const struct table_cell *cell, bool right,
		       size_t width, bool last)
{
	const char *text = cell->text ? cell->text : "";
	size_t taken = output_width(text);
	int padding = width > taken ? (int)(width - taken) : 0;

	if (right)
		(void)fprintf(printer->stream, "%*s", padding, "");
	output_print(printer, text[0] ? cell->hue : HUE_PLAIN, "%s", text);
	if (!last)
		(void)fprintf(printer->stream, "%*s", (right ? 0 : padding) + GAP, "");
}

/* The rightmost column in which the row has text: nothing is padded behind it. */
static size_t last_filled(const struct table *table, const struct table_cell *row,
			  const size_t widths[TABLE_COLUMNS])
{
	size_t last = 0;

	for (size_t column = 0; column < table->column_count; column++)
		if (widths[column] && row[column].text && row[column].text[0])
			last = column;
	return last;
}

static void print_row(const struct table *table, const struct printer *printer,
		      const struct table_cell *row, const size_t widths[TABLE_COLUMNS])
{
	size_t last = last_filled(table, row, widths);

	for (size_t column = 0; column <= last; column++)
		if (widths[column])
			print_cell(printer, &row[column], table->columns[column].right,
				   widths[column], column == last);
	output_newline(printer);
}

static void print_titles(const struct table *table, const struct printer *printer,
			 const size_t widths[TABLE_COLUMNS])
{
	struct table_cell row[TABLE_COLUMNS] = {0};

	/* Cells own their text; these are only lent. */
	for (size_t column = 0; column < table->column_count; column++)
		row[column] = (struct table_cell){(char *)table->columns[column].title, HUE_BOLD};
	print_row(table, printer, row, widths);
}

void table_print(const struct table *table, const struct printer *printer)
{
	size_t widths[TABLE_COLUMNS];

	if (table->count < table->column_count)
		return;
	measure(table, widths);
	print_titles(table, printer, widths);
	for (size_t i = 0; i + table->column_count <= table->count; i += table->column_count)
		print_row(table, printer, &table->cells[i], widths);
	if (table->incomplete)
		(void)fputs("(there was not enough memory for all of it)\n", printer->stream);
}

void table_free(struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i].text);
	free(table->cells);
	table->cells = NULL;
	table->count = table->capacity = 0;
}
