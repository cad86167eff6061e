/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list of ranges comes to: for every address, until when it is in. Two
 * lists may say the same in other words. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* How many ranges `rules` stands for, those of its sets included. */
size_t ip_rules_size(const struct ip_rules *rules);

/*
 * Whether both come to the same. All ranges must be prefixes: nested or apart. What
 * is sorted is what an edit has touched, not the whole. -ENOMEM.
 */
int ip_rules_compare(const struct ip_rules *before, const struct ip_rules *after, bool *ret_same);
int range_lists_compare(const struct range_list *before, const struct range_list *after,
			bool *ret_same);
