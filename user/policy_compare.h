/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether the parts of two policies say the same. Only policy_diff.c includes it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "policy_diff.h"

struct comparison {
	const struct policy *before, *after;
	bool *same_sets; /* by index in after->sets: `before` has one of that name and meaning */
	size_t work;	 /* ranges sorted so far; beyond a bound, other words are other rules */
	int error;	 /* -ENOMEM somewhere on the way: the results mean nothing */
};

/* -ENOMEM. Both policies are borrowed. */
int comparison_open(const struct policy *before, const struct policy *after,
		    struct comparison *ret_comparison);
void comparison_close(struct comparison *comparison);

/* Bits by enum vault_aspect and enum shared_aspect of what differs. */
uint32_t comparison_vaults(struct comparison *comparison, const struct vault *before,
			   const struct vault *after);
uint32_t comparison_shared(struct comparison *comparison);
