/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What ought to become of a packet, by the table of verdicts: written to be
 * compared with the filter, so it must share no code with the filter, with
 * `compile` or with `frame`. Slow: it reads the whole policy for each packet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "node.h"
#include "policy.h"
#include "verdict.h"

struct oracle_packet {
	const uint8_t *frame;
	size_t length;
	bool vlan_tags; /* it came in where VLAN ids are endpoint tags */
	int64_t now;	/* seconds since the epoch */
};

struct oracle_answer {
	enum vw_reason reason;
	enum vw_verdict verdict;
	char seat[FRONTEND_ADDRESS_TEXT]; /* vault, shared frontend, or "-" */
};

struct oracle_answer oracle_judge(const struct policy *policy, const struct node *node,
				  const struct oracle_packet *packet);
