/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.yaml from the disk: for the agent, and for the programs beside it.
 */
#pragma once

#include "diag.h"
#include "fault.h"
#include "node.h"

/*
 * -EINVAL with a fault: it cannot be read; without one: it is wrong, and `diags`, sorted, say how.
 * *ret_node ends with node_free().
 */
int configuration_read(const char *path, struct diags *diags, struct node *ret_node,
		       struct fault *fault);

/* The same for who logs no warnings: the fault of a wrong one is its first error with the place. */
int configuration_need(const char *path, struct node *ret_node, struct fault *fault);
