/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The rules of a policy as sets of addresses. For `compile` only.
 */
#pragma once

#include <stddef.h>

#include "image_builder.h"
#include "node.h"
#include "policy.h"
#include "range_set.h"

/* What several vaults have in common, worked out once. Starts as {0}. */
struct compile_rules {
	const struct policy *policy;
	struct range_set block;
	struct range_set failsafe;
	struct range_set guarded; /* both */
	struct range_set *sets;	  /* of policy->sets, what does not expire */
};

/* A growing list. Starts as {0}. */
struct timed_ranges {
	struct timed_range *items;
	size_t count;
	size_t capacity;
};

int compile_rules_prepare(struct compile_rules *rules, const struct policy *policy,
			  const struct node *node);
void compile_rules_free(struct compile_rules *rules);
void timed_ranges_free(struct timed_ranges *ranges);

/*
 * Adds the addresses of a list: those without an expiry to `lasting`, the others to
 * `timed`. Neither is normalized. 0 or -ENOMEM.
 */
int compile_ip_rules(const struct compile_rules *rules, const struct ip_rules *list,
		     struct range_set *lasting, struct timed_ranges *timed);
