/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules and node configurations, as text, that use every feature which the filter
 * knows of, with few addresses, so that rules meet. The same numbers, the same text.
 */
#pragma once

#include "random.h"

struct random_rules {
	char *rules; /* a rules document; to be freed */
	char *node;  /* a node configuration; to be freed */
};

/* `large`: thousands of ranges. The node's interface is eth0, and its VLAN ids may be tags. */
struct random_rules random_rules_make(struct random *random, bool large);
