/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of ranges, laid out so that the rule behind an address is found in a few steps
 * however long they are. Points into the rules that it was made of. Knows no request.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "policy.h"

/* A range, and the one around it. Ranges are prefixes: nested or apart. */
struct source_place {
	const struct range_entry *entry;
	uint32_t around; /* index + 1; 0: none */
};

/* Starts as {0}. By first address, the outer before the inner. */
struct source_list {
	struct source_place *places;
	size_t count;
};

/* A rule that stands for a set. */
struct source_reference {
	const struct ip_rule *rule;
	const struct source_list *list;
};

/* An ip_rules list: the ranges written there, and the sets that it refers to. */
struct source_rules {
	struct source_list own;
	struct source_reference *references;
	size_t reference_count;
};

/* All of a policy's; `sets` by the sets' index. */
struct source_sets {
	const struct policy *policy;
	struct source_list *lists;
	struct source_place *places; /* of all of them */
};

/* 0 or -ENOMEM. Rules point into the sets. */
int source_list_make(const struct range_list *ranges, struct source_list *ret_list);
int source_sets_make(const struct policy *policy, struct source_sets *ret_sets);
int source_rules_make(const struct ip_rules *written, const struct source_sets *sets,
		      struct source_rules *ret_rules);

void source_list_free(struct source_list *list);
void source_rules_free(struct source_rules *rules);
void source_sets_free(struct source_sets *sets);

/*
 * The entry that holds an address at `now`, in seconds since the epoch; NULL: there is none.
 * 255.255.255.255 is in no range, as in the filter.
 */
const struct range_entry *source_list_find(const struct source_list *list, uint32_t address,
					   int64_t now);
const struct range_entry *source_rules_find(const struct source_rules *rules, uint32_t address,
					    int64_t now);
