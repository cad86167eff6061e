/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much a policy holds, in figures that people compare. Pure.
 */
#pragma once

#include <stddef.h>

#include "policy.h"

struct policy_summary {
	size_t vaults;
	size_t frontends;
	size_t ranges; /* each list of ranges counted once, after merging what overlaps in it */
	size_t ip_sets;
	size_t subnets;
	size_t trusted_services;
};

/* -ENOMEM. */
int policy_summarize(const struct policy *policy, struct policy_summary *ret_summary);
