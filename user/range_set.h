/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A set of IPv4 addresses as ranges: the arithmetic of `compile`. Knows no rules.
 * After range_set_normalize() the ranges ascend, and none touches the next.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "policy.h"

/* Starts as {0}, ends with range_set_free(). */
struct range_set {
	struct range *items;
	size_t count;
	size_t capacity;
};

void range_set_free(struct range_set *set);

/* 0 or -ENOMEM. */
int range_set_add(struct range_set *set, struct range range);
int range_set_add_all(struct range_set *set, const struct range_set *other);

/* Sorts and merges. 0 or -ENOMEM (large sets need a second buffer). */
int range_set_normalize(struct range_set *set);

/* For a normalized set. */
bool range_set_contains(const struct range_set *set, uint32_t address);
