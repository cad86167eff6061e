/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where audit records go: a file that is reopened when it was rotated, or standard output. Lines
 * are gathered for one turn of the event loop and written at once. For authorizer*.c only.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "fault.h"

/* Starts as {0} with fd -1. */
struct audit_log {
	const char *path; /* NULL: standard output */
	int fd;
	char *text;
	size_t size, capacity;
	uint64_t lost; /* records that could not be written */
	bool failing;  /* and this was said */
};

int audit_log_open(const char *path, struct audit_log *ret_log, struct fault *fault);
void audit_log_close(struct audit_log *log);

/* Opens the path again; if that fails the old file goes on. */
int audit_log_reopen(struct audit_log *log, struct fault *fault);

/* A record without its newline. */
void audit_log_add(struct audit_log *log, const char *record);
void audit_log_flush(struct audit_log *log);
