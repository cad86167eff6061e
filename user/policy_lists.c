/* SPDX-License-Identifier: Apache-2.0 */
/* List files: a range a line, comments from '#', blank lines, lines may end in CR LF. */
#include <string.h>

#include "policy_read.h"

/* What is left of a file; the line numbers are those of the line that was taken last. */
struct lines {
	const char *at;
	const char *end;
	uint32_t number;
};

/* A line's content, without comment and surrounding blanks. */
struct line {
	const char *text;
	size_t length;
	uint16_t column;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct lines lines_of(const struct rules_file *file)
{
	static const char mark[] = "\xef\xbb\xbf"; /* what some editors put before UTF-8 */
	struct lines lines = {file->text, file->text + file->size, 0};

	if (file->size >= 3 && memcmp(file->text, mark, 3) == 0)
		lines.at += 3;
	return lines;
}

/* The next line that has content. */
static bool lines_next(struct lines *lines, struct line *ret_line)
{
	while (lines->at < lines->end) {
		const char *start = lines->at;
		const char *end = (const char *)memchr(start, '\n', (size_t)(lines->end - start));
		const char *comment = NULL;
		const char *text = start;

		lines->number++;
		lines->at = end ? end + 1 : lines->end;
		end = end ? end : lines->end;
		comment = (const char *)memchr(start, '#', (size_t)(end - start));
		end = comment ? comment : end;
		while (text < end && is_blank(*text))
			text++;
		while (text < end && is_blank(end[-1]))
			end--;
		if (text == end)
			continue;
		*ret_line = (struct line){
			.text = text,
			.length = (size_t)(end - text),
			.column = (uint16_t)(text - start < UINT16_MAX ? text - start + 1
								       : UINT16_MAX),
		};
		return true;
	}
	return false;
}

/* A look at every line beforehand costs less than growing an array that may have a million. */
static size_t lines_count(const struct rules_file *file)
{
	struct lines lines = lines_of(file);
	struct line line = {0};
	size_t count = 0;

	while (lines_next(&lines, &line))
		count++;
	return count;
}

void policy_read_list_file(struct policy_reader *reader, const struct rules_file *list,
			   uint16_t file, struct range_list *ret_ranges)
{
	struct range_reader ranges = policy_range_reader(reader, "admits");
	struct lines lines = lines_of(list);
	struct line line = {0};
	size_t count = 0;
	struct range_entry *items = NULL;

	if (list->size == 0)
		return;
	items = (struct range_entry *)schema_alloc(&reader->schema, lines_count(list),
						   sizeof(*items));
	if (!items)
		return;
	while (lines_next(&lines, &line)) {
		struct position at = {.line = lines.number, .column = line.column, .file = file};

		items[count].at = at;
		if (range_read(&ranges, line.text, line.length, at, &items[count].range))
			count++;
	}
	range_reader_end(&ranges, (struct position){.line = 1, .column = 1, .file = file});
	*ret_ranges = (struct range_list){items, count};
}
