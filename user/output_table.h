/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A table with aligned columns, filled cell by cell and printed at the end. Cells
 * are escaped. Without memory it prints fewer cells, and says so.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "output.h"

#define TABLE_COLUMNS 12

struct table_column {
	const char *title;
	bool right; /* aligned to the right, as numbers are */
};

struct table_cell {
	char *text; /* NULL: there was no memory */
	enum hue hue;
};

/* Starts with `columns` and `column_count`, ends with table_free(). */
struct table {
	const struct table_column *columns;
	size_t column_count; /* at most TABLE_COLUMNS */
	struct table_cell *cells;
	size_t count;
	size_t capacity;
	bool incomplete;
};

/* The next cell, row by row from the left. "" leaves it empty. */
__attribute__((format(printf, 3, 4))) void table_add(struct table *table, enum hue hue,
						     const char *format, ...);

/* Columns that are empty in every row are left out; no row, no title. */
void table_print(const struct table *table, const struct printer *printer);
void table_free(struct table *table);
