// SPDX-License-Identifier: Apache-2.0
#include "nginx_words.h"

#include <string.h>

#include "diag.h"

#define LINE_BYTES 2048

static const char *const error_marks[] = {"[emerg]", "[alert]", "[crit]", "[error]"};

static bool contains(const char *line, size_t length, const char *piece)
{
	return memmem(line, length, piece, strlen(piece)) != NULL;
}

static bool is_error(const char *line, size_t length)
{
	for (size_t i = 0; i < sizeof(error_marks) / sizeof(error_marks[0]); i++)
		if (contains(line, length, error_marks[i]))
			return true;
	return false;
}

/* The line to tell, without its end; NULL: there is none. */
static const char *choose_line(const char *output, size_t *ret_length)
{
	const char *chosen = NULL;
	bool error = false;

	for (const char *line = output; *line; line += strspn(line, "\n")) {
		size_t length = strcspn(line, "\n");
		bool is = is_error(line, length);

		if (length > 0 && (is || !error)) {
			chosen = line;
			*ret_length = length;
			error = is;
		}
		line += length;
	}
	return chosen;
}

static size_t append(char *text, size_t used, const char *piece, size_t length)
{
	size_t room = LINE_BYTES - used;

	if (length > room)
		length = room;
	memcpy(text + used, piece, length);
	return used + length;
}

static size_t replace(const char *line, size_t length, const char *from, const char *to, char *text)
{
	size_t used = 0;

	while (from && from[0] && to) {
		const char *at = memmem(line, length, from, strlen(from));

		if (!at)
			break;
		used = append(text, used, line, (size_t)(at - line));
		used = append(text, used, to, strlen(to));
		length -= (size_t)(at - line) + strlen(from);
		line = at + strlen(from);
	}
	return append(text, used, line, length);
}

void nginx_words_problem(const char *output, const char *from, const char *to, char *buffer,
			 size_t size)
{
	char text[LINE_BYTES];
	size_t length = 0;
	const char *line = choose_line(output, &length);
	const char *mark = line ? memchr(line, '[', length) : NULL;

	/* Without the time and who said it, which whoever tells it knows. */
	if (mark && is_error(line, length)) {
		length -= (size_t)(mark - line);
		line = mark;
	}
	if (line)
		length = replace(line, length, from, to, text);
	(void)diag_quote(buffer, size, text, length);
}

/* No pid file, an empty one (`nginx -t` leaves that), or one of a process that is no more. */
static bool says_not_running(const char *line, size_t length)
{
	if (contains(line, length, "[error]"))
		return contains(line, length, "invalid PID number \"\"") ||
		       (contains(line, length, " open() ") &&
			contains(line, length, "failed (2: "));
	return contains(line, length, "[alert]") && contains(line, length, " kill(") &&
	       contains(line, length, "failed (3: ");
}

bool nginx_words_not_running(const char *output)
{
	size_t length = 0;
	const char *line = choose_line(output, &length);

	return line && says_not_running(line, length);
}
