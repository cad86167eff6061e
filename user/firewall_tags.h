/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent's part in the endpoint tags of gated connections (bpf/tags.h has the rest): it takes
 * out the notes of connections that are gone. A connection without a note is one without a tag,
 * so a note goes only if
 *   - it is old: the kernel knows every connection a moment after its note;
 *   - the connection was in neither of two listings of the kernel's, both begun after the note was
 *     read. One alone may miss a connection whose neighbour ends meanwhile;
 *   - and no packet renewed it until the very moment that it goes.
 */
#pragma once

#include "firewall.h"

/* To be called every few seconds; it does little most of the time. */
void firewall_tend_tags(struct firewall *firewall);

/*
 * Once steering takes notes: what reached the gate before, by an earlier version or before it was
 * all detached, has none, so it is closed. True: that is done now.
 */
bool firewall_settle_tags(struct firewall *firewall);

/*
 * A frontend that only one vault is left at: the gate asks for no tags there, and nobody with one
 * is led there any more, so those who were are closed. After every push.
 */
void firewall_cut_tags(struct firewall *firewall);
