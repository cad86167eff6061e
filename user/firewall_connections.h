/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Connections that a push, or the end of a rule, cuts off. The filter feels a push at once, but a
 * connection that was let in and would now be gated could go on past the gate, since steering sees
 * only new ones: the agent closes it.
 *
 * Both images are asked about every connection after the flip, the old one as long as it
 * is in its slot. So none slips through between a listing and the flip.
 *
 * A connection does not tell its endpoint tag, so it is asked about without one and
 * with each tag of a tunnel device; losing any of these ways is reason enough.
 */
#pragma once

#include "firewall.h"

/* Closes whom the image before let in, and the one in force does not. */
void connections_cut(struct firewall *firewall);

/*
 * The same for rules that have expired since it was called last, within the last hour. To be
 * called often: it costs nothing while none has.
 */
void connections_expire(struct firewall *firewall);
