/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that a push cuts off. The filter feels a push at once, but a connection
 * that was let in and would now be gated could go on past the gate, since steering
 * sees only new ones: the agent closes it.
 *
 *   before the flip   ask the filter about every connection; keep those let in
 *   after it          ask again about those; close who is let in no longer
 *
 * A connection does not tell its endpoint tag, so it is asked about without one and
 * with each tag of a tunnel device; losing any of these ways is reason enough.
 */
#pragma once

#include "arena.h"
#include "firewall.h"

struct admission;

/* Starts as {0}, ends with admissions_free(). */
struct admissions {
	struct arena arena;
	struct admission *newest; /* of a list, while they are noted */
	struct admission *items;  /* ordered by cookie afterwards */
	size_t count;
};

/* Notes who is let in now. What cannot be asked is left out. */
void admissions_note(struct firewall *firewall, struct admissions *ret_admissions);

/* Closes those of them that are let in no longer. Returns how many. */
long admissions_enforce(struct firewall *firewall, const struct admissions *admissions);

void admissions_free(struct admissions *admissions);
