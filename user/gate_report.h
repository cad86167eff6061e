/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How nginx's configuration stands, as the one that keeps it tells the agent:
 *
 *   {"file": where it lies, "follows": bool: it is rewritten on every push,
 *    "generation": N|null: that it is of; null: of an unknown one, 0: of none,
 *    "wanted": N: the generation that was tried last,
 *    "since": seconds since 1970, from when its text is; 0: there is none,
 *    "problem": text|null: why it is not of the generation wanted,
 *    "unserved": N: vaults that need the gate and have no place in it,
 *    "diagnostics": [D of control.h], the first of them}
 *
 * Pure. Who tells it may be anybody in the socket's group, so that nothing is taken on trust.
 */
#pragma once

#include <jansson.h>

#include "fault.h"

#define GATE_REPORT_BYTES	131072 /* of its JSON text */
#define GATE_REPORT_DIAGNOSTICS 32
#define GATE_REPORT_EVERY	10 /* seconds between those of one that follows */
#define GATE_REPORT_LATE	35 /* seconds until it counts as gone */

/* -EINVAL: it is none, or holds what cannot be shown. */
int gate_report_check(json_t *report, struct fault *fault);
