/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a question to `explain` comes to: a packet, where it enters, and which
 * vaults it is for. Only control_*.c include it.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "fault.h"
#include "firewall.h"
#include "frame.h"

#define INQUIRY_VAULTS 64 /* named of those that share a frontend */

struct inquiry {
	struct frontend destination;
	struct frame_plan plan;
	unsigned ifindex;			    /* 0: of no particular interface */
	const struct vault *vaults[INQUIRY_VAULTS]; /* all that are reached there */
	size_t vault_count;
};

/*
 * The firewall must have rules. -EINVAL: the question makes no sense; -ENOENT: there
 * is no such vault. `fault` says it.
 */
int control_inquire(const struct firewall *firewall, json_t *json, struct inquiry *ret_inquiry,
		    struct fault *fault);
