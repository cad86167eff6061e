/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The agent: one firewall, its control API and an event loop around them, until a
 * signal ends it. What is in force stays in force.
 */
#pragma once

#include "fault.h"
#include "paths.h"

/*
 * `group`: who may talk to it besides root, and read the stored rules; without such a group nobody.
 * Returns 0 after SIGTERM or SIGINT. -EINVAL: node.yaml is wrong; anything else:
 * the kernel, the permission or the place is.
 */
int agent_run(const struct paths *paths, const char *config, const char *group,
	      struct fault *fault);

/*
 * Takes the filter from all interfaces and removes what is pinned: nothing is
 * filtered any more. `removed` is called for each interface. -EBUSY while an agent
 * runs.
 */
int agent_detach(const struct paths *paths, void (*removed)(const char *interface, void *context),
		 void *context, struct fault *fault);
