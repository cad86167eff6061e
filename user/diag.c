/* SPDX-License-Identifier: Apache-2.0 */
#include "diag.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "utf8.h"

#define ELLIPSIS "\xe2\x80\xa6" /* U+2026 */

/* One escaped character: four bytes of \xNN each. */
#define UNIT_MAX 16

/* Writes the first character of TEXT, or its first byte if it is none, and moves past it. */
static size_t unit_write(char unit[UNIT_MAX], const char **text, const char *end)
{
	static const char digits[] = "0123456789abcdef";
	uint32_t character = 0;
	size_t length = utf8_decode(*text, (size_t)(end - *text), &character);
	bool printable = length && utf8_is_printable(character);
	size_t used = 0;

	length = length ? length : 1;
	if (printable) {
		memcpy(unit, *text, length);
		*text += length;
		return length;
	}
	for (const char *stop = *text + length; *text < stop; (*text)++) {
		uint8_t byte = (uint8_t) * *text;

		unit[used++] = '\\';
		unit[used++] = 'x';
		unit[used++] = digits[byte >> 4];
		unit[used++] = digits[byte & 15];
	}
	return used;
}

/* Ends a text that was cut short; SIZE bytes are left for that. */
static void ellipsis_write(char *end, size_t size)
{
	if (size <= strlen(ELLIPSIS))
		*end = '\0';
	else
		memcpy(end, ELLIPSIS, sizeof(ELLIPSIS));
}

const char *diag_quote(char *buffer, size_t size, const char *text, size_t length)
{
	const char *end = text + length;
	size_t used = 0;
	size_t cut = 0; /* the longest beginning that leaves room for an ellipsis */

	while (text < end) {
		char unit[UNIT_MAX];
		size_t unit_length = unit_write(unit, &text, end);

		if (unit_length >= size - used) {
			ellipsis_write(buffer + cut, size - cut);
			return buffer;
		}
		memcpy(buffer + used, unit, unit_length);
		used += unit_length;
		if (used + strlen(ELLIPSIS) < size)
			cut = used;
	}
	buffer[used] = '\0';
	return buffer;
}

/* Drops the last warning and its notes. */
static void warning_evict(struct diags *diags)
{
	size_t first = diags->count;
	size_t end;

	while (diags->items[first - 1].level != DIAG_WARNING)
		first--;
	first--;
	end = first + 1;
	while (end < diags->count && diags->items[end].level == DIAG_NOTE)
		end++;
	for (size_t i = first; i < end; i++)
		free(diags->items[i].text);
	memmove(&diags->items[first], &diags->items[end],
		(diags->count - end) * sizeof(*diags->items));
	diags->count -= end - first;
	diags->dropped += end - first;
	diags->kept_warnings--;
}

/* Whether one more of LEVEL is to be kept; makes room for it. */
static bool room_make(struct diags *diags, enum diag_level level)
{
	if (level == DIAG_NOTE && diags->leader_dropped)
		return false;
	if (diags->count < DIAGS_MAX)
		return true;
	if (level != DIAG_ERROR || !diags->kept_warnings)
		return false;
	warning_evict(diags);
	return true;
}

/* The place behind the last item. */
static struct diag *item_reserve(struct diags *diags)
{
	size_t capacity = diags->capacity ? diags->capacity * 2 : 16;
	struct diag *items = NULL;

	if (diags->count < diags->capacity)
		return &diags->items[diags->count];
	items = (struct diag *)reallocarray(diags->items, capacity, sizeof(*items));
	if (!items)
		return NULL;
	diags->items = items;
	diags->capacity = capacity;
	return &diags->items[diags->count];
}

static char *text_format(const char *format, va_list arguments)
{
	char raw[2 * DIAG_TEXT_MAX]; /* larger, so that what is cut here is cut visibly below */
	char quoted[DIAG_TEXT_MAX];

	if (vsnprintf(raw, sizeof(raw), format, arguments) < 0)
		return NULL;
	return strdup(diag_quote(quoted, sizeof(quoted), raw, strlen(raw)));
}

