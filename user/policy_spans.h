/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a list of ranges comes to: for every address, until when it is in. Two
 * lists that say the same in other words have the same spans. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy.h"

#define SPAN_OUT     0
#define SPAN_FOREVER INT64_MAX

/* From address `from` up to the next span's: in until `until`, in seconds since the epoch. */
struct span {
	uint64_t from; /* host order; 2^32 is possible, past the last address */
	int64_t until;
};

/* Starts as {0}. */
struct spans {
	struct span *items;
	size_t count;
};

/* How many ranges `rules` stands for, those of its sets included. */
size_t ip_rules_size(const struct ip_rules *rules);

/* All ranges must be prefixes: nested or apart. -ENOMEM. */
int spans_of_rules(const struct ip_rules *rules, struct spans *ret_spans);
int spans_of_list(const struct range_list *list, struct spans *ret_spans);

bool spans_equal(const struct spans *left, const struct spans *right);
void spans_free(struct spans *spans);
