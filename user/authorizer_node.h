/* SPDX-License-Identifier: Apache-2.0 */
/*
 * node.yaml for the programs beside the agent, which need only its gate.
 */
#pragma once

#include "fault.h"
#include "node.h"

/*
 * -EINVAL: it cannot be read or is wrong, and `fault` has the first of its errors with the place.
 * *ret_node ends with node_free().
 */
int authorizer_node_read(const char *path, struct node *ret_node, struct fault *fault);
