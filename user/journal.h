/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The log of the long-running commands: one line a message to stderr, with
 * syslog's "<N>" before it where systemd reads along, else with the time. Never
 * given rules text or tokens.
 */
#pragma once

/* As in syslog(3), so that systemd understands them. */
enum journal_level {
	JOURNAL_ERROR = 3,
	JOURNAL_WARNING = 4,
	JOURNAL_NOTICE = 5,
	JOURNAL_INFO = 6,
	JOURNAL_DEBUG = 7,
};

/* What is less urgent than `level` is left out from now on; INFO at first. */
void journal_set_level(enum journal_level level);

/* Control characters become '?', so that a message stays one line. */
__attribute__((format(printf, 2, 3))) void journal(enum journal_level level, const char *format,
						   ...);
