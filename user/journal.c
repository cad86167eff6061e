// SPDX-License-Identifier: Apache-2.0
#include "journal.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define MESSAGE_TEXT 2048

static enum journal_level threshold = JOURNAL_INFO;

/* systemd says which stream it reads; a redirected stderr is another one. */
static bool systemd_reads_stderr(void)
{
	const char *stream = getenv("JOURNAL_STREAM");
	struct stat status;
	char mine[64];

	if (!stream || fstat(STDERR_FILENO, &status) < 0)
		return false;
	(void)snprintf(mine, sizeof(mine), "%lu:%lu", (unsigned long)status.st_dev,
		       (unsigned long)status.st_ino);
	return !strcmp(stream, mine);
}

static const char *level_word(enum journal_level level)
{
	switch (level) {
	case JOURNAL_ERROR:
		return "error: ";
	case JOURNAL_WARNING:
		return "warning: ";
	default:
		return "";
	}
}

static void print_time(FILE *stream)
{
	char text[32] = "";
	struct timespec now;
	struct tm parts;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (gmtime_r(&now.tv_sec, &parts))
		(void)strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%S", &parts);
	(void)fprintf(stream, "%s.%03ldZ ", text, now.tv_nsec / 1000000);
}

static void make_plain(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void journal_set_level(enum journal_level level)
{
	threshold = level;
}

void journal(enum journal_level level, const char *format, ...)
{
	char message[MESSAGE_TEXT];
	va_list arguments;

	if (level > threshold)
		return;
	va_start(arguments, format);
	(void)vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	make_plain(message);
	if (systemd_reads_stderr())
		(void)fprintf(stderr, "<%d>", (int)level);
	else
		print_time(stderr);
	(void)fprintf(stderr, "%s%s\n", level_word(level), message);
}
