/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rules that were pushed: as they are kept, as they were understood, and what was
 * said about them.
 */
#pragma once

#include <stddef.h>

#include "diag.h"
#include "fault.h"
#include "policy.h"
#include "store.h"

/* On the heap only: diagnostics point into the bundle. */
struct rules {
	struct stored stored;
	struct policy policy;
	struct diags diags;
	size_t ranges; /* as written, each once */
	size_t subnets;
};

/*
 * Takes `stored`, its digest filled, and reads its bundle. -EINVAL: the rules are
 * wrong, and *ret_rules is there all the same, with nothing but its diags;
 * otherwise there is none.
 */
int rules_read(struct stored *stored, struct rules **ret_rules, struct fault *fault);

/* For cleanup(): NULL is fine. */
void rules_free(struct rules **rules);
