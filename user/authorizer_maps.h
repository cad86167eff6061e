/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the authoriser shares with the kernel: maps in the bpffs that the agent mounts at
 * /run/NAME/bpf. A process without any capability may open a pin that its group may, look up and
 * map (Linux 6.0, whatever unprivileged_bpf_disabled says). A pin is input: what has not the very
 * shape that is expected is not used.
 *
 *   pin        here        without it
 *   tags       read        which tag a connection bears is unknown
 *   requests   counted in  requests are not counted
 *
 * For authorizer*.c only.
 */
#pragma once

#include <stdbool.h>
#include <sys/types.h>

#include "authorize.h"
#include "paths.h"
#include "request.h"

/* Starts as GATE_MAPS_NONE. */
struct gate_maps {
	int tags;
	dev_t tags_device; /* of the pin that it was opened by, to see that there is another */
	ino_t tags_inode;
	bool tags_missed;	      /* and told */
	struct vw_requests *requests; /* mapped, VW_SEATS of them; NULL: not there */
};

#define GATE_MAPS_NONE                                                                             \
	{                                                                                          \
		.tags = -1                                                                         \
	}

/* Opens what there is to count in, anew if it was open; that it is not there is logged. */
void gate_maps_open(struct gate_maps *maps, const struct paths *paths);
void gate_maps_close(struct gate_maps *maps);

/* Looks the question's connection up: which tag it bears, or that this cannot be told. */
void gate_maps_tell_tag(struct gate_maps *maps, const struct paths *paths,
			struct question *question);
