/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The oracle's rows 5 to 12: what the rules say of a source, one rule after the other.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "node.h"
#include "policy.h"
#include "verdict.h"

struct oracle_source {
	const struct policy *policy;
	uint8_t family;
	uint32_t address; /* IPv4, host order */
	bool tagged;
	uint32_t tag;
	int64_t now; /* seconds since the epoch */
};

bool oracle_in_list(const struct range_list *list, uint32_t address);
bool oracle_is_failsafe(const struct node *node, const struct oracle_source *source);
bool oracle_is_blocked(const struct oracle_source *source);

/* Rows 7 to 12 for one vault. */
enum vw_reason oracle_ask_vault(const struct oracle_source *source, const struct vault *vault);
