/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frames that a policy and a node have something to say about: to frontends and
 * just beside them, from the edges of ranges, in the tunnels that are configured,
 * in good order and with lies in their headers. The same seed, the same frames.
 */
#pragma once

#include "node.h"
#include "packets.h"
#include "policy.h"
#include "random.h"

#define FRAMES_SOURCES	 4096
#define FRAMES_FRONTENDS 256
#define FRAMES_TAGS	 256
#define FRAMES_SUBNETS	 256

struct random_frames {
	struct random random;
	const struct node *node;
	uint32_t sources[FRAMES_SOURCES];
	size_t source_count;
	const struct frontend *frontends[FRAMES_FRONTENDS];
	size_t frontend_count;
	uint32_t tags[FRAMES_TAGS];
	size_t tag_count;
	const struct subnet *subnets[FRAMES_SUBNETS];
	size_t subnet_count;
};

void random_frames_init(struct random_frames *frames, const struct policy *policy,
			const struct node *node, uint64_t seed);
void random_frames_next(struct random_frames *frames, struct crafted *ret_frame);
