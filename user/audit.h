/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decision as one line of JSON: the service's AuditEvent, and besides who decided what
 * by which rule. Never a token, nor a piece of one. Pure: whoever calls it writes it.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "authorize.h"

#define AUDIT_LINE_BYTES 16384 /* hold any record */

/* What a decision does not know. Texts may be NULL. */
struct audit_circumstances {
	int64_t time;		 /* milliseconds since the epoch */
	uint32_t duration;	 /* microseconds */
	const char *client_info; /* User-Agent */
	const char *correlation; /* x-ms-client-request-id */
};

/* Writes a line without a newline; returns its length. */
size_t audit_format(const struct policy *policy, const struct question *question,
		    const struct decision *decision,
		    const struct audit_circumstances *circumstances, char line[AUDIT_LINE_BYTES]);