void diags_vadd(struct diags *diags, enum diag_level level, const char *file, uint32_t line,
		uint32_t column, const char *format, va_list arguments)
{
	bool wanted = room_make(diags, level);
	struct diag *item = wanted ? item_reserve(diags) : NULL;
	cleanup(free_ptr) char *text = item ? text_format(format, arguments) : NULL;
	bool kept = text;

	/* Out of memory counts as an error: nothing may pass that could not be judged. */
	diags->errors += level == DIAG_ERROR || (wanted && !kept);
	diags->warnings += level == DIAG_WARNING;
	diags->kept_warnings += level == DIAG_WARNING && kept;
	diags->count += kept;
	diags->dropped += !kept;
	if (level != DIAG_NOTE)
		diags->leader_dropped = !kept;
	if (kept)
		*item = (struct diag){level, file, line, column, take_ptr(&text)};
}

void diags_add(struct diags *diags, enum diag_level level, const char *file, uint32_t line,
	       uint32_t column, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	diags_vadd(diags, level, file, line, column, format, arguments);
	va_end(arguments);
}

/* A diagnostic on its way to its place: sorted by its leader, then as it was added. */
struct seat {
	struct diag item;
	struct diag leader;
	size_t number;
};

static int seat_compare(const void *left_seat, const void *right_seat)
{
	const struct seat *left = (const struct seat *)left_seat;
	const struct seat *right = (const struct seat *)right_seat;
	const char *left_file = left->leader.file ? left->leader.file : "";
	const char *right_file = right->leader.file ? right->leader.file : "";
	int order = strcmp(left_file, right_file);

	if (order)
		return order;
	if (left->leader.line != right->leader.line)
		return left->leader.line < right->leader.line ? -1 : 1;
	if (left->leader.column != right->leader.column)
		return left->leader.column < right->leader.column ? -1 : 1;
	return left->number < right->number ? -1 : 1;
}

void diags_sort(struct diags *diags)
{
	cleanup(free_ptr) struct seat *seats = NULL;
	size_t leader = 0;

	if (!diags->count)
		return;
	seats = (struct seat *)calloc(diags->count, sizeof(*seats));
	if (!seats) {
		diags->errors++;
		return;
	}
	for (size_t i = 0; i < diags->count; i++) {
		if (diags->items[i].level != DIAG_NOTE)
			leader = i;
		seats[i] = (struct seat){diags->items[i], diags->items[leader], i};
	}
	qsort(seats, diags->count, sizeof(*seats), seat_compare);
	for (size_t i = 0; i < diags->count; i++)
		diags->items[i] = seats[i].item;
}

void diags_clear(struct diags *diags)
{
	for (size_t i = 0; i < diags->count; i++)
		free(diags->items[i].text);
	free(diags->items);
	*diags = (struct diags){0};
}

size_t diag_format(const struct diag *diag, char *buffer, size_t size)
{
	static const char *const levels[] = {
		[DIAG_ERROR] = "error", [DIAG_WARNING] = "warning", [DIAG_NOTE] = "note"};
	char line[DIAG_LINE_MAX];
	char file[DIAG_LINE_MAX - DIAG_TEXT_MAX - 48];
	char place[32] = "";

	diag_quote(file, sizeof(file), diag->file ? diag->file : "",
		   diag->file ? strlen(diag->file) : 0);
	if (diag->line)
		(void)snprintf(place, sizeof(place), "%s%u:%u", diag->file ? ":" : "", diag->line,
			       diag->column);
	(void)snprintf(line, sizeof(line), "%s%s%s%s: %s", file, place, *file || *place ? ": " : "",
		       levels[diag->level], diag->text);
	diag_quote(buffer, size, line, strlen(line));
	return strlen(buffer);
}
